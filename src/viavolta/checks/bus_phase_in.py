"""Rules on the phase-in: its years follow from its blocks, and these from the plan's tables."""

from collections.abc import Iterator, Mapping
from math import ceil, isclose
from typing import Any

import polars as pl

from viavolta.checks.finding import Finding
from viavolta.checks.table_shape import Column, Kind, check_shapes
from viavolta.model.messages import text

YEARS, LINES, BLOCKS, CLEAN = "phase_in", "phase_in_lines", "phase_in_blocks", "clean_vehicles"
DAY_US = 86_400_000_000
GRACE_SHARE = 1e-6
GRACE_KW = 1e-6
GRACE_EUR = 0.01
RUNNING = ("energy", "capacity_charge", "fuel", "maintenance")
REASONS = ("first", "depot", "buses", "not-bought")
_TEXT, _WHOLE, _NUMBER = (Column(kind=k) for k in (Kind.TEXT, Kind.WHOLE, Kind.NUMBER))
_MAYBE = Column(kind=Kind.WHOLE, nullable=True)
SHAPES: Mapping[str, Mapping[str, Column]] = {
    YEARS: dict.fromkeys(
        (
            "year",
            "electric_buses",
            "diesel_buses",
            "bought_electric",
            "bought_diesel",
            "charging_points",
            "whole_lines",
        ),
        _WHOLE,
    )
    | dict.fromkeys(
        (
            "connection_kw",
            "used_kw",
            "vehicles_eur",
            "points_eur",
            "works_eur",
            "capex_eur",
            "electric_opex_eur",
            "diesel_opex_eur",
            "opex_eur",
            "co2_t",
            "electric_trips_share",
        ),
        _NUMBER,
    ),
    LINES: {
        "route_id": _TEXT,
        "trips": _WHOLE,
        "blocks": _WHOLE,
        "first_year": _MAYBE,
        "whole_year": _MAYBE,
        "reason": _TEXT,
    },
    BLOCKS: {
        "block_id": _TEXT,
        "year": _MAYBE,
        "electric_opex_eur": _NUMBER,
        "diesel_opex_eur": _NUMBER,
        "electric_co2_t": _NUMBER,
        "diesel_co2_t": _NUMBER,
        "vehicle_eur": _NUMBER,
    },
    CLEAN: {
        "country": _TEXT,
        "from_year": _WHOLE,
        "to_year": _WHOLE,
        "bought": _WHOLE,
        "bought_electric": _WHOLE,
        "clean_share": _NUMBER,
        "required_clean_share": _NUMBER,
        "required_zero_emission_share": _NUMBER,
        "required_buses": _WHOLE,
        "short_by": _WHOLE,
    },
}
Row = dict[str, Any]
Tables = Mapping[str, pl.DataFrame]


def check_phase_in(study: Mapping[str, Any], tables: Tables) -> Iterator[Finding]:
    """All rules on the tables; a study without them is as good."""
    if YEARS not in tables:
        return
    findings = list(check_shapes(tables, SHAPES))
    yield from findings
    if findings:
        return
    blocks = tables[BLOCKS].to_dicts()
    if sorted(row["block_id"] for row in blocks) != sorted(
        tables["blocks"]["block_id"].unique().to_list()
    ):
        message = text("the blocks are not those of the plan, each once")
        yield _of("phase-block", BLOCKS, "block_id", message)
        return
    years = tables[YEARS].to_dicts()
    yield from _totals(study, tables, blocks)
    yield from _years(tables, blocks, years)
    yield from _depots(tables, blocks, years)
    yield from _investment(tables, blocks, years)
    yield from _lines(tables, blocks)
    yield from _clean(tables[CLEAN].to_dicts(), years)


def _totals(study: Mapping[str, Any], tables: Tables, blocks: list[Row]) -> Iterator[Finding]:
    """What all blocks cost to run and emit is what the plan's year says."""
    costs = dict(tables["costs"].select("item", "electric_eur_per_year").iter_rows())
    for key, expected in (
        ("electric_opex_eur", sum(costs.get(item, 0.0) for item in RUNNING)),
        ("electric_co2_t", study["summary"]["co2_t_per_year"]),
    ):
        found = sum(row[key] for row in blocks)
        if not _close(found, expected):
            yield _of("phase-total", BLOCKS, key, _differs(found, expected))


