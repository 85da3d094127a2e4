"""Running accounts: to the cent those of all events, in little memory."""

import datetime as dt
import random
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from viavolta.model.session import EventKind, Reading, SessionEvent
from viavolta.services.billing.price import account_of
from viavolta.services.billing.running import OutOfTurnError, RunningUse
from viavolta.services.billing.session_use import use_of
from viavolta.services.billing.tariff import Component, Per, Tariff

T0 = dt.datetime(2026, 3, 2, 20, tzinfo=dt.UTC)  # 21:00 in Vienna, a Monday
NIGHT = {"from_min": 22 * 60, "until_min": 6 * 60}
FULL = Tariff(
    zone="Europe/Vienna",
    vat_share=Decimal("0.2"),
    idle_after_min=30,
    components=(
        Component(per=Per.SESSION, eur=Decimal("0.50")),
        Component(per=Per.KWH, eur=Decimal("0.29"), **NIGHT),
        Component(per=Per.KWH, eur=Decimal("0.49")),
        Component(per=Per.MINUTE, eur=Decimal("0.01")),
        Component(per=Per.IDLE_MINUTE, eur=Decimal("0.10"), from_min=8 * 60, until_min=20 * 60),
        Component(per=Per.BOOST, eur=Decimal("1.50")),
    ),
)
MINUTE = dt.timedelta(minutes=1)
STATES = ("Charging", "SuspendedEVSE", "SuspendedEV", "Idle", "EVConnected", "")


def event(
    seq: int, minute: int, *wh: float, state: str = "", is_last: bool = False
) -> SessionEvent:
    """An event so many minutes after the start, with readings of its moment."""
    kind = EventKind.STARTED if seq == 0 else EventKind.ENDED if is_last else EventKind.UPDATED
    at = T0 + minute * MINUTE
    readings = tuple(Reading(at=at, import_wh=value) for value in wh)
    return SessionEvent(
        kind=kind, key=str(seq), seq=seq, at=at, received_at=at, state=state, readings=readings
    )


@given(
    st.lists(
        st.tuples(
            st.integers(0, 90), st.floats(-5.0, 4000.0, allow_nan=False), st.sampled_from(STATES)
        ),
        min_size=1,
        max_size=40,
    ),
    st.booleans(),
)
def test_each_event_leaves_the_account_of_all_so_far(
    steps: list[tuple[int, float, str]], is_boosted: bool
) -> None:
    """Prices by the hour, registers that fall now and then, states that come and go."""
    events = [event(0, 0, 1000.0, state="EVConnected")]
    running = RunningUse(FULL, events[0])
    minute, wh = 0, 1000.0
    for seq, (minutes, rise, state) in enumerate(steps, start=1):
        minute, wh = minute + 1 + minutes, max(wh + rise, 0.0)
        events.append(event(seq, minute, wh, state=state, is_last=seq == len(steps)))
        running.add(events[-1])
        running.add(events[-1])  # told again
        use = use_of(events, is_boosted=is_boosted, until=events[-1].at)
        found, expected = running.account(is_boosted=is_boosted), account_of(FULL, use)
        assert (found.cents, found.vat_cents) == (expected.cents, expected.vat_cents)
        assert [line.cents for line in found.lines] == [line.cents for line in expected.lines]


def test_the_same_from_all_events_in_any_order() -> None:
    """As when the beginning was heard by another gateway."""
    events = [event(0, 0, 0.0), *(event(k, 7 * k, 200.0 * k) for k in range(1, 60))]
    shuffled = events * 2
    random.Random(1).shuffle(shuffled)  # noqa: S311 - an order, no secret
    expected = account_of(FULL, use_of(events, is_boosted=False, until=events[-1].at))
    assert RunningUse.of(FULL, shuffled).account(is_boosted=False).cents == expected.cents


def test_readings_between_the_hours_of_prices_are_not_kept() -> None:
    """A reading every minute for ten hours: a handful stays."""
    running = RunningUse(FULL, event(0, 0, 0.0))
    for k in range(1, 600):
        running.add(event(k, k, 10.0 * k))
    assert len(running._registers) < 20  # noqa: SLF001 - what it is for


@pytest.mark.parametrize(
    "wrong",
    [
        event(2, 5, 500.0),
        event(1, 90 * 24 * 60, 500.0),
        event(0, 3, 1.0),
    ],
    ids=["gap", "a clock that jumps", "a second start"],
)
def test_what_is_not_the_next_event_is_not_added(wrong: SessionEvent) -> None:
    """All events must be read then."""
    running = RunningUse(FULL, event(0, 0, 0.0))
    with pytest.raises(OutOfTurnError):
        running.add(wrong)
    with pytest.raises(OutOfTurnError):
        RunningUse(FULL, event(1, 0, 0.0))
