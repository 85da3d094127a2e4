"""The study of a town, from its configuration to a checked folder."""

import sys
from pathlib import Path

import polars as pl
import pytest

sys.path.append(str(Path(__file__).parent / "town"))

from tiny_town import tiny_grid

from viavolta.checks.grid import check_grid
from viavolta.formats.grids import write_grid
from viavolta.model.study import Study
from viavolta.services.study_town import TownRequest, study_town
from viavolta.storage.cores import CoreMap
from viavolta.storage.study_folder import study_document

CONFIG = """
[place]
name = "Tinytown"
settlement = "rural"
n_households = 30
grid = "grid"
[study]
ev_shares = [0.5, 1.0]
draws = 2
[town]
household_kwh = 4000
pv_roof_share = 0.0
"""
N_STEPS = 2 * 672


def study_of(folder: Path, *, workers: int = 1) -> Study:
    write_grid(folder / "grid", tiny_grid(n_stations=2, sn_kva=40.0))
    (folder / "town.toml").write_text(CONFIG, encoding="utf-8")
    request = TownRequest(config=folder / "town.toml", effort="low", n_steps=N_STEPS)
    return study_town(
        request,
        progress=lambda _stage, _share: None,
        clock=lambda: 0.0,
        map_draws=CoreMap(lambda _share: None, workers=workers),
    )


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Study:
    return study_of(tmp_path_factory.mktemp("tinytown"))


def findings(study: Study, **tables: pl.DataFrame) -> set[str]:
    document = study_document(study, [])
    return {one.rule for one in check_grid(document, {**study.tables, **tables})}


def test_the_study_holds_every_rule(study: Study) -> None:
    """The independent check finds nothing."""
    assert findings(study) == set()


def test_every_strategy_is_studied_at_every_share(study: Study) -> None:
    """Two draws of five strategies at two shares, and of the town without cars."""
    assert study.tables["draws"].height == 2 * (1 + 5 * 2)
    assert study.summary["strategies"] == [
        *("none", "unmanaged", "dimmed", "priced", "smart", "v2x")
    ]


def test_nothing_is_broken_with_all_measures(study: Study) -> None:
    """Unmanaged charging needs measures here, and a full power flow finds nothing after them."""
    draws = study.tables["draws"]
    unmanaged = draws.filter(pl.col("strategy") == "unmanaged")
    assert unmanaged["violation_hours"].max() > 0  # type: ignore[operator]
    assert unmanaged["reinforcement_eur"].max() > 0  # type: ignore[operator]
    assert draws.filter("is_solved")["verified_hours"].sum() == 0


def test_limits_of_the_grid_save_and_prices_alone_do_not(study: Study) -> None:
    """Smart charging within the limits costs no more grid than charging at once."""
    middle = {name: one["p50"] for name, one in study.summary["reinforcement_eur"].items()}
    assert middle["smart"] <= middle["unmanaged"] <= middle["priced"]


def test_stages_build_on_one_another(study: Study) -> None:
    """A higher share never costs less in all."""
    for _, group in study.tables["draws"].group_by("draw", "strategy"):
        assert group.sort("ev_share")["reinforcement_eur"].is_sorted()


def test_figures_rest_on_listed_assumptions(study: Study) -> None:
    """The user's own figure is marked as such, and the uptake is there year by year."""
    by_key = {one.key: one for one in study.assumptions}
    assert by_key["town.household_kwh"].status == "user"
    assert by_key["uptake.europe.2030_share"].value > 0.1  # type: ignore[operator]


def test_the_same_study_from_two_processes(study: Study, tmp_path: Path) -> None:
    """How many processes work changes nothing in any table."""
    other = study_of(tmp_path, workers=2)
    assert set(other.tables) == set(study.tables)
    for name, table in study.tables.items():
        assert table.equals(other.tables[name]), name


@pytest.mark.parametrize(
    ("table", "column", "rule"),
    [
        ("draws", "cost_eur", "cost-sum"),
        ("draws", "reinforcement_eur", "stage-sum"),
        ("draws", "verified_hours", "violations-remain"),
        ("draws", "violation_hours", "violation-hours"),
        ("draws", "lower_bound_eur", "bound-above-cost"),
        ("draws", "unmet_kwh", "unmet-range"),
        ("years", "p50_eur", "year-interval"),
        ("needs", "draws_share", "needs-share"),
        ("draw_measures", "cost_eur", "measure-price"),
        ("draw_measures", "year", "measure-year"),
        ("draw_measures", "needed_share", "measure-share"),
        ("measures", "cost_eur", "shown-measures"),
    ],
)
def test_a_changed_table_is_found(study: Study, table: str, column: str, rule: str) -> None:
    """Whatever figure is changed, a rule tells."""
    frame = study.tables[table]
    changed = frame.with_columns((pl.col(column) + 1_000_000).cast(frame[column].dtype))
    assert rule in findings(study, **{table: changed})


def test_a_changed_summary_is_found(study: Study) -> None:
    """Intervals and shares avoided must follow from the draws."""
    document = study_document(study, [])
    for key in ("reinforcement_eur", "avoided_share", "violation_hours"):
        summary = {**study.summary, key: {**study.summary[key], "unmanaged": {"p05": -5.0}}}
        rules = {one.rule for one in check_grid({**document, "summary": summary}, study.tables)}
        assert rules == {"summary-interval"}


def test_a_missing_draw_is_found(study: Study) -> None:
    """Every strategy stands in every draw."""
    assert findings(study, draws=study.tables["draws"][1:]) == {"draws-missing", "row-unknown"} or (
        findings(study, draws=study.tables["draws"][1:]) == {"draws-missing"}
    )
