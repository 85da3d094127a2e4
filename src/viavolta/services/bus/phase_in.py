"""From diesel to battery buses year by year: which blocks and lines when, what it takes, the law.

Works on the tables of the plan. The blocks are those of the whole electric fleet from the first day
on: a diesel bus can drive any of them, and gives it up to a battery bus when that comes. So nothing
is planned twice, no bus stands still in between, and lines share buses as the plan has it.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from viavolta.catalogue import Assumptions
from viavolta.engines.bus.phase_in import NEVER, Bools, PhaseProblem, Phasing, phase_in
from viavolta.engines.bus.points import points_needed
from viavolta.engines.costs.investment import point_cost_eur
from viavolta.engines.costs.system import CostRates, cost_rates, diesel_cost, vehicle_cost
from viavolta.model.trip import Floats
from viavolta.services.bus.clean_vehicles import CLEAN_SCHEMA, clean_rows

Frames = Mapping[str, pl.DataFrame]
Row = dict[str, Any]
DAY_S = 86400.0
GAP = {"low": 0.02, "normal": 0.005, "high": 0.001}
"""How far from the best order of years the search may stop, by effort."""
KG_PER_T, PER_100 = 1000.0, 100.0
RUNNING = ("energy", "capacity_charge", "fuel")
"""Items of cost that follow the energy of a block; maintenance follows its kilometres."""
YEARS = {
    "year": pl.Int64,
    "electric_buses": pl.Int64,
    "diesel_buses": pl.Int64,
    "bought_electric": pl.Int64,
    "bought_diesel": pl.Int64,
    "charging_points": pl.Int64,
    "connection_kw": pl.Float64,
    "used_kw": pl.Float64,
    "vehicles_eur": pl.Float64,
    "points_eur": pl.Float64,
    "works_eur": pl.Float64,
    "capex_eur": pl.Float64,
    "electric_opex_eur": pl.Float64,
    "diesel_opex_eur": pl.Float64,
    "opex_eur": pl.Float64,
    "co2_t": pl.Float64,
    "electric_trips_share": pl.Float64,
    "whole_lines": pl.Int64,
}
LINES = {
    "route_id": pl.String,
    "route_name": pl.String,
    "trips": pl.Int64,
    "blocks": pl.Int64,
    "first_year": pl.Int64,
    "whole_year": pl.Int64,
    "saved_eur_per_year": pl.Float64,
    "saved_co2_t_per_year": pl.Float64,
    "saved_eur_per_bus": pl.Float64,
    "last_block_id": pl.String,
    "shared_lines": pl.Int64,
    "reason": pl.String,
}
BLOCKS = {
    "block_id": pl.String,
    "year": pl.Int64,
    "electric_opex_eur": pl.Float64,
    "diesel_opex_eur": pl.Float64,
    "electric_co2_t": pl.Float64,
    "diesel_co2_t": pl.Float64,
    "vehicle_eur": pl.Float64,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class PhaseIn:
    """The tables of the phase-in and its figures for the summary."""

    tables: dict[str, pl.DataFrame]
    summary: dict[str, Any]


def phase_in_of(
    frames: Frames,
    summary: Mapping[str, Any],
    assumptions: Assumptions,
    *,
    country: str | None,
    electric_shares: Sequence[float] = (),
    effort: str = "normal",
    seed: int = 1,
) -> PhaseIn | None:
    """Put the blocks of a plan into years; None where the configuration leaves it out.

    electric_shares: share of the fleet that is electric at the end of each year, in place of the
    buses bought per year.
    """
    first = round(assumptions.number("phase_in.first_year"))
    if first <= 0 or frames["blocks"].is_empty():
        return None
    last = max(first, round(assumptions.number("phase_in.last_year")))
    fleet = _Fleet(frames, summary, assumptions)
    electric = _electric(fleet.n, last - first + 1, assumptions, electric_shares)
    phasing = phase_in(fleet.problem(electric), gap=GAP[effort], seed=seed)
    years = _years(fleet, phasing, first, last)
    bought = [(r["year"], r["bought_electric"], r["bought_diesel"]) for r in years]
    clean = clean_rows(assumptions, country, bought)
    return PhaseIn(
        tables={
            "phase_in": pl.DataFrame(years, schema=YEARS),
            "phase_in_lines": pl.DataFrame(_lines(fleet, phasing, first), schema=LINES),
            "phase_in_blocks": pl.DataFrame(_blocks(fleet, phasing, first), schema=BLOCKS),
            "clean_vehicles": pl.DataFrame(clean, schema=CLEAN_SCHEMA),
        },
        summary={
            "first_year": first,
            "last_year": last,
            "country": None if country is None else country.upper(),
            "gap": phasing.gap,
            "is_proven": phasing.is_proven,
            "electric_buses": years[-1]["electric_buses"],
            "capex_eur": sum(row["capex_eur"] for row in years),
            "is_clean_enough": all(row["short_by"] == 0 for row in clean) if clean else None,
        },
    )


def _electric(n: int, n_years: int, assumptions: Assumptions, shares: Sequence[float]) -> list[int]:
    """Buses that shall be electric at the end of each year."""
    per_year = round(assumptions.number("phase_in.buses_per_year"))
    if shares:
        given = [math.ceil(share * n - 1e-9) for share in shares]
        return (given + [given[-1]] * n_years)[:n_years]
    if per_year > 0:
        return [min(n, per_year * (k + 1)) for k in range(n_years)]
    return [math.ceil(n * (k + 1) / n_years - 1e-9) for k in range(n_years)]


class _Fleet:
    """What each block costs, saves and needs; arrays follow `ids`."""

    def __init__(self, frames: Frames, summary: Mapping[str, Any], figures: Assumptions) -> None:
        self._frames, self.figures = frames, figures
        self.rates: CostRates = cost_rates(figures)
        blocks = frames["blocks"]
        sums = blocks.group_by("block_id").agg(
            pl.col("distance_km").fill_null(0.0).sum(),
            pl.col("energy_kwh").fill_null(0.0).sum(),
            pl.col("vehicle_id").first(),
        )
        sums = sums.join(frames["vehicles"], on="vehicle_id").sort("block_id")
        self.ids: list[str] = sums["block_id"].to_list()
        self.n = len(self.ids)
        self._index = {name: k for k, name in enumerate(self.ids)}
        km = sums["distance_km"].to_numpy() * float(summary["day_equivalents_per_year"])
        kwh = np.maximum(sums["energy_kwh"].to_numpy(), 0.0)
        self._set_running(summary, km, kwh / kwh.sum() if kwh.sum() > 0 else kwh + 1.0 / self.n)
        types = sums["vehicle_type"].to_list()
        self._set_diesel(km, types[0])
        spare = 1.0 + self.rates.spare_vehicle_share.value
        price = {name: self._price_eur(name) * spare for name in set(types)}
        self.vehicle_eur: Floats = np.array([price[name] for name in types])
        self.places: list[str] = sorted(frames["stays"]["place_id"].unique().to_list())
        self.charges_at: Bools = self._table(frames["stays"], "place_id", self.places)
        self._set_lines()

    def _price_eur(self, vehicle_type: str) -> float:
        cost = vehicle_cost(self.figures, vehicle_type, count=1, battery_kwh_per_year=0.0)
        battery = cost.nominal_capacity_kwh * cost.battery_eur_per_kwh.value
        return cost.purchase_eur.value + battery

    def _set_running(self, summary: Mapping[str, Any], km: Floats, kwh_share: Floats) -> None:
        """Running costs and carbon of the plan's year, shared by energy and by kilometres."""
        costs = dict(self._frames["costs"].select("item", "electric_eur_per_year").iter_rows())
        follows_kwh = sum(costs.get(item, 0.0) for item in RUNNING)
        km_share = km / km.sum() if km.sum() > 0 else np.full(self.n, 1.0 / self.n)
        self.electric_eur: Floats = (
            follows_kwh * kwh_share + costs.get("maintenance", 0.0) * km_share
        )
        self.electric_t: Floats = float(summary["co2_t_per_year"]) * kwh_share

    def _set_diesel(self, km: Floats, vehicle_type: str) -> None:
        """What diesel buses on the same blocks cost to run, and emit."""
        size = self.figures.word(f"buses.{vehicle_type}.size")
        litres = diesel_cost(self.figures, size, count=1, km_per_year=1.0).litres_per_100km.value
        per_km = litres / PER_100
        kg_per_l = self.figures.number("carbon.diesel_kg_per_l")
        rates = self.rates
        self.diesel_eur: Floats = km * (
            per_km * rates.diesel_eur_per_l.value + rates.maintenance_diesel_eur_per_km.value
        )
        self.diesel_t: Floats = km * per_km * kg_per_l / KG_PER_T

    def _table(self, frame: pl.DataFrame, column: str, names: list[str]) -> Bools:
        table = np.zeros((self.n, len(names)), dtype=bool)
        where = {name: k for k, name in enumerate(names)}
        for block, name in frame.select("block_id", column).unique().iter_rows():
            table[self._index[block], where[name]] = True
        return table

    def _set_lines(self) -> None:
        """Which lines each block drives, and the share of its worth that each line has."""
        trips = self._frames["trips"].select("trip_id", "route_id", "route_name", "distance_km")
        driven = (
            self._frames["blocks"]
            .filter(pl.col("kind") == "trip")
            .select("block_id", "trip_id")
            .join(trips, on="trip_id")
        )
        self.lines: list[Row] = (
            driven.group_by("route_id")
            .agg(
                pl.col("route_name").first(),
                pl.len().cast(pl.Int64).alias("trips"),
                pl.col("block_id").n_unique().cast(pl.Int64).alias("blocks"),
            )
            .sort("route_id")
            .to_dicts()
        )
        names = [line["route_id"] for line in self.lines]
        self.serves: Bools = self._table(driven, "route_id", names)
        self.n_trips = np.zeros(self.serves.shape)
        km = np.zeros(self.serves.shape)
        where = {name: k for k, name in enumerate(names)}
        for block, route, length in driven.select(
            "block_id", "route_id", "distance_km"
        ).iter_rows():
            km[self._index[block], where[route]] += length
            self.n_trips[self._index[block], where[route]] += 1
        whole = km.sum(axis=1, keepdims=True)
        self.line_share: Floats = np.divide(km, whole, out=np.zeros_like(km), where=whole > 0)

    @property
    def saved_eur(self) -> Floats:
        """What each block saves in a year once it is electric, running costs alone."""
        return self.diesel_eur - self.electric_eur

    @property
    def saved_t(self) -> Floats:
        """Carbon that each block saves in a year, from well to wheel."""
        return self.diesel_t - self.electric_t

    def problem(self, electric: Sequence[int]) -> PhaseProblem:
        """The choice as arrays."""
        number = self.figures.number
        interest = self.rates.interest_share.value
        value = self.saved_eur + number("phase_in.co2_eur_per_t") * self.saved_t
        line = np.maximum((value[:, None] * self.line_share).sum(axis=0), 0.0)
        least = math.ceil(len(self.places) / len(electric))
        return PhaseProblem(
            worth_eur=value - interest * self.vehicle_eur,
            charges_at=self.charges_at,
            serves=self.serves,
            place_eur=interest * np.array([self.works_eur(place) for place in self.places]),
            line_eur=number("phase_in.whole_line_share") * line,
            electric=np.array(electric, dtype=np.int64),
            places_per_year=max(least, round(number("phase_in.depots_per_year"))),
        )

    def _charger(self, place: str) -> Row:
        found = self._frames["chargers"].filter(pl.col("place_id") == place)
        return found.row(0, named=True)

    def point_eur(self, place: str) -> float:
        """One charging point of a place, installed."""
        places, rates = self._frames["places"], self.rates
        is_depot = places.filter(pl.col("place_id") == place)["is_depot"][0]
        fixed = rates.point_fixed_eur if is_depot else rates.terminal_point_fixed_eur
        per_kw = rates.point_eur_per_kw if is_depot else rates.terminal_point_eur_per_kw
        point_kw = self._charger(place)["point_kw"]
        return point_cost_eur(1, point_kw, fixed_eur=fixed.value, eur_per_kw=per_kw.value)

    def works_eur(self, place: str) -> float:
        """Works and connection of a place at the size of the whole plan: all but its points."""
        row = self._charger(place)
        return float(row["cost_eur"]) - int(row["n_points"]) * self.point_eur(place)

    def connection_kw(self, place: str) -> float:
        """The connection of a place at the size of the whole plan."""
        return float(self._charger(place)["connection_kw"])

    def points(self, place: str, is_electric: Bools) -> int:
        """Points that the electric blocks hold at once at a place."""
        stays = self._electric_rows("stays", place, is_electric)
        begin = stays["arrival"].dt.epoch("us").to_numpy() / 1e6
        end = stays["departure"].dt.epoch("us").to_numpy() / 1e6
        return points_needed(list(zip(begin.tolist(), end.tolist(), strict=True)))

    def used_kw(self, place: str, is_electric: Bools) -> float:
        """Highest power of the electric blocks at a place, as the plan charges them."""
        rows = self._electric_rows("schedule", place, is_electric)
        if rows.is_empty():
            return 0.0
        by_step = rows.group_by(pl.col("start").dt.epoch("s") % int(DAY_S)).agg(
            pl.col("power_kw").sum()
        )
        return float(by_step["power_kw"].to_numpy().max())

    def _electric_rows(self, table: str, place: str, is_electric: Bools) -> pl.DataFrame:
        names = [name for name, yes in zip(self.ids, is_electric, strict=True) if yes]
        frame = self._frames[table].filter(pl.col("place_id") == place)
        return frame.filter(pl.col("block_id").is_in(names))


