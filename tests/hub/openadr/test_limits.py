"""A grid operator's events become limits on the tree, and prices."""

import datetime as dt
import time

import pytest
from cast import Cast
from openadr_vtn import START, Speaker, limiting, speaker

from viavolta.hub.openadr.models import ClientRole
from viavolta.storage.tables.live import EnergyPrice, LimitChange, SiteLimit

pytestmark = pytest.mark.django_db
Tree = dict[str, SiteLimit]
NINE = dt.datetime.fromisoformat(START)
HOUR = dt.timedelta(hours=1)


def held() -> list[tuple[str, int, float | None, str]]:
    """Limit, hour, import limit and reference of what was not withdrawn."""
    return [
        (row.limit.limit_id, int((row.starts_at - NINE) / HOUR), row.import_kw, row.reference)
        for row in LimitChange.objects.filter(is_withdrawn=False, source="openadr")
    ]


def test_an_event_lowers_a_limit_and_its_deletion_ends_that(
    dso: Speaker, tree: Tree, program: str
) -> None:
    """The change stands when the POST is answered, within a second, and is withdrawn on DELETE."""
    began = time.monotonic()
    event = dso.made("events", limiting(program, 100, 50))
    assert held() == [("feeder-7", 0, 100, event["id"]), ("feeder-7", 1, 50, event["id"])]
    assert time.monotonic() - began < 1.0
    assert LimitChange.objects.filter(limit=tree["feeder-7"], asked_by="openadr").count() == 2
    status, told = dso.ask("DELETE", f"events/{event['id']}")
    assert (status, told["id"]) == (200, event["id"])
    assert held() == []
    assert LimitChange.objects.filter(is_withdrawn=True).count() == 2


def test_a_changed_event_replaces_what_it_changed(dso: Speaker, tree: Tree, program: str) -> None:
    """Only the rows that differ are withdrawn and written anew."""
    del tree
    event = dso.made("events", limiting(program, 100, 50))
    kept = LimitChange.objects.get(import_kw=100)
    status, _ = dso.ask("PUT", f"events/{event['id']}", limiting(program, 100, 70))
    assert status == 200
    assert [row[2] for row in held()] == [100, 70]
    kept.refresh_from_db()
    assert not kept.is_withdrawn
    # no longer a limit at all
    plain = limiting(program, 1)
    plain["intervals"][0]["payloads"] = [{"type": "SIMPLE", "values": [1]}]
    assert dso.ask("PUT", f"events/{event['id']}", plain)[0] == 200
    assert held() == []


def test_the_more_urgent_event_counts(dso: Speaker, tree: Tree, program: str) -> None:
    """Priority goes before strictness; the other event comes back when it goes."""
    del tree
    strict = dso.made("events", limiting(program, 50, priority=3))
    urgent = dso.made("events", limiting(program, 80, priority=0))
    assert held() == [("feeder-7", 0, 80, urgent["id"])]
    dso.ask("DELETE", f"events/{urgent['id']}")
    assert held() == [("feeder-7", 0, 50, strict["id"])]


def test_an_event_for_everybody_is_for_the_top_of_the_tree(
    dso: Speaker, tree: Tree, program: str
) -> None:
    """Without targets it limits what hangs on nothing else; an unknown name limits nothing."""
    del tree
    dso.made("events", limiting(program, 30, targets=None))
    dso.made("events", limiting(program, 10, group="feeder-of-somebody"))
    assert [row[:3] for row in held()] == [("feeder-7", 0, 30)]


def test_targets_of_the_programme_are_those_of_its_events(dso: Speaker, tree: Tree) -> None:
    """An event without targets of its own is for its programme's."""
    del tree
    targets = [{"type": "GROUP", "values": ["transformer-1", "transformer-2"]}]
    program = dso.made("programs", {"programName": "P", "targets": targets})["id"]
    dso.made("events", limiting(program, 30, targets=[]))
    assert [row[0] for row in held()] == ["transformer-1", "transformer-2"]
    moved = [{"type": "GROUP", "values": ["transformer-2"]}]
    dso.ask("PUT", f"programs/{program}", {"programName": "P", "targets": moved})
    assert [row[0] for row in held()] == ["transformer-2"]
    dso.ask("DELETE", f"programs/{program}")
    assert held() == []


def test_an_event_at_once_and_without_end(dso: Speaker, tree: Tree, program: str) -> None:
    """ "Now" is when it came; P9999Y has no end."""
    del tree
    period = {"start": "0000-00-00", "duration": "P9999Y"}
    dso.made("events", limiting(program, 30, intervalPeriod=period))
    row = LimitChange.objects.get()
    age = dt.datetime.now(dt.UTC) - row.starts_at
    assert dt.timedelta(0) <= age < dt.timedelta(seconds=5)
    assert row.ends_at is None


