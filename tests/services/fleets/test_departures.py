"""The next departures: usual times by local clocks, single ones in their place."""

import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from viavolta.services.fleets.departures import Single, Timetable, moment_of
from viavolta.services.fleets.keys import contract_of, mac_of, spellings

VIENNA = ZoneInfo("Europe/Vienna")
MONDAY = dt.datetime(2026, 11, 30, 12, tzinfo=dt.UTC)


def timetable(usual: dict[int, int], *singles: Single) -> Timetable:
    """A timetable of Vienna."""
    return Timetable(usual=usual, singles=singles, zone=VIENNA, target_soc=0.8)


def test_usual_departures_follow_local_clocks() -> None:
    """Six in the morning is another hour of UTC in summer; a lost hour is not lost."""
    week = timetable(dict.fromkeys(range(7), 6 * 60))
    start = dt.datetime(2027, 3, 27, tzinfo=dt.UTC)
    found = week.between(start, start + dt.timedelta(days=3))
    assert [one.at.hour for one in found] == [5, 4, 4]
    gap = moment_of(dt.date(2027, 3, 28), 2 * 60 + 30, VIENNA)
    assert gap == dt.datetime(2027, 3, 28, 1, 30, tzinfo=dt.UTC)
    twice = moment_of(dt.date(2027, 10, 31), 2 * 60 + 30, VIENNA)
    assert twice == dt.datetime(2027, 10, 31, 0, 30, tzinfo=dt.UTC)


def test_single_ones_take_the_place_of_the_usual_one_of_their_day() -> None:
    """Two on one day, or none at all."""
    tuesday, wednesday = dt.date(2026, 12, 1), dt.date(2026, 12, 2)
    early, late = (moment_of(tuesday, m, VIENNA) for m in (300, 900))
    plan = timetable(
        dict.fromkeys(range(7), 420),
        Single(day=tuesday, leaves_at=late, energy_kwh=9.0),
        Single(day=tuesday, leaves_at=early),
        Single(day=wednesday, leaves_at=None),
    )
    found = plan.between(MONDAY, MONDAY + dt.timedelta(days=3))
    assert [one.at for one in found[:2]] == [early, late]
    assert found[2].at == moment_of(dt.date(2026, 12, 3), 420, VIENNA)
    assert [(one.target_soc, one.energy_kwh) for one in found[:2]] == [(0.8, None), (None, 9.0)]
    assert [one.is_usual for one in found] == [False, False, True]


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    usual=st.dictionaries(st.integers(0, 6), st.integers(0, 1439)),
    hours=st.integers(0, 400),
)
def test_next_and_last_enclose_now(usual: dict[int, int], hours: int) -> None:
    """The next one is later than now, the last one is not, and nothing lies between."""
    now = MONDAY + dt.timedelta(hours=hours)
    week = timetable(usual)
    following, before = week.next(now), week.last(now, within=dt.timedelta(days=8))
    assert (following is None) == (not usual)
    if following is not None and before is not None:
        assert before.at < now < following.at or before.at <= now < following.at
        between = week.between(before.at, following.at)
        assert {one.at for one in between if one.at != now} <= {before.at}


def test_a_timetable_that_cannot_be_is_refused() -> None:
    """An eighth weekday."""
    with pytest.raises(ValueError, match="weekdays"):
        timetable({7: 0})


@pytest.mark.parametrize("sign", ["", "-", "*"])
def test_contracts_and_addresses_are_read_however_written(sign: str) -> None:
    """And every spelling of what was read is known again."""
    written = sign.join(("DE", "8AC", "C12345678"))
    plain = contract_of(written.lower())
    assert plain == "DE8ACC12345678"
    assert written in spellings(contract_id=plain)
    assert mac_of("00-11-22-aa-bb-cc") == "001122AABBCC"
    assert "00:11:22:AA:BB:CC" in spellings(mac="001122AABBCC")
    assert contract_of("card 12") is None
    assert mac_of("0011") is None
    assert spellings() == frozenset()
