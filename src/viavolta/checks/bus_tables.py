"""The tables of a bus study: their contract, and the same rows arranged for checking."""

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import polars as pl

from viavolta.checks.finding import Finding
from viavolta.checks.table_shape import Column, Kind
from viavolta.model.messages import text

Row = dict[str, Any]

MICROSECONDS = 1_000_000

_TEXT = Column(kind=Kind.TEXT)
_WHOLE = Column(kind=Kind.WHOLE)
_NUMBER = Column(kind=Kind.NUMBER)
_TRUTH = Column(kind=Kind.TRUTH)
_MOMENT = Column(kind=Kind.MOMENT)
_MAYBE_TEXT = Column(kind=Kind.TEXT, nullable=True)
_MAYBE_NUMBER = Column(kind=Kind.NUMBER, nullable=True)
_MAYBE_WHOLE = Column(kind=Kind.WHOLE, nullable=True)
_EXTRA_NUMBER = Column(kind=Kind.NUMBER, nullable=True, optional=True)
_EXTRA_TEXT = Column(kind=Kind.TEXT, nullable=True, optional=True)
_EXTRA_WHOLE = Column(kind=Kind.WHOLE, nullable=True, optional=True)

TABLES: Mapping[str, Mapping[str, Column]] = {
    "trips": {
        "trip_id": _TEXT,
        "route_id": _TEXT,
        "route_name": _MAYBE_TEXT,
        "from_place": _TEXT,
        "to_place": _TEXT,
        "start_s": _WHOLE,
        "end_s": _WHOLE,
        "distance_km": _NUMBER,
        "distance_source": _TEXT,
        "climb_m": _MAYBE_NUMBER,  # null without elevation
        "energy_kwh": _MAYBE_NUMBER,  # null only where no vehicle can do the trip
    },
    "places": {
        "place_id": _TEXT,
        "name": _MAYBE_TEXT,
        "lat": _NUMBER,
        "lon": _NUMBER,
        "is_terminal": _TRUTH,
        "is_depot": _TRUTH,
        "has_charger": _TRUTH,
        "merged_stop_ids": Column(kind=Kind.TEXTS, nullable=True),
    },
    "vehicles": {
        "vehicle_id": _TEXT,
        "vehicle_type": _TEXT,
        "depot": _TEXT,
        "capacity_kwh": _NUMBER,
        "soc_min_kwh": _NUMBER,
        "soc_max_kwh": _NUMBER,
        "max_charge_kw": _NUMBER,
    },
    "blocks": {
        "block_id": _TEXT,
        "vehicle_id": _TEXT,
        "seq": _WHOLE,
        "kind": _TEXT,
        "trip_id": _MAYBE_TEXT,
        "from_place": _TEXT,
        "to_place": _TEXT,
        "start_s": _WHOLE,
        "end_s": _WHOLE,
        "distance_km": _NUMBER,
        "energy_kwh": _NUMBER,
        "charged_kwh": _NUMBER,
        "soc_start_kwh": _NUMBER,
        "soc_end_kwh": _NUMBER,
    },
    "chargers": {
        "place_id": _TEXT,
        "n_points": _WHOLE,
        "point_kw": _NUMBER,
        "connection_kw": _NUMBER,
        "cost_eur": _NUMBER,
    },
    "stays": {
        "stay_id": _TEXT,
        "vehicle_id": _TEXT,
        "block_id": _TEXT,
        "seq": _MAYBE_WHOLE,  # null at night
        "place_id": _TEXT,
        "arrival": _MOMENT,
        "departure": _MOMENT,
        "energy_kwh": _NUMBER,
        "max_kw": _NUMBER,
        "min_kw": _EXTRA_NUMBER,
        "max_discharge_kw": _EXTRA_NUMBER,
        "capacity_kwh": _EXTRA_NUMBER,
        "soc_arrival_kwh": _EXTRA_NUMBER,
        "soc_min_kwh": _EXTRA_NUMBER,
        "charge_efficiency": _EXTRA_NUMBER,
        "discharge_efficiency": _EXTRA_NUMBER,
        "wear_eur_per_kwh": _EXTRA_NUMBER,
        "limit_id": _EXTRA_TEXT,
    },
    "schedule": {
        "stay_id": _TEXT,
        "start": _MOMENT,
        "power_kw": _NUMBER,
        "energy_kwh": _MAYBE_NUMBER,  # battery at the end of the step, where known
        "vehicle_id": _EXTRA_TEXT,
        "block_id": _EXTRA_TEXT,
        "seq": _EXTRA_WHOLE,
        "place_id": _EXTRA_TEXT,
    },
}

