"""Several stations, sessions and gateways at once: order, repeats and loss change nothing."""

import dataclasses
import datetime as dt
import itertools
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from viavolta.protocols.ocpp.schemas import Version
from viavolta.services.central_system.record import Record, RecordKind, record_bytes
from viavolta.storage.billing import SETTLE, close_bills
from viavolta.storage.journal import Journal
from viavolta.storage.projector import project
from viavolta.storage.tables.billing import Bill, Correction
from viavolta.storage.tables.stations import Session, SessionEvent, SessionHour, Station

T0 = dt.datetime(2026, 3, 1, 8, tzinfo=dt.UTC)
HEARD_AT = T0 + dt.timedelta(days=1)
MINUTE = dt.timedelta(minutes=1)
_numbers = itertools.count(1)
pytestmark = pytest.mark.django_db
tried = settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@dataclasses.dataclass(frozen=True)
class Told:
    """What one station tells of one session: `n` events, 100 Wh and a minute each."""

    station: int
    transaction: str
    n: int
    is_16: bool
    ends: bool = True
    clock: dt.timedelta = dt.timedelta(0)
    """How far the station's clock is off."""

    def record(self, station: Station, k: int, *, is_offline: bool = False) -> Record:
        """The k-th event as a gateway writes it down."""
        at = (T0 + self.clock + k * MINUTE).isoformat()
        is_last = self.ends and k == self.n - 1
        return (
            self._16(station, k, at, is_last=is_last)
            if self.is_16
            else Record(
                kind=RecordKind.CALL,
                station=station.pk,
                version=Version.V201,
                received_at=HEARD_AT,
                action="TransactionEvent",
                payload={
                    "eventType": "Started" if k == 0 else "Ended" if is_last else "Updated",
                    "timestamp": at,
                    "triggerReason": "MeterValuePeriodic",
                    "seqNo": k,
                    "offline": is_offline,
                    "transactionInfo": {"transactionId": self.transaction},
                    "meterValue": [{"timestamp": at, "sampledValue": [{"value": 100 * k}]}],
                },
                answer={},
            )
        )

    def _16(self, station: Station, k: int, at: str, *, is_last: bool) -> Record:
        action, answer = "MeterValues", {}
        payload: dict[str, Any] = {
            "connectorId": 1,
            "transactionId": int(self.transaction),
            "meterValue": [{"timestamp": at, "sampledValue": [{"value": f"{100 * k}"}]}],
        }
        if k == 0:
            action, answer = "StartTransaction", {"transactionId": int(self.transaction)}
            payload = {"connectorId": 1, "idTag": "card", "meterStart": 0, "timestamp": at}
        elif is_last:
            action = "StopTransaction"
            payload = {
                "transactionId": int(self.transaction),
                "meterStop": 100 * k,
                "timestamp": at,
            }
        return Record(
            kind=RecordKind.CALL,
            station=station.pk,
            version=Version.V16,
            received_at=HEARD_AT,
            action=action,
            payload=payload,
            answer=answer,
        )


@st.composite
def sessions(draw: st.DrawFn, **fixed: Any) -> list[Told]:
    """One to three sessions each of one to three stations."""
    return [
        Told(
            station=station,
            # the same names at every station: they are unique within one alone
            transaction=f"{k + 1}",
            n=draw(st.integers(2, 5)),
            is_16=station % 2 == 1,
            ends=fixed.get("ends", draw(st.booleans())),
            clock=fixed.get("clock", dt.timedelta(0)) + k * dt.timedelta(hours=1),
        )
        for station in range(draw(st.integers(1, 3)))
        for k in range(draw(st.integers(1, 3)))
    ]


