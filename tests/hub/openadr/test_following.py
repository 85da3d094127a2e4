"""Our VEN follows a VTN: ours, of another organisation, over a real socket."""

import datetime as dt
from typing import Any

import pytest
from cast import Cast
from django.conf import settings as hub
from django.utils import timezone
from openadr_vtn import START, Speaker, limiting, speaker

from viavolta.hub.openadr.following import follow, look, look_at_due
from viavolta.hub.openadr.models import ClientRole, Connection, VtnObject
from viavolta.protocols.openadr.objects import Version
from viavolta.storage.sealed import seal
from viavolta.storage.tables.live import EnergyPrice, LimitChange, SiteLimit
from viavolta.storage.tables.stations import Session, SessionEvent, Station

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("loopback")]
Tree = dict[str, SiteLimit]
NINE = dt.datetime.fromisoformat(START)


@pytest.fixture(params=list(Version))
def connection(
    request: pytest.FixtureRequest, live_server: Any, cast: Cast, elsewhere: Speaker
) -> Connection:
    """The city follows the VTN of the grid operator elsewhere."""
    owner = elsewhere.client.created_by
    assert owner is not None
    ven = speaker(owner, elsewhere.client.organisation, ClientRole.VEN)
    return Connection.objects.create(
        organisation=cast.organisation,
        name="Grid",
        url=f"{live_server.url}/openadr3/{request.param}",
        version=request.param,
        client_id=ven.client.client_id,
        secret=seal(hub.CONFIG.data, ven.secret),
        ven_name="sampleton",
        limit_id="feeder-7",
        programs=["Capacity"],
        takes_prices=True,
    )


def held() -> list[tuple[str, float | None]]:
    """Limit and import limit of what was not withdrawn."""
    rows = LimitChange.objects.filter(is_withdrawn=False).select_related("limit")
    return [(row.limit.limit_id, row.import_kw) for row in rows]


def test_events_of_another_vtn_become_limits(
    connection: Connection, elsewhere: Speaker, tree: Tree
) -> None:
    """For the limit that they name, or the one that the operator chose; gone when they are."""
    del tree
    program = elsewhere.made("programs", {"programName": "Capacity"})["id"]
    other = elsewhere.made("programs", {"programName": "Other"})["id"]
    event = elsewhere.made("events", limiting(program, 60, targets=None))
    elsewhere.made("events", limiting(other, 1, targets=None))
    look(connection)
    connection.refresh_from_db()
    assert (connection.error, connection.ven_error) == ("", "")
    assert connection.offered == ["Capacity", "Other"]
    assert held() == [("feeder-7", 60)]
    reference = LimitChange.objects.get().reference
    assert reference == f"vtn-{connection.pk}/{event['id']}"
    # our VEN is known there now; with a target granted to it a named event is told, too
    ven = VtnObject.objects.get(kind="VEN")
    assert (ven.name, ven.object_id) == ("sampleton", connection.ven_id)
    grant = [{"type": "GROUP", "values": ["transformer-1"]}]
    elsewhere.ask("PUT", f"vens/{ven.object_id}", {"venName": ven.name, "targets": grant})
    elsewhere.made("events", limiting(program, 20, group="transformer-1"))
    elsewhere.ask("PUT", f"events/{event['id']}", limiting(program, 70, targets=None))
    look(connection)
    assert sorted(held()) == [("feeder-7", 70), ("transformer-1", 20)]
    elsewhere.ask("DELETE", f"programs/{program}")
    look(connection)
    assert held() == []


def test_prices_are_taken_where_the_operator_says_so(
    connection: Connection, elsewhere: Speaker
) -> None:
    """And not where she does not."""
    connection.limit_id = ""
    connection.save()
    program = elsewhere.made("programs", {"programName": "Capacity"})["id"]
    body = limiting(program, 1, targets=None)
    body["intervals"][0]["payloads"] = [{"type": "PRICE", "values": [0.31]}]
    elsewhere.made("events", body)
    look(connection)
    row = EnergyPrice.objects.get()
    assert (row.tenant_id, row.buy_eur_per_kwh) == (connection.organisation_id, 0.31)
    connection.takes_prices = False
    follow(connection)
    assert not EnergyPrice.objects.exists()


def test_opting_out_ends_a_limit_and_is_told(
    connection: Connection, elsewhere: Speaker, tree: Tree
) -> None:
    """The VTN hears it as an operating state; opting in again brings the limit back."""
    del tree
    program = elsewhere.made("programs", {"programName": "Capacity"})["id"]
    elsewhere.made("events", limiting(program, 60, targets=None))
    look(connection)
    for is_out, expected in ((True, []), (False, [("feeder-7", 60)])):
        connection.events.update(is_out=is_out)
        look(connection)
        assert held() == expected
    states = [
        report["resources"][0]["intervals"][0]["payloads"][0]["values"][0]
        for report in elsewhere.ask("GET", "reports")[1]
    ]
    assert states == ["IDLE_OPTED_OUT", "IDLE_CURTAILED"]


