"""What giving energy back takes from a battery, as a range over what may be in the car.

Nobody tells a station which cells a car has. So the wear of a kWh taken out is computed for both
cells of cars in the catalogue, LFP (Naumann et al. 2018, 2020) and NMC (Schmalstieg et al. 2014),
each at the price of a new pack, for the usual use in catalogue/wear.csv.
"""

from dataclasses import dataclass
from functools import cache

from viavolta.catalogue import Assumptions
from viavolta.catalogue.ageing_cells import SUBJECT as CELLS
from viavolta.catalogue.ageing_cells import cell_figures
from viavolta.engines.energy.ageing import (
    BatteryUse,
    NaumannCell,
    SchmalstiegCell,
    wear_eur_per_kwh,
)

SUBJECT = "wear"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wear:
    """Battery wear per kWh taken out (EUR), the lower and the higher of the two cells.

    `sources` names the catalogue's figures that it rests on.
    """

    low_eur_per_kwh: float
    high_eur_per_kwh: float
    sources: tuple[str, ...]

    def cents(self, discharged_wh: float) -> tuple[int, int]:
        """The wear of this much energy, in cents, low and high."""
        kwh = max(discharged_wh, 0.0) / 1000
        low, high = self.low_eur_per_kwh, self.high_eur_per_kwh
        return round(100 * kwh * low), round(100 * kwh * high)


@cache
def usual_wear() -> Wear:
    """The wear of the usual car, from the catalogue."""
    figures = Assumptions((CELLS, SUBJECT))
    use = BatteryUse(
        age_days=figures.number("wear.age_days"),
        temperature_c=figures.number("wear.temperature_c"),
        mean_soc=figures.number("wear.mean_soc"),
        full_cycles=figures.number("wear.full_cycles"),
        depth_share=figures.number("wear.depth_share"),
        c_rate=figures.number("wear.c_rate"),
    )
    loss = figures.number("wear.end_of_life_loss_share")
    cells = (
        (NaumannCell.from_figures(cell_figures(figures, "naumann")), "ageing.lfp_pack_eur_per_kwh"),
        (
            SchmalstiegCell.from_figures(cell_figures(figures, "schmalstieg")),
            "ageing.nmc_pack_eur_per_kwh",
        ),
    )
    per_kwh = sorted(
        wear_eur_per_kwh(
            cell, use, battery_eur_per_kwh=figures.number(key), end_of_life_loss_share=loss
        )
        for cell, key in cells
    )
    return Wear(
        low_eur_per_kwh=per_kwh[0],
        high_eur_per_kwh=per_kwh[-1],
        sources=tuple(dict.fromkeys(f.source for f in figures.used() if f.source)),
    )
