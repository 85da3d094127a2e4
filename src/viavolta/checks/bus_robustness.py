"""Rules on how sure the plan is: chances are counts, bounds hold, a plan without luck is sure.

What is drawn cannot be worked out again from the tables; what follows from the counts can.
"""

from collections.abc import Iterator, Mapping
from math import floor, isclose, sqrt
from typing import Any

import polars as pl

from viavolta.checks.finding import Finding
from viavolta.checks.table_shape import Column, Kind, check_shapes
from viavolta.model.messages import text

TABLE = "robustness"
DRIVERS = ("cold", "driving", "traffic", "failed_point")
LOW_SHARE = 0.05
GRACE = 1e-9
GRACE_KWH = 1e-3
SPREADS = (
    "robustness.driving_spread_share",
    "robustness.trip_spread_share",
    "robustness.delay_share",
    "robustness.failed_points",
)
_TEXT, _WHOLE, _NUMBER = (Column(kind=k) for k in (Kind.TEXT, Kind.WHOLE, Kind.NUMBER))
COLUMNS: Mapping[str, Column] = {
    "block_id": _TEXT,
    "vehicle_id": _TEXT,
    "draws": _WHOLE,
    "finished": _WHOLE,
    "chance": _NUMBER,
    "standard_error": _NUMBER,
    "not_empty": _WHOLE,
    "finished_design_day": _WHOLE,
    "chance_design_day": _NUMBER,
    "lowest_p05_kwh": _NUMBER,
    "lowest_planned_kwh": _NUMBER,
    "reserve_kwh": _NUMBER,
    "driver": Column(kind=Kind.TEXT, nullable=True),
    "driver_design_day": Column(kind=Kind.TEXT, nullable=True),
    "first_short_seq": Column(kind=Kind.WHOLE, nullable=True),
}
FLEET = (
    "draws",
    "days_all_finish",
    "chance_all",
    "standard_error_all",
    "chance_all_design_day",
    "chance_none_empty",
    "blocks_short_mean",
    "blocks_short_design_day_mean",
    "blocks_empty_mean",
)
SAFER = "safer_plans"
SAFER_COLUMNS: Mapping[str, Column] = {
    "added_reserve_share": _NUMBER,
    "vehicles": Column(kind=Kind.WHOLE, nullable=True),
    "charging_points": Column(kind=Kind.WHOLE, nullable=True),
    "cost_eur_per_year": Column(kind=Kind.NUMBER, nullable=True),
    "more_eur_per_year": Column(kind=Kind.NUMBER, nullable=True),
    "chance_all": Column(kind=Kind.NUMBER, nullable=True),
    "chance_none_empty": Column(kind=Kind.NUMBER, nullable=True),
    "is_recommended": Column(kind=Kind.TRUTH),
}
WANTED = "robustness.wanted_chance"
Row = dict[str, Any]


def check_robustness(
    study: Mapping[str, Any], tables: Mapping[str, pl.DataFrame]
) -> Iterator[Finding]:
    """All rules on the table; a study without it is as good."""
    if TABLE not in tables:
        return
    findings = list(check_shapes({TABLE: tables[TABLE]}, {TABLE: COLUMNS}))
    yield from findings
    if findings:
        return
    rows = tables[TABLE].to_dicts()
    yield from _blocks(rows, tables)
    for row in rows:
        yield from _counts(row)
        yield from _charges(row)
        yield from _drivers(row)
    yield from _certain(study, rows)
    yield from _fleet(study["summary"].get(TABLE), rows)


