"""Import and export capacity out of OpenADR 3 events."""

import datetime as dt
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from viavolta.protocols.openadr.capacity import FOREVER, capacities_of, in_force
from viavolta.protocols.openadr.duration import duration_of

NOW = dt.datetime(2026, 3, 1, 8, tzinfo=dt.UTC)


def event(*limits_kw: float, **more: Any) -> dict[str, Any]:
    """An event of one interval after the other, an hour each from nine."""
    return {
        "programID": "p",
        "targets": [{"type": "GROUP", "values": ["feeder-7"]}],
        "intervalPeriod": {"start": "2026-03-01T09:00:00Z", "duration": "PT1H"},
        "intervals": [
            {"id": k, "payloads": [{"type": "IMPORT_CAPACITY_LIMIT", "values": [kw]}]}
            for k, kw in enumerate(limits_kw)
        ],
        **more,
    }


def at(hour: float) -> dt.datetime:
    """A moment of the day."""
    return NOW.replace(hour=0) + dt.timedelta(hours=hour)


def test_intervals_follow_one_another() -> None:
    """Without times of their own the intervals come in a row from the event's start."""
    found = capacities_of(event(100, 50), received_at=NOW)
    assert [(c.target, c.start, c.end, c.import_kw) for c in found] == [
        ("feeder-7", at(9), at(10), 100),
        ("feeder-7", at(10), at(11), 50),
    ]


def test_an_interval_may_have_times_of_its_own() -> None:
    """Its own period goes before the event's; now and endless are understood."""
    one = event(30)
    one["intervals"][0]["intervalPeriod"] = {"start": "0001-01-01T00:00:00", "duration": "P9999Y"}
    (found,) = capacities_of(one, received_at=NOW)
    assert (found.start, found.end) == (NOW, FOREVER)


def test_units_and_export_are_read() -> None:
    """Megawatts become kilowatts; export stands beside import; prices are passed over."""
    one = event(0.2, payloadDescriptors=[{"payloadType": "IMPORT_CAPACITY_LIMIT", "units": "MW"}])
    one["intervals"][0]["payloads"] += [
        {"type": "EXPORT_CAPACITY_LIMIT", "values": [40]},
        {"type": "PRICE", "values": [0.3]},
    ]
    (found,) = capacities_of(one, received_at=NOW)
    assert (found.import_kw, found.export_kw) == (200, 40)


def test_the_more_urgent_event_counts() -> None:
    """A smaller number of priority goes first; of equals the stricter; others are not touched."""
    everybody = event(80)
    del everybody["targets"]
    events = [event(50, priority=2), event(70, priority=0), event(10), everybody]
    capacities = [c for one in events for c in capacities_of(one, received_at=NOW)]
    assert in_force(capacities, target="feeder-7", at=at(9.5)) == (70, None)
    assert in_force(capacities, target="feeder-8", at=at(9.5)) == (80, None)
    assert in_force(capacities, target="feeder-7", at=at(10)) == (None, None)
    assert in_force(capacities[2:], target="feeder-7", at=at(9)) == (10, None)


def test_targets_of_3_1_are_plain_names() -> None:
    """3.1 writes names without types."""
    found = capacities_of(event(50, targets=["a", "b"]), received_at=NOW)
    assert [c.target for c in found] == ["a", "b"]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"intervalPeriod": {"start": "soon"}}, "no time"),
        ({"intervalPeriod": {"duration": "PT1H"}}, "no start"),
        ({"intervalPeriod": {"start": "2026-03-01T09:00:00Z", "duration": "P1M"}}, "duration"),
        (
            {"payloadDescriptors": [{"payloadType": "IMPORT_CAPACITY_LIMIT", "units": "AMPS"}]},
            "KW",
        ),
    ],
)
def test_what_cannot_be_read_is_said(change: dict[str, Any], words: str) -> None:
    """A wrong event is refused with what was expected."""
    with pytest.raises(ValueError, match=words):
        capacities_of(event(50) | change, received_at=NOW)


def test_a_negative_capacity_is_refused() -> None:
    """Nobody can import less than nothing."""
    with pytest.raises(ValueError, match="0 or more"):
        capacities_of(event(-5), received_at=NOW)


@given(st.integers(0, 50), st.integers(0, 50), st.integers(0, 99), st.integers(0, 99))
def test_durations_add_up(weeks: int, days: int, hours: int, minutes: int) -> None:
    """A duration is the sum of its parts."""
    words = f"P{weeks}W{days}DT{hours}H{minutes}M"
    assert duration_of(words) == dt.timedelta(weeks=weeks, days=days, hours=hours, minutes=minutes)


@pytest.mark.parametrize("words", ["", "P", "PT", "1H", "P1Y", "PT1H1", "P9999999999D", "PTH"])
def test_what_is_no_duration(words: str) -> None:
    """Years and months have no length of their own; an empty duration is none."""
    with pytest.raises(ValueError, match="no duration"):
        duration_of(words)


def test_a_duration_may_be_negative_or_endless() -> None:
    """Both are in the standard."""
    assert duration_of("-PT15M") == dt.timedelta(minutes=-15)
    assert duration_of("P9999Y") is None
