"""Pages of a fleet: exceptions first, with by how much and because of what."""

import datetime as dt
import html
import re
from typing import Any

import pytest
from cast import Cast
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from viavolta.hub.fleets import samples
from viavolta.hub.operate import samples as operators
from viavolta.storage.tables.fleets import FleetVehicle
from viavolta.storage.tables.live import Order, SiteLimit, Wish
from viavolta.storage.tables.stations import Session, Station, Token

ROOT = "/stations/sampleton/fleet/"


def text_of(answer: Any) -> str:
    """The page as text without tags."""
    return html.unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", answer.content.decode())))


def planned(session: Session, **more: Any) -> Order:
    """What the last plan gives a session."""
    now = timezone.now()
    values = {
        "planned_at": now,
        "power_kw": 3.0,
        "why": "full-power",
        "departure_at": now + dt.timedelta(hours=6),
        "departure_source": "wish",
        "energy_kwh": 20.0,
    }
    return Order.objects.create(session=session, **values | more)


def test_an_empty_page_says_the_first_step(cast: Cast) -> None:
    """And offers it."""
    page = cast.client("owner").get(ROOT)
    assert "No vehicle yet" in text_of(page)
    assert f"{ROOT}new/" in page.content.decode()


def test_who_will_not_be_ready_comes_first(cast: Cast, van: FleetVehicle, plug: Any) -> None:
    """By how much, and which limit is to blame."""
    for name in ("A away", "B ready"):
        FleetVehicle.objects.create(tenant_id=van.tenant_id, name=name, token=name)
    SiteLimit.objects.create(tenant_id=van.tenant_id, limit_id="depot", name="Depot North")
    planned(plug(), why="limited", limit_id="depot", missing_kwh=7.4)
    planned(plug("B ready"), why="served")
    page = cast.client("reader").get(ROOT)
    rows = page.context["table"].rows
    assert [one.state.name for one in rows] == ["WILL_LACK", "READY", "AWAY"]
    text = text_of(page)
    assert "7.4 kWh will be missing" in text
    assert "the limit Depot North binds" in text
    shown = cast.client("reader").get(f"{ROOT}?state=exceptions").context["table"].rows
    assert [one.name for one in shown] == ["Van 1"]


@pytest.mark.parametrize(
    "told",
    [
        ({"missing_kwh": 3.0}, {}, "WILL_LACK"),
        (None, {}, "NO_PLAN"),
        ({"why": "served"}, {}, "READY"),
        ({}, {}, "WILL_BE_READY"),
        ({}, {"gateway": ""}, "OFF_LINE"),
        ({}, {"wish": {"given_by": "driver"}}, "OTHER_WISH"),
        ({}, {"late": True}, "LATE"),
        ({}, {"no_departure": True}, "WAITS"),
    ],
)
def test_how_it_stands(
    cast: Cast, van: FleetVehicle, plug: Any, told: tuple[Any, dict[str, Any], str]
) -> None:
    """From the plan, the station, the driver and the clock."""
    order, more, state = told
    session = plug()
    van.usual.all().delete()
    if "no_departure" not in more:
        van.departures.create(leaves_at=timezone.now() + dt.timedelta(hours=30))
    if order is not None:
        planned(session, **order)
    if "gateway" in more:
        Station.objects.update(gateway=more["gateway"])
    if "wish" in more:
        Wish.objects.create(
            tenant_id=1, station=session.station, evse=1, session=session, **more["wish"]
        )
    if "late" in more:
        van.departures.create(leaves_at=timezone.now() - dt.timedelta(minutes=20))
    page = cast.client("reader").get(f"{ROOT}{van.pk}/")
    assert page.context["now"].state.name == state
    assert len(text_of(page)) > 500


