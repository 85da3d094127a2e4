"""Events that overlap: what holds over time is what holds at each moment."""

import datetime as dt
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from viavolta.protocols.openadr.capacity import FOREVER, Capacity, in_force, pieces
from viavolta.protocols.openadr.intervals import random_delay
from viavolta.protocols.openadr.prices import price_steps, prices_of

START = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)
HOURS = st.integers(0, 30)
KW = st.none() | st.sampled_from([0.0, 10.0, 25.5, 40.0])


def hour(k: int) -> dt.datetime:
    """A moment."""
    return START + dt.timedelta(hours=k)


@st.composite
def capacities(draw: st.DrawFn) -> Capacity:
    """A limit for some hours, or without end."""
    begin, length = draw(HOURS), draw(st.integers(1, 10) | st.none())
    return Capacity(
        target=draw(st.sampled_from(["", "a", "b"])),
        start=hour(begin),
        end=FOREVER if length is None else hour(begin + length),
        priority=draw(st.integers(0, 2)),
        import_kw=draw(KW),
        export_kw=draw(KW),
        event_id=draw(st.sampled_from(["e1", "e2", "e3"])),
    )


@given(st.lists(capacities(), max_size=12), HOURS, st.floats(0, 0.99))
def test_pieces_say_what_is_in_force(said: list[Capacity], k: int, share: float) -> None:
    """At any moment the piece that covers it says the same as the events themselves."""
    at = hour(k) + share * dt.timedelta(hours=1)
    found = [p for p in pieces(said, target="a") if p.start <= at < p.end]
    assert len(found) <= 1
    told = (found[0].import_kw, found[0].export_kw) if found else (None, None)
    assert told == in_force(said, target="a", at=at)


@given(st.lists(capacities(), max_size=12), st.randoms(use_true_random=False))
def test_the_order_of_events_does_not_matter(said: list[Capacity], rng: object) -> None:
    """Pieces are the same however the events came, in order and without overlap."""
    mixed = list(said)
    rng.shuffle(mixed)  # type: ignore[attr-defined]
    found = pieces(said, target="a")
    assert found == pieces(mixed, target="a")
    assert all(a.end <= b.start for a, b in pairwise(found))
    assert all(p.start < p.end and p.event_ids for p in found)


@given(st.lists(capacities(), max_size=8), capacities())
def test_of_equal_priority_one_more_event_never_loosens(
    said: list[Capacity], more: Capacity
) -> None:
    """The strictest of equals counts."""
    equal = [
        Capacity(target=c.target, start=c.start, end=c.end, priority=1, import_kw=c.import_kw)
        for c in [*said, more]
    ]
    for k in range(40):
        before, _ = in_force(equal[:-1], target="a", at=hour(k))
        after, _ = in_force(equal, target="a", at=hour(k))
        assert before is None or (after is not None and after <= before)


@given(st.text(max_size=10), st.text(max_size=10), st.integers(0, 3600))
def test_a_random_delay_lies_in_its_time(event: str, target: str, longest_s: int) -> None:
    """It is the same at every look."""
    content = {"id": event, "intervalPeriod": {"randomizeStart": f"PT{longest_s}S"}}
    delay = random_delay(content, target)
    assert dt.timedelta(0) <= delay <= dt.timedelta(seconds=longest_s)
    assert delay == random_delay(content, target)


def price_event(*prices: float, priority: int | None = None) -> dict[str, object]:
    """An event of an hour for each price."""
    return {
        "priority": priority,
        "intervalPeriod": {"start": "2026-03-01T00:00:00Z", "duration": "PT1H"},
        "intervals": [
            {"id": k, "payloads": [{"type": "PRICE", "values": [price]}]}
            for k, price in enumerate(prices)
        ],
    }


def test_prices_follow_one_another() -> None:
    """The more urgent event counts, of equals the dearer; prices may be below zero."""
    events = [price_event(0.2, -0.1), price_event(0.3), price_event(0.1, priority=0)]
    said = [p for event in events for p in prices_of(event, received_at=START)]
    assert [(s.start, s.buy_eur_per_kwh) for s in price_steps(said[:-1])] == [
        (hour(0), 0.3),
        (hour(1), -0.1),
    ]
    assert price_steps(said)[0].buy_eur_per_kwh == 0.1


@pytest.mark.parametrize("values", [[], [1, 2], ["a"], [True]])
def test_a_price_is_one_number(values: list[object]) -> None:
    """Serial values and words are not guessed at."""
    event = price_event(1.0)
    event["intervals"][0]["payloads"][0]["values"] = values  # type: ignore[index]
    with pytest.raises(ValueError, match="one number"):
        prices_of(event, received_at=START)
