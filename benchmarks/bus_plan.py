"""How long a city's bus plan takes, in what memory, and how near its fleet is to the bound.

Also whether the check finds every rule kept, and what the plans beside it cost.

Aims on two cores: Trento under 60 s, Riga under 180 s and within 5 % of its bound, Jakarta's 54,000
departures under 30 minutes, each in less than 12 GB; Riga without energy limit at most the 498
vehicles its operator ran, and about 460 with no layover between trips.
"""

import datetime as dt
import json
import resource
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from viavolta.engines.bus.fleet import smallest_fleet
from viavolta.services.bus.fleet import VEHICLE_COST_EUR, Planner, driver_of, fleet_types
from viavolta.services.bus.network import read_network
from viavolta.services.bus.request import BusRequest
from viavolta.services.bus_config import bus_assumptions

AIM_RATIO = 1.05
AIM_MB = 12_000
OPERATOR_VEHICLES = 498
AIM_WITHOUT_LAYOVER = 460


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A feed, its day and the seconds it should take."""

    name: str
    feed: str
    options: tuple[str, ...]
    aim_s: float


CASES = (
    Case(
        name="Trento",
        feed="gtfs/trento_urban_2024-25.zip",
        options=("--date", "2025-02-10"),
        aim_s=60,
    ),
    Case(name="Riga", feed="gtfs/riga_2019.zip", options=("--date", "2019-10-07"), aim_s=180),
    Case(
        name="Jakarta",
        feed="gtfs/jakarta_transjakarta_2023_frequencies.zip",
        options=("--effort", "low"),
        aim_s=1800,
    ),
)


def main(data: Path) -> None:
    """Plan each case in a process of its own and print what it took."""
    for case in CASES:
        with tempfile.TemporaryDirectory() as folder:
            out = Path(folder) / "study"
            command = [sys.executable, "-m", "viavolta", "plan", "bus", str(data / case.feed)]
            subprocess.run(
                [*command, "--out", str(out), *case.options], check=True, capture_output=True
            )
            study = json.loads((out / "study.json").read_text(encoding="utf-8"))
            plans = pl.read_parquet(out / "alternatives.parquet")
            check = [sys.executable, "-m", "viavolta", "check", str(out)]
            is_right = subprocess.run(check, check=False, capture_output=True).returncode == 0
        _print(case, study)
        print(f"  viavolta check: {'every rule kept' if is_right else 'RULES BROKEN'}")
        for plan in plans.iter_rows(named=True):
            print(
                f"  {plan['alternative']}{' (chosen)' if plan['is_chosen'] else ''}: "
                f"{plan['vehicles']} buses, {plan['depot_points']} points at depots and "
                f"{plan['terminal_points']} at {plan['terminals']} terminals, "
                f"{plan['eur_per_year'] / 1e6:.2f} million EUR a year"
            )
    _print_bounds(data)


def _print(case: Case, study: dict[str, Any]) -> None:
    summary, timings = study["summary"], study["timings_s"]
    seconds = sum(timings.values())
    stages = ", ".join(f"{stage} {s:.1f}" for stage, s in timings.items())
    peak_mb = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    print(
        f"{case.name}: {summary['trips']} trips in {seconds:.1f} s ({stages}; aim {case.aim_s} s)"
    )
    print(f"  largest process so far {peak_mb:.0f} MB (aim {AIM_MB})")
    print(
        f"  {summary['vehicles']} buses, bound {summary['vehicles_lower_bound']}: ratio "
        f"{summary['vehicles'] / summary['vehicles_lower_bound']:.3f} (aim {AIM_RATIO}); cost gap "
        f"{summary['gap_cost']:.3f}"
    )


def _print_bounds(data: Path) -> None:
    case = CASES[1]
    for layover_s, against in ((120, OPERATOR_VEHICLES), (0, AIM_WITHOUT_LAYOVER)):
        assumptions, settings = bus_assumptions(None)
        request = BusRequest(feed=data / case.feed, date=dt.date.fromisoformat(case.options[1]))
        network = read_network(request, assumptions, settings, progress=lambda *_: None)
        types = fleet_types(assumptions, ())
        planner = Planner(
            assumptions=assumptions,
            network=network,
            effort="normal",
            min_layover_s=float(layover_s),
            types=types,
            country=None,
        )
        driver = driver_of(planner, types[-1], point_kw=150.0, temperature_c=0.0)
        flow = smallest_fleet(driver.problem, VEHICLE_COST_EUR)
        print(
            f"Riga without energy limit, layover {layover_s} s: {flow.n_vehicles} vehicles, "
            f"ratio {flow.n_vehicles / against:.3f} to {against}"
        )


if __name__ == "__main__":
    main(Path(sys.argv[1]))
