"""Two plans beside each other: blocks are paired by their trips, figures have their difference."""

import dataclasses
import random

import polars as pl
import pytest

from viavolta.model.study import AssumptionUsed, Study, StudyInput
from viavolta.reports.comparison.blocks import block_frame
from viavolta.reports.comparison.changes import differences
from viavolta.reports.comparison.figures import figure_frame

Chains = dict[str, list[str]]


def plan(chains: Chains, *, vehicle_type: str = "bus", km: float = 1.0) -> Study:
    """A plan whose blocks drive these trips, one hour and `km` each."""
    rows = [
        {
            "block_id": block,
            "vehicle_id": f"V{block}",
            "seq": k,
            "trip_id": trip,
            "start_s": 3600 * k,
            "end_s": 3600 * (k + 1),
            "distance_km": km,
            "energy_kwh": 2 * km,
            "charged_kwh": 0.0,
            "soc_end_kwh": 100.0 - k,
        }
        for block, trips in chains.items()
        for k, trip in enumerate(trips, start=1)
    ]
    vehicles = [
        {"vehicle_id": f"V{block}", "vehicle_type": vehicle_type, "depot": "D"} for block in chains
    ]
    return Study(
        kind="bus",
        title="plan",
        seed=1,
        effort="low",
        service_date=None,
        timezone="UTC",
        inputs=(StudyInput(name="feed.zip", sha256="a" * 64, bytes=1, origin="", licence=""),),
        assumptions=(
            AssumptionUsed(
                key="prices.mean", value=km, unit="EUR/kWh", source="", year=None, status="user"
            ),
        ),
        repairs=(),
        warnings=(),
        summary={"vehicles": len(chains), "cost_eur_per_year": 100.0 * km},
        tables={"blocks": pl.DataFrame(rows), "vehicles": pl.DataFrame(vehicles)},
    )


FIRST: Chains = {"1": ["a", "b", "c"], "2": ["d", "e"], "3": ["f"], "4": ["g", "h"]}


def pairs(first: Study, second: Study) -> dict[tuple[str | None, str | None], tuple[str, int]]:
    rows = block_frame(first, second).iter_rows(named=True)
    return {(r["block_0"], r["block_1"]): (r["pairing"], r["shared_trips"]) for r in rows}


def test_blocks_are_paired_by_the_trips_they_share() -> None:
    """Names say nothing: a renamed block is the same, a split one keeps its larger part."""
    second = plan({"9": ["a", "b", "x"], "8": ["c"], "7": ["d", "e"], "6": ["h", "g"], "5": ["y"]})
    assert pairs(plan(FIRST), second) == {
        ("1", "9"): ("changed", 2),
        ("2", "7"): ("same", 2),
        ("3", None): ("only_first", 0),
        ("4", "6"): ("same", 2),
        (None, "8"): ("only_second", 0),
        (None, "5"): ("only_second", 0),
    }


def test_the_same_trips_by_another_bus_are_told_apart() -> None:
    """Same trips, other type or distance: that is no change of the trips."""
    for other in (plan(FIRST, vehicle_type="other"), plan(FIRST, km=2.0)):
        assert {kind for kind, _ in pairs(plan(FIRST), other).values()} == {"same_trips"}


def test_each_block_stands_once_and_shared_trips_add_up() -> None:
    """Over random plans: every block in one row, and no trip is counted for two pairs."""
    draw = random.Random(7)  # noqa: S311 - no secret
    for _ in range(40):
        trips = [str(n) for n in range(30)]
        chains: list[Chains] = []
        for _plan in range(2):
            made: Chains = {}
            for trip in draw.sample(trips, 25):
                made.setdefault(str(draw.randrange(6)), []).append(trip)
            chains.append(made)
        frame = block_frame(plan(chains[0]), plan(chains[1]))
        for n in (0, 1):
            assert sorted(frame[f"block_{n}"].drop_nulls()) == sorted(chains[n])
            assert frame[f"trips_{n}"].sum() == 25
        both = {t for c in chains[0].values() for t in c} & {
            t for c in chains[1].values() for t in c
        }
        assert frame["shared_trips"].sum() <= len(both)


def test_figures_and_changes_of_two_plans() -> None:
    """Each figure with its difference and share; the assumption that differs, what it drives."""
    first, second = plan(FIRST), plan({"1": ["a"]}, km=3.0)
    frame = figure_frame([first, second])
    row = frame.row(by_predicate=pl.col("figure") == "cost_eur_per_year", named=True)
    assert (row["value_0"], row["value_1"], row["difference_1"]) == (100.0, 300.0, 200.0)
    assert row["share_1"] == pytest.approx(2.0)
    (found,) = differences([first, second])
    assert (found.name, found.drives) == ("prices.mean", ("Cost",))


def test_studies_of_other_kinds_are_compared_by_their_numbers() -> None:
    """A kind without blocks has every number of its summary side by side."""
    summary = {"stays": 3, "cost_eur": 1.5, "binding_limits": []}
    first = dataclasses.replace(plan(FIRST), kind="charge", summary=summary, tables={})
    second = dataclasses.replace(first, summary={**summary, "cost_eur": 1.0})
    frame = figure_frame([first, second])
    assert frame["figure"].to_list() == ["stays", "cost_eur"]
    assert frame["difference_1"].to_list() == [0.0, -0.5]
