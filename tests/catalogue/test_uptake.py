"""Curves of uptake: as the source has them, rising, and logistic beyond it."""

import csv
import math
from pathlib import Path

import pytest

from viavolta.catalogue.uptake import uptake, uptake_regions

YEARS = tuple(range(2015, 2051))


def _log_odds(share: float) -> float:
    return math.log(share / (1 - share))


@pytest.mark.parametrize("mode", ["car", "van", "bus"])
@pytest.mark.parametrize("region", [*uptake_regions(), "Spain"])
def test_shares_rise_and_stay_shares(region: str, mode: str) -> None:
    """Between 0 and 1, and from 2020 on never less than the year before."""
    share = uptake(region, mode, YEARS).share
    assert all(0 < share[year] < 1 for year in YEARS)
    assert all(share[year] <= share[year + 1] for year in YEARS if 2020 <= year < 2050)


def test_europe_goes_on_as_a_logistic_curve() -> None:
    """From 18 % in 2030 and 38 % in 2035 the odds grow by the same factor every five years."""
    share = uptake("Europe", "car", (2030, 2035, 2040, 2045)).share
    odds = {year: value / (1 - value) for year, value in share.items()}
    factor = (0.38 / 0.62) / (0.18 / 0.82)
    assert share[2030] == pytest.approx(0.18)
    assert share[2035] == pytest.approx(0.38)
    assert odds[2040] / odds[2035] == pytest.approx(factor)
    assert odds[2045] / odds[2040] == pytest.approx(factor)


def test_a_country_keeps_the_ratio_of_its_odds_to_europe() -> None:
    """Germany is ahead in 2023 and stays so by the same ratio."""
    years = (2023, 2035, 2045)
    germany, europe = (uptake(one, "car", years).share for one in ("Germany", "Europe"))
    ahead = _log_odds(germany[2023]) - _log_odds(europe[2023])
    assert germany[2023] == pytest.approx(0.054)
    for year in years:
        assert _log_odds(germany[year]) - _log_odds(europe[year]) == pytest.approx(ahead)


def test_a_country_without_figures_says_so() -> None:
    """Austria has cars of its own and Europe's buses."""
    assert "Austria to 2023" in uptake("Austria", "car", (2030,)).basis
    bus = uptake("Austria", "bus", (2030,))
    assert "no figures for Austria" in bus.basis
    assert bus.share == uptake("Europe", "bus", (2030,)).share


def test_what_nobody_knows_is_refused() -> None:
    """Years beyond 2050 and vehicles without a curve."""
    with pytest.raises(ValueError, match="2050"):
        uptake("Germany", "car", (2051,))
    with pytest.raises(KeyError):
        uptake("Germany", "tram", (2030,))


@pytest.mark.bench_data
def test_shipped_shares_are_those_of_the_source(bench_data: Path) -> None:
    """Every year that the source has a figure for lies on the curve."""
    modes = {"Cars": "car", "Vans": "van", "Buses": "bus"}
    n_compared = 0
    with (bench_data / "eu" / "iea-gevo-2024-europe.csv").open(encoding="utf-8") as lines:
        for row in csv.DictReader(lines):
            if row["parameter"] != "EV stock share" or row["powertrain"] != "EV":
                continue
            is_known = row["region"] in uptake_regions() and row["mode"] in modes
            is_ours = row["category"] in {"Historical", "Projection-STEPS"}
            region = row["region"]
            if not is_known or not is_ours or int(row["year"]) < 2015:
                continue
            curve = uptake(region, modes[row["mode"]], (int(row["year"]),))
            if "no figures" in curve.basis:
                continue
            assert curve.share[int(row["year"])] == pytest.approx(
                float(row["value"]) / 100, abs=1e-6
            )
            n_compared += 1
    assert n_compared > 100
