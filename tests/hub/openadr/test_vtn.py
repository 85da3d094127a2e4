"""The VTN's addresses: who may do what, what is refused, how lists are searched."""

import json
from datetime import timedelta
from typing import Any

import pytest
from cast import Cast
from django.core import signing
from django.test import Client as Browser
from openadr_vtn import Speaker, limiting, speaker, token_for

from viavolta.hub.openadr.clients import revoke_client
from viavolta.hub.openadr.models import ClientRole, VtnObject
from viavolta.protocols.openadr.objects import Kind

pytestmark = pytest.mark.django_db

NEW = "/openadr3/3.1.0/"
BODIES: dict[str, dict[str, Any]] = {
    "programs": {"programName": "another"},
    "subscriptions": {
        "clientName": "c",
        "objectOperations": [
            {"objects": ["EVENT"], "operations": ["CREATE"], "callbackUrl": "https://example.org/"}
        ],
    },
    "vens": {"venName": "a-ven"},
}


def full(program: str, event: str) -> dict[str, dict[str, Any]]:
    """Something to write at each address."""
    report = {"programID": program, "eventID": event, "clientName": "c", "resources": []}
    return BODIES | {
        "events": limiting(program, 10),
        "reports": report,
        "subscriptions": BODIES["subscriptions"] | {"programID": program},
    }


WRITERS = {
    "programs": {"BL"},
    "events": {"BL"},
    "reports": {"VEN"},
    "subscriptions": {"BL", "VEN"},
    "vens": {"BL", "VEN"},
}


@pytest.mark.parametrize("path", list(WRITERS))
@pytest.mark.parametrize("role", ["BL", "VEN"])
def test_each_role_writes_what_the_standard_says(
    path: str, role: str, dso: Speaker, ven: Speaker, program: str
) -> None:
    """POST, PUT and DELETE by role; reading is for both."""
    event = dso.made("events", limiting(program, 10, targets=None))["id"]
    body = full(program, event)[path]
    who, other = (dso, ven) if role == "BL" else (ven, dso)
    assert who.ask("GET", path)[0] == 200
    status, told = who.ask("POST", path, body)
    if role not in WRITERS[path]:
        assert status == 403, told
        made = other.made(path, body)
        assert who.ask("PUT", f"{path}/{made['id']}", body)[0] == 403
        assert who.ask("DELETE", f"{path}/{made['id']}")[0] == 403
        return
    assert status == 201, told
    assert who.ask("GET", f"{path}/{told['id']}") == (200, told)
    status, changed = who.ask("PUT", f"{path}/{told['id']}", body)
    assert status == 200
    assert changed == told | {"modificationDateTime": changed["modificationDateTime"]}
    assert who.ask("DELETE", f"{path}/{told['id']}")[0] == 200
    assert who.ask("GET", f"{path}/{told['id']}")[0] == 404


@pytest.mark.parametrize("path", list(WRITERS))
def test_nothing_of_another_organisation_is_seen(
    path: str, dso: Speaker, ven: Speaker, elsewhere: Speaker, program: str
) -> None:
    """Neither read, changed nor deleted; the answer is that of what is not there."""
    event = dso.made("events", limiting(program, 10, targets=None))["id"]
    body = full(program, event)[path]
    owner = dso if "BL" in WRITERS[path] else ven
    made = owner.made(path, body)
    before = list(VtnObject.objects.values_list("pk", "content"))
    assert elsewhere.ask("GET", path)[1] == []
    for method in ("GET", "PUT", "DELETE"):
        status = elsewhere.ask(method, f"{path}/{made['id']}", body)[0]
        assert status == (403 if path == "reports" and method != "GET" else 404)
    assert elsewhere.ask("POST", "events", limiting(program, 1))[0] == 400
    assert list(VtnObject.objects.values_list("pk", "content")) == before