def _is_electric(row: Row, year: int) -> bool:
    return row["year"] is not None and row["year"] <= year


def _years(tables: Tables, blocks: list[Row], years: list[Row]) -> Iterator[Finding]:
    """Buses, running costs, carbon, trips and lines of each year are those of its blocks."""
    trips = dict(
        tables["blocks"].filter(pl.col("kind") == "trip").group_by("block_id").len().iter_rows()
    )
    all_trips = sum(trips.values())
    lines = tables[LINES].to_dicts()
    before: Row | None = None
    for row in years:
        year = row["year"]
        electric = [b for b in blocks if _is_electric(b, year)]
        diesel = [b for b in blocks if not _is_electric(b, year)]
        expected: dict[str, float] = {
            "electric_buses": len(electric),
            "diesel_buses": len(diesel),
            "bought_electric": sum(b["year"] == year for b in blocks),
            "electric_opex_eur": sum(b["electric_opex_eur"] for b in electric),
            "diesel_opex_eur": sum(b["diesel_opex_eur"] for b in diesel),
            "opex_eur": row["electric_opex_eur"] + row["diesel_opex_eur"],
            "co2_t": sum(b["electric_co2_t"] for b in electric)
            + sum(b["diesel_co2_t"] for b in diesel),
            "electric_trips_share": sum(trips.get(b["block_id"], 0) for b in electric)
            / max(all_trips, 1),
            "whole_lines": sum(_is_electric({"year": line["whole_year"]}, year) for line in lines),
        }
        for key, value in expected.items():
            if not _close(row[key], value):
                yield _of("phase-year", YEARS, f"{year} {key}", _differs(row[key], value))
        if before is not None and year != before["year"] + 1:
            yield _of("phase-year", YEARS, str(year), text("the years do not follow one another"))
        before = row


def _depots(tables: Tables, blocks: list[Row], years: list[Row]) -> Iterator[Finding]:
    """Points do for the stays of each year, and connections for their power."""
    for row in years:
        electric = [b["block_id"] for b in blocks if _is_electric(b, row["year"])]
        stays = tables["stays"].filter(pl.col("block_id").is_in(electric))
        needed = sum(_most_at_once(part) for _, part in stays.group_by("place_id"))
        if row["charging_points"] != needed:
            message = _differs(row["charging_points"], needed)
            yield _of("phase-points", YEARS, str(row["year"]), message)
        schedule = tables["schedule"].filter(pl.col("block_id").is_in(electric))
        step = pl.col("start").dt.epoch("us") % DAY_US
        powers = schedule.group_by("place_id", step.alias("step")).agg(pl.col("power_kw").sum())
        used = powers.group_by("place_id").agg(pl.col("power_kw").max())["power_kw"].sum()
        if not isclose(row["used_kw"], used, rel_tol=GRACE_SHARE, abs_tol=GRACE_KW):
            yield _of("phase-power", YEARS, str(row["year"]), _differs(row["used_kw"], used))
        if used > row["connection_kw"] + GRACE_KW:
            message = text(
                "{found} kW are used and {expected} kW are connected",
                found=used,
                expected=row["connection_kw"],
            )
            yield _of("phase-power", YEARS, str(row["year"]), message)


def _most_at_once(stays: pl.DataFrame) -> int:
    """Most stays at the same moment of the repeating day."""
    spans = stays.select(pl.col("arrival", "departure").dt.epoch("us")).rows()
    moments = {begin % DAY_US for begin, _ in spans}
    return max((sum(_holds(b, e, m) for b, e in spans) for m in moments), default=0)


def _holds(begin: int, end: int, moment: int) -> int:
    """How often a stay is there at a moment of the repeating day."""
    length = end - begin
    return length // DAY_US + ((moment - begin) % DAY_US < length % DAY_US)


