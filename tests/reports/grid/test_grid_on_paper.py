"""A grid study on two sheets: true to the study, the same bytes, never a third sheet."""

import dataclasses
from collections.abc import Callable

import polars as pl
import pytest
from pdf_text import pdf_text, squeezed

from viavolta.model.notices import StudyWarning
from viavolta.model.study import Study
from viavolta.reports.grid.on_paper import grid_pdf
from viavolta.reports.pdf.document import n_pages


@pytest.fixture(scope="module")
def made(town: Study) -> bytes:
    """The small town study on paper."""
    return grid_pdf(town)


@pytest.fixture(scope="module")
def words(made: bytes) -> str:
    """Its text without white space."""
    return pdf_text(made)


def test_two_sheets_in_the_same_bytes(town: Study, made: bytes) -> None:
    """One page for the council, one for the operator, twice the same, without a date."""
    assert n_pages(made) == 2
    assert grid_pdf(town) == made
    assert b"CreationDate" not in made
    assert b"CreateDate" not in made


def test_costs_on_paper_are_those_of_the_study(town: Study, words: str) -> None:
    """Middle and range of every strategy, in full on the operator's sheet."""
    for found in town.summary["reinforcement_eur"].values():
        line = f"{found['p50']:,.0f} [{found['p05']:,.0f}; {found['p95']:,.0f}]"
        assert squeezed(line) in words


def test_the_council_reads_words(words: str) -> None:
    """Answer, grade and where control does not help stand on the first sheet."""
    for said in (
        "Reinforcement of Lower Sample, 2025 to 2045",
        "with uncontrolled charging the grid is outside its limits for",
        "this is not your grid but a typical one",
        "Smart charging avoids 89 % of the cost",
        "Smart charging does not help at one place: parallel cable at L0-1",
    ):
        assert squeezed(said) in words


def test_pictures_stand_on_paper_with_their_grade(words: str) -> None:
    """Titles of charts and map, and the words inside the charts."""
    for said in (
        "Worst of the year (grade D)",
        "Highest loading of each branch (% of its rating) (grade D)",
        "North is up.",
        "Reinforcement by strategy of charging (EUR) (grade D)",
        "% of rating",
    ):
        assert squeezed(said) in words


def test_a_large_study_full_of_words_keeps_to_two_sheets(
    make_grid_study: Callable[..., Study],
) -> None:
    """Long names, many warnings and a hundred strategies' worth of text still fit."""
    study = make_grid_study(n_feeders=4, length=12, n_low=8, placed=False)
    long = "Kreuzung der langen Strasse mit der noch viel laengeren Strasse " * 5
    tables = dict(study.tables)
    for name, column in (
        ("measures", "element"),
        ("measures", "kind"),
        ("measures", "removes"),
        ("violations", "element"),
        ("violations", "cause"),
    ):
        tables[name] = tables[name].with_columns(pl.lit(long).alias(column))
    study = dataclasses.replace(
        study,
        title=long,
        tables=tables,
        warnings=tuple(StudyWarning(code=str(i), file=None, message=long) for i in range(20)),
    )
    assert n_pages(grid_pdf(study)) == 2


def test_one_case_without_strategies(town: Study) -> None:
    """An assessment of one case, a capacity study and an empty study have their sheets, too."""
    one = {
        name: town.tables[name].filter(pl.col("strategy") == "unmanaged").drop("strategy")
        for name in ("voltages", "loadings", "violations")
    }
    for tables in (one, {"hosting": town.tables["hosting"]}, {}):
        study = dataclasses.replace(town, tables=tables, summary={"grade": "B"})
        made = grid_pdf(study)
        assert n_pages(made) == 2
        assert "gradeB" in pdf_text(made)
