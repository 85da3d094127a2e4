"""The study's tables, column for column as docs/reference/study-folder.md promises them."""

from collections.abc import Sequence

import numpy as np
import polars as pl

from viavolta.engines.bus.blocks import Activity, Kind, PlannedStay
from viavolta.services.bus.accounts import Accounts, Distances
from viavolta.services.bus.charging import DepotCharging, DepotStay, day_start_utc
from viavolta.services.bus.fleet import Bus, FleetPlan, Planner, sizing_energies_kwh
from viavolta.services.bus.network import Network

MOMENT = pl.Datetime("us", "UTC")
MICROSECONDS = 1_000_000
HOUR_S = 3600.0


def vehicle_id(k: int) -> str:
    """Name of the k-th vehicle of the plan."""
    return f"V{k + 1:04d}"


def block_id(k: int) -> str:
    """Name of the k-th block of the plan."""
    return f"B{k + 1:04d}"


def trips_table(planner: Planner, plan: FleetPlan) -> pl.DataFrame:
    """All trips of the day; energy by the type that serves the trip, null where none can."""
    network = planner.network
    trips = network.trips
    energy = np.full(len(trips), np.nan)
    by_type = {
        bus.driver.bus.vehicle_type: sizing_energies_kwh(network, bus.driver.bus)
        for bus in plan.buses
    }
    for bus in plan.buses:
        rows = plan.rows[bus.chain.trips]
        energy[rows] = by_type[bus.driver.bus.vehicle_type][rows]
    place = np.array(network.places.place_id, dtype=object)
    return pl.DataFrame(
        {
            "trip_id": trips.trip_id,
            "route_id": trips.route_id,
            "route_name": trips.route_name,
            "from_place": place[trips.from_place].tolist(),
            "to_place": place[trips.to_place].tolist(),
            "start_s": trips.start_s.astype(np.int64),
            "end_s": trips.end_s.astype(np.int64),
            "distance_km": trips.distance_km,
            "distance_source": [str(s) for s in trips.distance_source],
            "climb_m": trips.climb_m,
            "energy_kwh": energy,
        },
        schema_overrides={"route_name": pl.String},
    ).with_columns(pl.col("climb_m", "energy_kwh").fill_nan(None))


def places_table(network: Network, charger_nodes: set[int]) -> pl.DataFrame:
    """All places of the day, depots last."""
    places = network.places
    rows = np.arange(len(places))
    depot_rows = network.nodes[network.depot_nodes]
    charger_rows = network.nodes[np.array(sorted(charger_nodes), dtype=np.int64)]
    return pl.DataFrame(
        {
            "place_id": places.place_id,
            "name": places.name,
            "lat": places.lat,
            "lon": places.lon,
            "is_terminal": places.is_terminal,
            "is_depot": np.isin(rows, depot_rows),
            "has_charger": np.isin(rows, charger_rows),
            "merged_stop_ids": [list(ids) for ids in places.merged_stop_ids],
        },
        schema_overrides={"name": pl.String, "merged_stop_ids": pl.List(pl.String)},
    )


def vehicles_table(network: Network, buses: Sequence[Bus]) -> pl.DataFrame:
    """One row per vehicle."""
    return pl.DataFrame(
        [
            {
                "vehicle_id": vehicle_id(k),
                "vehicle_type": bus.driver.bus.vehicle_type,
                "depot": place_id(network, bus.block.depot),
                "capacity_kwh": bus.driver.bus.capacity_kwh,
                "soc_min_kwh": bus.driver.bus.soc_min_kwh,
                "soc_max_kwh": bus.driver.bus.soc_max_kwh,
                "max_charge_kw": bus.most_kw,
            }
            for k, bus in enumerate(buses)
        ]
    )


def blocks_table(network: Network, plan: FleetPlan) -> pl.DataFrame:
    """Every activity of every vehicle's day, charge included."""
    rows = [
        _block_row(network, plan, k, seq, row)
        for k, bus in enumerate(plan.buses)
        for seq, row in enumerate(bus.block.activities, start=1)
    ]
    return pl.DataFrame(rows, schema_overrides={"trip_id": pl.String})


def _block_row(
    network: Network, plan: FleetPlan, k: int, seq: int, row: Activity
) -> dict[str, object]:
    trip = int(plan.rows[row.trip]) if row.trip >= 0 else -1
    way_km = float(network.deadheads.distance_km[row.from_node, row.to_node])
    return {
        "block_id": block_id(k),
        "vehicle_id": vehicle_id(k),
        "seq": seq,
        "kind": str(row.kind),
        "trip_id": network.trips.trip_id[trip] if trip >= 0 else None,
        "from_place": place_id(network, row.from_node),
        "to_place": place_id(network, row.to_node),
        "start_s": round(row.start_s),
        "end_s": round(row.end_s),
        "distance_km": float(network.trips.distance_km[trip]) if trip >= 0 else way_km,
        "energy_kwh": row.energy_kwh,
        "charged_kwh": row.charged_kwh,
        "soc_start_kwh": row.soc_start_kwh,
        "soc_end_kwh": row.soc_end_kwh,
    }