def _years(fleet: _Fleet, phasing: Phasing, first: int, last: int) -> list[Row]:
    """One row per year, from the first works on."""
    lead = round(fleet.figures.number("phase_in.works_lead_years"))
    life = fleet.rates.bus_life_years.value
    rows: list[Row] = []
    points = dict.fromkeys(fleet.places, 0)
    electric_before = 0
    for year in range(first - lead, last + 1):
        k = year - first
        is_electric: Bools = (phasing.block_year >= 0) & (phasing.block_year <= k)
        n = int(is_electric.sum())
        built = [
            place
            for place, at in zip(fleet.places, phasing.place_year, strict=True)
            if at != NEVER and at <= k + lead
        ]
        new = [
            place
            for place, at in zip(fleet.places, phasing.place_year, strict=True)
            if at != NEVER and at == k + lead
        ]
        now = {place: fleet.points(place, is_electric) for place in fleet.places}
        vehicles = float(fleet.vehicle_eur[phasing.block_year == k].sum()) if k >= 0 else 0.0
        points_eur = sum(
            (now[place] - points[place]) * fleet.point_eur(place) for place in fleet.places
        )
        works = sum(fleet.works_eur(place) for place in new)
        due = math.ceil(fleet.n / life) if k >= 0 else 0
        electric_eur = float(fleet.electric_eur[is_electric].sum())
        diesel_eur = float(fleet.diesel_eur[~is_electric].sum())
        rows.append(
            {
                "year": year,
                "electric_buses": n,
                "diesel_buses": fleet.n - n,
                "bought_electric": n - electric_before,
                "bought_diesel": min(max(0, due - (n - electric_before)), fleet.n - n),
                "charging_points": sum(now.values()),
                "connection_kw": sum(fleet.connection_kw(place) for place in built),
                "used_kw": sum(fleet.used_kw(place, is_electric) for place in fleet.places),
                "vehicles_eur": vehicles,
                "points_eur": points_eur,
                "works_eur": works,
                "capex_eur": vehicles + points_eur + works,
                "electric_opex_eur": electric_eur,
                "diesel_opex_eur": diesel_eur,
                "opex_eur": electric_eur + diesel_eur,
                "co2_t": float(
                    fleet.electric_t[is_electric].sum() + fleet.diesel_t[~is_electric].sum()
                ),
                "electric_trips_share": float(
                    fleet.n_trips[is_electric].sum() / max(fleet.n_trips.sum(), 1.0)
                ),
                "whole_lines": int(((phasing.line_year >= 0) & (phasing.line_year <= k)).sum()),
            }
        )
        points, electric_before = now, n
    return rows


