"""A bus plan on two sheets: true to the study, the same bytes, never a third sheet."""

import dataclasses
from collections.abc import Callable

import polars as pl
import pytest
from pdf_text import pdf_text, squeezed

from viavolta.model.notices import StudyWarning
from viavolta.model.study import Study
from viavolta.reports.bus.on_paper import bus_pdf
from viavolta.reports.files import bus_files
from viavolta.reports.pdf.document import n_pages


@pytest.fixture(scope="module")
def made(study: Study) -> bytes:
    """The small bus study on paper."""
    return bus_pdf(study)


def test_two_sheets_in_the_same_bytes(study: Study, made: bytes) -> None:
    """Twice the same, without a date, and fit for readers by voice."""
    assert n_pages(made) == 2
    assert bus_pdf(study) == made
    assert b"CreationDate" not in made
    assert b"pdfuaid" in made


def test_figures_on_paper_are_those_of_the_study(study: Study, made: bytes) -> None:
    """Answer, money, grid, gap and assumptions."""
    words = pdf_text(made)
    peak = study.tables["power"].group_by("place_id").agg(pl.col("managed_kw").max())
    costs = study.tables["costs"]
    for said in (
        "Monaco, February 2025",
        "6 battery buses do all 72 trips",
        f"{study.summary['peak_kw_managed']:,.0f} kW",
        f"{peak['managed_kw'].max():,.0f}",
        f"{costs['max_eur_per_year'].max():,.0f}",
        "Buses: this plan needs",
        f"{len(study.assumptions)} figures are not in the inputs",
        "Depots, highest load first",
    ):
        assert squeezed(said) in words


def test_a_long_study_keeps_to_two_sheets(make_study: Callable[..., Study]) -> None:
    """Many depots, long names, many warnings, trips left out."""
    study = make_study(n_vehicles=60, n_depots=30)
    long = "Betriebshof an der Kreuzung der langen mit der noch viel laengeren Strasse " * 4
    tables = dict(study.tables)
    tables["places"] = tables["places"].with_columns(name=pl.lit(long))
    tables["costs"] = tables["costs"].with_columns(source=pl.lit(long))
    study = dataclasses.replace(
        study,
        title=long,
        tables=tables,
        warnings=tuple(
            StudyWarning(code=str(i), file=None, message=f"{i} {long}") for i in range(30)
        ),
        summary=study.summary
        | {"infeasible_trips": [{"trip_id": long, "reason": long}], "command": [long]},
    )
    assert n_pages(bus_pdf(study)) == 2


def test_a_study_with_few_tables_has_its_sheets(study: Study) -> None:
    """Without power, costs and chargers the sheets still stand, and no connection is asked for."""
    tables = {n: t for n, t in study.tables.items() if n not in {"power", "costs", "chargers"}}
    bare = dataclasses.replace(study, tables=tables, assumptions=())
    assert n_pages(bus_pdf(bare)) == 2
    assert sorted(bus_files(bare)) == ["report.html", "report.pdf"]
    assert sorted(bus_files(study)) == ["connection-request.pdf", "report.html", "report.pdf"]
