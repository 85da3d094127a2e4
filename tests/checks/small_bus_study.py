"""A valid bus study of three vehicles, worked out by hand, for the tests of the check.

Depot D, terminals A (5.6 km north of D) and B (7.7 km east of A). V1 returns at midday to charge;
V2 stays out; V3 works from 15:00 to 01:00, so its night lies on the next morning, and its first
way goes downhill with a full battery, so that recuperation is lost.
"""

import datetime as dt
import hashlib
import json
from pathlib import Path
from typing import Any

import polars as pl

DAY_START = dt.datetime(2025, 2, 9, 23, tzinfo=dt.UTC)  # 00:00 on 10 February in Rome
STEP_S = 900
EFFICIENCY = 0.9
SOC_MIN_KWH, SOC_MAX_KWH, CAPACITY_KWH = 30.0, 270.0, 300.0
PLACES = {"D": (46.0, 11.0), "A": (46.05, 11.0), "B": (46.05, 11.1)}

# kind, trip, from, to, start, end, km, kWh out of the battery, kWh charged
DAYS: dict[str, list[tuple[Any, ...]]] = {
    "V1": [
        ("pull_out", None, "D", "A", "6:00", "6:15", 6.0, 9.0, 0.0),
        ("trip", "T1", "A", "B", "6:15", "6:45", 9.0, 14.4, 0.0),
        ("layover", None, "B", "B", "6:45", "7:00", 0.0, 1.5, 0.0),
        ("trip", "T2", "B", "A", "7:00", "7:30", 9.0, 13.7, 0.0),
        ("pull_in", None, "A", "D", "7:30", "7:45", 6.0, 8.0, 0.0),
        ("charge", None, "D", "D", "7:45", "9:50", 0.0, 0.5, 40.0),
        ("pull_out", None, "D", "A", "9:50", "10:05", 6.0, 9.0, 0.0),
        ("trip", "T3", "A", "B", "10:05", "10:35", 9.0, 14.4, 0.0),
        ("deadhead", None, "B", "A", "10:35", "10:53", 8.0, 10.0, 0.0),
        ("layover", None, "A", "A", "10:53", "11:00", 0.0, 0.7, 0.0),
        ("trip", "T4", "A", "B", "11:00", "11:30", 9.0, 14.4, 0.0),
        ("pull_in", None, "B", "D", "11:30", "12:00", 12.0, 15.0, 0.0),
    ],
    "V2": [
        ("pull_out", None, "D", "B", "7:05", "7:35", 12.0, 16.0, 0.0),
        ("trip", "T5", "B", "A", "7:35", "8:05", 9.0, 13.7, 0.0),
        ("layover", None, "A", "A", "8:05", "8:20", 0.0, 1.5, 0.0),
        ("trip", "T6", "A", "B", "8:20", "8:50", 9.0, 14.4, 0.0),
        ("pull_in", None, "B", "D", "8:50", "9:20", 12.0, 15.0, 0.0),
    ],
    "V3": [
        ("pull_out", None, "D", "A", "15:00", "15:15", 6.0, -2.0, 0.0),
        ("trip", "T7", "A", "B", "15:15", "15:45", 9.0, 14.4, 0.0),
        ("layover", None, "B", "B", "15:45", "23:50", 0.0, 20.0, 0.0),
        ("trip", "T8", "B", "A", "23:50", "24:20", 9.0, 13.7, 0.0),
        ("pull_in", None, "A", "D", "24:20", "25:00", 6.0, 8.0, 0.0),
    ],
}
SOC_START_KWH = {"V1": 200.0, "V2": 150.0, "V3": SOC_MAX_KWH}


def write_small_study(folder: Path) -> Path:
    """Write the study; returns its folder."""
    folder.mkdir(parents=True, exist_ok=True)
    tables = small_tables()
    meta = small_meta(tables)
    for name, table in tables.items():
        table.write_parquet(folder / f"{name}.parquet")
    (folder / "report.html").write_text("<!doctype html><title>report</title>")
    names = [*sorted(f"{name}.parquet" for name in tables), "report.html"]
    meta["files"] = [
        {
            "name": name,
            "rows": tables[name[:-8]].height if name.endswith(".parquet") else None,
            "sha256": hashlib.sha256((folder / name).read_bytes()).hexdigest(),
        }
        for name in names
    ]
    (folder / "study.json").write_text(json.dumps(meta, indent=1))
    return folder