_STAY_DEFAULTS = {
    "min_kw": 0.0,
    "max_discharge_kw": 0.0,
    "charge_efficiency": 1.0,
    "discharge_efficiency": 1.0,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class BusStudy:
    """The rows of a bus study by their keys; a doubled key keeps its last row.

    `stays` rows have `arrival_s` and `departure_s`, `schedule` rows `start_s`: seconds since 00:00
    of the service day. `rows` of a block stand in the order of seq, steps in order of start.
    """

    summary: Mapping[str, Any]
    assumptions: Mapping[str, Any]
    infeasible: frozenset[str]
    trips: Mapping[str, Row]
    places: Mapping[str, Row]
    vehicles: Mapping[str, Row]
    blocks: Mapping[str, list[Row]]
    chargers: Mapping[str, Row]
    stays: Mapping[str, Row]
    schedule: Mapping[str, list[Row]]
    step_s: float
    first_step_s: float

    def all_rows(self) -> Iterator[Row]:
        """Go through the rows of all blocks."""
        for rows in self.blocks.values():
            yield from rows

    def served_rows(self) -> Iterator[Row]:
        """Go through the trip rows of all blocks that name a known trip."""
        return (r for r in self.all_rows() if r["kind"] == "trip" and r["trip_id"] in self.trips)


def arrange(
    study: Mapping[str, Any], tables: Mapping[str, pl.DataFrame], *, day_start_us: int
) -> BusStudy:
    """Arrange tables of the right shape; `day_start_us` is 0 s of the service day, UTC epoch."""
    summary = study["summary"]
    stays = _with_seconds(tables["stays"], day_start_us, columns=("arrival", "departure"))
    steps = _with_seconds(tables["schedule"], day_start_us, columns=("start",))
    return BusStudy(
        summary=summary,
        assumptions={a["key"]: a["value"] for a in study["assumptions"]},
        infeasible=frozenset(t["trip_id"] for t in summary["infeasible_trips"]),
        trips=_by_key(tables["trips"].to_dicts(), "trip_id"),
        places=_by_key(tables["places"].to_dicts(), "place_id"),
        vehicles=_by_key(tables["vehicles"].to_dicts(), "vehicle_id"),
        blocks=_grouped(tables["blocks"].to_dicts(), "block_id", order="seq"),
        chargers=_by_key(tables["chargers"].to_dicts(), "place_id"),
        stays={key: _with_defaults(row) for key, row in _by_key(stays, "stay_id").items()},
        schedule=_grouped(steps, "stay_id", order="start_s"),
        step_s=_step_s(summary, [row["start_s"] for row in steps]),
        first_step_s=min((row["start_s"] for row in steps), default=0.0),
    )


def day_start(study: Mapping[str, Any]) -> tuple[int, list[Finding]]:
    """0 s of the service day (local noon minus 12 h, as GTFS counts) in microseconds of UTC."""
    try:
        date = dt.date.fromisoformat(study["service_date"])
        zone = ZoneInfo(study["timezone"])
        noon = dt.datetime.combine(date, dt.time(12), tzinfo=zone).astimezone(dt.UTC)
        start = noon - dt.timedelta(hours=12)
    except (TypeError, ValueError, OverflowError, OSError, ZoneInfoNotFoundError):
        message = text(
            "service_date {date} in timezone {zone} is no known day",
            date=_short(study["service_date"]),
            zone=_short(study["timezone"]),
        )
        return 0, [_day_finding("service_date", message)]
    findings = []
    stated = study["summary"].get("day_start_utc")
    if stated is not None and _moment(stated) != start:
        message = text(
            "{stated} is not local noon minus 12 h, {start}",
            stated=_short(stated),
            start=start.isoformat(),
        )
        findings.append(_day_finding("summary.day_start_utc", message))
    return int(start.timestamp()) * MICROSECONDS, findings


def _day_finding(where: str, message: str) -> Finding:
    return Finding(rule="day-start", table="study", where=where, message=message)


def _moment(stated: object) -> dt.datetime | None:
    try:
        moment = dt.datetime.fromisoformat(str(stated))
    except ValueError:
        return None
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=dt.UTC)


def _short(value: object) -> str:
    return str(value)[:80]


def _with_seconds(table: pl.DataFrame, day_start_us: int, *, columns: tuple[str, ...]) -> list[Row]:
    seconds = [
        ((pl.col(c).cast(pl.Int64) - day_start_us) / MICROSECONDS).alias(f"{c}_s") for c in columns
    ]
    return table.with_columns(seconds).drop(columns).to_dicts()


def _with_defaults(stay: Row) -> Row:
    filled = {k: v for k, v in _STAY_DEFAULTS.items() if stay.get(k) is None}
    return {**stay, **filled}


def _by_key(rows: list[Row], key: str) -> dict[str, Row]:
    return {row[key]: row for row in rows}


def _grouped(rows: list[Row], key: str, *, order: str) -> dict[str, list[Row]]:
    groups: dict[str, list[Row]] = {}
    for row in sorted(rows, key=lambda r: r[order]):
        groups.setdefault(row[key], []).append(row)
    return groups


def _step_s(summary: Mapping[str, Any], starts_s: list[float]) -> float:
    stated = summary.get("step_s")
    if isinstance(stated, int | float) and stated > 0:
        return float(stated)
    distinct = sorted(set(starts_s))
    gaps = [b - a for a, b in pairwise(distinct)]
    return min(gaps, default=900.0)