def _blocks(fleet: _Fleet, phasing: Phasing, first: int) -> list[Row]:
    return [
        {
            "block_id": name,
            "year": None if at == NEVER else first + int(at),
            "electric_opex_eur": float(fleet.electric_eur[k]),
            "diesel_opex_eur": float(fleet.diesel_eur[k]),
            "electric_co2_t": float(fleet.electric_t[k]),
            "diesel_co2_t": float(fleet.diesel_t[k]),
            "vehicle_eur": float(fleet.vehicle_eur[k]),
        }
        for k, (name, at) in enumerate(zip(fleet.ids, phasing.block_year, strict=True))
    ]


def _lines(fleet: _Fleet, phasing: Phasing, first: int) -> list[Row]:
    """Each line with its year and why it is not earlier, the first ones first."""
    saved = (fleet.saved_eur[:, None] * fleet.line_share).sum(axis=0)
    saved_t = (fleet.saved_t[:, None] * fleet.line_share).sum(axis=0)
    buses = fleet.line_share.sum(axis=0)
    rows = []
    for k, line in enumerate(fleet.lines):
        serves = fleet.serves[:, k]
        years = phasing.block_year[serves]
        whole = int(phasing.line_year[k])
        known = years[years >= 0]
        last = _last_block(fleet, phasing, serves)
        rows.append(
            {
                **line,
                "first_year": None if known.size == 0 else first + int(known.min()),
                "whole_year": None if whole == NEVER else first + whole,
                "saved_eur_per_year": float(saved[k]),
                "saved_co2_t_per_year": float(saved_t[k]),
                "saved_eur_per_bus": float(saved[k] / buses[k]) if buses[k] > 0 else 0.0,
                "last_block_id": fleet.ids[last],
                "shared_lines": int(fleet.serves[serves].any(axis=0).sum()) - 1,
                "reason": _reason(fleet, phasing, last),
            }
        )
    far = 10**6
    return sorted(rows, key=lambda row: (row["whole_year"] or far, row["route_id"]))


def _last_block(fleet: _Fleet, phasing: Phasing, serves: Bools) -> int:
    """The block that the line waits for: the last to go, or one that never does."""
    rows = np.flatnonzero(serves)
    year = np.where(
        phasing.block_year[rows] == NEVER, np.iinfo(np.int64).max, phasing.block_year[rows]
    )
    return int(rows[np.lexsort((fleet.saved_eur[rows], -year))[0]])


def _reason(fleet: _Fleet, phasing: Phasing, last: int) -> str:
    """Why the block that a line waits for does not come a year earlier."""
    year = int(phasing.block_year[last])
    if year == 0:
        return "first"
    if year == NEVER:
        return "not-bought"
    opened = phasing.place_year[fleet.charges_at[last]]
    return "depot" if opened.size and int(opened.max()) == year else "buses"
