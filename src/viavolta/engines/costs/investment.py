"""What charging points, depot works and grid connections cost to build."""

from dataclasses import dataclass
from enum import StrEnum

from viavolta.catalogue import Assumptions
from viavolta.engines.costs.ranges import Range, figure_range


class GridLevel(StrEnum):
    """Levels of the distribution grid that a site connects to."""

    LV = "lv"
    MV = "mv"
    HV_MV = "hv_mv"


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionRates:
    """Prices of a connection at one level; `max_kw` is infinite at the highest."""

    level: GridLevel
    fixed_eur: Range
    cable_eur_per_m: Range
    power_eur_per_kw: Range
    transformer_fixed_eur: Range
    transformer_eur_per_kw: Range
    length_m: float
    max_kw: float


def connection_rates(assumptions: Assumptions) -> tuple[ConnectionRates, ...]:
    """Read the catalogue's prices of grid connections, lowest level first."""
    return tuple(_level_rates(assumptions, level) for level in GridLevel)


def level_for(kw: float, levels: tuple[ConnectionRates, ...]) -> ConnectionRates:
    """Choose the lowest level that takes the power."""
    return next(level for level in levels if kw <= level.max_kw)


def line_cost_eur(
    kw: float, length_m: float, *, fixed_eur: float, cable_eur_per_m: float, power_eur_per_kw: float
) -> float:
    """Cost of a connection without its transformer: contribution and cable.

    Source of the form: SimBA (Reiner Lemoine Institut), fixed + per metre + per kW.
    """
    return fixed_eur + cable_eur_per_m * length_m + power_eur_per_kw * kw


def transformer_cost_eur(
    kw: float, transformer_fixed_eur: float, *, transformer_eur_per_kw: float
) -> float:
    """Cost of a connection's transformer."""
    return transformer_fixed_eur + transformer_eur_per_kw * kw


def connection_cost_eur(
    kw: float, levels: tuple[ConnectionRates, ...], *, length_m: float | None = None
) -> float:
    """Cost of connecting a site of `kw`, transformer included; nothing is built for no power.

    Without `length_m` the catalogue's usual length at that level counts. The level follows from
    the power, so the cost jumps where a site outgrows the low voltage grid.
    """
    if kw <= 0:
        return 0.0
    rates = level_for(kw, levels)
    line = line_cost_eur(
        kw,
        rates.length_m if length_m is None else length_m,
        fixed_eur=rates.fixed_eur.value,
        cable_eur_per_m=rates.cable_eur_per_m.value,
        power_eur_per_kw=rates.power_eur_per_kw.value,
    )
    return line + transformer_cost_eur(
        kw,
        rates.transformer_fixed_eur.value,
        transformer_eur_per_kw=rates.transformer_eur_per_kw.value,
    )


def point_cost_eur(n: int, kw: float, *, fixed_eur: float, eur_per_kw: float) -> float:
    """Cost of `n` depot charging points of `kw` each, installed."""
    return n * (fixed_eur + eur_per_kw * kw)


def depot_works_eur(n_points: int, *, eur_per_point: float, max_eur: float) -> float:
    """Cost of a depot's building works: per point, up to what a large depot costs in all."""
    return min(n_points * eur_per_point, max_eur)


def _level_rates(assumptions: Assumptions, level: GridLevel) -> ConnectionRates:
    def rate(name: str) -> Range:
        return figure_range(assumptions, f"costs.connection_{level}.{name}")

    top = level is GridLevel.HV_MV
    return ConnectionRates(
        level=level,
        fixed_eur=rate("fixed_eur"),
        cable_eur_per_m=rate("cable_eur_per_m"),
        power_eur_per_kw=rate("power_eur_per_kw"),
        transformer_fixed_eur=rate("transformer_fixed_eur"),
        transformer_eur_per_kw=rate("transformer_eur_per_kw"),
        length_m=assumptions.number(f"costs.connection_{level}.length_m"),
        max_kw=float("inf") if top else assumptions.number(f"costs.connection_{level}.max_kw"),
    )
