"""What the cost hangs on: the same as if the plan were made again with the other figure."""

from pathlib import Path

import pytest
from small_plan import planned

from viavolta.model.study import Study


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Study:
    """The plan as the catalogue has its figures."""
    return planned(tmp_path_factory.mktemp("plan"))


def row_of(study: Study, subject: str) -> dict[str, float]:
    rows = {row["subject"]: row for row in study.tables["sensitivities"].to_dicts()}
    return rows[subject]


def test_every_subject_has_its_row(study: Study) -> None:
    """Energy, batteries, wages and winter, each between the ends of its range."""
    table = study.tables["sensitivities"]
    assert table["subject"].to_list() == ["energy_price", "battery_price", "wages", "winter"]
    assert set(table["base_eur_per_year"]) == {study.summary["cost_eur_per_year"]}
    for subject in ("energy_price", "battery_price"):
        row = row_of(study, subject)
        assert row["low_eur_per_year"] < row["base_eur_per_year"] < row["high_eur_per_year"]
    winter = row_of(study, "winter")
    assert winter["low"] < winter["base"] <= winter["high"]
    assert winter["low_eur_per_year"] > winter["base_eur_per_year"]


@pytest.mark.parametrize(
    ("subject", "end", "config"),
    [
        ("battery_price", "high", "[buses.all]\nbattery_eur_per_kwh = {value}\n"),
        ("battery_price", "low", "[buses.all]\nbattery_eur_per_kwh = {value}\n"),
        ("wages", "low", "[costs]\ndriver_eur_per_h = {value}\n"),
    ],
)
def test_a_new_plan_with_the_other_figure_costs_the_same(
    study: Study, tmp_path: Path, subject: str, end: str, config: str
) -> None:
    """The figure of the bar is the cost of the plan that is made with it."""
    row = row_of(study, subject)
    again = planned(tmp_path, config.format(value=row[end]))
    assert again.tables["blocks"].equals(study.tables["blocks"])
    cost = again.summary["cost_eur_per_year"]
    assert row[f"{end}_eur_per_year"] == pytest.approx(cost, rel=1e-9)
    assert cost != pytest.approx(study.summary["cost_eur_per_year"], rel=1e-6)


def test_a_figure_of_the_user_is_moved_by_a_fifth(tmp_path: Path) -> None:
    """Where no source names a range, a stated share stands in, and the study says so."""
    row = row_of(planned(tmp_path, "[costs]\ndriver_eur_per_h = 30.0\n"), "wages")
    assert (row["low"], row["base"], row["high"]) == (24.0, 30.0, 36.0)
    assert row["range_kind"] == "share"
