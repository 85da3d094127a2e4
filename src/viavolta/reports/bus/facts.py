"""What the sections of a bus report ask of a study: its tables and figures, or that they lack."""

from dataclasses import dataclass, field
from typing import Any

import polars as pl

from viavolta.model.messages import text
from viavolta.model.study import Study
from viavolta.reports.markup import clip
from viavolta.reports.numbers import known

_COLUMNS = {
    "trips": "trip_id route_id route_name from_place to_place start_s "
    "end_s distance_km distance_source climb_m energy_kwh",
    "places": "place_id name lat lon is_terminal is_depot has_charger",
    "vehicles": "vehicle_id vehicle_type depot capacity_kwh soc_min_kwh",
    "blocks": "block_id vehicle_id seq kind trip_id from_place to_place start_s "
    "end_s distance_km energy_kwh charged_kwh soc_start_kwh soc_end_kwh",
    "chargers": "place_id n_points point_kw connection_kw cost_eur",
    "stays": "stay_id vehicle_id",
    "schedule": "stay_id start power_kw",
    "shapes": "route_id route_name lat lon part",
    "trips_per_day": "date trips overlapping_trips is_chosen",
    "power": "start_s place_id unmanaged_kw managed_kw limit_kw price_eur_per_kwh",
    "sensitivities": (
        "subject unit low base high low_eur_per_year base_eur_per_year high_eur_per_year range_kind"
    ),
    "robustness": "block_id draws finished chance standard_error finished_design_day "
    "chance_design_day lowest_p05_kwh driver driver_design_day first_short_seq",
    "safer_plans": "added_reserve_share vehicles charging_points cost_eur_per_year "
    "more_eur_per_year chance_all standard_error_all chance_none_empty is_recommended",
    "phase_in": "year electric_buses diesel_buses charging_points connection_kw used_kw capex_eur "
    "opex_eur co2_t whole_lines",
    "phase_in_lines": "route_id route_name blocks first_year whole_year saved_eur_per_bus "
    "last_block_id shared_lines reason",
    "clean_vehicles": "country from_year to_year bought bought_electric required_clean_share "
    "required_zero_emission_share short_by",
    "alternatives": (
        "alternative is_chosen is_given vehicles vehicles_by_type depot_points terminal_points "
        "terminals connection_kw eur_per_year"
    ),
    "costs": "item electric_eur_per_year diesel_eur_per_year min_eur_per_year "
    "max_eur_per_year source",
    "why": "figure statement binds one_more",
}
"""Columns that the sections read, by table; the names are those of the contract."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Why:
    """Why a figure is what it is, in the planner's own words."""

    statement: str
    binds: str
    one_more: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BusFacts:
    """A bus study as the sections read it."""

    study: Study
    place_names: dict[str, str] = field(default_factory=dict)
    reasons: dict[str, Why] = field(default_factory=dict)

    def table(self, name: str) -> pl.DataFrame | None:
        """Give a table that is there, has the columns of the contract and at least one row."""
        frame = self.study.tables.get(name)
        if (
            frame is None
            or frame.is_empty()
            or not set(_COLUMNS[name].split()) <= set(frame.columns)
        ):
            return None
        return frame

    def number(self, key: str) -> float | None:
        """Give a figure of the summary, None where it is not known."""
        return known(self.study.summary.get(key))

    def word(self, key: str) -> str:
        """Give a text of the summary, empty where there is none."""
        value = self.study.summary.get(key)
        return clip(value) if isinstance(value, str) else ""

    def flag(self, key: str) -> bool:
        """Give a yes or no of the summary."""
        return self.study.summary.get(key) is True

    def infeasible(self) -> list[tuple[str, str]]:
        """Trips that no vehicle can do, each with its reason."""
        listed: Any = self.study.summary.get("infeasible_trips") or []
        return [
            (str(one.get("trip_id", "")), str(one.get("reason", "")))
            for one in listed
            if isinstance(one, dict)
        ]

    def trips_served(self) -> int:
        """Trips that stand in a block."""
        blocks = self.table("blocks")
        return 0 if blocks is None else int((blocks["kind"] == "trip").sum())

    def trips_of_day(self) -> int:
        """Trips of the service day, served or not."""
        frame = self.study.tables.get("trips")
        listed = self.number("trips")
        return frame.height if frame is not None else int(listed or 0)

    def charger_sum(self, column: str) -> float | None:
        """Give a column of the chargers table summed over places."""
        chargers = self.table("chargers")
        return None if chargers is None else known(float(chargers[column].fill_null(0).sum()))

    def place(self, place_id: object) -> str:
        """Give a place by its name, by its id where it has none."""
        return self.place_names.get(str(place_id), str(place_id))

    def local_time(self) -> str:
        """Words for a time axis: which clock it shows."""
        return text("time of day ({timezone})", timezone=clip(self.study.timezone, 40))


def facts_of(study: Study) -> BusFacts:
    """Prepare a study for its report."""
    places = study.tables.get("places", pl.DataFrame())
    names = (
        dict(zip(places["place_id"].to_list(), places["name"].to_list(), strict=True))
        if {"place_id", "name"} <= set(places.columns)
        else {}
    )
    bare = BusFacts(study=study)
    reasons = bare.table("why")
    return BusFacts(
        study=study,
        place_names={str(k): clip(v or k, 60) for k, v in names.items()},
        reasons={}
        if reasons is None
        else {
            str(row["figure"]): Why(
                statement=clip(row["statement"] or ""),
                binds=clip(row["binds"] or ""),
                one_more=clip(row["one_more"] or ""),
            )
            for row in reasons.iter_rows(named=True)
        },
    )