def small_tables() -> dict[str, pl.DataFrame]:
    """All tables of the study."""
    blocks = [row for vehicle in DAYS for row in _block(vehicle)]
    stays = _stays(blocks)
    return {
        "trips": pl.DataFrame(_trips(blocks), infer_schema_length=None),
        "places": pl.DataFrame(
            [
                {
                    "place_id": key,
                    "name": f"Place {key} <script>alert(1)</script>",
                    "lat": lat,
                    "lon": lon,
                    "is_terminal": key != "D",
                    "is_depot": key == "D",
                    "has_charger": key == "D",
                    "merged_stop_ids": f"{key}1 {key}2",
                }
                for key, (lat, lon) in PLACES.items()
            ]
        ),
        "vehicles": pl.DataFrame(
            [
                {
                    "vehicle_id": vehicle,
                    "vehicle_type": "bus 12 m" if vehicle != "V3" else "bus 18 m",
                    "depot": "D",
                    "capacity_kwh": CAPACITY_KWH,
                    "soc_min_kwh": SOC_MIN_KWH,
                    "soc_max_kwh": SOC_MAX_KWH,
                    "max_charge_kw": 100.0,
                }
                for vehicle in DAYS
            ]
        ),
        "blocks": pl.DataFrame(blocks, infer_schema_length=None),
        "chargers": pl.DataFrame(
            [
                {
                    "place_id": "D",
                    "n_points": 3,
                    "point_kw": 60.0,
                    "connection_kw": 90.0,
                    "cost_eur": 120_000.0,
                }
            ]
        ),
        "stays": pl.DataFrame(stays, infer_schema_length=None),
        "schedule": pl.DataFrame(
            [step for stay in stays for step in _steps(stay)], infer_schema_length=None
        ),
    }


def small_meta(tables: dict[str, pl.DataFrame]) -> dict[str, Any]:
    """`study.json` without its list of files."""
    blocks = tables["blocks"]
    ways = blocks.filter(pl.col("kind").is_in(["deadhead", "pull_out", "pull_in"]))
    service_km = float(blocks.filter(pl.col("kind") == "trip")["distance_km"].sum())
    return {
        "kind": "bus",
        "title": "Small town",
        "viavolta": "0.1.0",
        "seed": 1,
        "effort": "normal",
        "service_date": "2025-02-10",
        "timezone": "Europe/Rome",
        "inputs": [
            {"name": "town.zip", "sha256": "0" * 64, "bytes": 1, "origin": "", "licence": ""}
        ],
        "assumptions": [
            {
                "key": "planning.min_layover_s",
                "value": 120.0,
                "unit": "s",
                "source": "planning choice",
                "year": None,
                "status": "general-knowledge",
            }
        ],
        "repairs": [],
        "warnings": [],
        "summary": {
            "trips": 9,
            "vehicles": 3,
            "vehicles_lower_bound": 2,
            "vehicles_without_energy_limit": 3,
            "cost_lower_bound_eur": 200_000.0,
            "bound_kind": "minimum cost flow",
            "vehicles_by_type": {"bus 12 m": 2, "bus 18 m": 1},
            "service_km": service_km,
            "deadhead_km": float(ways["distance_km"].sum()),
            "energy_kwh": float(blocks["energy_kwh"].sum()),
            "charging_points": 3,
            "peak_kw_unmanaged": _peak_kw(_unmanaged(tables["stays"])),
            "peak_kw_managed": _peak_kw(tables["schedule"]),
            "energy_cost_eur_unmanaged": 100.0,
            "energy_cost_eur_managed": 80.0,
            "cost_eur_per_year": 300_000.0,
            "cost_eur_per_km": 300_000.0 / (service_km * 300),
            "service_km_per_year": service_km * 300,
            "diesel_cost_eur_per_year": 310_000.0,
            "co2_t_per_year": 20.0,
            "diesel_co2_t_per_year": 90.0,
            "infeasible_trips": [{"trip_id": "T9", "reason": "longer than any battery"}],
            "step_s": STEP_S,
            "day_start_utc": DAY_START.isoformat(),
        },
        "timings_s": {"read": 0.1},
    }


def _block(vehicle: str) -> list[dict[str, Any]]:
    soc = SOC_START_KWH[vehicle]
    rows = []
    for seq, (kind, trip, a, b, start, end, km, used, charged) in enumerate(DAYS[vehicle]):
        after = min(SOC_MAX_KWH, soc - used) + charged
        rows.append(
            {
                "block_id": f"block {vehicle}",
                "vehicle_id": vehicle,
                "seq": seq,
                "kind": kind,
                "trip_id": trip,
                "from_place": a,
                "to_place": b,
                "start_s": _seconds(start),
                "end_s": _seconds(end),
                "distance_km": km,
                "energy_kwh": used,
                "charged_kwh": charged,
                "soc_start_kwh": soc,
                "soc_end_kwh": after,
            }
        )
        soc = after
    return rows


