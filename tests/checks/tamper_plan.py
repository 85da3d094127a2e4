"""Tampering with trips, blocks and batteries."""

from tampering import (
    DAY_S,
    WAYS,
    CannotTamper,
    Opened,
    charged_night,
    lift_charge,
    longest_block,
    on_study,
    other_place,
    square_of_way,
    trip_and_its_row,
    vehicle_of,
)


@on_study("trip-differs")
def trip_moved_in_time(s: Opened) -> None:
    row = s.first("blocks", lambda r: r["kind"] == "trip")
    row["start_s"] += 600
    row["end_s"] += 600


@on_study("trip-differs")
def trip_served_on_other_ends(s: Opened) -> None:
    row = s.first("blocks", lambda r: r["kind"] == "trip")
    row["to_place"] = other_place(s, row["to_place"])


@on_study("trip-differs")
def trip_shortened(s: Opened) -> None:
    row = s.first("blocks", lambda r: r["kind"] == "trip" and r["distance_km"] > 0.1)
    row["distance_km"] -= 0.05


@on_study("trip-differs")
def trip_driven_for_less_energy(s: Opened) -> None:
    """The chain of charge is mended: only the trips table tells."""
    row = s.first("blocks", lambda r: r["kind"] == "trip" and r["energy_kwh"] > 0.5)
    row["energy_kwh"] *= 0.9
    row["soc_end_kwh"] = row["soc_start_kwh"] - row["energy_kwh"]


@on_study("trip-not-served")
def trip_dropped(s: Opened) -> None:
    """The bus waits at the end of the gone trip instead of driving it."""
    row = s.first("blocks", lambda r: r["kind"] == "trip")
    row |= {"kind": "deadhead", "trip_id": None}


@on_study("trip-not-served")
def trip_row_deleted(s: Opened) -> None:
    s.rows("blocks").remove(s.first("blocks", lambda r: r["kind"] == "trip"))


@on_study("trip-served-twice")
def trip_doubled(s: Opened) -> None:
    rows = [r for r in s.rows("blocks") if r["kind"] == "trip"]
    s.rows("blocks").append(dict(rows[0], block_id=rows[-1]["block_id"], seq=10_000))


@on_study("trip-served-and-infeasible")
def trip_served_and_called_infeasible(s: Opened) -> None:
    trip = s.first("blocks", lambda r: r["kind"] == "trip")["trip_id"]
    s.summary["infeasible_trips"].append({"trip_id": trip, "reason": "too long"})


@on_study("infeasible-unknown")
def infeasible_trip_invented(s: Opened) -> None:
    s.summary["infeasible_trips"].append({"trip_id": "no such trip", "reason": "too long"})


@on_study("summary-value")
def infeasible_trip_without_reason(s: Opened) -> None:
    trip = s.first("trips")["trip_id"]
    s.summary["infeasible_trips"].append({"trip_id": trip, "reason": ""})


@on_study("trip-speed")
def trip_as_fast_as_a_plane(s: Opened) -> None:
    for row in trip_and_its_row(s):
        row["distance_km"] = 900.0


@on_study("trip-distance")
def trip_as_short_as_nothing(s: Opened) -> None:
    far = max(s.rows("places"), key=lambda p: square_of_way(p, s.rows("places")[0]))
    far["lat"] += -0.5 if far["lat"] > 0 else 0.5


@on_study("trip-time")
def trip_that_ends_before_it_starts(s: Opened) -> None:
    for row in trip_and_its_row(s):
        row["end_s"] = row["start_s"] - 60


@on_study("trip-id-kind")
def trip_row_without_trip(s: Opened) -> None:
    s.first("blocks", lambda r: r["kind"] == "trip")["trip_id"] = None


@on_study("block-teleport")
def bus_teleports(s: Opened) -> None:
    """Trip and row agree; the bus is elsewhere when the row before ends."""
    for row in trip_and_its_row(s):
        row["from_place"] = other_place(s, row["from_place"])


