"""The grid report in a real browser: nothing is blocked, themes and phones are served."""

import csv
import dataclasses
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from viavolta.model.study import Study
from viavolta.reports.grid.report import grid_report

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def address(make_grid_study: Callable[..., Study], tmp_path_factory: pytest.TempPathFactory) -> str:
    """Where the report of a town lies on the disk; one of its measures has a hostile name."""
    study = make_grid_study(n_feeders=4, length=10, n_low=8, placed=False)
    evil = '=HYPERLINK("x")<img src=x onerror=document.title=1>'
    measures = study.tables["measures"].with_columns(removes=pl.lit(evil))
    study = dataclasses.replace(study, tables={**study.tables, "measures": measures})
    path: Path = tmp_path_factory.mktemp("report") / "report.html"
    path.write_bytes(grid_report(study))
    return path.as_uri()


@pytest.fixture
def opened(browser: Any, address: str) -> Any:
    """The report, freshly opened, at the width of a desk."""
    media(browser, "light", 1280)
    browser.get_log("browser")
    browser.get(address)
    return browser


def media(browser: Any, scheme: str, width: int) -> None:
    feature = {"name": "prefers-color-scheme", "value": scheme}
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [feature]})
    size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 500}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)


def test_nothing_is_blocked_and_nothing_asked_for(opened: Any) -> None:
    """The console is silent, no request leaves the page, and hostile names stay text."""
    assert opened.get_log("browser") == []
    asked = opened.execute_script("return performance.getEntriesByType('resource').length")
    assert asked == 0
    assert opened.title == "Reinforcement of Lower Sample, 2025 to 2045 - viavolta"
    assert opened.execute_script("return document.querySelectorAll('img').length") == 0


def test_every_why_opens(opened: Any) -> None:
    """A click on each why shows its reason, with what the grade means."""
    words = opened.execute_script(
        "return [...document.querySelectorAll('details.why')].map(d => {"
        "d.querySelector('summary').click(); return d.open ? d.innerText : ''})"
    )
    assert len(words) > 12
    assert all("not your grid but a typical one" in said for said in words)


def test_the_map_follows_the_theme_and_is_saved_with_its_colours(opened: Any) -> None:
    """An overloaded branch is vermillion on white, lighter on black; a saved copy keeps it."""
    paint = (
        "return getComputedStyle(document.querySelector("
        "'figure[data-name=map] svg path[stroke*=r1]')).stroke"
    )
    light = opened.execute_script(paint)
    saved = opened.execute_script(
        "return window.viavoltaReport.pictureText("
        "document.querySelector('figure[data-name=map] .picture svg'))"
    )
    media(opened, "dark", 390)
    dark = opened.execute_script(paint)
    assert light == "rgb(213, 94, 0)"
    assert dark == "rgb(238, 127, 51)"
    assert "rgb(213, 94, 0)" in saved
    assert "var(--" not in saved
    assert opened.execute_script("return document.documentElement.scrollWidth") == 390


def test_the_csv_of_measures_is_whole_and_defused(opened: Any) -> None:
    """Raw numbers, and no cell that runs as a formula."""
    content = opened.execute_script(
        "const r = window.viavoltaReport;"
        "return r.csvText(r.tableRows(document.querySelector('table[data-name=measures]')))"
    )
    rows = list(csv.reader(io.StringIO(content.lstrip("\ufeff"))))
    assert len(rows) > 10
    assert all(float(row[4]) > 1000 for row in rows[1:])
    assert all(row[5].startswith("'=HYPERLINK") for row in rows[1:])


def test_nothing_serious_stands_in_the_way_of_anybody(
    browser: Any, town: Study, tmp_path: Path, faults: Callable[[Any, str], list[str]]
) -> None:
    """axe finds no serious fault, on a desk and in the dark on a phone."""
    path = tmp_path / "report.html"
    path.write_bytes(grid_report(town))
    assert faults(browser, path.as_uri()) == []
