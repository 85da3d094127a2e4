"""Rules on what the cost hangs on: values in order, costs that follow them as they must."""

from collections.abc import Iterator, Mapping
from math import isclose
from typing import Any

import polars as pl

from viavolta.checks.finding import Finding
from viavolta.checks.table_shape import Column, Kind, check_shapes
from viavolta.model.messages import text

TABLE = "sensitivities"
SUBJECTS = ("energy_price", "battery_price", "wages", "winter")
RISING = ("energy_price", "battery_price", "wages")
"""What costs more where it is dearer."""
LINEAR = ("battery_price", "wages")
"""What the cost follows in a straight line, since the plan stays as it is."""
COST_GRACE_EUR = 0.01
COST_GRACE_SHARE = 1e-6
GAP_SHARE = 0.002
"""Of the cost: what schedules of charging may miss their optimum by."""
_TEXT, _NUMBER = Column(kind=Kind.TEXT), Column(kind=Kind.NUMBER)
_MAYBE = Column(kind=Kind.NUMBER, nullable=True)
COLUMNS: Mapping[str, Column] = {
    "subject": _TEXT,
    "figure": _TEXT,
    "unit": _TEXT,
    "low": _NUMBER,
    "base": _NUMBER,
    "high": _NUMBER,
    "low_eur_per_year": _MAYBE,
    "base_eur_per_year": _NUMBER,
    "high_eur_per_year": _MAYBE,
    "range_kind": _TEXT,
}


def check_sensitivities(
    study: Mapping[str, Any], tables: Mapping[str, pl.DataFrame]
) -> Iterator[Finding]:
    """All rules on the table; a study without it is as good."""
    if TABLE not in tables:
        return
    findings = list(check_shapes({TABLE: tables[TABLE]}, {TABLE: COLUMNS}))
    yield from findings
    if findings:
        return
    cost_eur = study["summary"]["cost_eur_per_year"]
    drivers_eur = _drivers_eur(tables)
    seen = set()
    for row in tables[TABLE].iter_rows(named=True):
        subject = row["subject"]
        if subject not in SUBJECTS or subject in seen:
            message = text("is none of {all}, or stands twice", all=", ".join(SUBJECTS))
            yield _of("sensitivity-subject", subject, message)
            continue
        seen.add(subject)
        if not row["low"] <= row["base"] <= row["high"]:
            yield _of("sensitivity-range", subject, text("low, base and high are not in order"))
        if not _close(row["base_eur_per_year"], cost_eur):
            message = text(
                "{found} EUR as planned, the summary says {expected}",
                found=row["base_eur_per_year"],
                expected=cost_eur,
            )
            yield _of("sensitivity-base", subject, message)
        yield from _costs(row, drivers_eur)


def _costs(row: Mapping[str, Any], drivers_eur: float | None) -> Iterator[Finding]:
    subject = row["subject"]
    low, base, high = (row[f"{key}_eur_per_year"] for key in ("low", "base", "high"))
    if low is None or high is None:
        return
    grace = GAP_SHARE * abs(base) if subject not in LINEAR else COST_GRACE_EUR
    if subject in RISING and not low - grace <= base <= high + grace:
        message = text(
            "the cost does not rise with the price: {a}, {b}, {c}", a=low, b=base, c=high
        )
        yield _of("sensitivity-order", subject, message)
    if subject not in LINEAR:
        return
    down, up = row["base"] - row["low"], row["high"] - row["base"]
    if not _close((base - low) * up, (high - base) * down):
        message = text("the cost does not follow the price in a straight line")
        yield _of("sensitivity-linear", subject, message)
    if subject == "wages" and drivers_eur is not None and row["base"]:
        expected = base - drivers_eur * down / row["base"]
        if not _close(low, expected):
            message = text("{found} EUR, the costs say {expected}", found=low, expected=expected)
            yield _of("sensitivity-wages", subject, message)


def _drivers_eur(tables: Mapping[str, pl.DataFrame]) -> float | None:
    """What drivers on empty ways cost in a year; None where the costs do not say."""
    costs = tables.get("costs")
    columns = {"item", "electric_eur_per_year"}
    if costs is None or not columns <= set(costs.columns):
        return None
    found = costs.filter(pl.col("item") == "deadhead_drivers")["electric_eur_per_year"].to_list()
    return found[0] if len(found) == 1 and isinstance(found[0], float) else None


def _close(found: float, expected: object) -> bool:
    return isinstance(expected, int | float) and isclose(
        found, expected, rel_tol=COST_GRACE_SHARE, abs_tol=COST_GRACE_EUR
    )


def _of(rule: str, where: str, message: str) -> Finding:
    return Finding(rule=rule, table=TABLE, where=where[:200], message=message)