@on_study("block-gap")
def bus_vanishes_for_a_minute(s: Opened) -> None:
    rows = longest_block(s)
    rows[len(rows) // 2]["start_s"] += 60


@on_study("block-gap")
def two_trips_overlap(s: Opened) -> None:
    rows = longest_block(s)
    rows[len(rows) // 2]["end_s"] += 3600


@on_study("way-distance")
def way_without_distance(s: Opened) -> None:
    row = s.first("blocks", lambda r: r["kind"] in WAYS and r["distance_km"] > 0.2)
    s.summary["deadhead_km"] -= row["distance_km"]
    row["distance_km"] = 0.0


@on_study("way-speed")
def way_too_fast(s: Opened) -> None:
    row = s.first("blocks", lambda r: r["kind"] in WAYS and r["end_s"] > r["start_s"])
    fast_km = 75 / 3600 * (row["end_s"] - row["start_s"]) + 0.1
    s.summary["deadhead_km"] += fast_km - row["distance_km"]
    row["distance_km"] = fast_km


@on_study("standing-moves")
def layover_that_drives(s: Opened) -> None:
    s.first("blocks", lambda r: r["kind"] in ("layover", "charge"))["distance_km"] = 1.0


@on_study("standing-moves")
def layover_that_jumps(s: Opened) -> None:
    row = s.first("blocks", lambda r: r["kind"] in ("layover", "charge"))
    row["to_place"] = other_place(s, row["to_place"])


@on_study("block-begin")
def bus_of_another_depot(s: Opened) -> None:
    vehicle = s.first("vehicles")
    place = s.first("places", lambda p: p["place_id"] != vehicle["depot"])
    place["is_depot"] = True
    vehicle["depot"] = place["place_id"]


@on_study("block-finish")
def bus_sleeps_elsewhere(s: Opened) -> None:
    rows = longest_block(s)
    rows[-1]["to_place"] = other_place(s, rows[-1]["to_place"])


@on_study("block-finish")
def bus_never_returns(s: Opened) -> None:
    s.rows("blocks").remove(longest_block(s)[-1])


@on_study("block-begin")
def bus_starts_on_the_road(s: Opened) -> None:
    s.rows("blocks").remove(longest_block(s)[0])


@on_study("block-too-long")
def day_of_more_than_24_hours(s: Opened) -> None:
    rows = longest_block(s)
    rows[-1]["end_s"] = rows[0]["start_s"] + DAY_S + 60


@on_study("row-time")
def row_that_ends_before_it_starts(s: Opened) -> None:
    row = longest_block(s)[-1]
    row["end_s"] = row["start_s"] - 1


@on_study("block-vehicle")
def bus_changed_on_the_way(s: Opened) -> None:
    rows = longest_block(s)
    other = s.first("vehicles", lambda v: v["vehicle_id"] != rows[0]["vehicle_id"])
    rows[len(rows) // 2]["vehicle_id"] = other["vehicle_id"]


@on_study("block-vehicle")
def bus_without_a_block(s: Opened) -> None:
    vehicle = dict(s.first("vehicles"), vehicle_id="spare bus")
    s.rows("vehicles").append(vehicle)
    s.summary["vehicles"] += 1
    s.summary["vehicles_by_type"][vehicle["vehicle_type"]] += 1


@on_study("block-seq")
def rows_numbered_with_a_gap(s: Opened) -> None:
    longest_block(s)[-1]["seq"] += 1


@on_study("pull-not-depot")
def depot_that_is_none(s: Opened) -> None:
    depot = s.first("vehicles")["depot"]
    s.first("places", lambda p: p["place_id"] == depot)["is_depot"] = False


@on_study("layover-too-short")
def layover_shorter_than_stated(s: Opened) -> None:
    s.summary["min_layover_s"] = 80_000
    if not any(sum(r["kind"] == "trip" for r in rows) > 1 for rows in s.blocks().values()):
        raise CannotTamper("blocks")


@on_study("soc-above-max")
def battery_overfull(s: Opened) -> None:
    rows = longest_block(s)
    lift_charge(
        rows, vehicle_of(s, rows)["soc_max_kwh"] + 5 - max(r["soc_start_kwh"] for r in rows)
    )


@on_study("soc-below-min")
def battery_below_its_reserve(s: Opened) -> None:
    rows = longest_block(s)
    lift_charge(rows, vehicle_of(s, rows)["soc_min_kwh"] - 5 - min(r["soc_end_kwh"] for r in rows))


@on_study("soc-chain")
def energy_from_nowhere(s: Opened) -> None:
    rows = longest_block(s)
    lift_charge(rows[len(rows) // 2 :], 1.0)


@on_study("soc-chain")
def charge_not_handed_on(s: Opened) -> None:
    longest_block(s)[1]["soc_start_kwh"] -= 0.01


@on_study("charged-elsewhere")
def charged_while_driving(s: Opened) -> None:
    row = s.first("blocks", lambda r: r["kind"] == "trip")
    row["charged_kwh"] = 5.0
    row["soc_end_kwh"] += 5.0


@on_study("value-out-of-range")
def charged_less_than_nothing(s: Opened) -> None:
    row = s.first("blocks")
    row["charged_kwh"] = -1.0
    row["soc_end_kwh"] -= 1.0


@on_study("energy-implausible")
def standing_bus_gains_energy(s: Opened) -> None:
    row = s.first("blocks", lambda r: r["kind"] in ("layover", "charge"))
    s.summary["energy_kwh"] -= 3.0 + row["energy_kwh"]
    row["energy_kwh"] = -3.0


@on_study("energy-implausible")
def way_downhill_to_the_moon(s: Opened) -> None:
    row = s.first("blocks", lambda r: r["kind"] in WAYS)
    gain = 10 * row["distance_km"] + 1 + row["energy_kwh"]
    row["energy_kwh"] -= gain
    s.summary["energy_kwh"] -= gain


@on_study("night-energy")
def night_forgotten(s: Opened) -> None:
    stay = charged_night(s)
    s.rows("stays").remove(stay)
    steps = [r for r in s.rows("schedule") if r["stay_id"] != stay["stay_id"]]
    s.rows("schedule")[:] = steps


@on_study("night-energy")
def night_halved(s: Opened) -> None:
    """Stay and schedule agree; only the next morning tells."""
    stay = charged_night(s)
    stay["energy_kwh"] /= 2
    for step in s.steps(stay):
        step["power_kw"] /= 2
        step["energy_kwh"] = None
