"""The charge report in a real browser: nothing is blocked, all is visible, also on a phone."""

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from viavolta.model.study import Study
from viavolta.reports.charge.report import charge_report

pytestmark = pytest.mark.browser

EVIL = '=HYPERLINK("x")<img src=x onerror=document.title=1>'


@pytest.fixture(scope="module")
def address(
    make_charge_study: Callable[..., Study], tmp_path_factory: pytest.TempPathFactory
) -> str:
    """Where the report of a study with a hostile limit lies on the disk."""
    made = make_charge_study(n_stays=40, n_sites=12)
    names = {"site-2": EVIL}
    tables = {
        name: made.tables[name].with_columns(pl.col("limit_id").replace(names))
        for name in ("stays", "limits", "limit_profile", "prices")
    }
    binding = [
        one | {"limit_id": names.get(one["limit_id"], one["limit_id"])}
        for one in made.summary["binding_limits"]
    ]
    hostile = dataclasses.replace(
        made, tables=made.tables | tables, summary=made.summary | {"binding_limits": binding}
    )
    path: Path = tmp_path_factory.mktemp("charge-report") / "report.html"
    path.write_bytes(charge_report(hostile))
    return path.as_uri()


def opened(browser: Any, address: str, *, scheme: str, width: int) -> Any:
    feature = {"name": "prefers-color-scheme", "value": scheme}
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [feature]})
    size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 500}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    browser.get_log("browser")
    browser.get(address)
    return browser


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 390)])
def test_nothing_is_blocked_and_all_is_visible(
    browser: Any, address: str, scheme: str, width: int
) -> None:
    """No error, no request; headings and one picture per figure are seen; no sideways scroll."""
    page = opened(browser, address, scheme=scheme, width=width)
    assert page.get_log("browser") == []
    assert page.execute_script("return performance.getEntriesByType('resource').length") == 0
    assert page.title == "Charging of stays.csv - viavolta"
    assert page.execute_script("return document.querySelectorAll('img').length") == 0
    seen = "return [...document.querySelectorAll('{0}')].map(e => e.getBoundingClientRect().height)"
    assert all(height > 10 for height in page.execute_script(seen.format("h1, h2, h3")))
    heights = page.execute_script(seen.format("figure .picture svg"))
    assert len(heights) == 8
    assert sum(height > 60 for height in heights) == 4
    assert page.execute_script("return document.documentElement.scrollWidth") <= width


def test_lines_and_band_are_drawn_in_the_colours_of_the_page(browser: Any, address: str) -> None:
    """The schedule is a line, the limits a band, the prices shades of one colour."""
    page = opened(browser, address, scheme="light", width=1280)
    count = (
        "return document.querySelectorAll('figure[data-name={0}] svg[data-size=wide] {1}').length"
    )
    assert page.execute_script(count.format("power", "path[stroke*=c-trip]")) >= 1
    assert page.execute_script(count.format("power", "path[fill*=c-park]")) >= 1
    assert page.execute_script(count.format("prices", "path[fill*=c-empty]")) > 20


def test_tables_and_pictures_can_be_saved(browser: Any, address: str) -> None:
    """A hostile name stays text in the CSV; a saved picture carries its own colours."""
    page = opened(browser, address, scheme="light", width=1280)
    text = page.execute_script(
        "const r = window.viavoltaReport;"
        "return r.csvText(r.tableRows(document.querySelector('table[data-name=binding-limits]')))"
    )
    assert "\"'=HYPERLINK(" in text
    picture = page.execute_script(
        "return window.viavoltaReport.pictureText("
        "document.querySelector('figure[data-name=prices] .picture svg'))"
    )
    assert picture.startswith("<svg")
    assert "var(--" not in picture


def test_nothing_serious_stands_in_the_way_of_anybody(
    browser: Any, address: str, faults: Callable[[Any, str], list[str]]
) -> None:
    """axe finds no serious fault, on a desk and in the dark on a phone."""
    assert faults(browser, address) == []
