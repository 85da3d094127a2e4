"""The report of a charge study: whole, self-contained, the same bytes, honest about what lacks."""

import dataclasses
import re
from collections.abc import Callable
from typing import Any

import polars as pl
import pytest

from viavolta.model.study import Study
from viavolta.reports.charge.answer import opening
from viavolta.reports.charge.costs import costs
from viavolta.reports.charge.facts import ChargeFacts, facts_of
from viavolta.reports.charge.flows import Flows, flows_of
from viavolta.reports.charge.gap import gap
from viavolta.reports.charge.goals import carbon, fairness
from viavolta.reports.charge.levels import power_by_level
from viavolta.reports.charge.power import power_over_time
from viavolta.reports.charge.prices import prices
from viavolta.reports.charge.report import charge_report
from viavolta.reports.charge.shortfalls import shortfalls
from viavolta.reports.markup import Html

SECTIONS = [
    "figures", "power", "levels", "prices", "shortfalls", "gap", "costs", "assumptions",
    "warnings", "inputs", "reproduce",
]  # fmt: skip
Make = Callable[..., Study]
Parse = Callable[[str], Any]
Build = Callable[[ChargeFacts, Flows | None], Html]


def plain_text(page: Any) -> str:
    words = str(page.text()).replace("\N{NO-BREAK SPACE}", " ")
    return re.sub(r" ([.,;:])", r"\1", words)


def shown(parse: Parse, build: Build, study: Study) -> str:
    """The words of one section."""
    facts = facts_of(study)
    return plain_text(parse(build(facts, flows_of(facts))))


def changed(study: Study, tables: dict[str, pl.DataFrame] | None = None, **summary: Any) -> Study:
    return dataclasses.replace(
        study, tables=study.tables | (tables or {}), summary=study.summary | summary
    )


def test_sections_stand_in_order(page: Any) -> None:
    """The answer comes first, then every section, each with a link in the contents."""
    assert [a["id"] for tag, a in page.elements if tag == "section"] == SECTIONS
    links = [a["href"] for tag, a in page.elements if tag == "a"]
    assert all(f"#{name}" in links for name in ["answer", *SECTIONS])


def test_answer_tells_cost_bound_gap_and_saving(page: Any) -> None:
    """The first screen names cost, proven bound, gap, saving, peak and what is not delivered."""
    text = plain_text(page)
    assert "Charging 8 stays costs 460.25 EUR; with the base load the bill is 500.25 EUR." in text
    assert "no schedule can bring the bill below 500.00 EUR" in text
    assert "a better one could save 0.05 % at most" in text
    assert "Uncontrolled charging would cost 620.00 EUR and break 7 of 7 limits" in text
    assert "this saves 119.75 EUR (\N{MINUS SIGN}19 %)" in text
    assert "The highest import is 40 kW instead of 96 kW." in text
    assert "2 stays leave with 38 kWh less than asked for, which counts as 380.00 EUR" in text


def test_dearer_than_uncontrolled_is_no_saving(study: Study, parse: Parse) -> None:
    """Where keeping the limits costs more than breaking them, no saving is claimed."""
    words = shown(parse, opening, changed(study, cost_unmanaged_eur=100.0))
    assert "Uncontrolled charging would cost 100.00 EUR, but break 7 of 7 limits." in words
    assert "saves" not in words


def test_one_more_kilowatt_in_a_sentence(study: Study, parse: Parse) -> None:
    """The hours in which a limit binds, and what a kW is worth in them, come from the prices."""
    words = shown(parse, prices, study)
    assert "hours: 2 of 7" in words
    # site-2 costs 0.3 EUR/kWh in each of 12 steps; ten of them hold four fifths
    assert re.search(r"site-2 between 1\d:\d\d and \d\d:\d\d is worth 0\.75 EUR in these 24", words)
    assert "Capacity prices add 78.00 EUR to the bill" in words


def test_shortfalls_have_their_reasons(study: Study, parse: Parse) -> None:
    """A stay that is too short, and one whose site is full, each with its own sentence."""
    words = shown(parse, shortfalls, study)
    assert "Not delivered: 38 kWh, to 2 stays." in words
    assert "11 kW for 1:00 h gives 9.9 kWh at most." in words
    assert "Limit site-2 binds" in words
    assert "No schedule could deliver 30 kWh of it" in words or "30.1 kWh" in words