def _trips(blocks: list[dict[str, Any]]) -> list[dict[str, Any]]:
    served = [row for row in blocks if row["kind"] == "trip"]
    longest = {"trip_id": "T9", "start_s": 30_000, "end_s": 60_000, "from_place": "A"}
    longest |= {"to_place": "A", "distance_km": 500.0, "energy_kwh": None}
    return [
        {
            "trip_id": row["trip_id"],
            "route_id": "R",
            "route_name": "=1+1",
            "from_place": row["from_place"],
            "to_place": row["to_place"],
            "start_s": row["start_s"],
            "end_s": row["end_s"],
            "distance_km": row["distance_km"],
            "distance_source": "shape",
            "climb_m": None if row["trip_id"] == "T1" else 12.0,
            "energy_kwh": row["energy_kwh"],
        }
        for row in [*served, longest]
    ]


def _stays(blocks: list[dict[str, Any]]) -> list[dict[str, Any]]:
    stays = [
        _stay(row, row["seq"], start_s=row["start_s"], end_s=row["end_s"])
        | {"energy_kwh": row["charged_kwh"], "soc_arrival_kwh": row["soc_start_kwh"] - 0.5}
        for row in blocks
        if row["kind"] == "charge"
    ]
    for vehicle in DAYS:
        rows = [row for row in blocks if row["vehicle_id"] == vehicle]
        first, last = rows[0], rows[-1]
        stays.append(
            _stay(last, None, start_s=last["end_s"], end_s=first["start_s"] + 86_400)
            | {
                "energy_kwh": first["soc_start_kwh"] - last["soc_end_kwh"],
                "soc_arrival_kwh": last["soc_end_kwh"],
            }
        )
    return stays


def _stay(row: dict[str, Any], seq: int | None, *, start_s: int, end_s: int) -> dict[str, Any]:
    return {
        "stay_id": f"{row['block_id']} {'night' if seq is None else seq}",
        "vehicle_id": row["vehicle_id"],
        "block_id": row["block_id"],
        "seq": seq,
        "place_id": "D",
        "arrival": DAY_START + dt.timedelta(seconds=start_s),
        "departure": DAY_START + dt.timedelta(seconds=end_s),
        "max_kw": 60.0,
        "min_kw": 0.0,
        "capacity_kwh": SOC_MAX_KWH,
        "charge_efficiency": EFFICIENCY,
        "limit_id": "D",
    }


def _steps(stay: dict[str, Any]) -> list[dict[str, Any]]:
    """Even power from arrival to departure, so that parts of a step get their part."""
    length_s = (stay["departure"] - stay["arrival"]).total_seconds()
    power_kw = stay["energy_kwh"] / EFFICIENCY / (length_s / 3600)
    battery_kwh = stay["soc_arrival_kwh"]
    steps = []
    for number in range(2 * 86_400 // STEP_S):
        start = DAY_START + dt.timedelta(seconds=number * STEP_S)
        end = start + dt.timedelta(seconds=STEP_S)
        inside = min(end, stay["departure"]) - max(start, stay["arrival"])
        share = max(0.0, inside.total_seconds()) / STEP_S
        battery_kwh += power_kw * share * STEP_S / 3600 * EFFICIENCY
        if share > 0:
            steps.append(
                {
                    "stay_id": stay["stay_id"],
                    "start": start,
                    "power_kw": power_kw * share,
                    "energy_kwh": battery_kwh,
                }
            )
    return steps


def _unmanaged(stays: pl.DataFrame) -> pl.DataFrame:
    steps = []
    for stay in stays.to_dicts():
        left_kwh = stay["energy_kwh"] / EFFICIENCY
        for step in _steps(stay):
            end = step["start"] + dt.timedelta(seconds=STEP_S)
            inside = min(end, stay["departure"]) - max(step["start"], stay["arrival"])
            given_kwh = min(left_kwh, stay["max_kw"] * inside.total_seconds() / 3600)
            left_kwh -= given_kwh
            steps.append({"start": step["start"], "power_kw": given_kwh * 3600 / STEP_S})
    return pl.DataFrame(steps)


def _peak_kw(schedule: pl.DataFrame) -> float:
    """Highest sum by the time of day: steps of the next morning fall on this one's."""
    by_time = schedule.group_by(pl.col("start").dt.time()).agg(pl.col("power_kw").sum())
    return float(by_time["power_kw"].max())  # type: ignore[arg-type]  # a column of floats


def _seconds(clock: str) -> int:
    hours, minutes = clock.split(":")
    return int(hours) * 3600 + int(minutes) * 60
