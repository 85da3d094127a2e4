"""The report in a real browser: nothing is blocked, and the controls do what they say."""

import csv
import dataclasses
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from viavolta.model.study import Study
from viavolta.reports.bus.report import bus_report

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def city(make_study: Callable[..., Study]) -> Study:
    """A study with more buses than one page shows, one of them with a hostile name."""
    made = make_study(n_vehicles=130, trips_per_vehicle=4, n_routes=9)
    names = {"bus-007": '=HYPERLINK("x")<img src=x onerror=document.title=1>'}
    tables = {
        name: made.tables[name].with_columns(pl.col("vehicle_id").replace(names))
        for name in ("vehicles", "blocks", "stays")
    }
    return dataclasses.replace(made, tables=made.tables | tables)


@pytest.fixture(scope="module")
def address(city: Study, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Where the report lies on the disk."""
    path: Path = tmp_path_factory.mktemp("report") / "report.html"
    path.write_bytes(bus_report(city))
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


def rows_shown(browser: Any) -> int:
    return int(browser.execute_script("return document.querySelectorAll('#gantt g.row').length"))


def type_into(browser: Any, selector: str, value: str, event: str = "input") -> None:
    browser.execute_script(
        "const e = document.querySelector(arguments[0]); e.value = arguments[1];"
        "e.dispatchEvent(new Event(arguments[2]))",
        selector,
        value,
        event,
    )


def page_words(browser: Any) -> str:
    return str(browser.execute_script("return document.querySelector('#gantt-page').textContent"))


def test_nothing_is_blocked_and_nothing_asked_for(opened: Any) -> None:
    """The console is silent, no request leaves the page, and hostile names stay text."""
    assert opened.get_log("browser") == []
    asked = opened.execute_script("return performance.getEntriesByType('resource').length")
    assert asked == 0
    assert opened.title == "Monaco, February 2025 - viavolta"
    assert opened.execute_script("return document.querySelectorAll('img').length") == 0


def test_pager_leafs_through_all_buses(opened: Any) -> None:
    """Sixty buses to a page, and the last page holds the rest."""
    assert page_words(opened) == "1 to 60 of 130 buses"
    assert rows_shown(opened) == 60
    opened.execute_script("document.querySelector('#gantt-next').click()")
    opened.execute_script("document.querySelector('#gantt-next').click()")
    assert page_words(opened) == "121 to 130 of 130 buses"
    assert rows_shown(opened) == 10
    assert opened.execute_script("return document.querySelector('#gantt-next').disabled")


def test_filter_finds_buses_by_name_and_line(opened: Any) -> None:
    """The filter looks at buses, lines, trips and depots, and says when nothing matches."""
    type_into(opened, "#gantt-filter", "BUS-04")
    assert page_words(opened) == "1 to 10 of 10 buses"
    type_into(opened, "#gantt-filter", "R3-002-01")
    assert rows_shown(opened) == 1
    type_into(opened, "#gantt-filter", "no such bus")
    assert page_words(opened) == "No bus matches"
    assert rows_shown(opened) == 0


def test_order_by_lowest_charge(opened: Any) -> None:
    """Ordered by lowest charge, the shares in the rows rise from the top."""
    type_into(opened, "#gantt-order", "low", "change")
    shares = opened.execute_script(
        "return [...document.querySelectorAll('#gantt g.row')]"
        ".map(g => [g.transform.baseVal[0].matrix.f, parseInt(g.lastElementChild.textContent)])"
        ".sort((a, b) => a[0] - b[0]).map(x => x[1])"
    )
    assert len(shares) == 60
    assert shares == sorted(shares)


def test_assumptions_by_status(opened: Any) -> None:
    """Choosing a status leaves only its rows."""
    type_into(opened, ".by-status", "user", "change")
    seen = opened.execute_script(
        "return [...document.querySelectorAll('table[data-name=assumptions] tbody tr')]"
        ".filter(r => !r.hidden).map(r => r.querySelector('[data-status]').dataset.status)"
    )
    assert set(seen) == {"user"}
    assert len(seen) == 7


def test_csv_of_a_table_is_whole_and_defused(opened: Any, city: Study) -> None:
    """The table of buses comes out with raw numbers, and no cell that runs as a formula."""
    content = opened.execute_script(
        "const r = window.viavoltaReport;"
        "return r.csvText(r.tableRows(document.querySelector('table[data-name=buses]')))"
    )
    rows = list(csv.reader(io.StringIO(content.lstrip("\ufeff"))))
    assert len(rows) == 1 + city.tables["vehicles"].height
    assert any(row[0].startswith("'=HYPERLINK") for row in rows)
    assert not [c for row in rows for c in row if c[:1] in "=+@\t\r" and c]
    assert sum(int(row[6]) for row in rows[1:]) == city.tables["trips"].height


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("=1+1", "'=1+1"),
        ("+1 234", "'+1 234"),
        ("-x", "'-x"),
        ("-12.5", "-12.5"),
        ("@a", "'@a"),
        ("\tx", "'\tx"),
        ('a"b', '"a""b"'),
        ("\r=1", '"\'\r=1"'),
    ],
)
def test_csv_cells(opened: Any, cell: str, expected: str) -> None:
    """Formulas get an apostrophe, numbers stay numbers, quotes are doubled."""
    line = opened.execute_script("return window.viavoltaReport.csvText([[arguments[0]]])", cell)
    assert line == "\ufeff" + expected + "\r\n"


def test_csv_of_all_activities(opened: Any, city: Study) -> None:
    """The download of the blocks has one line per activity of the table."""
    content = opened.execute_script("return window.viavoltaReport.gantt.activitiesCsv()")
    rows = list(csv.DictReader(io.StringIO(content.lstrip("\ufeff"), newline="")))
    blocks = city.tables["blocks"]
    assert len(rows) == blocks.height
    driven = sum(float(row["km"]) for row in rows)
    assert driven == pytest.approx(blocks["distance_km"].sum(), rel=1e-4)


def test_click_on_a_bus_lists_its_day(opened: Any) -> None:
    """A click on a row opens the list of that bus."""
    opened.execute_script(
        "document.querySelector('#gantt g.row[data-i=\"3\"]')"
        ".dispatchEvent(new MouseEvent('click', {bubbles: true}))"
    )
    assert opened.execute_script("return document.querySelector('#gantt-bus').value") == "3"
    assert opened.execute_script("return document.querySelectorAll('#gantt-one tr').length") > 8
    assert opened.execute_script("return document.querySelector('#gantt-detail').offsetHeight") > 0


def test_saved_picture_stands_alone(opened: Any) -> None:
    """A saved picture is well-formed and carries its colours, not the page's properties."""
    picture = opened.execute_script(
        "const r = window.viavoltaReport;"
        "return r.pictureText(document.querySelector('figure[data-name=power] .picture svg'))"
    )
    assert picture.startswith("<svg")
    assert "var(--" not in picture
    assert "rgb(0, 114, 178)" in picture


def test_themes_differ_and_the_phone_has_no_sideways_scroll(opened: Any) -> None:
    """Dark paper is dark, pictures follow; on a phone the page is as wide as the screen."""
    paper = "return getComputedStyle(document.body).backgroundColor"
    line = (
        "return getComputedStyle(document.querySelector("
        "'figure[data-name=power] svg path[stroke*=c-trip]')).stroke"
    )
    light = opened.execute_script(paper), opened.execute_script(line)
    media(opened, "dark", 390)
    dark = opened.execute_script(paper), opened.execute_script(line)
    assert light == ("rgb(253, 252, 250)", "rgb(0, 114, 178)")
    assert dark == ("rgb(20, 25, 27)", "rgb(63, 159, 219)")
    assert opened.execute_script("return document.documentElement.scrollWidth") == 390


def test_nothing_serious_stands_in_the_way_of_anybody(
    browser: Any, address: str, faults: Callable[[Any, str], list[str]]
) -> None:
    """axe finds no serious fault, on a desk and in the dark on a phone."""
    assert faults(browser, address) == []
