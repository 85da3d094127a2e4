"""The rules of an assessment, from the catalogue."""

from dataclasses import dataclass

from viavolta.catalogue.assumptions import Assumptions
from viavolta.engines.grid.assess.thermal import ThermalKind
from viavolta.engines.grid.assess.warmth import ThermalRules
from viavolta.engines.grid.bands import GridRules

_MOST_FACTOR = 9  # devices from which on the factor of simultaneity stays the same


def grid_rules(figures: Assumptions) -> GridRules:
    """Voltage bands and reserves."""
    number = figures.number
    return GridRules(
        low_pu=number("grid.band.low_pu"),
        high_pu=number("grid.band.high_pu"),
        mv_drop=number("grid.split.mv_drop_share"),
        mv_rise=number("grid.split.mv_rise_share"),
        station_drop=number("grid.split.station_drop_share"),
        station_rise=number("grid.split.station_rise_share"),
        lv_drop=number("grid.split.lv_drop_share"),
        lv_rise=number("grid.split.lv_rise_share"),
        lv_most_kv=number("grid.lv_most_kv"),
        mv_most_kv=number("grid.mv_most_kv"),
        n1_line=number("grid.n1.mv_line_share"),
        n1_transformer=number("grid.n1.mv_transformer_share"),
    )


def thermal_rules(figures: Assumptions) -> ThermalRules:
    """Temperatures of transformers."""
    number = figures.number
    return ThermalRules(
        distribution=_kind(figures, "distribution"),
        power=_kind(figures, "power"),
        distribution_most_kva=number("grid.thermal.distribution_most_kva"),
        hot_spot_most_c=number("grid.thermal.hot_spot_most_c"),
        oil_most_c=number("grid.thermal.oil_most_c"),
        normal_hot_spot_c=number("grid.thermal.normal_hot_spot_c"),
        doubling_k=number("grid.thermal.doubling_k"),
    )


def _kind(figures: Assumptions, name: str) -> ThermalKind:
    def number(key: str) -> float:
        return figures.number(f"grid.thermal.{name}.{key}")

    return ThermalKind(
        oil_rise_k=number("oil_rise_k"),
        gradient_k=number("gradient_k"),
        oil_time_min=number("oil_time_min"),
        winding_time_min=number("winding_time_min"),
        oil_exponent=number("oil_exponent"),
        winding_exponent=number("winding_exponent"),
        k11=number("k11"),
        k21=number("k21"),
        k22=number("k22"),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class DimmingRules:
    """Power that devices keep: of one, and the factors of simultaneity for two and more."""

    device_kw: float
    factors: tuple[float, ...]


def dimming_rules(figures: Assumptions) -> DimmingRules:
    """Section 14a of the German energy act, BNetzA BK6-22-300."""
    factors = range(2, _MOST_FACTOR + 1)
    return DimmingRules(
        device_kw=figures.number("grid.dimming.device_kw"),
        factors=tuple(figures.number(f"grid.dimming.factor_{n}") for n in factors),
    )
