"""A bus plan on paper: two sheets for a council, never a third, and a report that goes on."""

import dataclasses
from collections.abc import Callable

import polars as pl
import pytest
from pdf_text import pdf_text, squeezed

from viavolta.model.notices import StudyWarning
from viavolta.model.study import Study
from viavolta.reports.bus.on_paper import bus_pdf, council_pdf
from viavolta.reports.bus.report import bus_report
from viavolta.reports.files import bus_files
from viavolta.reports.pdf.document import n_pages


@pytest.fixture(scope="module")
def made(study: Study) -> bytes:
    """The small bus study on two sheets."""
    return council_pdf(study)


def test_two_sheets_in_the_same_bytes(study: Study, made: bytes) -> None:
    """Twice the same, without a date, and fit for readers by voice."""
    assert n_pages(made) == 2
    assert council_pdf(study) == made
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
    assert n_pages(council_pdf(study)) == 2


def test_a_study_with_few_tables_has_its_sheets(study: Study) -> None:
    """Without power, costs and chargers the sheets still stand, and no connection is asked for."""
    tables = {n: t for n, t in study.tables.items() if n not in {"power", "costs", "chargers"}}
    bare = dataclasses.replace(study, tables=tables, assumptions=())
    assert n_pages(council_pdf(bare)) == 2
    assert n_pages(bus_pdf(bare)) > 2
    assert sorted(bus_files(bare)) == ["council.pdf", "report.html", "report.pdf"]
    assert sorted(bus_files(study)) == [
        "connection-request.pdf",
        "council.pdf",
        "report.html",
        "report.pdf",
    ]


def test_the_report_goes_on_with_what_the_cost_hangs_on(study: Study) -> None:
    """Map, the day of the buses, bars from the widest, items of cost and every assumption."""
    rows = [
        ("wages", "EUR per h", 20.0, 25.0, 30.0, 99.0, 100.0, 101.0, "sources"),
        ("battery_price", "EUR/kWh", 190.0, 250.0, 350.0, 81.5, 100.0, 137.25, "share"),
        ("winter", "C", 1.0, 2.0, 3.0, None, 100.0, 99.0, "design_day"),
    ]
    columns = "subject unit low base high low_eur_per_year base_eur_per_year high_eur_per_year"
    frame = pl.DataFrame(rows, schema=[*columns.split(), "range_kind"], orient="row")
    moved = dataclasses.replace(study, tables=study.tables | {"sensitivities": frame})
    made = bus_pdf(moved)
    words = pdf_text(made)
    assert bus_pdf(moved) == made
    assert b"pdfuaid" in made
    assert n_pages(made) > 2
    for said in (
        "Price of batteries moves the yearly cost most: from 82 EUR to 137 EUR",
        "a fifth less and more",
        "Lines, terminals and depots",
        "Activities and charge of the battery",
        "Yearly costs by item",
        study.assumptions[-1].key,
    ):
        assert squeezed(said) in words
    assert squeezed("Temperature of winter days") not in words
    html = bus_report(moved).decode()
    assert "Price of batteries moves the yearly cost most" in html