def test_a_random_start_is_the_same_at_every_look(dso: Speaker, tree: Tree, program: str) -> None:
    """The delay lies in the time asked for and never moves."""
    del tree
    period = {"start": START, "duration": "PT1H", "randomizeStart": "PT10M"}
    dso.made("events", limiting(program, 30, intervalPeriod=period))
    row = LimitChange.objects.get()
    assert NINE <= row.starts_at < NINE + dt.timedelta(minutes=10)
    assert row.ends_at is not None
    assert row.ends_at - row.starts_at == HOUR
    dso.made("events", limiting(program, 30, group="transformer-1"))
    row.refresh_from_db()
    assert not row.is_withdrawn


def test_what_another_set_is_left_alone(dso: Speaker, tree: Tree, program: str) -> None:
    """A slider's limit and one of another VTN are not this VTN's to end."""
    for source, reference in (("operator", "x"), ("openadr", "vtn-1/abc")):
        LimitChange.objects.create(
            limit=tree["feeder-7"], import_kw=5, starts_at=NINE, source=source, reference=reference
        )
    event = dso.made("events", limiting(program, 30))
    dso.ask("DELETE", f"events/{event['id']}")
    assert LimitChange.objects.filter(is_withdrawn=False).count() == 2


def test_a_tree_of_another_organisation_is_out_of_reach(
    elsewhere: Speaker, dso: Speaker, tree: Tree
) -> None:
    """The same name at another organisation is another limit."""
    del dso, tree
    program = elsewhere.made("programs", {"programName": "P"})["id"]
    elsewhere.made("events", limiting(program, 1))
    elsewhere.made("events", limiting(program, 1, targets=None))
    assert held() == []


def test_the_tree_is_told_as_a_ven_with_resources(dso: Speaker, tree: Tree, ven: Speaker) -> None:
    """Each limit is a resource, with all limits above it as targets; nobody writes them."""
    del tree
    (told,) = dso.ask("GET", "vens")[1]
    assert told["venName"] == "sampleton"
    below = dso.ask("GET", f"vens/{told['id']}/resources")[1]
    assert {one["resourceName"]: one["targets"][0]["values"] for one in below} == {
        "feeder-7": ["feeder-7"],
        "transformer-1": ["transformer-1", "feeder-7"],
        "transformer-2": ["transformer-2", "feeder-7"],
    }
    named = dso.ask("GET", f"vens/{told['id']}/resources", resourceName="transformer-1")[1]
    assert [one["resourceName"] for one in named] == ["transformer-1"]
    assert dso.ask("GET", f"vens/{told['id']}")[1] == told
    assert dso.ask("PUT", f"vens/{told['id']}", {"venName": "x"})[0] == 403
    assert dso.ask("POST", f"vens/{told['id']}/resources", {"resourceName": "x"})[0] == 403
    assert ven.ask("GET", "vens")[1] == []
    assert ven.ask("GET", f"vens/{told['id']}")[0] == 404


def test_prices_of_a_client_that_may_set_them(dso: Speaker, cast: Cast, program: str) -> None:
    """Per kilowatt-hour or megawatt-hour, in EUR; they go with their event."""
    body = {
        "programID": program,
        "intervalPeriod": {"start": START, "duration": "PT1H"},
        "payloadDescriptors": [{"payloadType": "PRICE", "units": "MWH", "currency": "EUR"}],
        "intervals": [
            {
                "id": 0,
                "payloads": [
                    {"type": "PRICE", "values": [250]},
                    {"type": "EXPORT_PRICE", "values": [0.1]},
                    {"type": "GHG", "values": [300]},
                ],
            },
            {"id": 1, "payloads": [{"type": "PRICE", "values": [80]}]},
        ],
    }
    event = dso.made("events", body)
    rows = EnergyPrice.objects.values_list("buy_eur_per_kwh", "sell_eur_per_kwh", "co2_g_per_kwh")
    assert list(rows) == [(0.25, 0.1, 300), (0.08, 0, None)]
    dso.ask("DELETE", f"events/{event['id']}")
    assert not EnergyPrice.objects.exists()
    other = speaker(cast.users["owner"], cast.organisation, ClientRole.BL)
    other.made("events", body)
    assert not EnergyPrice.objects.exists()


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"payloadDescriptors": [{"payloadType": "PRICE", "currency": "USD"}]}, "EUR"),
        ({"intervalPeriod": {"start": "9999-12-31T23:30:00Z", "duration": "PT1H"}}, "9999"),
        ({"intervalPeriod": {"start": START, "duration": "P99999999W"}}, "9999"),
        ({"intervalPeriod": {"start": START, "duration": "P1M"}}, "duration"),
        ({"intervalPeriod": None}, "no start"),
        ({"duration": "PT4H"}, "own duration"),
    ],
)
def test_an_event_that_cannot_be_followed_is_refused(
    dso: Speaker, tree: Tree, program: str, more: dict[str, object], words: str
) -> None:
    """Nothing is kept of it, and the client is told what was expected."""
    del tree
    body = limiting(program, 5, **more)
    body["intervals"][0]["payloads"].append({"type": "PRICE", "values": [1]})
    status, told = dso.ask("POST", "events", body)
    assert status == 400
    assert words in told["detail"]
    assert dso.ask("GET", "events")[1] == []
    assert held() == []
