"""Pages of an organisation that runs stations."""

import datetime as dt
import re
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from viavolta.storage.enrolment import knock
from viavolta.storage.station_keys import gateway_key, key_hash
from viavolta.storage.tables.enrolment import EnrolmentWindow
from viavolta.storage.tables.live import EnergyPrice, LimitChange, Order, PlannedHour, SiteLimit
from viavolta.storage.tables.stations import (
    Command,
    Outlet,
    Session,
    SessionEvent,
    SessionHour,
    Station,
    Token,
)

ROOT = "/stations/sampleton/"


def text_of(answer: Any) -> str:
    """The page as text without tags."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", answer.content.decode()))


def test_the_map_shows_how_stations_stand(cast: Any, session: Any) -> None:
    """State, power and totals; the layer of the map says the same."""
    page = cast.client("reader").get(ROOT)
    assert "charging" in text_of(page)
    assert "11.0" in text_of(page)
    features = page.context["map"].data["layers"][0]["features"]["features"]
    assert features[0]["properties"]["power_kw"] == 11.0
    assert features[0]["geometry"]["coordinates"] == [14.3, 46.6]
    assert session.station.identity in page.content.decode()


@pytest.mark.parametrize(
    ("change", "state"),
    [
        ({"gateway": ""}, "offline"),
        ({"admission": "Pending"}, "pending"),
        ({"outlet": "Faulted"}, "faulted"),
        ({"power_w": -5_000.0}, "giving-back"),
        ({"power_w": 0.0}, "plugged"),
        ({"power_w": None}, "plugged"),
        ({"ended": True}, "free"),
        ({"ended": True, "outlet": "Unavailable"}, "unavailable"),
        ({}, "charging"),
    ],
)
def test_a_state_says_what_matters_most(
    cast: Any, session: Session, change: dict[str, Any], state: str
) -> None:
    """From being adopted to being free."""
    fields = {k: v for k, v in change.items() if k in {"gateway", "admission"}}
    Station.objects.filter(pk=session.station_id).update(**fields)
    if "outlet" in change:
        Outlet.objects.update(status=change["outlet"])
    if "power_w" in change:
        Session.objects.update(power_w=change["power_w"])
    if change.get("ended"):
        Session.objects.update(ended_at=timezone.now())
    page = cast.client("reader").get(f"{ROOT}list/")
    assert [row.state for row in page.context["table"].rows] == [state]


def test_an_owner_adds_a_station_and_sees_its_key_once(cast: Any, settings: Any) -> None:
    """The key opens the door; an identity is unique over all tenants."""
    owner = cast.client("owner")
    form = {"identity": "cp-7", "name": "North", "security_profile": 1}
    page = owner.post(f"{ROOT}new/", form)
    key = re.search(r"<code>([\w-]{32})</code>", page.content.decode())
    assert key is not None
    row = Station.objects.get(identity="cp-7")
    assert row.key_hash == key_hash(gateway_key(settings.CONFIG.data), "cp-7", key[1])
    assert key[1] not in owner.get(f"{ROOT}at/cp-7/").content.decode()
    again = owner.post(f"{ROOT}new/", form)
    assert again.status_code == 422
    renewed = owner.post(f"{ROOT}at/cp-7/key/")
    assert re.search(r"<code>([\w-]{32})</code>", renewed.content.decode())
    before = row.key_hash
    row.refresh_from_db()
    assert row.key_hash != before


def test_a_station_with_sessions_is_closed_and_kept(cast: Any, session: Session) -> None:
    """Its key ends; without sessions it is gone."""
    owner = cast.client("owner")
    owner.post(f"{ROOT}at/cp-1/remove/", {"identity": "cp-1"})
    row = Station.objects.get(identity="cp-1")
    assert (row.admission, row.key_hash) == ("Rejected", "")
    assert session.station_id == row.pk
    Station.objects.create(tenant_id=cast.organisation.pk, identity="cp-2")
    owner.post(f"{ROOT}at/cp-2/remove/", {"identity": "cp-2"})
    assert not Station.objects.filter(identity="cp-2").exists()


def test_editors_ask_in_the_words_of_the_version(cast: Any, session: Session) -> None:
    """Wishes become commands; any other command is checked before it is queued."""
    editor, page = cast.client("editor"), f"{ROOT}at/cp-1/ask/"
    editor.post(page, {"wanted": "hard-reset", "evse": 0, "connector": 1})
    editor.post(page, {"wanted": "start", "evse": 1, "connector": 1})  # without a token: refused
    editor.post(page, {"wanted": "start", "evse": 1, "connector": 1, "token": "card"})
    editor.post(page, {"stop": session.transaction})
    editor.post(page, {"action": "ClearCache", "payload": "{}"})
    editor.post(page, {"action": "Reset", "payload": '{"type": "Never"}'})
    editor.post(page, {"action": "Reset", "payload": "[]"})
    Station.objects.update(ocpp_version="1.6")
    editor.post(page, {"wanted": "out-of-service", "evse": 0, "connector": 1})
    asked = [(row.action, row.payload) for row in Command.objects.order_by("id")]
    assert asked[0] == ("Reset", {"type": "Immediate"})
    assert asked[1][1]["idToken"] == {"idToken": "card", "type": "Central"}
    assert asked[2] == ("RequestStopTransaction", {"transactionId": "tx-1"})
    assert asked[3:] == [
        ("ClearCache", {}),
        ("ChangeAvailability", {"connectorId": 0, "type": "Inoperative"}),
    ]
    assert "Editor" in text_of(cast.client("reader").get(f"{ROOT}at/cp-1/"))


def test_a_session_stands_beside_its_plan(cast: Any, session: Session) -> None:
    """Measured and planned power, hours, the reason in words, doubts."""
    now = timezone.now()
    SessionEvent.objects.create(
        session=session,
        key="0",
        digest="0",
        content={
            "kind": "started",
            "key": "0",
            "seq": 0,
            "at": now.isoformat(),
            "received_at": now.isoformat(),
            "readings": [{"at": now.isoformat(), "power_w": 11_000.0, "soc": 0.4}],
        },
    )
    hour = now.replace(minute=0, second=0, microsecond=0)
    PlannedHour.objects.create(session=session, hour=hour, energy_kwh=5.0)
    SessionHour.objects.create(session=session, hour=hour, energy_kwh=4.0)
    Order.objects.create(
        session=session,
        planned_at=now,
        power_kw=7.0,
        why="limited",
        limit_id="site",
        departure_at=now + dt.timedelta(hours=8),
        departure_source="driver",
        energy_kwh=20.0,
        missing_kwh=2.5,
        plan=[[now.isoformat(), 7.0], [(now + dt.timedelta(hours=1)).isoformat(), 0.0]],
    )
    Session.objects.update(doubts=["gap"], missing=[3])
    page = cast.client("reader").get(f"{ROOT}sessions/{session.pk}/")
    shown = text_of(page)
    assert "The limit site binds: others need it too." in shown
    assert "2.5 kWh will be missing at departure." in shown
    assert "Messages of the station are missing." in shown
    power, soc, plan = page.context["charts"]
    assert power.series[0].values[0] == 11.0
    assert power.series[1].values[-1] == 0.0
    assert soc.series[0].values == [40.0]
    assert [series.values for series in plan.series] == [[5.0], [4.0]]


def test_the_slider_sets_a_limit_and_release_ends_it(cast: Any, session: Session) -> None:
    """The newest by hand holds alone; what others set is left; use is counted under it."""
    row, editor = SiteLimit.objects.get(), cast.client("editor")
    LimitChange.objects.create(
        limit=row, import_kw=40.0, starts_at=timezone.now(), source=LimitChange.Source.OPENADR
    )
    for kw in ("30", "20"):
        editor.post(f"{ROOT}limits/{row.pk}/set/", {"import_kw": kw})
    (now,) = editor.get(f"{ROOT}limits/").context["limits"]
    assert (now[0].import_kw, now[0].source, now[0].use_kw) == (20.0, "operator", 11.0)
    assert LimitChange.objects.filter(source="operator", is_withdrawn=False).count() == 1
    editor.post(f"{ROOT}limits/{row.pk}/set/", {"release": "1"})
    (now,) = editor.get(f"{ROOT}limits/").context["limits"]
    assert (now[0].import_kw, now[0].source) == (40.0, "openadr")
    assert editor.post(f"{ROOT}limits/{row.pk}/set/", {"import_kw": "-1"}).status_code == 422
    assert session.station.limit_id == row.limit_id


def test_use_counts_under_every_limit_above(cast: Any, session: Session) -> None:
    """A tree: the parent carries what draws under its children, and its own base load."""
    site = SiteLimit.objects.get()
    site.parent = SiteLimit.objects.create(
        tenant_id=cast.organisation.pk, limit_id="feeder", import_kw=100.0, base_load_kw=7.0
    )
    site.save()
    rows = cast.client("reader").get(f"{ROOT}limits/").context["limits"]
    assert [(r.row.limit_id, r.depth, r.use_kw) for r, _source, _indent in rows] == [
        ("feeder", 0, 18.0),
        ("site", 1, 11.0),
    ]
    assert session.power_w == 11_000.0


def test_limits_cannot_hang_on_themselves_nor_go_while_in_use(cast: Any, station: Station) -> None:
    """Both are refused in words."""
    owner, row = cast.client("owner"), SiteLimit.objects.get()
    loop = owner.post(f"{ROOT}limits/{row.pk}/", {"name": "x", "parent": row.pk})
    assert "cannot hang on itself" in text_of(loop)
    owner.post(f"{ROOT}limits/{row.pk}/remove/")
    assert SiteLimit.objects.exists()
    Station.objects.filter(pk=station.pk).update(limit_id="")
    owner.post(f"{ROOT}limits/{row.pk}/remove/")
    assert not SiteLimit.objects.exists()


def test_prices_are_loaded_and_replaced(cast: Any) -> None:
    """Rows at which the price changes are kept; a second file replaces what it spans."""
    editor = cast.client("editor")
    for low in ("0.10", "0.05"):
        lines = "start,buy_eur_per_kwh,sell_eur_per_kwh\n" + "".join(
            f"2026-03-01T{h:02}:00:00Z,{price},0.02\n" for h, price in enumerate((low, low, "0.30"))
        )
        file = SimpleUploadedFile("day.csv", lines.encode())
        editor.post(f"{ROOT}prices/new/", {"file": file})
    kept = list(EnergyPrice.objects.values_list("starts_at__hour", "buy_eur_per_kwh"))
    assert kept == [(0, 0.05), (2, 0.30)]
    wrong = SimpleUploadedFile("day.csv", b"start,buy_eur_per_kwh\nnever,1\n")
    assert editor.post(f"{ROOT}prices/new/", {"file": wrong}).status_code == 422
    assert cast.client("reader").get(f"{ROOT}prices/").status_code == 200


def test_tokens_are_added_and_blocked(cast: Any) -> None:
    """One of a name; a change is seen by gateways through `changed_at`."""
    editor = cast.client("editor")
    for _ in range(2):
        editor.post(f"{ROOT}tokens/new/", {"token": "card", "status": "Accepted"})
    row = Token.objects.get()
    editor.post(f"{ROOT}tokens/{row.pk}/set/", {"block": "1"})
    before = row.changed_at
    row.refresh_from_db()
    assert row.status == "Blocked"
    assert row.changed_at > before


def test_a_station_that_calls_is_adopted(cast: Any) -> None:
    """The address of a window is shown once; who waits is adopted or refused."""
    owner = cast.client("owner")
    page = owner.post(f"{ROOT}enrolment/open/", {"hours": 2, "capacity": 5})
    assert re.search(r"/ocpp/enrol/[\w-]{20,}/", page.content.decode())
    window = EnrolmentWindow.objects.get()
    for name in ("new-1", "new-2"):
        assert knock(window.pk, name, "") is not None
    shown = text_of(cast.client("reader").get(f"{ROOT}enrolment/"))
    assert "Station new-1 is calling: adopt it?" in shown
    owner.post(f"{ROOT}enrolment/new-1/decide/", {"adopt": "1"})
    owner.post(f"{ROOT}enrolment/new-2/decide/", {"refuse": "1"})
    assert Station.objects.get(identity="new-1").admission == "Accepted"
    owner.post(f"{ROOT}enrolment/{window.pk}/close/")
    assert not Station.objects.filter(identity="new-2").exists()


def test_other_tenants_see_nothing(neighbour: Any, session: Session) -> None:
    """Not the pages, and not another's rows through their own pages."""
    client = Client()
    client.force_login(neighbour)
    for page in ("", "list/", "sessions/", "limits/", "prices/", "tokens/", "enrolment/"):
        assert client.get(ROOT + page).status_code == 404
        assert client.get(f"/stations/other/{page}").status_code == 200
    assert client.get("/stations/other/at/cp-1/").status_code == 404
    assert client.get(f"/stations/other/sessions/{session.pk}/").status_code == 404
    limit = SiteLimit.objects.get()
    answer = client.post(f"/stations/other/limits/{limit.pk}/set/", {"import_kw": "1"})
    assert answer.status_code == 404
    assert client.get("/stations/")["Location"] == "/stations/other/"