def _blocks(rows: list[Row], tables: Mapping[str, pl.DataFrame]) -> Iterator[Finding]:
    """Each block once, with its vehicle, lowest charge and reserve as the tables have them."""
    blocks = tables["blocks"].sort("block_id", "seq")
    reserve = dict(tables["vehicles"].select("vehicle_id", "soc_min_kwh").iter_rows())
    planned = {str(key[0]): part for key, part in blocks.group_by("block_id", maintain_order=True)}
    names = [row["block_id"] for row in rows]
    if sorted(names) != sorted(planned):
        message = text("the blocks are not those of the plan, each once")
        yield _of("robust-block", "block_id", message)
        return
    for row in rows:
        part = planned[row["block_id"]]
        vehicle = part["vehicle_id"][0]
        lowest = min(part["soc_start_kwh"].to_list() + part["soc_end_kwh"].to_list())
        if row["vehicle_id"] != vehicle:
            message = text(
                "{found}, the block says {expected}", found=row["vehicle_id"], expected=vehicle
            )
            yield _of("robust-block", row["block_id"], message)
        for rule, found, expected in (
            ("robust-lowest", row["lowest_planned_kwh"], lowest),
            ("robust-reserve", row["reserve_kwh"], reserve.get(vehicle)),
        ):
            if expected is None or not isclose(found, expected, abs_tol=GRACE_KWH):
                message = text(
                    "{found} kWh, the tables say {expected}", found=found, expected=expected
                )
                yield _of(rule, row["block_id"], message)
        seq = row["first_short_seq"]
        if seq is not None and seq not in part["seq"].to_list():
            message = text("the block has no activity {seq}", seq=seq)
            yield _of("robust-short", row["block_id"], message)


def _counts(row: Row) -> Iterator[Finding]:
    """A chance is a count over the draws, its error follows, and an empty battery is no finish."""
    n, where = row["draws"], row["block_id"]
    if not (n > 0 and 0 <= row["finished"] <= row["not_empty"] <= n) or not (
        0 <= row["finished_design_day"] <= n
    ):
        message = text("counts of days are not between none and all, in their order")
        yield _of("robust-count", where, message)
        return
    for found, expected in (
        (row["chance"], row["finished"] / n),
        (row["chance_design_day"], row["finished_design_day"] / n),
        (row["standard_error"], _error(row["finished"], n)),
    ):
        if not isclose(found, expected, rel_tol=GRACE, abs_tol=GRACE):
            message = text("{found}, the counts say {expected}", found=found, expected=expected)
            yield _of("robust-chance", where, message)
    if (row["finished"] < n) != (row["first_short_seq"] is not None):
        message = text("days that fall short and the activity where they do go together")
        yield _of("robust-short", where, message)


def _error(successes: int, n: int) -> float:
    p = (successes + 1) / (n + 2)
    return sqrt(p * (1 - p) / (n + 3))


def _charges(row: Row) -> Iterator[Finding]:
    """The charge of one day in twenty is above the reserve where fewer days fall short."""
    n, short = row["draws"], row["draws"] - row["finished"]
    at = floor(LOW_SHARE * (n - 1))
    low, reserve = row["lowest_p05_kwh"], row["reserve_kwh"]
    if (short <= at and low < reserve - GRACE_KWH) or (short >= at + 2 and low >= reserve):
        message = text(
            "{kwh} kWh on one day in twenty does not go with {n} days that fall short",
            kwh=low,
            n=short,
        )
        yield _of("robust-low", row["block_id"], message)


def _drivers(row: Row) -> Iterator[Finding]:
    for key, known in (("driver", DRIVERS), ("driver_design_day", DRIVERS[1:])):
        if row[key] is not None and row[key] not in known:
            message = text("{found} is none of {all}", found=row[key], all=", ".join(known))
            yield _of("robust-driver", row["block_id"], message)


def _certain(study: Mapping[str, Any], rows: list[Row]) -> Iterator[Finding]:
    """Where nothing is drawn but the temperature, the design day is the plan, and all finish it."""
    used = {a["key"]: a["value"] for a in study.get("assumptions", ())}
    if not all(used.get(key) == 0 for key in SPREADS):
        return
    for row in rows:
        if row["finished_design_day"] != row["draws"]:
            message = text(
                "without any spread the design day is the plan, yet only {k} of {n} days finish",
                k=row["finished_design_day"],
                n=row["draws"],
            )
            yield _of("robust-certain", row["block_id"], message)