def test_gap_is_explained(study: Study, parse: Parse) -> None:
    """The section says what a gap is, names the bound, and why it stays open."""
    words = plain_text(parse(gap(facts_of(study))))
    assert "can cost less than 500.00 EUR" in words
    assert "lagrangian-at-prices" in words
    assert "What keeps a gap open here" in words
    closed = changed(study, cost_eur=500.0, gap=0.0, lower_bound_eur=500.0)
    assert "no schedule costs less" in plain_text(parse(gap(facts_of(closed))))


def test_reasons_of_the_gap_follow_the_stays(study: Study, parse: Parse) -> None:
    """Minimum powers and a search cut short are named where they are."""
    least = study.tables["stays"].with_columns(min_kw=pl.lit(4.1))
    words = plain_text(parse(gap(facts_of(changed(study, {"stays": least}, was_stopped=True)))))
    assert "8 stays have a minimum power" in words
    assert "cut short by its time limit" in words


def test_costs_are_itemised(study: Study, parse: Parse) -> None:
    """Items that are not zero, their sum, and the energy bought in three cases."""
    words = shown(parse, costs, study)
    assert "Energy not delivered 380.00" in words
    assert "Wear" not in words
    assert "Together 500.25" in words
    assert "No vehicle at all 192.0" in words


def test_fairness_stands_where_it_was_asked_for(study: Study, parse: Parse) -> None:
    """The rule, who falls under it and its price; nothing where no rule was used."""
    assert fairness(facts_of(study)) is None
    facts = facts_of(changed(study, unfair_eur_per_kwh=5.0, fairness_price_eur=3.2))
    words = plain_text(parse(str(fairness(facts))))
    assert "costs 5.00 EUR more" in words
    assert "Below half: one stay, by 10 kWh together." in words
    assert "dearer by 3.20 EUR" in words


def test_carbon_stands_where_it_is_known(study: Study, parse: Parse) -> None:
    """Net import at the roots times the grams of the signals, for three cases."""
    facts = facts_of(study)
    assert carbon(facts, flows_of(facts)) is None
    signals = study.tables["signals"].with_columns(co2_g_per_kwh=pl.lit(500.0))
    words = shown(parse, carbon, changed(study, {"signals": signals}, carbon_eur_per_t=80.0))
    assert "No vehicle at all 96.0" in words  # 8 kW over 24 h at 0.5 kg
    assert "each tonne costs 80.00 EUR" in words


def test_each_picture_has_title_words_and_table(page: Any) -> None:
    """Each picture has an alternative text; each figure a heading, a caption and a table."""
    pictures = [a for tag, a in page.elements if tag == "svg" and "data-size" in a]
    assert all(a["role"] == "img" and a["aria-label"] for a in pictures)
    names = [a["data-name"] for tag, a in page.elements if tag == "figure"]
    assert names == ["power", "power-by-level", "prices", "costs"]
    count = [tag for tag, _ in page.elements].count
    assert count("figcaption") == len(names)
    assert len(pictures) == 2 * len(names)


def test_every_table_is_rectangular(html: str) -> None:
    """Each row of a table has as many cells as its head has columns, and there is a row."""
    tables = re.findall(r"<table.*?</table>", html, flags=re.DOTALL)
    assert len(tables) > 10
    for table in tables:
        rows = re.findall(r"<tr>(<td.*?)</tr>", table, flags=re.DOTALL)
        assert rows
        assert {row.count("<td") for row in rows} == {table.count('<th scope="col"')}


def test_nothing_comes_from_outside(html: str, page: Any) -> None:
    """No address of any network stands in the page, nor an inline handler or style."""
    assert not re.search(r"https?:|//[a-z0-9-]+\.[a-z]|@import|url\(", html)
    assert page.attributes("src") == page.attributes("style") == []
    assert not [k for _, a in page.elements for k in a if k.startswith("on")]
    ids = page.attributes("id")
    assert len(ids) == len(set(ids))


def test_bytes_depend_on_the_study_alone(study: Study, html: str) -> None:
    """Timings and the order of tables and rows leave no trace."""
    tables = {name: table.reverse() for name, table in reversed(study.tables.items())}
    summary = dict(reversed(study.summary.items()))
    other = dataclasses.replace(study, timings_s={"x": 9.0}, tables=tables, summary=summary)
    assert charge_report(other).decode() == html


