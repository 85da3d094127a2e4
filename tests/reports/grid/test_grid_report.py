"""The report of a grid study: whole, by itself, true to the study, plain about its limits."""

import dataclasses
import re
from collections.abc import Callable
from typing import Any

import polars as pl
import pytest

from viavolta.model.study import Study
from viavolta.reports.grid.report import grid_report

SECTIONS = (
    "figures",
    "council",
    "cost",
    "measures",
    "operator",
    "map",
    "levels",
    "power",
    "violations",
    "hosting",
    "assumptions",
    "warnings",
    "inputs",
    "reproduce",
)


@pytest.fixture(scope="module")
def page(town: Study, parse: Callable[[str], Any]) -> Any:
    """The report of the small town study, parsed."""
    return parse(grid_report(town).decode())


def with_summary(study: Study, **changes: object) -> Study:
    return dataclasses.replace(study, summary={**study.summary, **changes})


def words_of(study: Study, parse: Callable[[str], Any]) -> str:
    said = str(parse(grid_report(study).decode()).text())
    return said.replace(" ,", ",").replace(" .", ".")


def test_every_section_is_there(page: Any) -> None:
    """All sections stand, in order, and the contents link to each."""
    ids = [a["id"] for name, a in page.elements if name == "section"]
    assert [i for i in ids if i in SECTIONS] == list(SECTIONS)
    assert set(ids) <= {href[1:] for href in page.attributes("href") if href.startswith("#")}


def test_the_page_asks_nothing_of_any_network(town: Study) -> None:
    """No address of elsewhere, a strict policy, no clock time."""
    content = grid_report(town).decode()
    assert "default-src 'none'" in content
    assert not re.search(r'(?:src|href)="(?!#|data:)', content)


def test_the_same_study_gives_the_same_bytes(town: Study) -> None:
    """Twice."""
    assert grid_report(town) == grid_report(town)


def test_costs_on_the_page_are_those_of_the_study(town: Study, page: Any) -> None:
    """Middle and range of every strategy stand in the table by strategy."""
    words = page.text()
    for found in town.summary["reinforcement_eur"].values():
        assert f"{found['p50']:,.0f} [{found['p05']:,.0f}; {found['p95']:,.0f}]" in words


def test_extremes_on_the_page_are_those_of_the_tables(town: Study, page: Any) -> None:
    """Lowest voltage and highest loading of each strategy."""
    words = page.text()
    for strategy in ("unmanaged", "v2x"):
        low = town.tables["voltages"].filter(pl.col("strategy") == strategy)["min_pu"].min()
        full = town.tables["loadings"].filter(pl.col("strategy") == strategy)["max_percent"].max()
        assert f"{low:.3f}" in words
        assert f"{full:.1f}" in words


def test_every_figure_shows_its_grade(town: Study, parse: Callable[[str], Any]) -> None:
    """Each card and each picture has the mark, and says why."""
    content = grid_report(town).decode()
    figures = re.findall(r"<figure.*?</figure>", content, flags=re.DOTALL)
    cards = re.findall(r'<div class="card".*?</details></div>', content, flags=re.DOTALL)
    assert len(figures) >= 7
    assert len(cards) >= 8
    for one in figures + cards:
        assert 'data-grade="D"' in one
        assert '<details class="why">' in one
    assert "not your grid but a typical one" in parse(content).text()


def test_a_town_is_shown_at_its_highest_share_in_its_shown_draw(
    town: Study, parse: Callable[[str], Any]
) -> None:
    """Elements are those of the highest share, measures those of the shown draw, no others."""
    content = grid_report(town).decode()
    said = parse(content).text()
    assert "1,000,000,000" not in said
    top = town.tables["voltages"].filter(strategy="unmanaged", ev_share=1.0)
    n_low = top.filter(pl.col("hours_outside") > 0).height
    assert f"{n_low} of {top.height}" in said
    assert "Measures of the shown draw, number 4" in said
    assert "2027 [2026; 2031]" in said


def test_when_is_that_of_all_draws(page: Any) -> None:
    """Years are those over all draws; a strategy that needs nothing in most draws says so."""
    said = " ".join(page.text().replace(" .", ".").replace(" ,", ",").split())
    assert "with uncontrolled charging in 2027" in said
    assert "Up to 2045 none is needed in most draws with smart charging with V2X" in said
    assert "With uncontrolled charging at 100 % electric cars, reinforcing the grid costs" in said


def test_shares_needs_and_what_smart_cannot_do_are_listed(page: Any) -> None:
    """The cases of each share, how sure each measure is, and where smart charging is no help."""
    said = page.text()
    assert "By share of electric vehicles" in said
    assert "How sure each measure is, surest first (" in said
    assert "2026 (2025 to 2029)" in said
    assert "Where smart charging does not help: built with and without it" in said
    assert "Smart charging does not help at one place: parallel cable at L0-1" in said