def place_id(network: Network, node: int) -> str:
    """Name of the place behind a node of the way matrices."""
    return network.places.place_id[int(network.nodes[node])]


def chargers_table(
    network: Network,
    plan: FleetPlan,
    charging: Sequence[DepotCharging],
    *,
    points: Sequence[int],
    accounts: Accounts,
) -> pl.DataFrame:
    """One row per depot or terminal with points."""
    rows = [
        {
            "place_id": place_id(network, depot.depot),
            "n_points": n,
            "point_kw": plan.point_kw if site.point_kw is None else site.point_kw,
            "connection_kw": depot.connection_kw,
            "cost_eur": eur,
        }
        for site, depot, n, eur in zip(
            network.sites, charging, points, accounts.site_investments_eur, strict=True
        )
        if n > 0
    ]
    return pl.DataFrame(
        rows,
        schema={
            "place_id": pl.String,
            "n_points": pl.Int64,
            "point_kw": pl.Float64,
            "connection_kw": pl.Float64,
            "cost_eur": pl.Float64,
        },
    )


def stays_table(
    network: Network, plan: FleetPlan, charging: Sequence[DepotCharging]
) -> pl.DataFrame:
    """The sizing day's stays, whole windows, in the form `viavolta charge` takes them."""
    start = day_start_utc(network.timetable.date, network.timetable.timezone)
    origin = int(np.datetime64(start, "s").astype(np.int64))
    rows = [
        _stay_row(network, plan, stay, depot.depot, origin)
        for depot in charging
        for stay in depot.sizing.load.whole
    ]
    frame = pl.DataFrame(rows, schema_overrides={"seq": pl.Int64}, infer_schema_length=None)
    return frame.with_columns(pl.col("arrival", "departure").cast(MOMENT)).sort("stay_id")


def _seq(stay: PlannedStay) -> int | None:
    """Row of the block that a stay belongs to, None at night."""
    return stay.activity + 1 if stay.activity >= 0 else None


def _stay_row(
    network: Network, plan: FleetPlan, stay: DepotStay, node: int, origin_s: int
) -> dict[str, object]:
    bus, planned = plan.buses[stay.bus].driver.bus, stay.planned
    return {
        "stay_id": stay.stay_id,
        "arrival": (origin_s + round(planned.arrival_s)) * MICROSECONDS,
        "departure": (origin_s + round(planned.departure_s)) * MICROSECONDS,
        "energy_kwh": planned.energy_kwh,
        "max_kw": stay.max_kw,
        "min_kw": 0.0,
        "max_discharge_kw": 0.0,
        "capacity_kwh": bus.capacity_kwh,
        "soc_arrival_kwh": planned.soc_arrival_kwh,
        "soc_min_kwh": bus.soc_min_kwh,
        "charge_efficiency": bus.charge_efficiency,
        "discharge_efficiency": 1.0,
        "wear_eur_per_kwh": 0.0,
        "limit_id": place_id(network, node),
        "vehicle_id": vehicle_id(stay.bus),
        "block_id": block_id(stay.bus),
        "seq": _seq(planned),
        "place_id": place_id(network, node),
    }


def schedule_table(
    network: Network, charging: Sequence[DepotCharging], step_s: int
) -> pl.DataFrame:
    """Managed power of the sizing day's stays; steps without power are left out."""
    start = day_start_utc(network.timetable.date, network.timetable.timezone)
    origin = int(np.datetime64(start, "s").astype(np.int64))
    frames = []
    for depot in charging:
        plan, load = depot.sizing.schedule.plan, depot.sizing.load
        stay, step = plan.flat_stay(), plan.flat_step()
        shift = np.array([s.shift_s for s in load.stays])
        begin = origin + load.cut_s + step * step_s + (shift[stay] if stay.size else 0)
        frames.append(
            pl.DataFrame(
                {
                    "stay_id": [load.stays[s].stay_id for s in stay],
                    "start": (begin * MICROSECONDS).astype(np.int64),
                    "power_kw": plan.power_kw,
                    "energy_kwh": plan.energy_kwh,
                    "vehicle_id": [vehicle_id(load.stays[s].bus) for s in stay],
                    "block_id": [block_id(load.stays[s].bus) for s in stay],
                    "seq": [_seq(load.stays[s].planned) for s in stay],
                    "place_id": [place_id(network, depot.depot)] * stay.size,
                },
                schema_overrides={
                    "stay_id": pl.String,
                    "vehicle_id": pl.String,
                    "block_id": pl.String,
                    "seq": pl.Int64,
                    "place_id": pl.String,
                },
            )
        )
    whole = pl.concat(frames).filter(pl.col("power_kw") > 0)
    return whole.with_columns(
        pl.col("start").cast(MOMENT), pl.col("energy_kwh").fill_nan(None)
    ).sort("stay_id", "start")


