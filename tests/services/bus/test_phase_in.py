"""A plan put into years, and made safer: its tables hold together, and configurations count."""

from pathlib import Path

import polars as pl
import pytest
from small_plan import planned

from viavolta.catalogue import Assumptions
from viavolta.checks.bus_phase_in import check_phase_in
from viavolta.checks.bus_robustness import check_robustness, check_safer_plans
from viavolta.model.errors import InputError
from viavolta.model.study import Study
from viavolta.services.bus.clean_vehicles import clean_rows
from viavolta.services.bus.phase_in import phase_in_of
from viavolta.services.bus_config import BUS_SUBJECTS, bus_assumptions

CONFIG = """
[tariff]
country = "IT"
[fleet]
electric_shares = [0.5, 1.0]
[phase_in]
first_year = 2029
last_year = 2030
[robustness]
draws = 200
safer_plans = 1
"""


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Study:
    """Two buses, one a year, and one safer plan."""
    return planned(tmp_path_factory.mktemp("plan"), CONFIG)


def document(study: Study) -> dict[str, object]:
    """What the checks read of study.json."""
    assumptions = [{"key": one.key, "value": one.value} for one in study.assumptions]
    return {"summary": study.summary, "assumptions": assumptions}


def test_all_checks_hold(study: Study) -> None:
    """Years, blocks, lines, the Directive, chances and prices follow from one another."""
    for check in (check_phase_in, check_robustness, check_safer_plans):
        assert list(check(document(study), study.tables)) == []


def test_buses_come_as_the_shares_say(study: Study) -> None:
    """Works a year before, then half the fleet, then all of it, at the plan's running costs."""
    table = study.tables["phase_in"]
    assert table["year"].to_list() == [2028, 2029, 2030]
    assert table["electric_buses"].to_list() == [0, 1, 2]
    assert table["works_eur"].to_list()[0] > 0
    assert table["works_eur"].to_list()[1:] == [0.0, 0.0]
    assert table["opex_eur"].is_sorted(descending=True)
    costs = dict(study.tables["costs"].select("item", "electric_eur_per_year").iter_rows())
    running = sum(costs[item] for item in ("energy", "capacity_charge", "fuel", "maintenance"))
    assert table["opex_eur"].to_list()[-1] == pytest.approx(running)
    assert table["co2_t"].to_list()[-1] == pytest.approx(study.summary["co2_t_per_year"])
    line = study.tables["phase_in_lines"].row(0, named=True)
    assert (line["first_year"], line["whole_year"], line["reason"]) == (2029, 2030, "buses")
    clean = study.tables["clean_vehicles"].row(0, named=True)
    assert (clean["country"], clean["required_buses"], clean["short_by"]) == ("IT", 2, 0)


def test_a_safer_plan_stands_beside_the_plan(study: Study) -> None:
    """The plan itself first; a larger reserve is never less sure here, and one is recommended."""
    rows = study.tables["safer_plans"].to_dicts()
    assert [row["added_reserve_share"] for row in rows] == [0.0, 0.05]
    assert rows[0]["cost_eur_per_year"] == study.summary["cost_eur_per_year"]
    assert rows[1]["chance_all"] >= rows[0]["chance_all"]
    assert [row["is_recommended"] for row in rows].count(True) == 1


def test_what_is_tampered_with_is_found(study: Study) -> None:
    """One bus more, one point fewer, a cheaper depot, another year of a line, a rounder share."""
    for table, column, rule in (
        ("phase_in", "electric_buses", "phase-year"),
        ("phase_in", "charging_points", "phase-points"),
        ("phase_in", "used_kw", "phase-power"),
        ("phase_in", "works_eur", "phase-capex"),
        ("phase_in", "co2_t", "phase-year"),
        ("phase_in_blocks", "electric_opex_eur", "phase-total"),
        ("phase_in_lines", "whole_year", "phase-line"),
        ("clean_vehicles", "short_by", "clean-share"),
    ):
        changed = study.tables[table].with_columns(pl.col(column) + 1)
        found = check_phase_in(document(study), study.tables | {table: changed})
        assert rule in {finding.rule for finding in found}, column


def test_what_is_tampered_with_in_safer_plans_is_found(study: Study) -> None:
    """Another cost, another price, another recommendation, reserves out of order."""
    table = study.tables["safer_plans"]
    for changed, rule in (
        (table.with_columns(pl.col("vehicles") + 1), "safer-first"),
        (table.with_columns(pl.col("more_eur_per_year") + 1), "safer-more"),
        (table.with_columns(~pl.col("is_recommended")), "safer-recommended"),
        (table.with_columns(pl.col("added_reserve_share") * 0), "safer-order"),
    ):
        found = check_safer_plans(document(study), study.tables | {"safer_plans": changed})
        assert rule in {finding.rule for finding in found}


def test_no_first_year_leaves_the_years_out(study: Study) -> None:
    """A configuration with first_year = 0 has no phase-in."""
    figures = Assumptions(BUS_SUBJECTS)
    figures.replace({"phase_in.first_year": 0.0}, file="")
    assert phase_in_of(study.tables, study.summary, figures, country=None) is None


def test_the_directive_asks_for_shares_of_each_period() -> None:
    """Italy: 45 % to 2025, 65 % to 2030 and after; a country without a share asks for nothing."""
    figures = Assumptions(BUS_SUBJECTS)
    bought = [(2025, 4, 6), (2026, 5, 5), (2030, 2, 8), (2031, 10, 0)]
    rows = clean_rows(figures, "it", bought)
    assert [(r["from_year"], r["bought"], r["required_buses"], r["short_by"]) for r in rows] == [
        (2021, 10, 5, 1),
        (2026, 20, 13, 6),
        (2031, 10, 7, 0),
    ]
    assert clean_rows(figures, "ch", bought) == clean_rows(figures, None, bought) == []


@pytest.mark.parametrize("shares", ["[0.5, 0.4]", "[1.2]", '["half"]'])
def test_shares_that_cannot_be_are_refused(tmp_path: Path, shares: str) -> None:
    """They rise, and lie between nothing and all."""
    config = tmp_path / "config.toml"
    config.write_text(f"[fleet]\nelectric_shares = {shares}\n", encoding="utf-8")
    with pytest.raises(InputError) as caught:
        bus_assumptions(config)
    assert caught.value.where.field == "fleet.electric_shares"