@pytest.mark.parametrize(
    ("grade", "words"),
    [
        ("A", "checked against measurements"),
        ("B", "own model or its records"),
        ("C", "filled in from typical values"),
    ],
)
def test_grades_are_explained(
    town: Study, parse: Callable[[str], Any], grade: str, words: str
) -> None:
    """What a grade means is said in words."""
    said = words_of(with_summary(town, grade=grade), parse)
    assert words in said
    assert f"grade {grade}" in said
    assert "grade D" not in said


def test_where_control_does_not_help_is_said_plainly(
    town: Study, parse: Callable[[str], Any]
) -> None:
    """No saving, a doubtful saving, a loss and a place that stays: each has its sentence."""
    plain = town.summary["reinforcement_eur"]["unmanaged"]
    listed = "where_smart_does_not_help"
    bare = dataclasses.replace(town, summary={k: v for k, v in town.summary.items() if k != listed})
    study = with_summary(
        bare,
        reinforcement_eur={"unmanaged": plain, "dimmed": plain, "smart": plain, "v2x": plain},
        avoided_share={
            "dimmed": {"p05": -0.1, "p50": 0.3, "p95": 0.5},
            "smart": {"p05": 0.0, "p50": 0.01, "p95": 0.03},
            "v2x": {"p05": -0.4, "p50": -0.2, "p95": -0.1},
        },
    )
    said = words_of(study, parse)
    assert "Smart charging does not help here: it avoids 1 % of the cost" in said.replace(
        "\xa0", " "
    )
    assert "Smart charging with V2X does not help here: it makes reinforcement 20 % dearer" in (
        said
    )
    assert "That is not sure: the range of nine of ten draws" in said
    assert "At 1 of 9 places it changes nothing and building goes on: L0-1" in said


def test_more_hours_under_control_are_called_worse(
    town: Study, parse: Callable[[str], Any]
) -> None:
    """A strategy that adds violations is not praised."""
    said = words_of(with_summary(town, violation_hours={"unmanaged": 10.0, "smart": 12.0}), parse)
    assert "Smart charging makes it worse, with 12 hours" in said


def test_nearly_all_is_not_all(town: Study, parse: Callable[[str], Any]) -> None:
    """A share that would be rounded to the whole is not called the whole."""
    said = words_of(with_summary(town, avoided_share={"smart": 0.997}), parse)
    assert "Smart charging avoids more than 99 %" in said


def test_an_assessment_of_one_case(town: Study, parse: Callable[[str], Any]) -> None:
    """Without strategies and measures the report still answers, and shows what there is."""
    tables = {
        name: town.tables[name].filter(pl.col("strategy") == "unmanaged").drop("strategy")
        for name in ("voltages", "loadings", "violations")
    }
    tables |= {name: town.tables[name] for name in ("nodes", "branches")}
    hours = tables["violations"]["hours"].sum()
    study = dataclasses.replace(
        town, tables=tables, summary={"grade": "B", "violation_hours": hours}
    )
    said = words_of(study, parse)
    assert (
        f"No: the grid is outside its limits for {hours:,.0f} hours, summed over 16 places" in said
    )
    assert "What reinforcement costs" not in said


def test_a_grid_that_bears_it(town: Study, parse: Callable[[str], Any]) -> None:
    """Without a violation the answer is yes, and empty tables say so."""
    tables = dict(town.tables)
    for name in ("violations", "measures"):
        tables[name] = tables[name].clear()
    none = dict.fromkeys(("unmanaged", "smart"), 0.0)
    study = dataclasses.replace(
        town,
        tables=tables,
        summary={"grade": "A", "violation_hours": none, "reinforcement_eur": none},
    )
    said = words_of(study, parse)
    assert "Yes: in no hour of the year does a voltage or a loading leave its limits" in said
    assert "Nothing must be built, whatever the way of charging" in said
    assert "None: the grid stays within its limits" in said


def test_a_capacity_study(town: Study, parse: Callable[[str], Any]) -> None:
    """Hosting capacity alone makes a report."""
    tables = {name: town.tables[name] for name in ("hosting", "hosting_areas")}
    vehicles = {
        "unmanaged": {"p05": 55, "p50": 60, "p95": 69},
        "v2x": {"p05": 100, "p50": 100, "p95": 100},
    }
    summary = {"grade": "D", "n_vehicles": vehicles, "full_share": {"unmanaged": 1.0, "v2x": 0.2}}
    said = words_of(dataclasses.replace(town, tables=tables, summary=summary), parse)
    own = town.tables["hosting"].filter(strategy="unmanaged", share=0.0)
    assert "grid takes 60 electric vehicles, 55 to 69 in nine of ten draws, before a limit" in said
    assert "With smart charging with V2X it takes at least 100 electric vehicles" in said
    assert f"half of the 24 nodes take {own['p50_kw'].median():.0f} kW or more" in said
    assert "Can the grid take it?" in said


def test_a_study_without_anything(town: Study, parse: Callable[[str], Any]) -> None:
    """A study with no table and no figure still gives a page, which says so."""
    study = dataclasses.replace(town, tables={}, summary={})
    said = words_of(study, parse)
    assert "holds no figure that this report knows" in said
    assert "does not say how good the data of the grid are" in said
