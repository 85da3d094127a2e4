"""Things of another organisation"""

import datetime as dt
from typing import Any

import pytest
from cast import Cast, make_cast
from django.test import Client
from django.utils import timezone
from openadr_vtn import Speaker, limiting, speaker

from viavolta.hub.openadr.models import ClientRole
from viavolta.hub.people.models import Membership, Organisation, Role, TokenScope, User
from viavolta.hub.people.tokens import make_token
from viavolta.storage.enrolment import knock, open_window
from viavolta.storage.tables.enrolment import EnrolmentWindow
from viavolta.storage.tables.live import SiteLimit
from viavolta.storage.tables.stations import Command, Session, Station, Token

pytestmark = pytest.mark.django_db


class Town:
    """An organisation that runs stations, and an owner of another one who would like to."""

    def __init__(self, cast: Cast) -> None:
        self.organisation = cast.organisation
        self.owner = cast.users["owner"]
        tenant = cast.organisation.pk
        self.limit = SiteLimit.objects.create(tenant_id=tenant, limit_id="site", import_kw=50.0)
        self.station = Station.objects.create(
            tenant_id=tenant, identity="cp-1", limit_id="site", ocpp_version="2.0.1", name="Secret"
        )
        self.session = Session.objects.create(
            station=self.station,
            transaction="tx-1",
            token="secret-card",
            evse=1,
            started_at=timezone.now(),
        )
        self.card = Token.objects.create(tenant_id=tenant, token="secret-card")
        self.window, self.token = open_window(tenant, by="x", lasts=dt.timedelta(hours=1))
        knock(self.window.pk, "waiting-1", "")
        self.command = Command.objects.create(
            station=self.station, action="ClearCache", expires_at=timezone.now()
        )
        other = Organisation.objects.create(name="Other", slug="other", kind="cpo", country="AT")
        self.thief = User.objects.create_user("thief@example.org", name="Thief")
        Membership.objects.create(organisation=other, user=self.thief, role=Role.OWNER)
        self.other = other

    @property
    def browser(self) -> Client:
        """The thief, signed in."""
        client = Client(raise_request_exception=False)
        client.force_login(self.thief)
        return client


@pytest.fixture
def town(db: None) -> Town:
    """Both organisations."""
    del db
    return Town(make_cast())


def test_reading_pages_of_another(town: Town) -> None:
    """Every page of a station's operator is not there for others, under its address and under
    one's own with its numbers."""
    pages = (
        "/stations/{}/",
        "/stations/{}/list/",
        "/stations/{}/at/cp-1/",
        "/stations/{}/at/cp-1/edit/",
        "/stations/{}/sessions/",
        f"/stations/{{}}/sessions/{town.session.pk}/",
        "/stations/{}/limits/",
        f"/stations/{{}}/limits/{town.limit.pk}/",
        "/stations/{}/prices/",
        "/stations/{}/tokens/",
        f"/stations/{{}}/tokens/{town.card.pk}/",
        "/stations/{}/enrolment/",
    )
    for page in pages:
        answer = town.browser.get(page.format("sampleton"))
        assert answer.status_code in {403, 404}, page
        assert b"secret" not in answer.content.lower()
        mine = town.browser.get(page.format("other"))
        assert mine.status_code in {200, 404}, page
        shown = mine.content if mine.status_code == 200 else b""
        for word in (b"secret", b"cp-1", b"waiting-1"):
            assert word not in shown.lower(), page


def test_commands_to_stations_of_another(town: Town) -> None:
    """Asking, renaming, removing, new keys, limits, tokens and windows: nothing changes."""
    before = Station.objects.values_list().get(pk=town.station.pk)
    posts: dict[str, dict[str, Any]] = {
        "/stations/{}/at/cp-1/ask/": {"action": "Reset", "payload": '{"type": "Immediate"}'},
        "/stations/{}/at/cp-1/edit/": {"name": "mine", "security_profile": 0},
        "/stations/{}/at/cp-1/key/": {},
        "/stations/{}/at/cp-1/remove/": {"identity": "cp-1"},
        f"/stations/{{}}/limits/{town.limit.pk}/set/": {"import_kw": 0},
        f"/stations/{{}}/limits/{town.limit.pk}/remove/": {"limit_id": "site"},
        f"/stations/{{}}/tokens/{town.card.pk}/set/": {"status": "Blocked"},
        f"/stations/{{}}/enrolment/{town.window.pk}/close/": {},
        "/stations/{}/enrolment/waiting-1/decide/": {"decision": "adopt"},
    }
    for slug in ("sampleton", "other"):
        for page, form in posts.items():
            answer = town.browser.post(page.format(slug), form)
            assert answer.status_code in {403, 404}, page
    assert Station.objects.values_list().get(pk=town.station.pk) == before
    assert Command.objects.count() == 1
    assert SiteLimit.objects.get().import_kw == 50.0
    assert Token.objects.get().status == "Accepted"
    assert EnrolmentWindow.objects.get().ends_at > timezone.now()
    assert Station.objects.get(identity="waiting-1").admission == "Pending"


