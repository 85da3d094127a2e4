"""A charging schedule on one sheet: true to the study, the same bytes, never a second sheet."""

import dataclasses
from collections.abc import Callable

import polars as pl
from pdf_text import pdf_text, squeezed

from viavolta.model.notices import StudyWarning
from viavolta.model.study import Study
from viavolta.reports.charge.on_paper import charge_pdf
from viavolta.reports.charge.report import charge_report
from viavolta.reports.files import charge_files
from viavolta.reports.pdf.document import n_pages


def test_one_sheet_with_the_figures_of_the_study(study: Study) -> None:
    """Cost, bound, peak and the dearest limit; twice the same bytes."""
    made = charge_pdf(study)
    assert n_pages(made) == 1
    assert charge_pdf(study) == made
    assert b"pdfuaid" in made
    words = pdf_text(made)
    dearest = max(study.summary["binding_limits"], key=lambda one: one["value_eur"])
    for said in (
        study.title,
        f"{study.summary['cost_eur']:,.2f} EUR",
        f"{study.summary['lower_bound_eur']:,.2f} EUR",
        f"{dearest['limit_id']}{dearest['hours']:,.1f}{dearest['value_eur']:,.2f}",
        "The grid connection, this schedule against uncontrolled charging",
    ):
        assert squeezed(said) in words


def test_a_large_study_full_of_words_keeps_to_one_sheet(
    make_charge_study: Callable[..., Study],
) -> None:
    """Many limits with long names, many warnings."""
    study = make_charge_study(n_stays=90, n_sites=40, n_steps=700)
    long = "Parkhaus an der Kreuzung der langen mit der noch viel laengeren Strasse " * 4
    summary = dict(study.summary)
    summary["binding_limits"] = [
        {**one, "limit_id": f"{one['limit_id']} {long}"} for one in summary["binding_limits"]
    ]
    study = dataclasses.replace(
        study,
        title=long,
        summary=summary,
        warnings=tuple(
            StudyWarning(code=str(i), file=None, message=f"{i} {long}") for i in range(9)
        ),
    )
    assert n_pages(charge_pdf(study)) == 1


def test_files_are_those_of_the_single_functions(study: Study) -> None:
    """Prepared once or three times, the bytes are the same; without tables nothing is asked for."""
    files = charge_files(study)
    assert sorted(files) == ["connection-request.pdf", "report.html", "report.pdf"]
    assert files["report.html"] == charge_report(study)
    assert files["report.pdf"] == charge_pdf(study)
    bare = dataclasses.replace(study, tables={"stays": pl.DataFrame()})
    assert sorted(charge_files(bare)) == ["report.html", "report.pdf"]
