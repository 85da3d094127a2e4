"""Carbon as a second objective: a price that is added to that of energy, and what it comes to."""

from dataclasses import replace

from viavolta.engines.charging.cost import grid_costs_eur
from viavolta.model.arrays import Floats
from viavolta.model.errors import InputError, Where
from viavolta.model.limit import LimitTree
from viavolta.model.messages import text
from viavolta.model.signal import SignalTable

_GRAMS_PER_T = 1e6
_GRAMS_PER_KG = 1e3


def with_carbon(signals: SignalTable, eur_per_t: float, *, file: str) -> SignalTable:
    """Add the price of carbon to buying and selling alike; the signals themselves where it is 0.

    Raises
    ------
    InputError: carbon has a price, and the signals do not know the carbon; `file` is theirs.
    """
    if eur_per_t == 0:
        return signals
    if signals.co2_g_per_kwh is None:
        raise InputError(
            code="signals-without-carbon",
            message=text("--carbon-eur-per-t needs the column co2_g_per_kwh"),
            where=Where(file=file, field="co2_g_per_kwh"),
            expected=text("grams of CO2 per kWh in each row"),
            hint=text("add the column to the signals, or leave --carbon-eur-per-t out"),
        )
    surcharge = signals.co2_g_per_kwh * (eur_per_t / _GRAMS_PER_T)
    return replace(
        signals,
        buy_eur_per_kwh=signals.buy_eur_per_kwh + surcharge,
        sell_eur_per_kwh=signals.sell_eur_per_kwh + surcharge,
    )


def carbon_kg(net_kw: Floats, limits: LimitTree, *, signals: SignalTable) -> float | None:
    """Carbon of the energy at the roots, import and export alike; None where it is not known.

    net_kw is (L, T), net power at each limit.
    """
    grams = signals.co2_g_per_kwh
    if grams is None:
        return None
    in_grams = replace(signals, buy_eur_per_kwh=grams, sell_eur_per_kwh=grams)
    total_g, _ = grid_costs_eur(net_kw, limits, in_grams)
    return total_g / _GRAMS_PER_KG


def carbon_eur(kg: float | None, eur_per_t: float) -> float:
    """Cost of so much carbon; nothing where it is not known, and so has no price."""
    return 0.0 if kg is None else kg * eur_per_t * _GRAMS_PER_KG / _GRAMS_PER_T