def test_a_vehicle_that_leaves_soon_must_be_at_a_plug(cast: Cast, van: FleetVehicle) -> None:
    """Within eight hours; later it may still come."""
    van.usual.all().delete()
    for hours, state in ((30, "AWAY"), (5, "NOT_PLUGGED")):
        van.departures.create(leaves_at=timezone.now() + dt.timedelta(hours=hours))
        page = cast.client("reader").get(f"{ROOT}{van.pk}/")
        assert page.context["now"].state.name == state


def test_an_editor_adds_changes_and_removes_a_vehicle(cast: Cast) -> None:
    """With usual times; a second one of the same card is refused with a sentence."""
    editor = cast.client("editor")
    form = {"name": "Bus 7", "contract_id": "de-8ac-c12345678", "target": 80, "usual_0": "06:30"}
    assert editor.post(f"{ROOT}new/", form).status_code == 302
    row = FleetVehicle.objects.get()
    assert (row.contract_id, row.target_soc) == ("DE8ACC12345678", 0.8)
    assert [(one.weekday, one.minute) for one in row.usual.all()] == [(0, 390)]
    again = editor.post(f"{ROOT}new/", form | {"name": "Bus 8"})
    assert again.status_code == 422
    assert "already" in text_of(again)
    assert editor.post(f"{ROOT}new/", {"name": "Bus 9"}).status_code == 422
    change = editor.post(f"{ROOT}{row.pk}/edit/", {"name": "Bus 7", "mac": "00:11:22:AA:BB:CC"})
    assert change.status_code == 302
    row.refresh_from_db()
    assert (row.mac, row.usual.count()) == ("001122AABBCC", 0)
    assert editor.post(f"{ROOT}{row.pk}/remove/").status_code == 302
    assert not FleetVehicle.objects.exists()


def test_a_departure_is_set_for_one_day_and_taken_back(cast: Cast, van: FleetVehicle) -> None:
    """The usual one of that day counts again."""
    editor = cast.client("editor")
    day = (timezone.now() + dt.timedelta(days=3)).date()
    address = f"{ROOT}{van.pk}/departure/"
    assert editor.post(address, {"day": day, "time": "11:15", "target": 50}).status_code == 302
    assert editor.post(address, {"day": day}).status_code == 422
    single = van.departures.get()
    page = cast.client("reader").get(f"{ROOT}{van.pk}/")
    assert [one.target_soc for one in page.context["departures"] if one.single] == [0.5]
    assert editor.post(f"{address}{single.pk}/remove/").status_code == 302
    page = cast.client("reader").get(f"{ROOT}{van.pk}/")
    assert all(one.single is None for one in page.context["departures"])
    assert len(page.context["departures"]) == 14


def upload(cast: Cast, content: str) -> Any:
    """Load a file as an editor."""
    file = SimpleUploadedFile("departures.csv", content.encode())
    return cast.client("editor").post(f"{ROOT}departures/load/", {"file": file})


def test_a_file_with_bad_rows_loads_nothing_and_lists_them_all(
    cast: Cast, van: FleetVehicle
) -> None:
    """Row, column, value and what is wrong."""
    answer = upload(
        cast,
        "vehicle,day,time,charge_to_percent\n"
        "Van 1,2030-05-04,06:30,80\n"
        "Van 2,2030-05-04,06:30,\n"
        "Van 1,4.5.2030,25:00,180\n",
    )
    assert answer.status_code == 422
    told = [(one.row, one.column, one.fault.value) for one, _words in answer.context["bad"]]
    assert told == [
        (3, "vehicle", "no-vehicle"),
        (4, "day", "no-day"),
        (4, "time", "no-time"),
        (4, "charge_to_percent", "no-percent"),
    ]
    assert van.departures.count() == 0
    assert "Your fleet has no vehicle of this name." in text_of(answer)


