"""Tampering with vehicles, places, single values and the summary."""

import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tampering import RULES, TAMPERS, CannotTamper, Opened, on_study, opened


@on_study("vehicle-battery")
def reserve_above_the_top(s: Opened) -> None:
    vehicle = s.first("vehicles")
    vehicle["soc_min_kwh"] = vehicle["soc_max_kwh"] + 1


@on_study("vehicle-depot")
def vehicle_lives_at_a_stop(s: Opened) -> None:
    place = s.first("places", lambda p: not p["is_depot"])
    s.first("vehicles")["depot"] = place["place_id"]


@on_study("charger-flag")
def charger_not_marked(s: Opened) -> None:
    s.first("places", lambda p: p["has_charger"])["has_charger"] = False


@on_study("key-not-unique")
def vehicle_bought_twice(s: Opened) -> None:
    s.rows("vehicles").append(dict(s.first("vehicles")))


@on_study("key-not-unique")
def step_entered_twice(s: Opened) -> None:
    s.rows("schedule").append(dict(s.first("schedule")))


@on_study("key-unknown")
def place_unknown(s: Opened) -> None:
    s.first("blocks")["from_place"] = "<script>alert(1)</script> {nowhere}"


@on_study("key-unknown")
def trip_unknown(s: Opened) -> None:
    s.first("blocks", lambda r: r["kind"] == "trip")["trip_id"] = "../../etc/passwd"


@on_study("word-unknown")
def activity_unknown(s: Opened) -> None:
    s.first("blocks", lambda r: r["kind"] != "trip")["kind"] = "holiday"


@on_study("value-out-of-range")
def place_beyond_the_pole(s: Opened) -> None:
    s.first("places")["lat"] = 91.0


@on_study("value-not-finite")
def energy_not_a_number(s: Opened) -> None:
    s.first("blocks")["energy_kwh"] = float("nan")


@on_study("value-not-finite")
def connection_infinite(s: Opened) -> None:
    s.first("chargers")["connection_kw"] = float("inf")


@on_study("value-missing")
def charge_unknown(s: Opened) -> None:
    s.first("blocks")["soc_end_kwh"] = None


def on_summary(rule: str, name: str, key: str, change: Callable[[Any], Any]) -> None:
    def tamper(folder: Path) -> None:
        with opened(folder) as study:
            study.summary[key] = change(study.summary[key])

    TAMPERS[name], RULES[name] = tamper, rule


on_summary("summary-count", "one_vehicle_too_many", "vehicles", lambda n: n + 1)
on_summary("summary-count", "one_trip_too_many", "trips", lambda n: n + 1)
on_summary("summary-count", "one_point_too_few", "charging_points", lambda n: n - 1)
on_summary("summary-count", "types_mixed_up", "vehicles_by_type", lambda _: {"tram": 1})
on_summary("summary-total", "service_km_rounded_up", "service_km", lambda x: x * 1.01 + 1)
on_summary("summary-total", "deadhead_km_hidden", "deadhead_km", lambda x: x * 0.5)
on_summary("summary-total", "energy_hidden", "energy_kwh", lambda x: x * 0.9 - 1)
on_summary("summary-total", "peak_hidden", "peak_kw_managed", lambda x: x * 0.9)
on_summary("summary-total", "peak_exaggerated", "peak_kw_unmanaged", lambda x: x * 1.2 + 1)
on_summary("summary-value", "cost_below_zero", "cost_eur_per_year", lambda _: -1.0)
on_summary("summary-value", "cost_not_a_number", "cost_eur_per_year", lambda _: float("nan"))
on_summary("summary-value", "carbon_left_out", "co2_t_per_year", lambda _: None)
on_summary("summary-value", "bound_of_no_kind", "bound_kind", lambda _: "")
on_summary("summary-bound", "no_bus_needed_at_all", "vehicles_without_energy_limit", lambda _: 0)


@on_study("summary-bound")
def fleet_bound_above_the_fleet(s: Opened) -> None:
    s.summary["vehicles_lower_bound"] = s.summary["vehicles"] + 1


@on_study("summary-bound")
def unlimited_fleet_above_the_fleet(s: Opened) -> None:
    s.summary["vehicles_without_energy_limit"] = s.summary["vehicles"] + 1


@on_study("summary-bound")
def cost_bound_above_the_cost(s: Opened) -> None:
    s.summary["cost_lower_bound_eur"] = s.summary["cost_eur_per_year"] + 1


@on_study("day-start")
def day_begins_an_hour_later(s: Opened) -> None:
    if "day_start_utc" not in s.summary:
        raise CannotTamper("summary.day_start_utc")
    start = dt.datetime.fromisoformat(s.summary["day_start_utc"])
    s.summary["day_start_utc"] = (start + dt.timedelta(hours=1)).isoformat()


@on_study("stay-window")
def stays_of_another_day(s: Opened) -> None:
    date = dt.date.fromisoformat(s.meta["service_date"]) + dt.timedelta(days=1)
    s.meta["service_date"] = date.isoformat()
    s.summary.pop("day_start_utc", None)


@on_study("summary-cost")
def kilometre_made_cheaper(s: Opened) -> None:
    if not {"km_per_year", "service_km_per_year"} & set(s.summary):
        raise CannotTamper("summary.km_per_year")
    s.summary["cost_eur_per_km"] *= 0.9