def power_table(network: Network, charging: Sequence[DepotCharging], step_s: int) -> pl.DataFrame:
    """Power per site over the sizing day, managed against unmanaged, with limit and price."""
    frames = []
    for site, depot in zip(network.sites, charging, strict=True):
        if site.is_terminal and not depot.sizing.load.stays:
            continue
        n = depot.sizing.managed_kw.size
        frames.append(
            pl.DataFrame(
                {
                    "start_s": np.arange(n, dtype=np.int64) * step_s,
                    "place_id": [place_id(network, depot.depot)] * n,
                    "unmanaged_kw": depot.sizing.unmanaged_kw,
                    "managed_kw": depot.sizing.managed_kw,
                    "limit_kw": np.full(n, depot.connection_kw),
                    "price_eur_per_kwh": depot.sizing.buy_eur_per_kwh,
                }
            )
        )
    return pl.concat(frames)


def costs_table(accounts: Accounts) -> pl.DataFrame:
    """Electric and diesel costs of a year, item by item; the range is the electric item's."""
    electric = {str(item.item): item for item in accounts.electric}
    diesel = {str(item.item): item for item in accounts.diesel}
    rows = []
    for name in dict.fromkeys([*electric, *diesel]):
        e, d = electric.get(name), diesel.get(name)
        rows.append(
            {
                "item": name,
                "electric_eur_per_year": e.eur_per_year if e else 0.0,
                "diesel_eur_per_year": d.eur_per_year if d else 0.0,
                "min_eur_per_year": e.min_eur_per_year if e else 0.0,
                "max_eur_per_year": e.max_eur_per_year if e else 0.0,
                "source": "; ".join(dict.fromkeys(i.source for i in (e, d) if i)),
            }
        )
    return pl.DataFrame(rows)


def shapes_table(network: Network) -> pl.DataFrame:
    """Lines for the map: each driven shape of the day once, then the lines on the road network."""
    timetable = network.timetable
    used = (
        timetable.trips.filter(pl.col("shape_id").is_not_null())
        .group_by("shape_id", maintain_order=True)
        .agg(pl.col("route_id").first(), pl.col("route_name").first())
        .with_row_index("part")
    )
    points = timetable.shapes.with_row_index("order").join(used, on="shape_id", how="inner")
    shapes = points.sort("part", "order").select(
        "route_id", "route_name", "lat", "lon", pl.col("part").cast(pl.Int64)
    )
    whole = pl.concat([shapes, *_road_lines(network, first_part=used.height)])
    return whole.with_columns(pl.col("lat", "lon").round(5))


def _road_lines(network: Network, *, first_part: int) -> list[pl.DataFrame]:
    """The lines of trips that the road network gave."""
    lines, trips = network.lines, network.timetable.trips
    patterns = np.flatnonzero(lines.is_network)
    first_trip = np.unique(lines.pattern_of_trip, return_index=True)[1]
    frames = []
    for part, q in enumerate(patterns.tolist(), start=first_part):
        points = slice(int(lines.offset[q]), int(lines.offset[q + 1]))
        trip = trips.row(int(first_trip[q]), named=True)
        frames.append(
            pl.DataFrame({"lat": lines.lat[points], "lon": lines.lon[points]}).select(
                pl.lit(trip["route_id"], dtype=pl.String).alias("route_id"),
                pl.lit(trip["route_name"], dtype=pl.String).alias("route_name"),
                "lat",
                "lon",
                pl.lit(part, dtype=pl.Int64).alias("part"),
            )
        )
    return frames


def day_distances(network: Network, plan: FleetPlan) -> Distances:
    """Kilometres with and without passengers of the planned day, and hours without."""
    service = deadhead = seconds = 0.0
    for bus in plan.buses:
        for row in bus.block.activities:
            if row.kind is Kind.TRIP:
                service += float(network.trips.distance_km[plan.rows[row.trip]])
            elif row.kind in {Kind.DEADHEAD, Kind.PULL_OUT, Kind.PULL_IN}:
                deadhead += float(network.deadheads.distance_km[row.from_node, row.to_node])
                seconds += row.end_s - row.start_s
    return Distances(service_km=service, deadhead_km=deadhead, deadhead_h=seconds / HOUR_S)