class Network:
    """Stations of their own, and journals of several gateways."""

    def __init__(self, factory: pytest.TempPathFactory, told: Sequence[Told]) -> None:
        self._folder = factory.mktemp("journals")
        self.told = list(told)
        self.tenant = 1000 + next(_numbers)
        self.stations = {
            one.station: Station.objects.create(
                tenant_id=self.tenant, identity=f"woven-{next(_numbers)}"
            )
            for one in {t.station: t for t in told}.values()
        }

    def records(self, events: Sequence[tuple[int, int]], **more: Any) -> list[Record]:
        """Records of (number of the session, number of the event)."""
        return [
            self.told[s].record(self.stations[self.told[s].station], k, **more) for s, k in events
        ]

    def bring_in(self, *journals: Sequence[Record], most: int = 1000) -> None:
        """Write each into the journal of a gateway; project all by turns, to their ends."""
        names = [f"{self._folder.name}-{next(_numbers)}" for _ in journals]
        for name, records in zip(names, journals, strict=True):
            with Journal(self._folder / name) as journal:
                journal.append([record_bytes(record) for record in records])
        left = list(names)
        while left:
            left = [name for name in left if project(self._folder / name, name, most=most)]

    def seen(self) -> list[dict[str, Any]]:
        """What the tables say of all sessions, by station and transaction."""
        found = []
        for number, station in sorted(self.stations.items()):
            rows = Session.objects.filter(station=station).order_by("transaction")
            for row in rows.values(
                "pk", "transaction", "started_at", "ended_at", "energy_wh", "is_complete",
                "missing", "doubts", "token",
            ):  # fmt: skip
                hours = SessionHour.objects.filter(session=row.pop("pk")).order_by("hour")
                kwh = [(h.hour, round(h.energy_kwh, 9)) for h in hours]
                found.append({"station": number, **row, "hours": kwh})
        return found

    def bills(self) -> list[Bill]:
        """The bills of these stations, closed long after."""
        while close_bills(HEARD_AT + 2 * SETTLE + dt.timedelta(days=3650)):
            pass
        return list(Bill.objects.filter(tenant_id=self.tenant))


def all_events(told: Sequence[Told]) -> list[tuple[int, int]]:
    """Every event of every session, session by session."""
    return [(s, k) for s, one in enumerate(told) for k in range(one.n)]


@tried
@given(data=st.data(), told=sessions())
def test_interleaved_stations_do_not_disturb_each_other(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject, told: list[Told]
) -> None:
    """Events of all stations shuffled together, repeated, split over gateways and batches, give
    the sessions that each would have alone."""
    alone, woven = Network(tmp_path_factory, told), Network(tmp_path_factory, told)
    events = all_events(told)
    for s in range(len(told)):
        alone.bring_in(alone.records([e for e in events if e[0] == s]))
    repeats = data.draw(st.lists(st.sampled_from(events), max_size=6))
    order = data.draw(st.permutations(events + repeats))
    cut = data.draw(st.integers(0, len(order)))
    most = data.draw(st.integers(1, 6))
    woven.bring_in(woven.records(order[:cut]), woven.records(order[cut:]), most=most)
    assert woven.seen() == alone.seen()
    assert len(woven.seen()) == len(told)


