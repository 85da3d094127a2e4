"""How sure a plan is: the same seed the same table, no spread no doubt, in whatever order."""

import dataclasses
import math
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from viavolta.model.climate import DesignDays
from viavolta.model.study import Study
from viavolta.services import plan_bus as story
from viavolta.services.bus.request import BusRequest
from viavolta.services.bus.robustness import (
    robustness_of,
    standard_error,
    year_temperatures,
)

TRIPS = [(5 + k // 3, 20 * (k % 3)) for k in range(48)]
"""A departure every 20 minutes from 05:00 to 21:00, back and forth."""


def _feed(folder: Path) -> Path:
    """One line of 18 km: two batteries' worth of a day."""
    stops = "stop_id,stop_name,stop_lat,stop_lon\nA,Station,46.07,11.12\nD,Harbour,46.21,11.20\n"
    times, trips = [], []
    for k, (hour, minute) in enumerate(TRIPS):
        ends = "AD" if k % 2 == 0 else "DA"
        arrival = f"{hour + (minute + 35) // 60:02d}:{(minute + 35) % 60:02d}:00"
        departure = f"{hour:02d}:{minute:02d}:00"
        trips.append(f"R1,WK,T{k:02d}")
        times += [
            f"T{k:02d},{departure},{departure},{ends[0]},1",
            f"T{k:02d},{arrival},{arrival},{ends[1]},2",
        ]
    files = {
        "routes.txt": "route_id,route_short_name,route_type\nR1,1,3\n",
        "stops.txt": stops,
        "calendar_dates.txt": "service_id,date,exception_type\nWK,20250210,1\n",
        "trips.txt": "route_id,service_id,trip_id\n" + "\n".join(trips) + "\n",
        "stop_times.txt": "trip_id,arrival_time,departure_time,stop_id,stop_sequence\n"
        + "\n".join(times)
        + "\n",
    }
    feed = folder / "feed.zip"
    with zipfile.ZipFile(feed, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return feed


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What the planner asked, and its study."""
    folder = tmp_path_factory.mktemp("plan")
    config = folder / "config.toml"
    config.write_text("[robustness]\ndraws = 400\n", encoding="utf-8")
    request = BusRequest(
        feed=_feed(folder), config=config, depots=("North=46.0950,11.1450",), effort="low"
    )
    kept: dict[str, Any] = {"request": request}

    def listen(planner: Any, plan: Any, **more: Any) -> Any:
        kept.update(planner=planner, plan=plan, more=more)
        return robustness_of(planner, plan, **more)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(story, "robustness_of", listen)
        kept["study"] = story.plan_bus(request, clock=lambda: 0.0)
    return kept


def test_the_study_has_a_chance_for_every_block(asked: dict[str, Any]) -> None:
    """Between none and all, and the summary with it."""
    study: Study = asked["study"]
    table = study.tables["robustness"]
    assert (
        table["block_id"].to_list() == study.tables["blocks"]["block_id"].unique().sort().to_list()
    )
    assert set(table["draws"]) == {100}
    assert table["chance"].is_between(0, 1).all()
    fleet = study.summary["robustness"]
    assert fleet["chance_all"] <= table["chance"].min()
    assert fleet["blocks_short_mean"] == pytest.approx((1 - table["chance"]).sum())
    keys = [one.key for one in study.assumptions]
    assert "robustness.delay_share" in keys


def test_the_same_seed_gives_the_same_table_in_any_order(asked: dict[str, Any]) -> None:
    """Blocks draw by what they drive, not by where they stand in the list."""
    planner, plan, more = asked["planner"], asked["plan"], asked["more"]
    first = robustness_of(planner, plan, **more)
    assert first.table.equals(asked["study"].tables["robustness"])
    turned = dataclasses.replace(plan, buses=tuple(reversed(plan.buses)))
    again = robustness_of(planner, turned, **more)
    names = ["block_id", "vehicle_id"]
    assert again.table.drop(names).reverse().equals(first.table.drop(names))
    assert again.fleet == first.fleet
    other = robustness_of(planner, plan, **(more | {"seed": 2}))
    assert not other.table.equals(first.table)


def test_without_spread_every_block_finishes_the_sizing_day(asked: dict[str, Any]) -> None:
    """The plan is driven as planned, and its lowest charge is the plan's."""
    planner = asked["planner"]
    keys = ("driving_spread_share", "trip_spread_share", "delay_share", "failed_points")
    planner.assumptions.replace({f"robustness.{key}": 0.0 for key in keys}, file="")
    table = robustness_of(planner, asked["plan"], **asked["more"]).table
    assert set(table["chance_design_day"]) == {1.0}
    assert set(table["chance"]) == {1.0}
    assert (table["lowest_p05_kwh"] >= table["lowest_planned_kwh"] - 1e-6).all()
    assert table["driver_design_day"].is_null().all()
    assert table["first_short_seq"].dtype == pl.Int64


@pytest.mark.parametrize(("k", "n"), [(0, 10), (93, 100), (1000, 1000)])
def test_the_standard_error_is_that_of_the_beta_distribution(k: int, n: int) -> None:
    """Laplace's rule: the square root of a b / ((a + b)² (a + b + 1))."""
    a, b = k + 1, n - k + 1
    assert standard_error(k, n) == pytest.approx(math.sqrt(a * b / ((a + b) ** 2 * (a + b + 1))))


def test_a_year_without_weather_runs_through_its_design_days() -> None:
    """Ends at the design days, the three days in the middle of what they stand for."""
    climate = DesignDays(
        winter_design_c=-10.0,
        summer_design_c=34.0,
        winter_c=2.0,
        mean_c=13.0,
        summer_c=27.0,
        days_winter=100.0,
        days_mean=165.0,
        days_summer=100.0,
        source="",
    )
    year = year_temperatures(BusRequest(feed=Path("feed.zip")), climate)
    assert year.drawn_c(np.array([0.0, 50 / 365, 0.5, 315 / 365, 1.0])) == pytest.approx(
        [-10.0, 2.0, 13.0, 27.0, 34.0]
    )
    assert math.isclose(year.levels[-1], 1.0)