def test_a_ven_sees_what_is_meant_for_it(
    dso: Speaker, ven: Speaker, cast: Cast, program: str
) -> None:
    """Events for everybody and those with its targets; of targets only its own."""
    groups = [{"type": "GROUP", "values": ["north"]}]
    made = dso.made(
        "vens",
        {"venName": "site", "targets": groups, "clientID": ven.client.client_id},
    )
    open_event = dso.made("events", limiting(program, 1, targets=None))["id"]
    named = limiting(program, 2)
    named["targets"] = [{"type": "GROUP", "values": ["north", "south"]}]
    north = dso.made("events", named)["id"]
    by_name = dso.made("events", limiting(program, 2, group="site"))["id"]
    south = dso.made("events", limiting(program, 3, group="south"))["id"]
    told = {one["id"]: one for one in ven.ask("GET", "events")[1]}
    assert set(told) == {open_event, north, by_name}
    assert told[north]["targets"] == [{"type": "GROUP", "values": ["north"]}]
    assert ven.ask("GET", f"events/{south}")[0] == 404
    assert len(dso.ask("GET", "events")[1]) == 4
    # a programme that is not for it hides its events
    closed = dso.made(
        "programs",
        {
            "programName": "S",
            "targets": [{"type": "GROUP", "values": ["south"]}],
        },
    )["id"]
    hidden = dso.made("events", limiting(closed, 4, targets=None))["id"]
    assert ven.ask("GET", f"events/{hidden}")[0] == 404
    assert [one["id"] for one in ven.ask("GET", "programs")[1]] == [program]
    # its VEN object is its own, others' are not
    assert [one["id"] for one in ven.ask("GET", "vens")[1]] == [made["id"]]
    second = speaker(cast.users["owner"], cast.organisation, ClientRole.VEN)
    assert second.ask("GET", "vens")[1] == []
    assert second.ask("GET", f"vens/{made['id']}")[0] == 404
    report = {"eventID": north, "programID": program, "clientName": "c", "resources": []}
    own = ven.made("reports", report)
    assert second.ask("GET", "reports")[1] == []
    assert second.ask("DELETE", f"reports/{own['id']}")[0] == 404
    assert [one["id"] for one in dso.ask("GET", "reports", eventID=north)[1]] == [own["id"]]


def test_a_ven_grants_itself_no_targets(ven: Speaker, dso: Speaker) -> None:
    """It may say who it is, and keep what was granted; more is refused."""
    groups = [{"type": "GROUP", "values": ["north"]}]
    assert ven.ask("POST", "vens", {"venName": "v", "targets": groups})[0] == 403
    nested = {"venName": "v", "resources": [{"resourceName": "r", "targets": groups}]}
    assert ven.ask("POST", "vens", nested)[0] == 403
    made = ven.made("vens", {"venName": "v"})
    assert dso.ask("PUT", f"vens/{made['id']}", {"venName": "v", "targets": groups})[0] == 200
    status, told = ven.ask("PUT", f"vens/{made['id']}", {"venName": "w"})
    assert (status, told["targets"]) == (200, groups)
    assert ven.ask("GET", "vens")[1][0]["venName"] == "w"


def test_one_client_does_not_change_what_another_made(
    dso: Speaker, cast: Cast, program: str
) -> None:
    """Two grid operators of one organisation leave each other's events alone."""
    other = speaker(cast.users["owner"], cast.organisation, ClientRole.BL)
    event = dso.made("events", limiting(program, 10))["id"]
    assert other.ask("GET", f"events/{event}")[0] == 200
    for path in (f"events/{event}", f"programs/{program}"):
        assert other.ask("DELETE", path)[0] == 403
        assert other.ask("PUT", path, {"programName": "x"})[0] == 403


