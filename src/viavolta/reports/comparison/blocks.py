"""The blocks of two bus plans, paired by the trips they share, and how each pair differs."""

from collections import Counter
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import polars as pl

from viavolta.model.study import Study

CLOSE = 1e-6
"""Kilometres and kilowatt-hours below which two figures are the same."""


class Pairing(StrEnum):
    """How a block of one plan stands to its partner in the other."""

    SAME = "same"
    SAME_TRIPS = "same_trips"
    CHANGED = "changed"
    ONLY_FIRST = "only_first"
    ONLY_SECOND = "only_second"


SCHEMA = {
    "pairing": pl.String,
    "block_0": pl.String,
    "block_1": pl.String,
    "shared_trips": pl.Int64,
    "trips_0": pl.Int64,
    "trips_1": pl.Int64,
    "vehicle_type_0": pl.String,
    "vehicle_type_1": pl.String,
    "depot_0": pl.String,
    "depot_1": pl.String,
    "start_s_0": pl.Int64,
    "start_s_1": pl.Int64,
    "end_s_0": pl.Int64,
    "end_s_1": pl.Int64,
    "distance_km_0": pl.Float64,
    "distance_km_1": pl.Float64,
    "energy_kwh_0": pl.Float64,
    "energy_kwh_1": pl.Float64,
    "charged_kwh_0": pl.Float64,
    "charged_kwh_1": pl.Float64,
    "least_soc_kwh_0": pl.Float64,
    "least_soc_kwh_1": pl.Float64,
}
_WORDS = ("vehicle_type", "depot")
_FIGURES = ("start_s", "end_s", "distance_km", "energy_kwh", "charged_kwh", "least_soc_kwh")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Block:
    trips: frozenset[str]
    about: dict[str, Any]


def block_frame(first: Study, second: Study) -> pl.DataFrame:
    """One row per pair of blocks, or per block that has no partner.

    Blocks that share most trips are paired first, so that each has at most one partner; where
    several share as many, the one with fewer trips of its own goes first, then the ids decide.
    """
    a, b = _blocks(first), _blocks(second)
    rows = [_row(a.get(x or ""), b.get(y or ""), names=(x, y)) for x, y in _pairs(a, b)]
    return pl.DataFrame(rows, schema=SCHEMA)


def _blocks(study: Study) -> dict[str, _Block]:
    vehicles = {row["vehicle_id"]: row for row in study.tables["vehicles"].iter_rows(named=True)}
    rows: dict[str, list[dict[str, Any]]] = {}
    for row in study.tables["blocks"].sort("block_id", "seq").iter_rows(named=True):
        rows.setdefault(row["block_id"], []).append(row)
    return {
        name: _Block(
            trips=frozenset(row["trip_id"] for row in of_block if row["trip_id"] is not None),
            about={
                "vehicle_type": vehicles[of_block[0]["vehicle_id"]]["vehicle_type"],
                "depot": vehicles[of_block[0]["vehicle_id"]]["depot"],
                "start_s": of_block[0]["start_s"],
                "end_s": of_block[-1]["end_s"],
                **{
                    key: sum(row[key] for row in of_block)
                    for key in ("distance_km", "energy_kwh", "charged_kwh")
                },
                "least_soc_kwh": min(row["soc_end_kwh"] for row in of_block),
            },
        )
        for name, of_block in rows.items()
    }


def _pairs(a: dict[str, _Block], b: dict[str, _Block]) -> list[tuple[str | None, str | None]]:
    owner = {trip: name for name, block in b.items() for trip in block.trips}
    shared = Counter(
        (name, owner[trip]) for name, block in a.items() for trip in block.trips if trip in owner
    )

    def rank(pair: tuple[str, str]) -> tuple[int, int, str, str]:
        own = len(a[pair[0]].trips) + len(b[pair[1]].trips)
        return (-shared[pair], own, *pair)

    partner: dict[str, str] = {}
    taken: set[str] = set()
    for x, y in sorted(shared, key=rank):
        if x not in partner and y not in taken:
            partner[x] = y
            taken.add(y)
    return [(x, partner.get(x)) for x in a] + [(None, y) for y in b if y not in taken]


def _row(
    a: _Block | None, b: _Block | None, *, names: tuple[str | None, str | None]
) -> dict[str, Any]:
    row: dict[str, Any] = {
        "pairing": _pairing(a, b).value,
        "block_0": names[0],
        "block_1": names[1],
        "shared_trips": len(a.trips & b.trips) if a and b else 0,
    }
    for n, block in enumerate((a, b)):
        row[f"trips_{n}"] = len(block.trips) if block else None
        row |= {f"{key}_{n}": block.about[key] if block else None for key in (*_WORDS, *_FIGURES)}
    return row


def _pairing(a: _Block | None, b: _Block | None) -> Pairing:
    if a is None or b is None:
        return Pairing.ONLY_SECOND if a is None else Pairing.ONLY_FIRST
    if a.trips != b.trips:
        return Pairing.CHANGED
    is_same = all(a.about[key] == b.about[key] for key in _WORDS) and all(
        abs(a.about[key] - b.about[key]) <= CLOSE for key in _FIGURES
    )
    return Pairing.SAME if is_same else Pairing.SAME_TRIPS
