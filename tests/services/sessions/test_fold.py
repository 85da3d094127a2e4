"""Sessions from events in any order, with repeats and losses."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from viavolta.model.session import Doubt, EventKind, Reading, SessionEvent
from viavolta.services.sessions.fold import session_of

CARD = "card"
T0 = dt.datetime(2026, 3, 1, 8, tzinfo=dt.UTC)


def event(
    seq: int, kind: EventKind = EventKind.UPDATED, *, wh: float | None = None
) -> SessionEvent:
    """The event of a number, a minute after the one before."""
    at = T0 + dt.timedelta(minutes=seq)
    return SessionEvent(
        kind=kind,
        key=str(seq),
        seq=seq,
        at=at,
        received_at=at,
        evse=1,
        token=CARD if seq == 0 else "",
        readings=() if wh is None else (Reading(at=at, import_wh=wh, power_w=7000.0),),
    )


def whole(n: int) -> list[SessionEvent]:
    """A session of n events, 100 Wh a minute."""
    kinds = [EventKind.STARTED, *[EventKind.UPDATED] * (n - 2), EventKind.ENDED]
    return [event(k, kind, wh=5000.0 + 100 * k) for k, kind in enumerate(kinds)]


def test_a_whole_session_is_without_doubt() -> None:
    """Start, end, energy and token of a session that came in order."""
    session = session_of(whole(5))
    assert session.is_complete
    assert not session.doubts
    assert session.energy_wh == 400
    assert (session.started_at, session.ended_at) == (T0, T0 + dt.timedelta(minutes=4))
    assert session.token == CARD


@given(n=st.integers(2, 12), data=st.data())
def test_order_and_repeats_do_not_matter(n: int, data: st.DataObject) -> None:
    """Shuffled and repeated events make the same session, whatever is lost."""
    events = whole(n)
    kept = data.draw(st.lists(st.sampled_from(events), min_size=1, unique_by=lambda e: e.key))
    again = kept + data.draw(st.lists(st.sampled_from(kept), max_size=5))
    assert session_of(data.draw(st.permutations(again))) == session_of(kept)


@given(n=st.integers(3, 12), data=st.data())
def test_every_gap_is_told(n: int, data: st.DataObject) -> None:
    """The numbers that are missing are named, and a session with one is not complete."""
    lost = data.draw(st.sets(st.integers(1, n - 2), min_size=1))
    session = session_of([e for e in whole(n) if e.seq not in lost])
    assert session.missing == tuple(sorted(lost))
    assert Doubt.GAP in session.doubts
    assert not session.is_complete
    assert session.energy_wh == 100 * (n - 1)


def test_a_conflict_is_told_and_settled_the_same_way() -> None:
    """Two different events of one number: told, and the same one stays in either order."""
    one, other = event(1, wh=5100), event(1, wh=5200)
    rest = [whole(3)[0], whole(3)[2]]
    first, second = session_of([one, other, *rest]), session_of([other, one, *rest])
    assert first == second
    assert Doubt.CONFLICT in first.doubts


def test_what_is_strange_is_told() -> None:
    """No start, an event behind the end, a clock ahead, a falling register, no meter."""
    events = whole(4)
    assert Doubt.NO_START in session_of(events[1:]).doubts
    assert Doubt.AFTER_END in session_of([*events, event(9)]).doubts
    fallen = [events[0], event(1, wh=10.0), events[3]]
    assert Doubt.METER_FELL in session_of(fallen).doubts
    assert session_of([event(0, EventKind.STARTED)]).doubts == {Doubt.NO_METER}
    ahead = SessionEvent(
        kind=EventKind.STARTED, key="0", seq=0, at=T0 + dt.timedelta(hours=1), received_at=T0
    )
    assert Doubt.CLOCK in session_of([ahead]).doubts


def test_a_huge_number_fills_no_memory() -> None:
    """A station that jumps to a huge sequence number gets a bounded list of gaps."""
    assert len(session_of([event(0), event(5_000_000)]).missing) == 1000


def test_no_event_is_no_session() -> None:
    """Nothing amounts to nothing."""
    with pytest.raises(ValueError, match="needs an event"):
        session_of([])
