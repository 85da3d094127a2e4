"""Greenhouse gas of a bus system in a year: well to wheel in use, and production beside it."""

from dataclasses import dataclass
from enum import StrEnum

from viavolta.catalogue import Assumptions
from viavolta.engines.costs.annuity import n_purchases
from viavolta.engines.costs.items import battery_years, diesel_litres
from viavolta.engines.costs.ranges import Figures, Formula, Range, evaluate, figure_range
from viavolta.engines.costs.system import DieselCost, VehicleCost
from viavolta.model.errors import InputError, Where
from viavolta.model.messages import text

G_PER_T = 1e6
KG_PER_T = 1e3
REFERENCE_LENGTH_M = 12.0
COUNTRY_KEY = "carbon.country_g_per_kwh."
OTHER_CODES = {"el": "gr", "uk": "gb"}
"""Codes of the European Union that differ from ISO 3166."""


class CarbonSource(StrEnum):
    """Where a bus system's emissions come from; the first two are the use phase."""

    ELECTRICITY = "electricity"
    DIESEL = "diesel"
    VEHICLE_PRODUCTION = "vehicle_production"
    BATTERY_PRODUCTION = "battery_production"


USE_PHASE = (CarbonSource.ELECTRICITY, CarbonSource.DIESEL)


@dataclass(frozen=True, slots=True, kw_only=True)
class CarbonItem:
    """One part of the yearly emissions with its range, in t of CO2 equivalent."""

    item: CarbonSource
    t_per_year: float
    min_t_per_year: float
    max_t_per_year: float
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CarbonRates:
    """The factors both sides rest on; `electricity_g_per_kwh` counts at the power stations."""

    electricity_g_per_kwh: Range
    grid_losses_share: Range
    diesel_kg_per_l: Range
    bus_12m_production_t: Range
    battery_production_kg_per_kwh: Range
    bus_life_years: Range


def electricity_carbon(assumptions: Assumptions, country: str | None) -> Range:
    """Carbon of a kWh generated, of the country (ISO 3166, two letters) or the EU-27 mean.

    A value that the user set for `carbon.electricity_g_per_kwh` goes before the country's.

    Raises
    ------
    InputError: the catalogue has no figure for the country.
    """
    mean_key = "carbon.electricity_g_per_kwh"
    if country is None or assumptions.figure(mean_key).status == "user":
        return figure_range(assumptions, mean_key)
    return figure_range(assumptions, COUNTRY_KEY + country_code(assumptions, country))


def country_code(assumptions: Assumptions, country: str, *, file: str | None = None) -> str:
    """Find the catalogue's code of a country, without recording a use; `file` is for errors.

    Raises
    ------
    InputError: the catalogue has no figure for the country.
    """
    code = OTHER_CODES.get(country.lower(), country.lower())
    known = carbon_countries(assumptions)
    if code not in known:
        raise InputError(
            code="unknown-country",
            message=text("no carbon figure for the electricity of this country"),
            where=Where(file=file, field="tariff.country", value=country[:200]),
            expected=", ".join(one.upper() for one in known),
            hint=text("set carbon.electricity_g_per_kwh, or name the country the power comes from"),
        )
    return code


def carbon_countries(assumptions: Assumptions) -> tuple[str, ...]:
    """Two-letter codes, lower case, of the countries that the catalogue knows."""
    keys = (key for key in assumptions.keys() if key.startswith(COUNTRY_KEY))  # noqa: SIM118 - not a mapping
    return tuple(key.removeprefix(COUNTRY_KEY) for key in keys)


def carbon_rates(assumptions: Assumptions, country: str | None) -> CarbonRates:
    """Read the factors that the catalogue or the user's configuration gives (`carbon.` keys)."""
    return CarbonRates(
        electricity_g_per_kwh=electricity_carbon(assumptions, country),
        grid_losses_share=figure_range(assumptions, "carbon.grid_losses_share"),
        diesel_kg_per_l=figure_range(assumptions, "carbon.diesel_kg_per_l"),
        bus_12m_production_t=figure_range(assumptions, "carbon.bus_12m_production_t"),
        battery_production_kg_per_kwh=figure_range(
            assumptions, "carbon.battery_production_kg_per_kwh"
        ),
        bus_life_years=figure_range(assumptions, "costs.bus_life_years"),
    )


