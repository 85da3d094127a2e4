"""Tampering with stays, points and powers."""

import datetime as dt
from itertools import pairwise

import polars as pl
from tampering import (
    CannotTamper,
    Opened,
    charge_row,
    charged_night,
    lift_charge,
    most_at_once,
    on_study,
    other_place,
    require_column,
)


@on_study("points-oversubscribed")
def point_used_twice(s: Opened) -> None:
    stay = s.charged_stay()
    charger = s.first("chargers", lambda c: c["place_id"] == stay["place_id"])
    windows = [
        (r["arrival"], r["departure"])
        for r in s.rows("stays")
        if r["place_id"] == stay["place_id"] and r["energy_kwh"] > 0
    ]
    points = most_at_once(windows) - 1
    s.summary["charging_points"] += points - charger["n_points"]
    charger["n_points"] = points


@on_study("points-oversubscribed")
def only_the_night_wraps_onto_the_morning(s: Opened) -> None:
    """Another stay of 15 minutes just before a departure of the night, and no point to spare."""
    night = charged_night(s)
    charger = s.first("chargers", lambda c: c["place_id"] == night["place_id"])
    s.summary["charging_points"] += 1 - charger["n_points"]
    charger["n_points"] = 1
    at = night["departure"] - dt.timedelta(days=1)
    extra = dict(night, stay_id="extra", arrival=at - dt.timedelta(minutes=15), departure=at)
    s.rows("stays")[:] = [night, extra]
    steps = s.steps(night)
    s.rows("schedule")[:] = steps


@on_study("connection-exceeded")
def connection_too_small(s: Opened) -> None:
    stay = s.charged_stay()
    charger = s.first("chargers", lambda c: c["place_id"] == stay["place_id"])
    charger["connection_kw"] = max(r["power_kw"] for r in s.steps(stay)) * 0.9


@on_study("power-above-point")
def points_too_weak(s: Opened) -> None:
    stay = s.charged_stay()
    charger = s.first("chargers", lambda c: c["place_id"] == stay["place_id"])
    charger["point_kw"] = max(r["power_kw"] for r in s.steps(stay)) * 0.9


@on_study("power-above-vehicle")
def vehicle_charges_slower(s: Opened) -> None:
    stay = s.charged_stay()
    vehicle = s.first("vehicles", lambda v: v["vehicle_id"] == stay["vehicle_id"])
    vehicle["max_charge_kw"] = max(r["power_kw"] for r in s.steps(stay)) * 0.9


@on_study("power-above-stay")
def stay_allows_less(s: Opened) -> None:
    stay = s.charged_stay()
    stay["max_kw"] = max(r["power_kw"] for r in s.steps(stay)) * 0.9


@on_study("power-above-stay")
def partial_step_at_more_than_its_part(s: Opened) -> None:
    """All energy of a stay in its first step, beyond what the stay's power allows."""
    stay = s.charged_stay()
    steps = s.steps(stay)
    steps[0]["power_kw"] = sum(r["power_kw"] for r in steps) + stay["max_kw"]
    for step in steps[1:]:
        step["power_kw"] = 0.0


@on_study("power-outside-stay")
def charged_while_away(s: Opened) -> None:
    steps = s.steps(s.charged_stay())
    starts = sorted({r["start"] for r in s.rows("schedule")})
    step = min(b - a for a, b in pairwise(starts))
    steps[-1]["start"] = steps[0]["start"] - 3 * step


@on_study("power-discharge")
def discharged_without_leave(s: Opened) -> None:
    stay = s.charged_stay()
    stay["max_discharge_kw"] = 0.0
    s.steps(stay)[0]["power_kw"] = -5.0


@on_study("schedule-energy")
def schedule_delivers_less(s: Opened) -> None:
    steps = s.steps(s.charged_stay())
    max(steps, key=lambda r: r["power_kw"])["power_kw"] *= 0.9


@on_study("schedule-step")
def step_off_the_beat(s: Opened) -> None:
    s.steps(s.charged_stay())[0]["start"] += dt.timedelta(seconds=7)
    s.summary["step_s"] = s.summary.get("step_s", 900)