def charged(cast: Cast, begin: dt.datetime, kwh: float, *, transaction: str) -> None:
    """An hour's session of a station on transformer-1."""
    station, _ = Station.objects.get_or_create(
        tenant_id=cast.organisation.pk, identity="S1", limit_id="transformer-1"
    )
    end = begin + dt.timedelta(hours=1)
    session = Session.objects.create(
        station=station, transaction=transaction, started_at=begin, ended_at=end
    )
    for k, (at, wh) in enumerate(((begin, 1000.0), (end, 1000.0 + 1000 * kwh))):
        SessionEvent.objects.create(
            session=session,
            key=str(k),
            digest=str(k),
            content={
                "kind": "started" if k == 0 else "ended",
                "key": str(k),
                "seq": k,
                "at": at.isoformat(),
                "received_at": at.isoformat(),
                "readings": [{"at": at.isoformat(), "import_wh": wh}],
            },
        )


def test_the_reports_asked_for_are_sent_once(
    connection: Connection, elsewhere: Speaker, tree: Tree, cast: Cast
) -> None:
    """Usage, mean power and baseline of what was charged below the limit."""
    del tree
    now = timezone.now().replace(microsecond=0)
    begin = now - dt.timedelta(hours=2)
    charged(cast, begin, 8.0, transaction="t")
    for day in range(1, 11):
        charged(cast, begin - dt.timedelta(days=day), 20.0, transaction=str(day))
    program = elsewhere.made("programs", {"programName": "Capacity"})["id"]
    kinds = [("USAGE", "WH"), ("DEMAND", None), ("BASELINE", None), ("READING", None)]
    event = limiting(
        program,
        50,
        60,
        targets=None,
        intervalPeriod={"start": f"{begin:%Y-%m-%dT%H:%M:%SZ}", "duration": "PT30M"},
        reportDescriptors=[{"payloadType": kind, "units": unit} for kind, unit in kinds],
    )
    elsewhere.made("events", event)
    look(connection)
    look(connection)
    told = {}
    for report in elsewhere.ask("GET", "reports")[1]:
        (resource,) = report["resources"]
        assert (report["clientName"], resource["resourceName"]) == ("sampleton", "feeder-7")
        told[report["reportName"]] = [
            one["payloads"][0]["values"][0] for one in resource["intervals"]
        ]
    assert told == {
        "USAGE-0-0": [4000, 4000],
        "DEMAND-1-0": [8, 8],
        "BASELINE-2-0": [10, 10],
    }


def test_what_goes_wrong_is_said_and_tried_again_later(
    connection: Connection, elsewhere: Speaker, tree: Tree
) -> None:
    """What the VTN said last holds meanwhile."""
    program = elsewhere.made("programs", {"programName": "Capacity"})["id"]
    elsewhere.made("events", limiting(program, 60, targets=None))
    look(connection)
    connection.refresh_from_db()
    right = connection.secret
    for change, words in (
        ({"secret": seal(hub.CONFIG.data, "wrong"), "token": ""}, "401"),
        ({"url": connection.url + "/nothing", "secret": right}, "404"),
        ({"url": "http://127.0.0.1:9/openadr3", "token": ""}, "127.0.0.1"),
        ({"url": "https://10.0.0.1/openadr3"}, "not public"),
        ({"limit_id": "none", "url": connection.url}, "none"),
    ):
        Connection.objects.filter(pk=connection.pk).update(**change)
        connection.refresh_from_db()
        look(connection)
        connection.refresh_from_db()
        assert words in connection.error
        assert connection.due_at > timezone.now()
        assert held() == [("feeder-7", 60)]
    assert connection.failures == 5
    assert tree


def test_an_event_that_cannot_be_read_stops_no_other(
    connection: Connection, elsewhere: Speaker, tree: Tree
) -> None:
    """It is kept with what is wrong with it."""
    del tree
    program = elsewhere.made("programs", {"programName": "Capacity"})["id"]
    elsewhere.made("events", limiting(program, 60, targets=None))
    odd = elsewhere.made("events", limiting(program, 50, targets=None))
    row = VtnObject.objects.get(object_id=odd["id"])
    row.content["intervals"][0]["payloads"][0]["values"] = ["much"]
    row.save()
    look(connection)
    assert held() == [("feeder-7", 60)]
    assert "one number" in connection.events.get(event_id=odd["id"]).error


def test_one_process_at_a_time_looks(connection: Connection, tree: Tree) -> None:
    """A lease keeps others out until it ends."""
    del tree
    now = timezone.now()
    Connection.objects.update(lease_until=now + dt.timedelta(minutes=1), due_at=now)
    assert look_at_due(now) == 0
    assert look_at_due(now + dt.timedelta(minutes=2)) == 1
    assert look_at_due(timezone.now()) == 0
    Connection.objects.update(is_on=False, due_at=now)
    assert look_at_due(timezone.now()) == 0
    connection.refresh_from_db()
    assert connection.error == ""