def electric_carbon(
    grid_kwh_per_year: float,
    rates: CarbonRates,
    *,
    vehicles: tuple[VehicleCost, ...],
    fleet_length_m: float,
    heater_litres_per_year: float = 0.0,
) -> tuple[CarbonItem, ...]:
    """Yearly emissions of battery buses.

    `grid_kwh_per_year` is taken from the grid, charging losses included; what the grid loses on
    the way is added. `fleet_length_m` is the sum of the buses' lengths: a bus's production counts
    in proportion to its length, and is spread over its life as its batteries are.
    `heater_litres_per_year` is the diesel of fuel heaters.
    """
    return (
        _item(
            CarbonSource.ELECTRICITY,
            lambda g, losses: grid_kwh_per_year / (1 - losses) * g / G_PER_T,
            g=rates.electricity_g_per_kwh,
            losses=rates.grid_losses_share,
        ),
        _item(
            CarbonSource.DIESEL,
            lambda kg: heater_litres_per_year * kg / KG_PER_T,
            kg=rates.diesel_kg_per_l,
        ),
        _vehicle_production(fleet_length_m, rates),
        _battery_production(vehicles, rates),
    )


def diesel_carbon(
    vehicles: tuple[DieselCost, ...], rates: CarbonRates, *, fleet_length_m: float
) -> tuple[CarbonItem, ...]:
    """Yearly emissions of diesel buses on the same trips, well to wheel, and their production."""
    return (
        _item(
            CarbonSource.DIESEL,
            lambda kg, use: diesel_litres(vehicles, use) * kg / KG_PER_T,
            kg=rates.diesel_kg_per_l,
            use=tuple(t.litres_per_100km for t in vehicles),
        ),
        _vehicle_production(fleet_length_m, rates),
    )


def use_phase_t_per_year(items: tuple[CarbonItem, ...]) -> float:
    """Well-to-wheel emissions in use, without production."""
    return sum(item.t_per_year for item in items if item.item in USE_PHASE)


def _item(item: CarbonSource, formula: Formula, **figures: Figures) -> CarbonItem:
    result = evaluate(formula, **figures)
    return CarbonItem(
        item=item,
        t_per_year=result.value,
        min_t_per_year=result.low,
        max_t_per_year=result.high,
        source=result.source,
    )


def _vehicle_production(fleet_length_m: float, rates: CarbonRates) -> CarbonItem:
    return _item(
        CarbonSource.VEHICLE_PRODUCTION,
        lambda t, life: t * fleet_length_m / REFERENCE_LENGTH_M / life,
        t=rates.bus_12m_production_t,
        life=rates.bus_life_years,
    )


def _battery_production(vehicles: tuple[VehicleCost, ...], rates: CarbonRates) -> CarbonItem:
    """All batteries of a bus's life, spread over that life."""

    def formula(
        kg: float, horizon: float, life: tuple[float, ...], cycles: tuple[float, ...]
    ) -> float:
        bought_kwh = 0.0
        for i, v in enumerate(vehicles):
            years = battery_years(life[i], cycles[i], cycles_per_year=v.cycles_per_year)
            bought_kwh += v.count * v.nominal_capacity_kwh * n_purchases(horizon, years)
        return bought_kwh * kg / KG_PER_T / horizon

    return _item(
        CarbonSource.BATTERY_PRODUCTION,
        formula,
        kg=rates.battery_production_kg_per_kwh,
        horizon=rates.bus_life_years,
        life=tuple(v.battery_life_years for v in vehicles),
        cycles=tuple(v.battery_life_cycles for v in vehicles),
    )
