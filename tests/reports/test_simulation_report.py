"""The report of a simulation: whole, by itself, and deaf to hostile text."""

import dataclasses
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from pdf_text import pdf_text, squeezed

from viavolta.model.progress import silent
from viavolta.model.study import Study
from viavolta.reports.pdf.document import n_pages
from viavolta.reports.simulation.facts import facts_of
from viavolta.reports.simulation.on_paper import simulation_pdf
from viavolta.reports.simulation.report import simulation_report
from viavolta.services.simulate import SimulationRequest, simulate

EVIL = "<script>alert(1)</script>\"'onmouseover='alert(2)"
# Invented for these tests.
SESSIONS = """stay_id,arrival,departure,energy_kwh,max_kw,limit_id,vehicle_id
a,2025-01-06T08:10:00Z,2025-01-06T12:00:00Z,12,7,site,ann
b,2025-01-06T08:40:00Z,2025-01-06T11:20:00Z,14,7,site,bob
c,2025-01-07T08:10:00Z,2025-01-07T09:00:00Z,5,7,site,ann
"""


@pytest.fixture(scope="module")
def replayed(tmp_path_factory: pytest.TempPathFactory) -> Study:
    """A small study with missing energy."""
    folder: Path = tmp_path_factory.mktemp("report")
    (folder / "s.csv").write_text(SESSIONS, encoding="utf-8")
    asked = SimulationRequest(sessions=folder / "s.csv", site_kw=6.0)
    return simulate(asked, progress=silent, clock=lambda: 0.0)


def test_the_report_tells_the_story(replayed: Study) -> None:
    """Every section is there, with tables beside pictures, and nothing from outside."""
    page = simulation_report(replayed).decode()
    for section in ("strategies", "power", "reasons", "shortfall", "drivers", "sites", "repairs"):
        assert f'<section id="{section}">' in page
    assert page.count("<svg role=") == 6  # three pictures, for a desk and for a phone
    assert "default-src 'none'" in page
    assert not re.search(r'(?:src|href)="(?!#|data:)', page)
    assert "First come, first served" in page


def test_the_same_study_gives_the_same_bytes(replayed: Study) -> None:
    """Twice."""
    assert simulation_report(replayed) == simulation_report(replayed)


def test_one_sheet_of_paper(replayed: Study) -> None:
    """Twice the same bytes, with the figures of every strategy."""
    made = simulation_pdf(replayed)
    assert n_pages(made) == 1
    assert simulation_pdf(replayed) == made
    words = pdf_text(made)
    for strategy in facts_of(replayed).figures:
        assert squeezed(facts_of(replayed).label(strategy)) in words
    hostile = dataclasses.replace(replayed, title=EVIL * 9)
    assert n_pages(simulation_pdf(hostile)) == 1
    assert squeezed(EVIL) in pdf_text(simulation_pdf(hostile))


def test_hostile_text_stays_text(replayed: Study) -> None:
    """Names from outside are escaped wherever they are shown."""
    tables = dict(replayed.tables)
    for name, columns in (
        ("stays", ("driver", "stay_id")),
        ("sessions", ("stay_id",)),
        ("drivers", ("driver",)),
        ("sites", ("limit_id",)),
    ):
        tables[name] = tables[name].with_columns(pl.col(*columns) + EVIL)
    study = dataclasses.replace(replayed, title=EVIL, tables=tables)
    page = simulation_report(study).decode()
    assert page.count("<script") == 1
    assert "alert(1)" in page
    assert "onmouseover='" not in page


def test_nobody_short_is_said(replayed: Study) -> None:
    """Without missing energy the section says so."""
    sessions = replayed.tables["sessions"].with_columns(reason=pl.lit(None, dtype=pl.String))
    study = dataclasses.replace(replayed, tables={**replayed.tables, "sessions": sessions})
    assert "Every vehicle got all its energy" in simulation_report(study).decode()


@pytest.mark.browser
def test_nothing_serious_stands_in_the_way_of_anybody(
    browser: Any, replayed: Study, tmp_path: Path, faults: Callable[[Any, str], list[str]]
) -> None:
    """axe finds no serious fault, on a desk and in the dark on a phone."""
    path = tmp_path / "report.html"
    path.write_bytes(simulation_report(replayed))
    assert faults(browser, path.as_uri()) == []