def test_the_file_of_departures_can_be_loaded_again(cast: Cast, van: FleetVehicle) -> None:
    """What is downloaded is what may be uploaded; usual ones become those of their day."""
    van.departures.create(leaves_at=timezone.now() + dt.timedelta(days=2), stays=True)
    reader = cast.client("reader")
    answer = reader.get(f"{ROOT}departures/?export=csv")
    content = b"".join(answer.streaming_content).decode()  # type: ignore[attr-defined] # streams
    before = reader.get(f"{ROOT}departures/").context["table"].count
    assert upload(cast, content).status_code == 302
    after = reader.get(f"{ROOT}departures/").context["table"]
    assert after.count == before
    assert all(one.single is not None for one in after.rows)


def test_the_history_of_a_vehicle_and_its_file(cast: Cast, van: FleetVehicle, plug: Any) -> None:
    """Its sessions, with whether the promise was kept; nobody else's."""
    session = plug(energy_wh=12_300.0, ended_at=timezone.now())
    plug("SOMEBODY")
    Wish.objects.create(tenant_id=1, station=session.station, evse=1, session=session, is_kept=True)
    reader = cast.client("reader")
    page = reader.get(f"{ROOT}{van.pk}/")
    assert [row.pk for row in page.context["table"].rows] == [session.pk]
    assert "12.30" in text_of(page)
    figures = {str(one.label): one.value for one in page.context["figures"]}
    assert figures["Plug-in rate"].startswith("0.1")  # one hour of 30 days
    answer = reader.get(f"{ROOT}{van.pk}/?export=csv")
    content = b"".join(answer.streaming_content).decode()  # type: ignore[attr-defined] # streams
    assert "depot-1,12.3" in content
    assert "true" in content


def test_a_fleet_belongs_to_its_organisation(cast: Cast, van: FleetVehicle) -> None:
    """Strangers learn nothing; readers change nothing."""
    assert cast.client("stranger").get(ROOT).status_code == 404
    assert cast.client("reader").post(f"{ROOT}{van.pk}/remove/").status_code == 403
    assert FleetVehicle.objects.count() == 1


def test_programs_see_and_change_the_same(cast: Cast, van: FleetVehicle, plug: Any) -> None:
    """Exceptions first; a departure set through the API counts."""
    planned(plug(), missing_kwh=4.0)
    api = "/api/operate/sampleton/fleet"
    editor = cast.client("editor")
    found = editor.get(api).json()["items"]
    assert found[0]["state"] == "will-lack"
    assert (found[0]["cause"], found[0]["missing_kwh"]) == ("time", 4.0)
    body = {"name": "Truck", "token": "T-1", "usual": {"0": 400}, "target_soc": 0.8}
    made = editor.post(api, body, content_type="application/json")
    assert made.status_code == 201
    number = made.json()["id"]
    assert made.json()["usual"] == {"0": 400}
    day = {"day": f"{timezone.now() + dt.timedelta(days=2):%F}", "minute": 555}
    put = editor.put(f"{api}/{number}/departures", day, content_type="application/json")
    assert put.status_code == 204
    departures = editor.get(f"{api}/{number}/departures").json()
    single = [one["single"] for one in departures if one["single"]]
    assert len(single) == 1
    assert editor.delete(f"{api}/{number}/departures/{single[0]}").status_code == 204
    assert editor.get(f"{api}/{van.pk}/transactions").json()["count"] == 1
    wrong = body | {"name": "Other", "contract_id": "nonsense"}
    assert editor.post(api, wrong, content_type="application/json").status_code == 422
    assert editor.delete(f"{api}/{number}").status_code == 204


def test_sample_vans_fit_the_simulated_cars(cast: Cast) -> None:
    """Their cards may charge at the sample operator; made once."""
    operators.seed(cast.users["owner"])
    for _ in range(2):
        samples.seed()
    vans = FleetVehicle.objects.filter(name__contains="sample")
    assert vans.count() == 2
    known = Token.objects.filter(tenant_id=vans[0].tenant_id).values_list("token", flat=True)
    assert {van.token for van in vans} <= set(known)
