"""A vehicle's schedule is held against its station's profile."""

from typing import Any

import pytest

from viavolta.protocols.ocpp.ev_schedule import exceeds

NINE, TEN = "2026-03-01T09:00:00Z", "2026-03-01T10:00:00Z"


def schedule(*levels: tuple[int, float], unit: str = "W", **more: Any) -> dict[str, Any]:
    """A schedule of an hour."""
    periods = [{"startPeriod": start, "limit": limit} for start, limit in levels]
    return {
        "id": 1,
        "duration": 3600,
        "chargingRateUnit": unit,
        "chargingSchedulePeriod": periods,
        **more,
    }


FLAT, FALLING = ((0, 6000.0),), ((0, 6000.0), (1800, 3000.0))


@pytest.mark.parametrize(
    ("wanted", "allowed", "base", "is_above"),
    [
        (schedule(*FLAT), FLAT, NINE, False),
        (schedule((0, 6000.04)), FLAT, NINE, False),
        (schedule((0, 6001.0)), FLAT, NINE, True),
        (schedule(*FALLING), FALLING, NINE, False),
        (schedule(*FLAT), FALLING, NINE, True),
        (schedule((0, 9000.0)), FLAT, TEN, False),
        (schedule((0, 9000.0), unit="A"), FLAT, NINE, False),
    ],
    ids=["same", "rounded", "above", "as told", "above later", "after the profile", "other unit"],
)
def test_what_is_above_is_found(
    wanted: dict[str, Any], allowed: tuple[tuple[int, float], ...], base: str, is_above: bool
) -> None:
    """At every step of both schedules."""
    profile = {"chargingSchedule": [schedule(*allowed, startSchedule=NINE)]}
    assert exceeds({"timeBase": base, "chargingSchedule": wanted}, profile) is is_above
