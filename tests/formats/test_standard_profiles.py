"""Base load by the local clock, sun by UTC, on any steps."""

import gzip

import numpy as np
import pytest

from viavolta.formats.standard_profiles import LoadProfile, load_profile_kw, sun_profile_kw
from viavolta.samples.profiles import load_2023, sun_2019


def steps(first: str, n: int, step_s: int = 900) -> np.ndarray:
    return np.datetime64(first, "s") + np.arange(n) * np.timedelta64(step_s, "s")


def rows(column: str) -> list[float]:
    with gzip.open(load_2023(), "rt") as file:
        lines = [line.strip().split(",") for line in file]
    return [float(line[lines[0].index(column)]) for line in lines[1:]]


@pytest.mark.parametrize("profile", list(LoadProfile))
def test_a_year_uses_what_the_customer_uses(profile: LoadProfile) -> None:
    """1 kWh a year, but for the hour that the clock skips and the one that it repeats."""
    year = load_profile_kw(profile, steps("2022-12-31T23:00", 35_040), step_s=900)
    assert year.sum() / 4 == pytest.approx(1.0, abs=1e-4)


def test_a_winter_day_is_that_of_the_file() -> None:
    """In January, local time is UTC and an hour; 18 h is the 73rd quarter of the day."""
    of_day = load_profile_kw(LoadProfile.H0, steps("2023-01-09T23:00", 96), step_s=900)
    file = np.array(rows("h0"))
    assert of_day == pytest.approx(file[9 * 96 : 10 * 96] * 4 / file.sum())


def test_the_day_of_23_hours() -> None:
    """On 26 March 2023, 1:45 is followed by 3:00."""
    around = load_profile_kw(LoadProfile.H0, steps("2023-03-26T00:45", 2), step_s=900)
    file = np.array(rows("h0"))
    day = 84 * 96
    assert around == pytest.approx(file[[day + 7, day + 12]] * 4 / file.sum())


def test_the_day_of_25_hours() -> None:
    """On 29 October 2023, the hour from 2 is lived twice."""
    twice = load_profile_kw(LoadProfile.G0, steps("2023-10-29T00:00", 8), step_s=900)
    assert twice[:4] == pytest.approx(twice[4:])


def test_another_year_keeps_its_weekdays() -> None:
    """Sundays of 2025 look like Sundays of 2023 nearby: trade is at rest."""
    monday = load_profile_kw(LoadProfile.G1, steps("2025-06-15T22:00", 96), step_s=900)
    sunday = load_profile_kw(LoadProfile.G1, steps("2025-06-14T22:00", 96), step_s=900)
    assert monday.sum() > 3 * sunday.sum()
    assert monday == pytest.approx(
        load_profile_kw(LoadProfile.G1, steps("2023-06-18T22:00", 96), step_s=900)
    )


@pytest.mark.parametrize("first", ["2023-12-25T00:00", "2024-12-25T00:00", "2025-12-25T00:00"])
def test_the_turn_of_the_year_has_its_weekdays(first: str) -> None:
    """Days on either side of the new year fall on days of the profile."""
    days = load_profile_kw(LoadProfile.G1, steps(first, 14, 86_400), step_s=86_400)
    weekday = (steps(first, 14, 86_400).astype("datetime64[D]").astype(int) + 3) % 7
    assert days[weekday == 6].max() < days[weekday < 5].min()


@pytest.mark.parametrize("step_s", [300, 900, 1_800, 3_600, 5_400])
def test_any_step_holds_the_same_energy(step_s: int) -> None:
    """Finer and coarser steps are means of the same load and the same sun."""
    n = 5 * 86_400 // step_s
    for kw in (
        load_profile_kw(LoadProfile.L0, steps("2023-06-01T00:00", n, step_s), step_s=step_s),
        sun_profile_kw(steps("2023-06-01T00:00", n, step_s), step_s=step_s),
    ):
        fine = kw.sum() * step_s
        assert len(kw) == n
        assert fine == pytest.approx(kw.mean() * 5 * 86_400)
    quarters = sun_profile_kw(steps("2023-06-01T00:00", 480), step_s=900)
    assert kw.mean() == pytest.approx(quarters.mean())


def test_the_sun_by_the_file() -> None:
    """An hour's four quarters are that hour of the file; nights are dark."""
    noon = sun_profile_kw(steps("2023-06-01T11:00", 4), step_s=900)
    with gzip.open(sun_2019(), "rt") as file:
        shape = np.array([float(line) for line in file.readlines()[1:]])
    assert noon == pytest.approx(np.full(4, shape[151 * 24 + 11] / shape.sum()))
    assert sun_profile_kw(steps("2023-06-01T23:00", 4), step_s=900).max() == 0


def test_a_leap_day_is_like_the_day_before() -> None:
    """The sun of 29 February is that of the 28th, and March stays where it is."""
    days = sun_profile_kw(steps("2024-02-28T00:00", 3, 86_400), step_s=86_400)
    plain = sun_profile_kw(steps("2023-02-28T00:00", 2, 86_400), step_s=86_400)
    assert days == pytest.approx([plain[0], plain[0], plain[1]])
