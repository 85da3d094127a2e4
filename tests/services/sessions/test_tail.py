"""One more event at the cost of one: the same session as from all of them."""

import datetime as dt
import math

from hypothesis import given, settings
from hypothesis import strategies as st

from viavolta.model.session import EventKind, Reading, SessionEvent
from viavolta.services.sessions.fold import in_order, readings_of, session_of
from viavolta.services.sessions.hours import Hour, Hours, hours_of, spread
from viavolta.services.sessions.tail import extended, tail_from, tail_of

T0 = dt.datetime(2026, 3, 1, 8, tzinfo=dt.UTC)
seconds = st.integers(0, 4 * 3600).map(lambda s: T0 + dt.timedelta(seconds=s))
registers = st.none() | st.integers(0, 9000).map(float)
readings = st.builds(
    Reading,
    at=seconds,
    import_wh=registers,
    export_wh=registers,
    power_w=registers,
    soc=st.none() | st.floats(0, 1),
    signed=st.sampled_from(["", "OCMF|1", "OCMF|2"]),
)


@st.composite
def told(draw: st.DrawFn) -> list[SessionEvent]:
    """Events as a station may tell them: numbered or not, mostly in order, now and then mad."""
    is_numbered = draw(st.booleans())
    n = draw(st.integers(1, 7))
    kinds = [EventKind.STARTED, *[EventKind.UPDATED] * (n - 1)]
    if n > 1 and draw(st.booleans()):
        kinds[-1] = EventKind.ENDED
    times = sorted(draw(st.lists(seconds, min_size=n, max_size=n)))
    events = [
        SessionEvent(
            kind=kind,
            key=str(k) if is_numbered else f"{kind} {at}",
            seq=k if is_numbered else None,
            at=at,
            received_at=at + dt.timedelta(seconds=draw(st.sampled_from([0, 1, -100]))),
            evse=draw(st.none() | st.integers(1, 2)),
            token=draw(st.sampled_from(["", "card"])),
            reason=draw(st.sampled_from(["", "Local"])),
            readings=tuple(draw(st.lists(readings, max_size=2))),
        )
        for k, (kind, at) in enumerate(zip(kinds, times, strict=True))
    ]
    if draw(st.booleans()):
        return draw(st.permutations([*events, draw(st.sampled_from(events))]))
    return events


@settings(max_examples=400, deadline=None)
@given(events=told())
def test_event_by_event_is_the_same_as_all_at_once(events: list[SessionEvent]) -> None:
    """Whatever `extended` takes in gives what folding all events gives; so do the hours."""
    session, tail = session_of(events[:1]), tail_of(events[:1])
    hours = hours_of(readings_of(events[:1]))
    for k in range(1, len(events)):
        found = None if tail is None else extended(session, tail_from(tail.as_json()), events[k])
        whole = session_of(events[: k + 1])
        if found is None:
            session, tail = whole, tail_of(events[: k + 1])
            hours = hours_of(readings_of(in_order(events[: k + 1])))
            continue
        session, tail, added = found
        for hour, passed in added.items():
            hours.setdefault(hour, Hour()).add(passed)
        assert session == whole
        behind = tail_of(events[: k + 1])
        assert (tail and tail.as_json()) == (behind and behind.as_json())
        assert_same(hours, hours_of(readings_of(in_order(events[: k + 1]))))


def assert_same(hours: Hours, others: Hours) -> None:
    """Two sets of hours say the same, up to rounding."""
    assert hours.keys() == others.keys()
    for key, one in hours.items():
        other = others[key]
        assert math.isclose(one.energy_kwh, other.energy_kwh, abs_tol=1e-9)
        assert math.isclose(one.discharged_kwh, other.discharged_kwh, abs_tol=1e-9)
        assert one.max_kw == other.max_kw


@given(events=told())
def test_hours_add_up_to_the_session(events: list[SessionEvent]) -> None:
    """No energy is lost between the hours, and none is made."""
    session = session_of(events)
    hours = hours_of(readings_of(in_order(events))).values()
    assert math.isclose(
        sum(h.energy_kwh for h in hours), (session.energy_wh or 0.0) / 1000.0, abs_tol=1e-9
    )
    assert math.isclose(
        sum(h.discharged_kwh for h in hours), (session.discharged_wh or 0.0) / 1000.0, abs_tol=1e-9
    )


def test_energy_is_spread_over_the_time_between_two_readings() -> None:
    """From half past eight to half past ten, 4 kWh: 1, 2 and 1."""
    start = T0 + dt.timedelta(minutes=30)
    parts = spread(start, start + dt.timedelta(hours=2), 4.0)
    assert [kwh for _, kwh in parts] == [1.0, 2.0, 1.0]
    assert [hour.hour for hour, _ in parts] == [8, 9, 10]


def test_a_clock_that_leaps_over_years_makes_no_million_hours() -> None:
    """What rose since 1970 is counted in the hour in which it was told."""
    assert spread(dt.datetime(1970, 1, 1, tzinfo=dt.UTC), T0, 5.0) == [(T0, 5.0)]


def test_the_plain_case_needs_no_fold() -> None:
    """In order and once: every event is taken in as it comes."""
    events = [
        SessionEvent(
            kind=EventKind.STARTED if k == 0 else EventKind.UPDATED,
            key=str(k),
            seq=k,
            at=T0 + dt.timedelta(minutes=k),
            received_at=T0 + dt.timedelta(minutes=k),
            readings=(Reading(at=T0 + dt.timedelta(minutes=k), import_wh=100.0 * k),),
        )
        for k in range(5)
    ]
    session, tail = session_of(events[:1]), tail_of(events[:1])
    for event in events[1:]:
        assert tail is not None
        found = extended(session, tail, event)
        assert found is not None
        session, tail, _ = found
    assert session == session_of(events)