def test_tokens_end(dso: Speaker, cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    """Unknown, changed, foreign, expired and revoked ones are refused alike."""
    changed = dso.token[:-1] + ("B" if dso.token.endswith("A") else "A")
    texts = ["", "x", changed, signing.dumps({"c": dso.client.client_id})]
    for text in texts:
        answer = Browser().get("/openadr3/programs", headers={"Authorization": f"Bearer {text}"})
        assert answer.status_code == 401
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")
        assert answer.headers["Content-Type"] == "application/problem+json"
    assert Browser().get("/openadr3/programs").status_code == 401
    assert cast.client("owner").get("/openadr3/programs").status_code == 401
    monkeypatch.setattr("viavolta.hub.openadr.clients.TOKEN_S", timedelta(seconds=-1))
    assert dso.ask("GET", "programs")[0] == 401
    monkeypatch.undo()
    assert dso.ask("GET", "programs")[0] == 200
    revoke_client(cast.users["owner"], dso.client)
    assert dso.ask("GET", "programs")[0] == 401
    assert token_for(dso.client, dso.secret)[0] == 401


def test_tokens_are_had_with_the_right_secret_alone(dso: Speaker, ven: Speaker) -> None:
    """Errors as RFC 6749 names them."""
    assert token_for(dso.client, ven.secret) == (
        401,
        {
            "error": "invalid_client",
            "error_description": "there is no client with this secret",
        },
    )
    assert token_for(dso.client, "")[1]["error"] == "invalid_request"
    assert token_for(ven.client, ven.secret, "write_events")[1]["error"] == "invalid_scope"
    told = token_for(ven.client, ven.secret, "read_all write_reports")[1]
    assert (told["token_type"], told["scope"]) == ("Bearer", "read_all write_reports")
    answer = Browser().post("/openadr3/auth/token", {"grant_type": "password"})
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")
    words = {"grant_type": "password", "client_id": "a", "client_secret": "b"}
    answer = Browser().post("/openadr3/auth/token", words)
    assert answer.json()["error"] == "unsupported_grant_type"


def test_a_token_may_do_what_its_scopes_say(cast: Cast, program: str, dso: Speaker) -> None:
    """A narrow token of a wide client reads and no more."""
    del dso
    reader = speaker(cast.users["owner"], cast.organisation, ClientRole.BL, scope="read_all")
    assert reader.ask("GET", f"programs/{program}")[0] == 200
    status, told = reader.ask("POST", "programs", {"programName": "x"})
    assert status == 403
    assert "write_programs" in told["detail"]
    writer = speaker(cast.users["owner"], cast.organisation, ClientRole.BL, scope="write_events")
    assert writer.ask("GET", "events")[0] == 403
    assert writer.ask("POST", "events", limiting(program, 1))[0] == 201


@pytest.mark.parametrize(
    ("raw", "status", "words"),
    [
        (b"", 400, "JSON"),
        (b"[]", 400, "object"),
        (b"{", 400, "JSON"),
        (b'{"programName": NaN}', 400, "JSON"),
        (b'{"programName": 1e999}', 400, "JSON"),
        (b'{"programName": ""}', 400, "programName"),
        (b'{"programName": "a\\u0000"}', 400, "NUL"),
        (b'{"programName": "a\\ud800"}', 400, "NUL"),
        (b'{"x": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", 400, "nested"),
        (b'{"programName": "a", "targets": [{"type": "GROUP"}]}', 400, "targets/0"),
        (b'{"programName": "' + b"a" * 1_000_001 + b'"}', 413, "bytes"),
        (b"\xff\xfe", 400, "JSON"),
    ],
    ids=lambda value: str(value)[:24],
)
def test_bodies_that_cannot_be(dso: Speaker, raw: bytes, status: int, words: str) -> None:
    """Oversized, nested, malformed: told as a problem, and nothing is kept."""
    answer = Browser().post(
        "/openadr3/programs",
        raw,
        content_type="application/json",
        headers={"Authorization": f"Bearer {dso.token}"},
    )
    assert answer.status_code == status
    told = json.loads(answer.content)
    assert told["status"] == status
    assert words in told["detail"]
    assert not VtnObject.objects.exists()


def test_names_are_taken_once(dso: Speaker, program: str, elsewhere: Speaker) -> None:
    """Of programmes and VENs in an organisation, of resources in a VEN."""
    del program
    assert dso.ask("POST", "programs", {"programName": "Capacity"})[0] == 409
    elsewhere.made("programs", {"programName": "Capacity"})
    one = dso.made("vens", {"venName": "a", "resources": [{"resourceName": "r"}]})
    assert [r["resourceName"] for r in one["resources"]] == ["r"]
    assert dso.ask("POST", "vens", {"venName": "a"})[0] == 409
    resources = f"vens/{one['id']}/resources"
    assert dso.ask("POST", resources, {"resourceName": "r"})[0] == 409
    made = dso.made(resources, {"resourceName": "s"})
    assert made["venID"] == one["id"]
    assert dso.ask("GET", f"{resources}/{made['id']}")[1] == made
    second = dso.made("vens", {"venName": "b"})
    assert dso.ask("GET", f"vens/{second['id']}/resources/{made['id']}")[0] == 404
    dso.ask("PUT", f"vens/{one['id']}", {"venName": "a", "resources": [{"resourceName": "s"}]})
    assert [r["id"] for r in dso.ask("GET", resources)[1]] == [made["id"]]


def test_lists_are_searched_page_by_page(dso: Speaker, program: str) -> None:
    """By programme, targets and names; at most 50 at a time."""
    for k in range(60):
        dso.made("events", limiting(program, k, group=f"g{k % 3}", eventName=f"e{k}"))
    other = dso.made("programs", {"programName": "Other"})["id"]
    first, second = dso.ask("GET", "events")[1], dso.ask("GET", "events", skip=50)[1]
    assert (len(first), len(second)) == (50, 10)
    assert len({one["id"] for one in first + second}) == 60
    assert dso.ask("GET", "events", programID=other)[1] == []
    few = dso.ask("GET", "events", targetType="GROUP", targetValues=["g1"], limit=7)[1]
    assert [one["eventName"] for one in few] == [f"e{k}" for k in range(1, 21, 3)]
    both = dso.ask("GET", "events", targetType="GROUP", targetValues=["g1", "g2"])[1]
    assert len(both) == 40
    assert dso.ask("GET", "events", targetType="VEN_NAME")[1] == []
    named = dso.ask("GET", "programs", targetType="PROGRAM_NAME", targetValues=["Other"])[1]
    assert [one["id"] for one in named] == [other]
    assert dso.ask("GET", "events", limit=0)[1] == []
    for wrong in ({"limit": 51}, {"limit": -1}, {"skip": "x"}, {"skip": 10**20}, {"active": "1"}):
        assert dso.ask("GET", "events", **wrong)[0] == 400


def test_version_3_1_writes_it_differently(dso: Speaker, ven: Speaker, program: str) -> None:
    """Targets are names, resources stand beside VENs, reports name no programme."""
    event = dso.made("events", limiting(program, 10, targets=["feeder-7", "x"]), base=NEW)
    assert event["targets"] == ["feeder-7", "x"]
    old = dso.ask("GET", f"events/{event['id']}")[1]
    assert old["targets"] == [{"type": "GROUP", "values": ["feeder-7", "x"]}]
    assert len(dso.ask("GET", "events", base=NEW, targets=["x"])[1]) == 1
    grants = {"venName": "v", "targets": ["x"], "clientID": ven.client.client_id}
    made = dso.made("vens", grants | {"objectType": "BL_VEN_REQUEST"}, base=NEW)
    assert made["clientID"] == ven.client.client_id
    assert "resources" not in made
    assert [one["id"] for one in ven.ask("GET", "events", base=NEW)[1]] == [event["id"]]
    resource = ven.made("resources", {"resourceName": "r", "venID": made["id"]}, base=NEW)
    assert ven.ask("GET", "resources", base=NEW, venID=made["id"])[1] == [resource]
    report = {"eventID": event["id"], "clientName": "v", "resources": []}
    told = ven.made("reports", report, base=NEW)
    assert "programID" not in told
    assert dso.ask("GET", f"reports/{told['id']}")[1]["programID"] == program
    assert dso.ask("GET", "notifiers", base=NEW)[1] == {"WEBHOOK": True}
    server = Browser().get("/openadr3/3.1.0/auth/server").json()
    assert server["tokenURL"].endswith("/openadr3/auth/token")


def test_what_hangs_on_a_programme_goes_with_it(dso: Speaker, ven: Speaker, program: str) -> None:
    """Events, their reports, subscriptions."""
    event = dso.made("events", limiting(program, 10, targets=None))["id"]
    for path in ("reports", "subscriptions"):
        ven.made(path, full(program, event)[path])
    assert dso.ask("DELETE", f"programs/{program}")[0] == 200
    assert not VtnObject.objects.exclude(kind=Kind.VEN).exists()


def test_addresses_and_verbs_that_are_none(dso: Speaker, program: str) -> None:
    """404 and 405 as problems."""
    assert dso.ask("GET", "nothing")[0] == 404
    assert dso.ask("GET", "programs/none")[0] == 404
    assert dso.ask("PATCH", f"programs/{program}", {})[0] == 405
    assert dso.ask("DELETE", "programs")[0] == 405
    assert dso.ask("GET", "resources")[0] == 404
    assert dso.ask("GET", "vens/none/resources")[0] == 404
    answer = Browser().get("/openadr3/auth/token")
    assert (answer.status_code, answer.headers["Allow"]) == (405, "POST")


def test_a_client_asks_so_often_a_minute(dso: Speaker, settings: Any) -> None:
    """More is told to wait."""
    settings.API_RATE_PER_MINUTE = 2
    statuses = [dso.ask("GET", "programs")[0] for _ in range(4)]
    assert 429 in statuses
