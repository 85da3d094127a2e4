"""The report of a bus study: whole, self-contained, deterministic, honest about what lacks."""

import base64
import dataclasses
import hashlib
import re
from collections.abc import Callable
from typing import Any

import polars as pl
import pytest

from viavolta.model.study import Study
from viavolta.reports import record
from viavolta.reports.bus.answer import opening
from viavolta.reports.bus.costs import costs
from viavolta.reports.bus.day import fleet_over_the_day, service_day
from viavolta.reports.bus.energy import energy
from viavolta.reports.bus.facts import BusFacts, facts_of
from viavolta.reports.bus.gantt import blocks
from viavolta.reports.bus.key_figures import key_figures
from viavolta.reports.bus.map import network_map
from viavolta.reports.bus.power import power_over_the_day
from viavolta.reports.bus.proof import left_out_trips, reasons
from viavolta.reports.bus.report import bus_report
from viavolta.reports.markup import Html

SECTIONS = [
    "figures",
    "map",
    "service-day",
    "fleet",
    "blocks",
    "power",
    "costs",
    "carbon",
    "energy",
    "gaps",
    "why",
    "left-out",
    "assumptions",
    "repairs",
    "warnings",
    "inputs",
    "reproduce",
]


Page = Any
Build = Callable[[BusFacts], Html]
Parse = Callable[[str], Page]


def test_sections_stand_in_order(page: Page) -> None:
    """The answer comes first, then every section, each with a link in the contents."""
    found = [a["id"] for tag, a in page.elements if tag == "section"]
    assert found == SECTIONS
    links = [a["href"] for tag, a in page.elements if tag == "a"]
    assert all(f"#{name}" in links for name in ["answer", *SECTIONS])


def test_ids_are_unique(page: Page) -> None:
    """No id stands twice, those inside pictures included."""
    ids = page.attributes("id")
    assert len(ids) == len(set(ids))


def test_answer_tells_the_figures(page: Page, study: Study) -> None:
    """The first screen says yes, with buses, trips, points, peak, cost and carbon."""
    text = page.text().replace("\N{NO-BREAK SPACE}", " ")
    assert "Yes: 6 battery buses do all 72 trips of Monday 10 February 2025" in text
    assert "charging points in 2 depots proposed here" in text
    assert f"{study.summary['peak_kw_managed']:.0f} kW" in text
    assert "falls from 528 to 37 tonnes a year (\N{MINUS SIGN}93 %)" in text
    assert "generated timetable, not today's network" in text


def test_each_picture_has_title_words_and_table(page: Page) -> None:
    """Each picture has an alternative text; each figure a heading, a caption and a table."""
    pictures = [a for tag, a in page.elements if tag == "svg" and "data-size" in a]
    assert pictures
    assert all(a["role"] == "img" and a["aria-label"] for a in pictures)
    count = [tag for tag, _ in page.elements].count
    names = [a["data-name"] for tag, a in page.elements if tag == "figure"]
    assert names == [
        "map", "trips-per-day", "fleet", "blocks", "power", "power-by-depot", "costs", "carbon",
        "energy",
    ]  # fmt: skip
    assert count("figcaption") == count("h3") == len(names)


def test_every_table_is_rectangular(html: str) -> None:
    """Each row of a table has as many cells as its head has columns."""
    tables = re.findall(r"<table.*?</table>", html, flags=re.DOTALL)
    assert len(tables) > 12
    for table in tables:
        n = table.count('<th scope="col"')
        rows = re.findall(r"<tr>(<td.*?)</tr>", table, flags=re.DOTALL)
        assert rows
        assert {row.count("<td") for row in rows} == {n}


def test_nothing_comes_from_outside(html: str, page: Page) -> None:
    """No address of any network stands in the page, nor an inline handler or style."""
    assert not re.search(r"https?:|//[a-z0-9-]+\.[a-z]|@import|url\(", html)
    assert page.attributes("src") == []
    assert page.attributes("style") == []
    assert {h for h in page.attributes("href") if not h.startswith("#")} == {"data:,"}
    assert not [k for _, a in page.elements for k in a if k.startswith("on")]


def test_policy_allows_exactly_the_inline_blocks(page: Page) -> None:
    """The hashes of the policy are those of the style sheet and the script of the page."""
    policy = next(a["content"] for _, a in page.elements if a.get("http-equiv"))
    assert policy.startswith("default-src 'none'; ")
    assert "unsafe" not in policy
    for kind in ("style", "script"):
        content = "".join(page.inline[kind])
        digest = base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
        assert f"{kind}-src 'sha256-{digest}'" in policy


def test_bytes_depend_on_the_study_alone(study: Study, html: str) -> None:
    """Timings, the order of dictionaries and of rows that have none leave no trace."""
    tables = dict(reversed(study.tables.items()))
    for name in ("trips", "blocks", "vehicles", "stays", "schedule", "power", "trips_per_day"):
        tables[name] = tables[name].reverse()
    summary = dict(reversed(study.summary.items()))
    timings = {"read": 99.0, "solve": 1.0}
    other = dataclasses.replace(study, timings_s=timings, tables=tables, summary=summary)
    assert bus_report(other).decode() == html


