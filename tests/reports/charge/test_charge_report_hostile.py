"""Texts from outside are shown on a charge report, never executed."""

import dataclasses
from collections.abc import Callable
from typing import Any

import polars as pl
import pytest

from viavolta.model.notices import StudyWarning
from viavolta.model.study import AssumptionUsed, Study, StudyInput
from viavolta.reports.charge.report import charge_report

EVIL = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "'onmouseover='alert(1)",
    "</script><script>alert(1)//",
    "{0}{evil}{{",
    "]]></svg><svg onload=alert(1)>",
    "\u2028alert(1)\u2029\x00\x1b[31m\u202e",
    "datum.value);alert(1)//",
    "A" * 50_000,
]


def hostile(study: Study, texts: list[str]) -> Study:
    """Put texts wherever a text of the inputs may come through."""
    names = study.tables["limits"]["limit_id"].to_list()
    evil = {name: texts[i % len(texts)] + name for i, name in enumerate(names)}
    tables = {
        table: frame.with_columns(
            pl.col(column).replace(evil)
            for column in ("limit_id", "parent_id")
            if column in frame.columns
        )
        for table, frame in study.tables.items()
    }
    stays = [texts[i % len(texts)] + str(i) for i in range(study.tables["stays"].height)]
    tables["stays"] = tables["stays"].with_columns(stay_id=pl.Series(stays))
    zones = dict(zip(["zone-0", "zone-1"], texts, strict=False))
    for table in ("limits", "signals"):
        tables[table] = tables[table].with_columns(pl.col("zone").replace(zones))
    binding = [one | {"limit_id": evil[one["limit_id"]]} for one in study.summary["binding_limits"]]
    text = texts[0]
    return dataclasses.replace(
        study,
        title=text,
        timezone=text,
        effort=text,
        tables=tables,
        inputs=tuple(
            StudyInput(name=t, sha256=t, bytes=1, origin=t, licence=t) for t in texts
        ),
        assumptions=tuple(
            AssumptionUsed(key=t, value=t, unit=t, source=t, year=1, status=t) for t in texts
        ),
        warnings=tuple(StudyWarning(code=t, file=t, message=t) for t in texts),
        summary=study.summary
        | {
            "binding_limits": binding,
            "bound_kind": text,
            "command": text,
            "cost_items_eur": dict.fromkeys(texts, 1.0),
            "base_load_excess": text,
        },
    )  # fmt: skip


@pytest.fixture(scope="module")
def two_roots(make_charge_study: Callable[..., Study]) -> Study:
    """A study in which zones have names, too."""
    return make_charge_study(n_roots=2, zones=2)


@pytest.fixture(scope="module")
def tame(two_roots: Study, parse: Callable[[str], Any]) -> Any:
    """The same study with words that do no harm, parsed."""
    return parse(charge_report(hostile(two_roots, [f"tame {i}" for i in range(9)])).decode())


@pytest.mark.parametrize("first", [0, 3, 6])
def test_hostile_text_makes_no_element(
    two_roots: Study, tame: Any, parse: Callable[[str], Any], first: int
) -> None:
    """With hostile texts everywhere no new kind of element, attribute or script appears."""
    content = charge_report(hostile(two_roots, EVIL[first:] + EVIL[:first])).decode()
    evil = parse(content)
    assert {name for name, _ in evil.elements} <= {name for name, _ in tame.elements}
    kinds = {(name, key) for name, values in evil.elements for key in values}
    assert kinds <= {(name, key) for name, values in tame.elements for key in values}
    assert evil.inline == tame.inline
    assert content.count("<script") == 1
    assert len(content) < 2_000_000
    assert "alert(1)" in evil.text()


def test_strange_summaries_are_left_out(
    make_charge_study: Callable[..., Study], parse: Callable[[str], Any]
) -> None:
    """Lists that are none, figures that are words and limits that are nowhere do no harm."""
    made = make_charge_study()
    strange = {
        "binding_limits": [1, {}, {"limit_id": "nowhere", "hours": 1.0, "value_eur": 2.0},
                           {"limit_id": None, "hours": "x", "value_eur": []}],
        "cost_items_eur": ["energy"],
        "cost_eur": "much",
        "stays": None,
    }  # fmt: skip
    page = parse(charge_report(dataclasses.replace(made, summary=made.summary | strange)).decode())
    assert "This study holds no cost." in page.text()