def test_no_clock_time(page: Any) -> None:
    """The page carries no moment of its making: every day in it is one of the study."""
    days = set(re.findall(r"\b\d{1,2} Jan(?:uary 20\d\d)?", page.text()))
    assert days == {"12 Jan", "13 Jan", "12 January 2026", "13 January 2026"}
    assert not re.search(r"20\d\d-\d\d-\d\d", page.text())


@pytest.mark.parametrize(
    ("name", "build", "words"),
    [
        ("limit_profile", power_over_time, "no power at limits and prices"),
        ("signals", power_over_time, "no power at limits and prices"),
        ("limits", power_by_level, "no power at limits"),
        ("prices", prices, "no prices of limits"),
        ("stays", shortfalls, "no stays"),
    ],
)
def test_missing_table_is_said(study: Study, name: str, build: Build, words: str) -> None:
    """A section whose table is not in the study, or lacks a column, says so."""
    narrow = changed(study, {name: study.tables[name].select(pl.lit(1).alias("other"))})
    facts = facts_of(narrow)
    assert words in build(facts, flows_of(facts))
    assert words not in build(facts_of(study), flows_of(facts_of(study)))


def test_empty_study_is_a_page(study: Study, parse: Parse) -> None:
    """A study without tables and figures still renders, and claims nothing."""
    bare = dataclasses.replace(
        study, tables={}, summary={}, assumptions=(), warnings=(), inputs=(), timezone="Mars/X"
    )
    page = parse(charge_report(bare).decode())
    assert "This study holds no cost." in page.text()
    assert [a["id"] for tag, a in page.elements if tag == "section"] == SECTIONS


def test_three_stays_at_one_limit(make_charge_study: Make, parse: Parse) -> None:
    """The smallest study: what there is only one of is not called by a number."""
    made = make_charge_study(n_stays=3, n_sites=1)
    root = ["root-0"]
    one = {
        name: made.tables[name].filter(pl.col("limit_id").is_in(root))
        for name in ("limits", "limit_profile", "prices")
    }
    one["stays"] = made.tables["stays"].with_columns(limit_id=pl.lit("root-0"))
    text = plain_text(parse(charge_report(changed(made, one, binding_limits=[])).decode()))
    assert "There is a single limit; it is drawn above." in text
    assert "and break the limit" in text
    assert "No limit costs money" in text


def test_figures_that_are_not_finite_are_left_out(study: Study, parse: Parse) -> None:
    """NaN and infinity never reach the page."""
    facts = changed(study, cost_eur=float("nan"), lower_bound_eur=float("inf"), gap=float("nan"))
    words = plain_text(parse(charge_report(facts).decode()))
    assert not re.search(r"\b(nan|inf)\b", words, flags=re.IGNORECASE)


def test_local_clock_counts_the_hours(make_charge_study: Make, parse: Parse) -> None:
    """In a time zone with a half hour, axis, sentences and tables show its clock."""
    text = plain_text(parse(charge_report(make_charge_study(timezone="Asia/Kolkata")).decode()))
    assert "time of day (Asia/Kolkata), from Monday 12 January 2026" in text
    assert "Mon 12 Jan 16:30" in text  # 11:00 UTC


def test_many_limits_are_picked_and_the_page_says_so(make_charge_study: Make, parse: Parse) -> None:
    """Of 451 limits six are drawn and a hundred listed; the page stays small."""
    content = charge_report(make_charge_study(n_stays=3000, n_sites=300))
    page = parse(content.decode())
    text = plain_text(page)
    assert "451 limits in all" in text
    assert "Not drawn: 444" in text
    assert "The 100 dearest limits; 50 more stand in study.json" in text
    assert len(content) < 1_000_000


def test_a_year_is_drawn_in_days(make_charge_study: Make, parse: Parse) -> None:
    """35,040 steps become points of a day, the highest load of each, and the page says so."""
    content = charge_report(make_charge_study(n_steps=35_040))
    text = plain_text(parse(content.decode()))
    assert "Each point stands for 96 steps of 15 minutes" in text
    assert "in these 365 days" in text
    assert len(content) < 2_000_000


def test_several_roots_and_zones(make_charge_study: Make, parse: Parse) -> None:
    """Roots are summed up, prices stand per zone, and what is not drawn is named."""
    text = plain_text(
        parse(charge_report(make_charge_study(n_sites=10, n_roots=5, zones=5)).decode())
    )
    assert "The 5 roots of the tree are drawn as one" in text
    assert "Price: zone-0" in text
    assert "The prices of 2 more zones are in the table signals." in text
