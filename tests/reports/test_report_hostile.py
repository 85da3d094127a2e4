"""Texts from outside are shown, never executed: on the page, in its data, in its pictures."""

import dataclasses
import itertools
import json
import re
from collections.abc import Callable
from typing import Any

import polars as pl
import pytest

from viavolta.model.notices import Repair, StudyWarning
from viavolta.model.study import AssumptionUsed, Study, StudyInput
from viavolta.reports.bus.facts import facts_of
from viavolta.reports.bus.gantt import blocks
from viavolta.reports.bus.report import bus_report
from viavolta.reports.markup import Html, clip, esc, fill, json_block, tag

EVIL = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "'onmouseover='alert(1)",
    '=HYPERLINK("x")',
    "</script><script>alert(1)//",
    "<!--<script>",
    "{0}{evil}{{",
    "]]></svg><svg onload=alert(1)>",
    "\u2028alert(1)\u2029\x00\x1b[31m\u202e",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "datum.value);alert(1)//",
    "A" * 100_000,
]


def hostile(study: Study, texts: list[str]) -> Study:
    """Put texts in turn wherever a text of the inputs may come through."""
    turn = itertools.cycle(texts)
    tables = dict(study.tables)
    columns = {
        "trips": ["trip_id", "route_name"],
        "places": ["name"],
        "vehicles": ["vehicle_id", "vehicle_type"],
        "shapes": ["route_name"],
        "costs": ["item", "source"],
        "why": ["statement", "binds", "one_more"],
    }
    for table, names in columns.items():
        frame = tables[table]
        evil = (pl.Series(c, [next(turn) for _ in range(frame.height)]) for c in names)
        tables[table] = frame.with_columns(pl.col(c.name) + c for c in evil)
    ids = {
        c: dict(zip(study.tables[t][c], tables[t][c], strict=True))
        for t, c in (("trips", "trip_id"), ("vehicles", "vehicle_id"))
    }
    for table in ("blocks", "stays"):
        tables[table] = tables[table].with_columns(
            pl.col(c).replace(new) for c, new in ids.items() if c in tables[table].columns
        )
    words = ("service_day_reason", "weather", "elevation", "bound_kind")
    trips = tables["trips"]["trip_id"].to_list()
    return dataclasses.replace(
        study,
        title=next(turn),
        timezone=next(turn),
        effort=next(turn),
        tables=tables,
        inputs=tuple(
            StudyInput(name=t, sha256=t, bytes=1, origin=next(turn), licence=t) for t in texts
        ),
        assumptions=tuple(
            AssumptionUsed(key=t, value=t, unit=t, source=t, year=1, status=t) for t in texts
        ),
        repairs=tuple(Repair(code=t, file=t, count=1, example=t, action=t) for t in texts),
        warnings=tuple(StudyWarning(code=t, file=t, message=t) for t in texts),
        summary=study.summary
        | {word: next(turn) for word in words}
        | {"infeasible_trips": [{"trip_id": i, "reason": next(turn)} for i in trips[:20]]}
        | {"command": texts},
    )


@pytest.mark.parametrize("first", [0, 4, 8])
def test_hostile_text_makes_no_element(
    study: Study, page: Any, parse: Callable[[str], Any], first: int
) -> None:
    """With hostile texts everywhere no new kind of element, attribute or script appears."""
    content = bus_report(hostile(study, EVIL[first:] + EVIL[:first])).decode()
    evil = parse(content)
    assert {name for name, _ in evil.elements} <= {name for name, _ in page.elements}
    assert attributes(evil) <= attributes(page)
    assert evil.inline == page.inline
    assert content.count("<script") == 2
    assert len(content) < 1_000_000
    assert "alert(1)" in evil.text()


def attributes(page: Any) -> set[tuple[str, str]]:
    return {(name, key) for name, values in page.elements for key in values}


def test_hostile_data_stays_data(study: Study) -> None:
    """The data block holds the texts whole, and nothing that ends it or a line of script."""
    section = blocks(facts_of(hostile(study, [EVIL[4]])))
    block = re.search(r'<script type="application/json" id="gantt-data">(.*?)</script>', section)
    assert block is not None
    assert not re.search("[<>&\u2028\u2029]", block[1])
    assert any(EVIL[4] in name for name in json.loads(block[1])["names"])


def test_json_block_round_trips() -> None:
    """What goes into a data block comes out of it."""
    value = {"a": [*EVIL, 1, None]}
    block = json_block("d", value)
    assert json.loads(block[block.index(">") + 1 : block.rindex("<")]) == value


def test_plain_text_is_escaped_and_markup_is_not() -> None:
    """Only `Html` passes as markup, also through `fill`, `tag` and joining by plus."""
    assert esc("<b>") == "&lt;b&gt;"
    assert fill("<{a}> {b}", a="<i>", b=Html("<b>")) == "&lt;&lt;i&gt;&gt; <b>"
    assert tag("p", "<", title='"') == '<p title="&quot;">&lt;</p>'
    assert Html("<b>") + "<i>" == "<b>&lt;i&gt;"
    assert isinstance(Html("<b>") + "<i>", Html)


def test_clip_cuts_and_defuses_control_characters() -> None:
    """A long text is cut with a sign; characters that cannot be seen become spaces."""
    assert clip("abcdef", 4) == "abc\N{HORIZONTAL ELLIPSIS}"
    assert clip("a\x00b\u202ec") == "a b c"
