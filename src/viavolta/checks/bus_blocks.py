"""Rules on blocks: one vehicle's day, without a gap in time or a jump in place."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Any

from viavolta.checks.bus_tables import BusStudy, Row
from viavolta.checks.day_circle import DAY_S, clock
from viavolta.checks.finding import Finding
from viavolta.checks.great_circle import great_circle_km
from viavolta.model.messages import text

WAY_KMH_MAX = 60.0
WAY_TIME_GRACE_S = 1  # times are whole seconds
DISTANCE_GRACE_KM = 0.001
WAYS = ("deadhead", "pull_out", "pull_in")
STANDING = ("layover", "charge")


def check_blocks(study: BusStudy) -> Iterator[Finding]:
    """All rules on blocks that do not concern energy."""
    yield from _one_vehicle_each(study)
    for rows in study.blocks.values():
        yield from _order(rows)
        yield from _ends(study, rows)
        for before, after in pairwise(rows):
            yield from _follows(before, after)
        for row in rows:
            yield from _movement(study, row)
        yield from _layovers(rows, _min_layover_s(study))


def block_where(row: Row) -> str:
    """Name a row of `blocks` for a person."""
    return text("block {block} seq {seq}", block=row["block_id"], seq=row["seq"])


def _one_vehicle_each(study: BusStudy) -> Iterator[Finding]:
    blocks_of: defaultdict[str, dict[str, None]] = defaultdict(dict)
    for key, rows in study.blocks.items():
        vehicles = list(dict.fromkeys(row["vehicle_id"] for row in rows))
        for vehicle in vehicles:
            blocks_of[vehicle][key] = None
        if len(vehicles) > 1:
            message = text("driven by several vehicles: {ids}", ids=", ".join(vehicles))
            yield _of("block-vehicle", text("block {id}", id=key), message)
    for vehicle in study.vehicles:
        if len(blocks_of[vehicle]) != 1:
            message = text("has {n} blocks, expected one", n=len(blocks_of[vehicle]))
            yield _of("block-vehicle", text("vehicle {id}", id=vehicle), message)


def _order(rows: list[Row]) -> Iterator[Finding]:
    first = rows[0]["seq"]
    found = [row["seq"] for row in rows]
    if first not in (0, 1) or found != list(range(first, first + len(rows))):
        message = text("seq does not count up from 0 or 1 without a gap")
        yield _of("block-seq", text("block {id}", id=rows[0]["block_id"]), message)


def _ends(study: BusStudy, rows: list[Row]) -> Iterator[Finding]:
    first, last = rows[0], rows[-1]
    vehicle = study.vehicles.get(first["vehicle_id"])
    depot = vehicle["depot"] if vehicle else None
    if first["kind"] != "pull_out" or first["from_place"] != depot:
        message = text(
            "begins with {kind} from {place}, expected pull_out from depot {depot}",
            kind=first["kind"],
            place=first["from_place"],
            depot=depot,
        )
        yield _of("block-begin", block_where(first), message)
    if last["kind"] != "pull_in" or last["to_place"] != depot:
        message = text(
            "ends with {kind} to {place}, expected pull_in to depot {depot}",
            kind=last["kind"],
            place=last["to_place"],
            depot=depot,
        )
        yield _of("block-finish", block_where(last), message)
    if last["end_s"] - first["start_s"] > DAY_S:
        message = text("lasts longer than 24 h, so the day cannot repeat")
        yield _of("block-too-long", block_where(last), message)
    for row in rows:
        if row["kind"] not in ("pull_out", "pull_in"):
            continue
        place = row["from_place"] if row["kind"] == "pull_out" else row["to_place"]
        if place in study.places and not study.places[place]["is_depot"]:
            message = text("{kind} at {place}, which is no depot", kind=row["kind"], place=place)
            yield _of("pull-not-depot", block_where(row), message)


def _follows(before: Row, after: Row) -> Iterator[Finding]:
    if before["end_s"] != after["start_s"]:
        message = text(
            "starts at {start}, the row before ends at {end}",
            start=clock(after["start_s"]),
            end=clock(before["end_s"]),
        )
        yield _of("block-gap", block_where(after), message)
    if before["to_place"] != after["from_place"]:
        message = text(
            "starts at place {start}, the row before ends at {end}",
            start=after["from_place"],
            end=before["to_place"],
        )
        yield _of("block-teleport", block_where(after), message)


def _movement(study: BusStudy, row: Row) -> Iterator[Finding]:
    duration_s = row["end_s"] - row["start_s"]
    if duration_s < 0:
        message = text("ends {n} s before it starts", n=-duration_s)
        yield _of("row-time", block_where(row), message)
    if row["kind"] in STANDING and (row["from_place"] != row["to_place"] or row["distance_km"]):
        message = text(
            "{kind} moves from {a} to {b}, {km} km",
            kind=row["kind"],
            a=row["from_place"],
            b=row["to_place"],
            km=row["distance_km"],
        )
        yield _of("standing-moves", block_where(row), message)
    if row["kind"] in WAYS:
        yield from _way(study.places, row, duration_s=duration_s)


def _way(places: Mapping[str, Row], row: Row, *, duration_s: int) -> Iterator[Finding]:
    distance_km = row["distance_km"]
    a, b = places.get(row["from_place"]), places.get(row["to_place"])
    if a is not None and b is not None:
        straight_km = great_circle_km(a, b)
        if distance_km < straight_km - DISTANCE_GRACE_KM:
            message = text(
                "{km:.3f} km between places {straight:.3f} km apart",
                km=distance_km,
                straight=straight_km,
            )
            yield _of("way-distance", block_where(row), message)
    if distance_km > WAY_KMH_MAX * (duration_s + WAY_TIME_GRACE_S) / 3600:
        message = text(
            "{km:.3f} km in {s} s is faster than {limit} km/h",
            km=distance_km,
            s=duration_s,
            limit=WAY_KMH_MAX,
        )
        yield _of("way-speed", block_where(row), message)


def _min_layover_s(study: BusStudy) -> float:
    stated: list[Any] = [study.summary.get("min_layover_s")]
    stated += [v for k, v in study.assumptions.items() if k.rpartition(".")[2] == "min_layover_s"]
    return max((s for s in stated if isinstance(s, int | float)), default=0.0)


def _layovers(rows: list[Row], min_layover_s: float) -> Iterator[Finding]:
    """Between two trips the bus stands still for the stated time, wherever it does so."""
    stood_s: float | None = None  # None before the first trip
    for row in rows:
        if row["kind"] == "trip":
            if stood_s is not None and stood_s < min_layover_s:
                message = text(
                    "{found} s of standing since the trip before, the study states {expected} s",
                    found=stood_s,
                    expected=min_layover_s,
                )
                yield _of("layover-too-short", block_where(row), message)
            stood_s = 0.0
        elif row["kind"] in STANDING and stood_s is not None:
            stood_s += row["end_s"] - row["start_s"]


def _of(rule: str, where: str, message: str) -> Finding:
    return Finding(rule=rule, table="blocks", where=where, message=message)