def test_api_with_a_token_of_another(town: Town) -> None:
    """A program's token opens its own organisation alone, whatever numbers it asks for."""
    _, secret = make_token(town.thief, town.other, name="x", scope=TokenScope.WRITE, days=1)

    def ask(method: str, path: str) -> int:
        answer = Client().generic(
            method,
            f"/api/operate/{path}",
            b"{}" if method == "POST" else b"",
            content_type="application/json",
            headers={"Authorization": f"Bearer {secret}"},
        )
        return answer.status_code

    for slug in ("sampleton", "other"):
        for path in (
            f"transactions/{town.session.pk}",
            f"commands/{town.command.pk}",
            "stations/cp-1",
        ):
            assert ask("GET", f"{slug}/{path}") in {403, 404}, path
        assert ask("POST", f"{slug}/stations/cp-1/clear-cache") in {403, 404}
    assert Command.objects.count() == 1


def test_token_that_reads_alone(town: Town) -> None:
    """A token for reading asks nothing of a station; a made-up and an empty one read nothing."""
    _, secret = make_token(town.owner, town.organisation, name="x", scope=TokenScope.READ, days=1)
    page = "/api/operate/sampleton/stations/cp-1"
    for value, reads in ((secret, 200), (secret[:-1] + "x", 401), ("", 401), ("null", 401)):
        header = {"Authorization": f"Bearer {value}"}
        assert Client().get(page, headers=header).status_code == reads
        asked = Client().post(
            f"{page}/clear-cache", {}, content_type="application/json", headers=header
        )
        assert asked.status_code in {401, 403}
    assert Command.objects.count() == 1


def test_forged_form(town: Town) -> None:
    """A page of an attacker's that makes an owner's browser post gets 403: no token of the form."""
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(town.owner)
    form = {"action": "Reset", "payload": '{"type": "Immediate"}'}
    answer = browser.post("/stations/sampleton/at/cp-1/ask/", form)
    assert answer.status_code == 403
    json_post = browser.post(
        "/api/operate/sampleton/stations/cp-1/clear-cache", {}, content_type="application/json"
    )
    assert json_post.status_code in {401, 403}
    assert Command.objects.count() == 1


@pytest.mark.parametrize(
    "word",
    [
        "<script>alert(1)</script>",
        '"><img src=x onerror=alert(1)>',
        "</script><svg onload=alert(1)>",
        "' onmouseover='alert(1)",
    ],
)
def test_hostile_texts_in_pages(town: Town, word: str) -> None:
    """What a station says of itself, and cards, are shown as texts on every page and in the map's
    data."""
    Station.objects.filter(pk=town.station.pk).update(
        vendor=word[:50], model=word[:50], serial=word[:50], firmware=word[:50], key_note=word
    )
    Session.objects.filter(pk=town.session.pk).update(token=word, stop_reason=word[:40])
    Station.objects.filter(identity="waiting-1").update(vendor=word[:50], model=word[:50])
    browser, n_shown = Client(), 0
    browser.force_login(town.owner)
    for page in (
        "",
        "list/",
        "at/cp-1/",
        "sessions/",
        f"sessions/{town.session.pk}/",
        "enrolment/",
    ):
        answer = browser.get(f"/stations/sampleton/{page}")
        assert answer.status_code == 200
        assert word.encode() not in answer.content, page
        n_shown += answer.content.count(b"alert(1)")
    assert n_shown


def test_events_of_another_operator(town: Town) -> None:
    """A grid operator's client of another organisation reads, changes and deletes no event,
    programme or subscription of this one."""
    mine = speaker(town.owner, town.organisation, ClientRole.BL)
    program = mine.made("programs", {"programName": "p"})
    event = mine.made("events", limiting(str(program["id"]), 10))
    theirs: Speaker = speaker(town.thief, town.other, ClientRole.BL)
    for path in (f"programs/{program['id']}", f"events/{event['id']}"):
        assert theirs.ask("GET", path)[0] == 404
        assert theirs.ask("PUT", path, {"programName": "x"})[0] in {400, 404}
        assert theirs.ask("DELETE", path)[0] == 404
    assert theirs.ask("GET", "events")[1] == []
    status, _ = theirs.ask("POST", "events", limiting(str(program["id"]), 0))
    assert status in {400, 403, 404}
    assert mine.ask("GET", f"events/{event['id']}")[1] == event


def test_a_ven_that_gives_orders(town: Town) -> None:
    """A client that may only follow makes no programme and no event."""
    dso = speaker(town.owner, town.organisation, ClientRole.BL)
    program = dso.made("programs", {"programName": "p"})
    ven = speaker(town.owner, town.organisation, ClientRole.VEN)
    assert ven.ask("POST", "programs", {"programName": "x"})[0] == 403
    assert ven.ask("POST", "events", limiting(str(program["id"]), 0))[0] == 403
    assert ven.ask("DELETE", f"programs/{program['id']}")[0] == 403