def _fleet(fleet: object, rows: list[Row]) -> Iterator[Finding]:
    """The fleet's figures follow from the blocks', or lie within what they leave open."""
    if not isinstance(fleet, dict) or not all(
        isinstance(fleet.get(key), int | float) for key in FLEET
    ):
        yield _of("robust-fleet", "summary", text("the summary lacks the fleet's figures"))
        return
    n = fleet["draws"]
    if n <= 0 or any(row["draws"] != n for row in rows):
        yield _of("robust-fleet", "draws", text("not every block has the fleet's draws"))
        return
    for key, column in (
        ("blocks_short_mean", "finished"),
        ("blocks_short_design_day_mean", "finished_design_day"),
        ("blocks_empty_mean", "not_empty"),
    ):
        expected = sum(n - row[column] for row in rows) / n
        if not isclose(fleet[key], expected, rel_tol=1e-9, abs_tol=1e-9):
            message = text(
                "{found}, the blocks say {expected}", found=fleet[key], expected=expected
            )
            yield _of("robust-fleet", key, message)
    days = fleet["days_all_finish"]
    if not (
        isclose(fleet["chance_all"], days / n, abs_tol=GRACE)
        and isclose(fleet["standard_error_all"], _error(days, n), abs_tol=GRACE)
    ):
        message = text(
            "{found}, the counts say {expected}", found=fleet["chance_all"], expected=days / n
        )
        yield _of("robust-fleet", "chance_all", message)
    for key, column in (
        ("chance_all", "finished"),
        ("chance_all_design_day", "finished_design_day"),
        ("chance_none_empty", "not_empty"),
    ):
        most = min((row[column] for row in rows), default=n) / n
        least = max(0.0, 1.0 - sum(n - row[column] for row in rows) / n)
        if not least - GRACE <= fleet[key] <= most + GRACE:
            message = text(
                "{found} is not between {least} and {most}",
                found=fleet[key],
                least=least,
                most=most,
            )
            yield _of("robust-fleet", key, message)


def check_safer_plans(
    study: Mapping[str, Any], tables: Mapping[str, pl.DataFrame]
) -> Iterator[Finding]:
    """Rules on the price of a safer plan; a study without it is as good."""
    if SAFER not in tables:
        return
    findings = list(check_shapes({SAFER: tables[SAFER]}, {SAFER: SAFER_COLUMNS}))
    yield from findings
    rows = tables[SAFER].to_dicts()
    if findings or not rows:
        return
    summary, first = study["summary"], rows[0]
    fleet = summary.get(TABLE) or {}
    for key, expected in (
        ("added_reserve_share", 0.0),
        ("vehicles", summary["vehicles"]),
        ("charging_points", summary["charging_points"]),
        ("cost_eur_per_year", summary["cost_eur_per_year"]),
        ("chance_all", fleet.get("chance_all")),
        ("chance_none_empty", fleet.get("chance_none_empty")),
    ):
        if first[key] is None or expected is None or not isclose(first[key], expected):
            message = text(
                "{found}, the summary says {expected}", found=first[key], expected=expected
            )
            yield _of("safer-first", key, message, table=SAFER)
    shares = [row["added_reserve_share"] for row in rows]
    if shares != sorted(set(shares)):
        message = text("the reserves do not rise from plan to plan")
        yield _of("safer-order", "added_reserve_share", message, table=SAFER)
    known = [row for row in rows if row["cost_eur_per_year"] is not None]
    for row in known:
        more = row["cost_eur_per_year"] - (first["cost_eur_per_year"] or 0.0)
        if row["more_eur_per_year"] is None or not isclose(
            row["more_eur_per_year"], more, abs_tol=0.01
        ):
            message = text(
                "{found}, the costs say {expected}", found=row["more_eur_per_year"], expected=more
            )
            where = str(row["added_reserve_share"])
            yield _of("safer-more", where, message, table=SAFER)
    yield from _recommended(study, known, rows)


def _recommended(study: Mapping[str, Any], known: list[Row], rows: list[Row]) -> Iterator[Finding]:
    """The cheapest plan that is sure enough, else the surest."""
    used = {a["key"]: a["value"] for a in study.get("assumptions", ())}
    wanted = used.get(WANTED)
    if not known or not isinstance(wanted, int | float):
        return
    enough = [row for row in known if row["chance_none_empty"] >= wanted]
    best = (
        min(enough, key=lambda row: row["cost_eur_per_year"])
        if enough
        else max(known, key=lambda row: row["chance_none_empty"])
    )
    chosen = [row["added_reserve_share"] for row in rows if row["is_recommended"]]
    if chosen != [best["added_reserve_share"]]:
        message = text("another plan is recommended than the rule says")
        yield _of("safer-recommended", "is_recommended", message, table=SAFER)


def _of(rule: str, where: str, message: str, *, table: str = TABLE) -> Finding:
    return Finding(rule=rule, table=table, where=where[:200], message=message)