@tried
@given(data=st.data(), told=sessions(ends=True))
def test_what_is_lost_is_missing_and_nothing_else(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject, told: list[Told]
) -> None:
    """2.x: exactly the lost numbers are told as missing, wherever they were lost; a session is
    complete if none is; the energy is that from the first to the last event that came."""
    network, events = Network(tmp_path_factory, told), all_events(told)
    lost = data.draw(st.sets(st.sampled_from(events), max_size=len(events) // 2))
    came = data.draw(st.permutations([e for e in events if e not in lost]))
    network.bring_in(network.records(came))
    rows = {(row["station"], row["transaction"]): row for row in network.seen()}
    for s, one in enumerate(told):
        kept = [k for t, k in events if t == s and (t, k) not in lost]
        row = rows.get((one.station, one.transaction))
        assert (row is None) == (not kept)
        if row is None or one.is_16:
            continue
        assert row["missing"] == [k for k in range(max(kept)) if k not in kept]
        assert row["is_complete"] == (kept == list(range(one.n)))
        assert row["energy_wh"] == (100 * (kept[-1] - kept[0]) if len(kept) > 1 else None)


@tried
@given(data=st.data(), told=sessions(ends=True))
def test_an_offline_replay_fills_the_gaps(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject, told: list[Told]
) -> None:
    """What was lost and is told later, once or twice, from the station's memory: as if it had
    never been lost."""
    whole, gapped = Network(tmp_path_factory, told), Network(tmp_path_factory, told)
    events = all_events(told)
    whole.bring_in(whole.records(events))
    lost = data.draw(st.lists(st.sampled_from(events), unique=True))
    gapped.bring_in(gapped.records([e for e in events if e not in lost]))
    for _ in range(data.draw(st.integers(1, 2))):
        gapped.bring_in(gapped.records(data.draw(st.permutations(lost))))
    assert gapped.seen() == whole.seen()
    assert all(row["is_complete"] for row in gapped.seen())


@tried
@given(data=st.data(), told=sessions(ends=True))
def test_a_late_end_closes_exactly_one_bill(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject, told: list[Told]
) -> None:
    """The end comes late, again, and with bills being closed at any moment in between: one bill
    for each session, numbers without a gap, and no correction where nothing new was told."""
    network, events = Network(tmp_path_factory, told), all_events(told)
    ends = [(s, one.n - 1) for s, one in enumerate(told)]
    network.bring_in(network.records([e for e in events if e not in ends]))
    assert network.bills() == []
    late = data.draw(st.permutations(ends + data.draw(st.lists(st.sampled_from(ends)))))
    for part in (late[: len(late) // 2], late[len(late) // 2 :], late, events):
        network.bring_in(network.records(part))
        if data.draw(st.booleans()):
            network.bills()
    bills = network.bills()
    assert len({bill.session_id for bill in bills}) == len(bills) == len(told)
    assert sorted(bill.number for bill in bills) == list(range(1, len(told) + 1))
    assert not Correction.objects.filter(bill__in=bills).exists()
    energies = sorted(bill.energy_wh for bill in bills)
    assert energies == sorted(100.0 * (one.n - 1) for one in told)


@tried
@given(
    data=st.data(),
    hours=st.integers(-24 * 365 * 30, 24 * 365).filter(lambda h: abs(h) > 48),
    told=sessions(ends=True),
)
def test_a_wrong_clock_is_told_and_changes_no_energy(
    tmp_path_factory: pytest.TempPathFactory,
    data: st.DataObject,
    hours: int,
    told: list[Told],
) -> None:
    """Years behind or ahead: the same energy and the same completeness; ahead of its own arrival
    is a doubt."""
    off = [dataclasses.replace(t, clock=t.clock + dt.timedelta(hours=hours)) for t in told]
    right, wrong = Network(tmp_path_factory, told), Network(tmp_path_factory, off)
    order = data.draw(st.permutations(all_events(told)))
    right.bring_in(right.records(order))
    wrong.bring_in(wrong.records(order))
    names = ("station", "transaction", "energy_wh", "is_complete", "missing")
    plain = [{name: row[name] for name in names} for row in right.seen()]
    assert [{name: row[name] for name in names} for row in wrong.seen()] == plain
    assert all(("clock" in row["doubts"]) == (hours > 0) for row in wrong.seen())


@tried
@given(data=st.data(), told=sessions())
def test_the_same_journal_at_two_gateways_counts_once(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject, told: list[Told]
) -> None:
    """A station that reconnects elsewhere tells again what was not acknowledged: each event is kept
    once."""
    network, events = Network(tmp_path_factory, told), all_events(told)
    again = data.draw(st.permutations(events))
    network.bring_in(network.records(events), network.records(again), most=3)
    kept = SessionEvent.objects.filter(session__station__in=network.stations.values())
    assert kept.count() == len(events)