@on_study("schedule-battery")
def schedule_tells_another_battery(s: Opened) -> None:
    step = s.first("schedule", lambda r: r["energy_kwh"] is not None)
    step["energy_kwh"] += 1.0


@on_study("stay-energy")
def charge_row_and_stay_disagree(s: Opened) -> None:
    row = charge_row(s)
    stay = s.first("stays", lambda r: (r["block_id"], r["seq"]) == (row["block_id"], row["seq"]))
    stay["energy_kwh"] += 0.5


@on_study("stay-energy")
def charge_row_brings_more_than_the_schedule(s: Opened) -> None:
    """The battery's chain is mended to the end of the day."""
    row = charge_row(s)
    rows = s.blocks()[row["block_id"]]
    row["charged_kwh"] += 0.5
    row["soc_end_kwh"] += 0.5
    lift_charge(rows[rows.index(row) + 1 :], 0.5)


@on_study("charge-without-stay")
def midday_stay_forgotten(s: Opened) -> None:
    row = charge_row(s)
    stay = s.first("stays", lambda r: (r["block_id"], r["seq"]) == (row["block_id"], row["seq"]))
    s.rows("stays").remove(stay)
    steps = [r for r in s.rows("schedule") if r["stay_id"] != stay["stay_id"]]
    s.rows("schedule")[:] = steps


@on_study("stay-without-row")
def stay_of_a_row_that_is_none(s: Opened) -> None:
    s.first("stays")["seq"] = 10_000


@on_study("stay-window")
def stay_before_arrival(s: Opened) -> None:
    s.charged_stay()["arrival"] -= dt.timedelta(hours=1)


@on_study("stay-window")
def stay_after_departure(s: Opened) -> None:
    s.charged_stay()["departure"] += dt.timedelta(minutes=10)


@on_study("stay-place")
def stay_at_another_place(s: Opened) -> None:
    stay = s.charged_stay()
    stay["place_id"] = other_place(s, stay["place_id"])


@on_study("stay-place")
def stay_of_another_vehicle(s: Opened) -> None:
    stay = s.charged_stay()
    other = s.first("vehicles", lambda v: v["vehicle_id"] != stay["vehicle_id"])
    stay["vehicle_id"] = other["vehicle_id"]


@on_study("night-stays")
def night_slept_twice(s: Opened) -> None:
    s.rows("stays").append(dict(charged_night(s), stay_id="second night", energy_kwh=0.0))


@on_study("stay-no-charger")
def charged_where_no_charger_stands(s: Opened) -> None:
    place = s.charged_stay()["place_id"]
    charger = s.first("chargers", lambda c: c["place_id"] == place)
    s.rows("chargers").remove(charger)
    s.summary["charging_points"] -= charger["n_points"]


@on_study("stay-battery")
def stay_with_a_bigger_battery(s: Opened) -> None:
    require_column(s, "capacity_kwh")
    s.first("stays")["capacity_kwh"] = 100_000.0


@on_study("stay-battery")
def stay_arrives_fuller(s: Opened) -> None:
    require_column(s, "soc_arrival_kwh")
    row = s.first("stays", lambda r: r["soc_arrival_kwh"] is not None)
    row["soc_arrival_kwh"] += 1.0


@on_study("value-out-of-range")
def charger_that_makes_energy(s: Opened) -> None:
    require_column(s, "charge_efficiency")
    s.charged_stay()["charge_efficiency"] = 1.5


@on_study("power-below-minimum")
def stay_that_wants_full_power_or_none(s: Opened) -> None:
    require_column(s, "min_kw")
    for stay in s.rows("stays"):
        steps = [r for r in s.rows("schedule") if r["stay_id"] == stay["stay_id"]]
        if any(0.1 < r["power_kw"] < stay["max_kw"] - 0.1 for r in steps[1:-1]):
            stay["min_kw"] = stay["max_kw"]
            return
    raise CannotTamper("stays")


@on_study("schedule-differs")
def schedule_of_another_place(s: Opened) -> None:
    s.tables["schedule"] = s.tables["schedule"].with_columns(place_id=pl.lit("elsewhere"))
