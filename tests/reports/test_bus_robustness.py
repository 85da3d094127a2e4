"""How sure the plan is, in the report: with the digits that the draws allow, and in words."""

import dataclasses

import polars as pl
import pytest
from pdf_text import pdf_text, squeezed

from viavolta.model.study import Study
from viavolta.reports.bus.on_paper import bus_pdf, council_pdf
from viavolta.reports.bus.report import bus_report
from viavolta.reports.bus.robustness import chance
from viavolta.reports.pdf.document import n_pages


@pytest.fixture(scope="module")
def sure(study: Study) -> Study:
    """The small study with drawn days: the first bus falls short on one in ten."""
    n = study.tables["vehicles"].height
    finished = [900] + [1000] * (n - 1)
    table = pl.DataFrame(
        {
            "block_id": [f"B{v:03d}" for v in range(n)],
            "vehicle_id": [f"bus-{v:03d}" for v in range(n)],
            "draws": [1000] * n,
            "finished": finished,
            "chance": [k / 1000 for k in finished],
            "standard_error": [0.0095] + [0.001] * (n - 1),
            "finished_design_day": [400] * n,
            "chance_design_day": [0.4] * n,
            "lowest_p05_kwh": [40.0] * n,
            "reserve_kwh": [45.0] * n,
            "driver": ["cold"] * n,
            "driver_design_day": ["failed_point"] * n,
            "first_short_seq": [3, *[None] * (n - 1)],
        }
    )
    fleet = {
        "draws": 1000,
        "failed_points": 1,
        "chance_all": 0.9,
        "standard_error_all": 0.0095,
        "chance_none_empty": 0.998,
        "blocks_short_mean": 0.1,
        "blocks_short_design_day_mean": 3.6,
    }
    return dataclasses.replace(
        study,
        tables=study.tables | {"robustness": table},
        summary=study.summary | {"robustness": fleet},
    )


def test_the_report_says_how_sure_the_plan_is(sure: Study) -> None:
    """The fleet, the least sure bus, what moves it and where it falls short."""
    page = bus_report(sure).decode()
    for said in (
        "How sure is the plan?",
        "On 90.0\N{NO-BREAK SPACE}% of the drawn days",
        "The least sure is B000",
        "the temperature, the point out of order",
        "1,000 days were drawn",
    ):
        assert said in page


def test_paper_has_the_least_sure_blocks(sure: Study) -> None:
    """They are in the report, and the two sheets stay two."""
    words = pdf_text(bus_pdf(sure))
    assert squeezed("The least sure blocks") in words
    assert squeezed("The least sure is B000") in words
    assert n_pages(council_pdf(sure)) == 2


def test_a_study_without_it_says_nothing(study: Study) -> None:
    """No empty section."""
    assert "How sure is the plan?" not in bus_report(study).decode()


@pytest.mark.parametrize(
    ("value", "error", "said"),
    [
        (0.9361, 0.016, "94 %"),
        (0.9361, 0.004, "93.6 %"),
        (1.0, 0.00099, "100.00 %"),
        (0.5, 0.2, "50 %"),
        (0.5, None, "50 %"),
    ],
)
def test_no_more_digits_than_the_error_has(value: float, error: float | None, said: str) -> None:
    """The last digit is that of the standard error's first."""
    assert chance(value, error).replace("\N{NO-BREAK SPACE}", " ") == said