def test_no_clock_time(html: str) -> None:
    """The page carries no moment of its making: every date in it is one of the study."""
    dates = set(re.findall(r"\b20\d\d-\d\d-\d\d\b", html))
    assert all("2025-01-06" <= date <= "2025-05-05" for date in dates)


@pytest.mark.parametrize(
    ("name", "build", "words"),
    [
        ("shapes", network_map, "no lines to draw"),
        ("places", network_map, "no places"),
        ("chargers", network_map, "no charging points"),
        ("trips_per_day", service_day, "no trips per day"),
        ("blocks", fleet_over_the_day, "no blocks"),
        ("blocks", blocks, "no blocks and vehicles"),
        ("vehicles", blocks, "no blocks and vehicles"),
        ("power", power_over_the_day, "no power over the day"),
        ("costs", costs, "no costs by item"),
        ("trips", energy, "no trips"),
        ("why", reasons, "no explanations"),
    ],
)
def test_missing_table_is_said(study: Study, name: str, build: Build, words: str) -> None:
    """A section whose table is not in the study, or lacks a column, says so."""
    without = {k: v for k, v in study.tables.items() if k != name}
    assert words in build(facts_of(dataclasses.replace(study, tables=without)))
    narrow = study.tables | {name: study.tables[name].select(pl.lit(1).alias("other"))}
    assert words in build(facts_of(dataclasses.replace(study, tables=narrow)))
    assert words not in build(facts_of(study))


def test_empty_study_is_a_page(study: Study, parse: Parse) -> None:
    """A study without tables and figures still renders, and says no."""
    bare = dataclasses.replace(
        study, tables={}, summary={}, assumptions=(), repairs=(), warnings=(), inputs=()
    )
    page = parse(bus_report(bare).decode())
    assert "No: no battery bus of this study" in page.text()
    assert [a["id"] for tag, a in page.elements if tag == "section"] == SECTIONS


def test_left_out_trips_change_the_answer(study: Study, parse: Parse) -> None:
    """Trips that no vehicle can do are named with their reason, and the answer is not yes."""
    done = study.tables["blocks"]
    left_out = done.filter(pl.col("kind") == "trip")["trip_id"][0]
    listed = [{"trip_id": left_out, "reason": "longer than one battery"}]
    tables = study.tables | {"blocks": done.filter(pl.col("trip_id").ne_missing(left_out))}
    facts = facts_of(
        dataclasses.replace(
            study, tables=tables, summary=study.summary | {"infeasible_trips": listed}
        )
    )
    first_screen = parse(opening(facts)).text()
    assert "Almost: 6 battery buses do 71 of the 72 trips" in first_screen
    assert "left out because no vehicle of this study can do them" in first_screen
    assert "longer than one battery" in left_out_trips(facts)


def test_not_a_number_is_not_a_figure(study: Study, parse: Parse) -> None:
    """Figures that are not finite are left out, never shown as NaN."""
    summary = study.summary | {"cost_eur_per_year": float("nan"), "peak_kw_managed": float("inf")}
    facts = facts_of(dataclasses.replace(study, summary=summary))
    words = parse(opening(facts) + key_figures(facts)).text()
    assert not re.search(r"\b(nan|inf)\b", words, flags=re.IGNORECASE)


def test_every_key_figure_answers_why(study: Study, parse: Parse) -> None:
    """Each card says how its figure is found; where the planner gave a reason, that too."""
    found = parse(key_figures(facts_of(study)))
    cards = [a["data-figure"] for _, a in found.elements if "data-figure" in a]
    assert len(cards) == 8
    assert [t for t, _ in found.elements].count("details") == len(cards)
    assert "Half the fleet must be full by 05:10." in found.text()
    assert "What binds: connection of Depot A" in found.text()


def test_credit_follows_the_licence(study: Study) -> None:
    """OpenStreetMap is credited where an input comes from it, and only there."""
    credit = "\N{COPYRIGHT SIGN} OpenStreetMap contributors"
    assert credit in network_map(facts_of(study))
    other = dataclasses.replace(study.inputs[0], origin="the operator", licence="CC-BY-4.0")
    assert credit not in network_map(facts_of(dataclasses.replace(study, inputs=(other,))))


def test_recorded_command_is_shown(study: Study) -> None:
    """The command that made the study stands in it, quoted for a shell."""
    recorded = study.summary | {"command": ["viavolta", "plan", "bus", "my feed.zip"]}
    shown = record.reproduce(dataclasses.replace(study, summary=recorded))
    assert "viavolta plan bus &#x27;my feed.zip&#x27;" in shown


def test_city_of_five_hundred_buses_stays_small(
    make_study: Callable[..., Study], parse: Parse
) -> None:
    """A study as large as Riga's (7,500 trips, 500 vehicles) stays under 5 MB."""
    city = make_study(n_vehicles=500, trips_per_vehicle=15, n_routes=80, n_depots=3)
    content = bus_report(city)
    assert len(content) < 5_000_000
    page = parse(content.decode())
    assert sum(a.get("class") == "row" for tag, a in page.elements if tag == "g") == 60