def _investment(tables: Tables, blocks: list[Row], years: list[Row]) -> Iterator[Finding]:
    """Each year's investment is the sum of its parts; all together build the depots."""
    for row in years:
        vehicles = sum(b["vehicle_eur"] for b in blocks if b["year"] == row["year"])
        if not _close(row["vehicles_eur"], vehicles):
            message = _differs(row["vehicles_eur"], vehicles)
            yield _of("phase-capex", YEARS, f"{row['year']} vehicles_eur", message)
        parts = row["vehicles_eur"] + row["points_eur"] + row["works_eur"]
        if not _close(row["capex_eur"], parts):
            message = _differs(row["capex_eur"], parts)
            yield _of("phase-capex", YEARS, f"{row['year']} capex_eur", message)
    if any(b["year"] is None for b in blocks):
        return
    built = sum(row["points_eur"] + row["works_eur"] for row in years)
    planned = float(tables["chargers"]["cost_eur"].sum())
    if not _close(built, planned):
        yield _of("phase-capex", YEARS, "works_eur", _differs(built, planned))
    last = years[-1]
    for key, expected in (
        ("charging_points", float(tables["chargers"]["n_points"].sum())),
        ("connection_kw", float(tables["chargers"]["connection_kw"].sum())),
    ):
        if not _close(last[key], expected):
            yield _of("phase-end", YEARS, key, _differs(last[key], expected))


def _lines(tables: Tables, blocks: list[Row]) -> Iterator[Finding]:
    """A line is whole in the year of its last block, and begins in that of its first."""
    year_of = {row["block_id"]: row["year"] for row in blocks}
    driven = (
        tables["blocks"]
        .filter(pl.col("kind") == "trip")
        .join(tables["trips"].select("trip_id", "route_id"), on="trip_id")
    )
    seen = {str(key[0]): part for key, part in driven.group_by("route_id")}
    rows = {row["route_id"]: row for row in tables[LINES].iter_rows(named=True)}
    if sorted(rows) != sorted(seen) or len(rows) != tables[LINES].height:
        message = text("the lines are not those that the blocks drive, each once")
        yield _of("phase-line", LINES, "route_id", message)
        return
    for name, part in seen.items():
        years = [year_of[block] for block in part["block_id"].unique().to_list()]
        known = [year for year in years if year is not None]
        expected = {
            "trips": part.height,
            "blocks": len(years),
            "first_year": min(known, default=None),
            "whole_year": max(known) if len(known) == len(years) else None,
        }
        for key, value in expected.items():
            if rows[name][key] != value:
                yield _of("phase-line", LINES, f"{name} {key}", _differs(rows[name][key], value))
        if rows[name]["reason"] not in REASONS:
            message = text(
                "{found} is none of {all}", found=rows[name]["reason"], all=", ".join(REASONS)
            )
            yield _of("phase-line", LINES, name, message)


def _clean(rows: list[Row], years: list[Row]) -> Iterator[Finding]:
    """Shares of what is bought follow from the years, and what is missing from the shares."""
    for row in rows:
        here = [y for y in years if row["from_year"] <= y["year"] <= row["to_year"]]
        electric = sum(y["bought_electric"] for y in here)
        total = electric + sum(y["bought_diesel"] for y in here)
        required = ceil(row["required_clean_share"] * total - 1e-9)
        expected: dict[str, float] = {
            "bought": total,
            "bought_electric": electric,
            "clean_share": electric / total if total else 0.0,
            "required_buses": required,
            "short_by": max(0, required - electric),
        }
        for key, value in expected.items():
            if not _close(row[key], value):
                where = f"{row['from_year']} {key}"
                yield _of("clean-share", CLEAN, where, _differs(row[key], value))
        if not 0 <= row["required_zero_emission_share"] <= row["required_clean_share"] <= 1:
            message = text("the required shares are not in order")
            yield _of("clean-share", CLEAN, str(row["from_year"]), message)


def _differs(found: object, expected: object) -> str:
    return text("{found}, the other tables say {expected}", found=found, expected=expected)


def _close(found: float, expected: float) -> bool:
    return isclose(found, expected, rel_tol=GRACE_SHARE, abs_tol=GRACE_EUR * GRACE_EUR)


def _of(rule: str, table: str, where: str, message: str) -> Finding:
    return Finding(rule=rule, table=table, where=where[:200], message=message)
