"""Battery ageing in marginal form: what an hour at a charge, or a kWh taken out, costs next.

Ageing models give the capacity lost after years; a schedule needs what one more hour or one more
kWh adds to that. Each cell model below gives both: the loss after a given past, and the rate at
which it goes on. `holding_cost` turns the calendar rate into the two figures of a stay
(`ageing_soc`, `ageing_eur_per_kwh_h`), `wear_eur_per_kwh` the cycling rate into the third.

Where the stress changes, loss goes on from the loss so far, not from the time so far: a film that
took two cool years to grow grows on at the rate of a film of that thickness. For a loss
`stress * x^p` that is `p * stress^(1/p) * loss^((p-1)/p)` per unit of x.

Sources. Schmalstieg, Kaebitz, Ecker, Sauer 2014, J. Power Sources 257:325. Naumann, Schimpe, Keil,
Hesse, Jossen 2018, J. Energy Storage 17:153, and Naumann, Spingler, Jossen 2020, J. Power Sources
451:227666. Xu, Oudalov, Ulbig, Andersson, Kirschen 2018, IEEE Trans. Smart Grid 9:1131. Cycle
depth segments: Xu, Zhao, Zheng, Litvinov, Kirschen 2018, IEEE Trans. Power Systems 33:2248.
Figures: catalogue/ageing.csv.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol, Self

import numpy as np
from numpy.typing import ArrayLike

from viavolta.model.arrays import Floats

_ZERO_C_IN_K = 273.15
_GAS_J_PER_MOL_K = 8.314
_REFERENCE_K = 298.15
_S_PER_DAY = 86_400.0
_S_PER_H = 3_600.0
_H_PER_DAY = 24.0
_PERCENT = 100.0


@dataclass(frozen=True, slots=True, kw_only=True)
class BatteryUse:
    """How a battery was used so far, and how it is cycled now.

    Attributes
    ----------
    age_days : since it was made.
    temperature_c, mean_soc : of the cell, mean over that time.
    full_cycles : energy taken out so far over capacity.
    depth_share : depth of the usual cycle, share of the capacity.
    c_rate : usual power over capacity, 1/h.
    """

    age_days: float
    temperature_c: float
    mean_soc: float
    full_cycles: float
    depth_share: float
    c_rate: float

    def __post_init__(self) -> None:
        if not (self.age_days > 0 and self.full_cycles > 0):
            msg = (
                "age_days and full_cycles are above 0: the first hour of a cell has no finite rate"
            )
            raise ValueError(msg)
        if not (0 <= self.mean_soc <= 1 and 0 < self.depth_share <= 1):
            msg = "mean_soc and depth_share are shares"
            raise ValueError(msg)
        if not (self.c_rate > 0 and -_ZERO_C_IN_K < self.temperature_c < np.inf):
            msg = "c_rate is above 0 and temperature_c above absolute zero"
            raise ValueError(msg)


class Cell(Protocol):
    """A cell whose ageing is known."""

    def calendar_per_h(self, soc: Floats, *, temperature_c: float, use: BatteryUse) -> Floats:
        """Share of the capacity lost per hour at each state of charge. (N,) -> (N,)."""
        ...

    def cycling_per_full_cycle(self, use: BatteryUse) -> float:
        """Share of the capacity lost by the next full cycle's worth of the usual cycles."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class SchmalstiegCell:
    """NMC of 2014 (Sanyo UR18650E). Tested by charge at 50 C, by temperature at half charge, and
    cycled at 35 C and 1C: cycling knows neither temperature nor current.

    `ocv_v` is the voltage at rest at equal steps of charge from empty to full.
    """  # noqa: D205 - one sentence and a half

    calendar_k1_per_v: float
    calendar_k2: float
    calendar_k3_k: float
    calendar_exponent: float
    cycling_c1_per_v2: float
    cycling_c2_v: float
    cycling_c3: float
    cycling_c4: float
    cycling_exponent: float
    cell_ah: float
    ocv_v: tuple[float, ...]

    @classmethod
    def from_figures(cls, figures: Mapping[str, float]) -> Self:
        """Build from the figures `ageing.schmalstieg.…`, keys without that prefix."""
        plain = {key: value for key, value in figures.items() if not key.startswith("ocv_")}
        ocv_v = tuple(figures[key] for key in sorted(figures) if key.startswith("ocv_"))
        return cls(ocv_v=ocv_v, **plain)

    def voltage_v(self, soc: ArrayLike) -> Floats:
        """Voltage at rest, linear between the known points. (N,) -> (N,)."""
        known = np.linspace(0.0, 1.0, len(self.ocv_v))
        return np.interp(np.asarray(soc, dtype=np.float64), known, self.ocv_v)

    def calendar_stress(self, voltage_v: ArrayLike, *, temperature_c: float) -> Floats:
        """Loss after one day, share: (k1 V + k2) 1e6 exp(k3 / T), at least 0. (N,) -> (N,)."""
        temperature_k = temperature_c + _ZERO_C_IN_K
        by_voltage = self.calendar_k1_per_v * np.asarray(voltage_v) + self.calendar_k2
        at_temperature = 1e6 * np.exp(self.calendar_k3_k / temperature_k)
        stress: Floats = np.maximum(by_voltage, 0.0) * at_temperature
        return stress

    def cycling_stress(self, voltage_v: float, *, depth_share: float) -> float:
        """Loss per root of Ah through the cell: c1 (V - c2)^2 + c3 + c4 depth."""
        off_v = voltage_v - self.cycling_c2_v
        return self.cycling_c1_per_v2 * off_v**2 + self.cycling_c3 + self.cycling_c4 * depth_share

    def calendar_per_h(self, soc: Floats, *, temperature_c: float, use: BatteryUse) -> Floats:
        """Share of the capacity lost per hour at each state of charge. (N,) -> (N,)."""
        usual = self.calendar_stress(self.voltage_v(use.mean_soc), temperature_c=use.temperature_c)
        lost = float(usual) * use.age_days**self.calendar_exponent
        now = self.calendar_stress(self.voltage_v(soc), temperature_c=temperature_c)
        return marginal_loss(now, lost, exponent=self.calendar_exponent) / _H_PER_DAY

    def cycling_per_full_cycle(self, use: BatteryUse) -> float:
        """Share of the capacity lost by the next full cycle; both ways through the cell count."""
        stress = self.cycling_stress(
            float(self.voltage_v(use.mean_soc)), depth_share=use.depth_share
        )
        ah_per_cycle = 2.0 * self.cell_ah
        lost = stress * (ah_per_cycle * use.full_cycles) ** self.cycling_exponent
        return float(marginal_loss(stress, lost, exponent=self.cycling_exponent)) * ah_per_cycle


@dataclass(frozen=True, slots=True, kw_only=True)
class NaumannCell:
    """LFP of 2018 (Sony US26650FTC1), cycled at 25 and 40 C: cycling knows no temperature."""

    calendar_k_per_root_s: float
    calendar_activation_j_per_mol: float
    calendar_c: float
    calendar_d: float
    calendar_exponent: float
    cycling_a_h: float
    cycling_b: float
    cycling_c: float
    cycling_d: float
    cycling_exponent: float

    @classmethod
    def from_figures(cls, figures: Mapping[str, float]) -> Self:
        """Build from the figures `ageing.naumann.…`, keys without that prefix."""
        return cls(**figures)

    def calendar_stress(self, soc: ArrayLike, *, temperature_c: float) -> Floats:
        """Loss after one second: k exp(-Ea/R (1/T - 1/298.15)) (C (soc - 0.5)^3 + D). (N,)."""
        temperature_k = temperature_c + _ZERO_C_IN_K
        activation_k = self.calendar_activation_j_per_mol / _GAS_J_PER_MOL_K
        rate = self.calendar_k_per_root_s * np.exp(
            -activation_k * (1.0 / temperature_k - 1.0 / _REFERENCE_K)
        )
        by_soc = self.calendar_c * (np.asarray(soc) - 0.5) ** 3 + self.calendar_d
        stress: Floats = rate * by_soc
        return stress

    def cycling_stress(self, *, depth_share: float, c_rate: float) -> float:
        """Loss per root of full cycles, share: (A Crate + B)(C (depth - 0.6)^3 + D) percent."""
        by_rate = self.cycling_a_h * c_rate + self.cycling_b
        by_depth = self.cycling_c * (depth_share - 0.6) ** 3 + self.cycling_d
        return by_rate * by_depth / _PERCENT

    def calendar_per_h(self, soc: Floats, *, temperature_c: float, use: BatteryUse) -> Floats:
        """Share of the capacity lost per hour at each state of charge. (N,) -> (N,)."""
        usual = self.calendar_stress(use.mean_soc, temperature_c=use.temperature_c)
        lost = float(usual) * (use.age_days * _S_PER_DAY) ** self.calendar_exponent
        now = self.calendar_stress(soc, temperature_c=temperature_c)
        return marginal_loss(now, lost, exponent=self.calendar_exponent) * _S_PER_H

    def cycling_per_full_cycle(self, use: BatteryUse) -> float:
        """Share of the capacity lost by the next full cycle."""
        stress = self.cycling_stress(depth_share=use.depth_share, c_rate=use.c_rate)
        lost = stress * use.full_cycles**self.cycling_exponent
        return float(marginal_loss(stress, lost, exponent=self.cycling_exponent))


@dataclass(frozen=True, slots=True, kw_only=True)
class XuCell:
    """Xu et al. 2018, as fitted to LMO: time and cycles add up to one wear, which first builds a
    film (fast) and then goes on evenly. Knows depth, mean charge and temperature of a cycle.
    """  # noqa: D205 - one sentence

    film_share: float
    film_rate: float
    depth_k1: float
    depth_k2: float
    depth_k3: float
    soc_k: float
    soc_reference: float
    temperature_k_per_k: float
    temperature_reference_c: float
    time_per_s: float

    @classmethod
    def from_figures(cls, figures: Mapping[str, float]) -> Self:
        """Build from the figures `ageing.xu.…`, keys without that prefix."""
        return cls(**figures)

    def depth_stress(self, depth_share: ArrayLike) -> Floats:
        """Wear of one cycle of this depth: 1 / (k1 depth^k2 + k3), 0 at none. (N,) -> (N,)."""
        depth = np.asarray(depth_share, dtype=np.float64)
        some = np.where(depth > 0, depth, 1.0)
        return np.where(depth > 0, 1.0 / (self.depth_k1 * some**self.depth_k2 + self.depth_k3), 0.0)

    def climate_stress(self, soc: ArrayLike, *, temperature_c: float) -> Floats:
        """Factor of mean charge and temperature, 1 at the references. (N,) -> (N,)."""
        reference_k = self.temperature_reference_c + _ZERO_C_IN_K
        warmer_k = temperature_c - self.temperature_reference_c
        by_temperature = np.exp(
            self.temperature_k_per_k * warmer_k * reference_k / (temperature_c + _ZERO_C_IN_K)
        )
        by_soc = np.exp(self.soc_k * (np.asarray(soc) - self.soc_reference))
        factor: Floats = by_soc * by_temperature
        return factor

    def wear(self, use: BatteryUse) -> float:
        """Time and cycles so far: the f_d of the paper."""
        time = self.time_per_s * use.age_days * _S_PER_DAY
        cycles = use.full_cycles / use.depth_share * float(self.depth_stress(use.depth_share))
        usual = self.climate_stress(use.mean_soc, temperature_c=use.temperature_c)
        return (time + cycles) * float(usual)

    def lost_share(self, wear: float) -> float:
        """Share of the capacity lost: 1 - a exp(-b f_d) - (1 - a) exp(-f_d)."""
        film = self.film_share * np.exp(-self.film_rate * wear)
        return float(1.0 - film - (1.0 - self.film_share) * np.exp(-wear))

    def lost_per_wear(self, wear: float) -> float:
        """Derivative of `lost_share`."""
        film = self.film_share * self.film_rate * np.exp(-self.film_rate * wear)
        return float(film + (1.0 - self.film_share) * np.exp(-wear))

    def calendar_per_h(self, soc: Floats, *, temperature_c: float, use: BatteryUse) -> Floats:
        """Share of the capacity lost per hour at each state of charge. (N,) -> (N,)."""
        per_h = self.time_per_s * _S_PER_H * self.lost_per_wear(self.wear(use))
        return per_h * self.climate_stress(soc, temperature_c=temperature_c)

    def cycling_per_full_cycle(self, use: BatteryUse) -> float:
        """Share of the capacity lost by the next full cycle's worth of cycles of this depth."""
        per_cycle = float(self.depth_stress(use.depth_share)) / use.depth_share
        usual = float(self.climate_stress(use.mean_soc, temperature_c=use.temperature_c))
        return per_cycle * usual * self.lost_per_wear(self.wear(use))

    def depth_segments(self, use: BatteryUse, *, n_segments: int) -> Floats:
        """Share lost per full cycle's worth in each slice of depth, from shallow to deep.

        The marginal form of rainflow counting (Xu et al. 2018, Power Systems): energy taken from
        slice j of J costs J (stress(j / J) - stress((j - 1) / J)). Returns (n_segments,); their
        mean is the figure of a cycle of full depth.
        """
        stress = self.depth_stress(np.linspace(0.0, 1.0, n_segments + 1))
        usual = float(self.climate_stress(use.mean_soc, temperature_c=use.temperature_c))
        return np.diff(stress) * n_segments * usual * self.lost_per_wear(self.wear(use))


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldingCost:
    """Calendar ageing as a stay states it, and how far that is from the curve of the cell.

    Attributes
    ----------
    ageing_soc, ageing_eur_per_kwh_h : each kWh above this share of the capacity costs this much
        per hour.
    worst_error_share : largest distance of the fit from the cell's curve, over the curve's span.
    not_convex_share : largest distance of the curve from its convex hull from below, over its
        span; no convex cost at all comes nearer than half of it.
    """

    ageing_soc: float
    ageing_eur_per_kwh_h: float
    worst_error_share: float
    not_convex_share: float


def marginal_loss(stress: ArrayLike, lost_share: float, *, exponent: float) -> Floats:
    """Rate of a loss `stress * x^exponent` that has come to lost_share, per unit of x.

    Shapes: stress (N,) -> (N,). lost_share is above 0.
    """
    power = np.asarray(stress, dtype=np.float64) ** (1.0 / exponent)
    rate: Floats = exponent * power * lost_share ** ((exponent - 1.0) / exponent)
    return rate


def wear_eur_per_kwh(
    cell: Cell,
    use: BatteryUse,
    *,
    battery_eur_per_kwh: float,
    end_of_life_loss_share: float,
) -> float:
    """What a kWh taken out, and charged again, costs in cycling wear.

    Each share of capacity lost costs its part of a new battery, which is bought when
    end_of_life_loss_share is gone. The whole cycle is put on the way out, as wear_eur_per_kwh of a
    stay wants it. A single price for all depths: `XuCell.depth_segments` shows the spread.

    Parameters
    ----------
    battery_eur_per_kwh
        New battery per kWh of capacity, less what the old one is still worth.
    """
    per_kwh = _eur_per_share(battery_eur_per_kwh, end_of_life_loss_share)
    return per_kwh * cell.cycling_per_full_cycle(use)


def holding_cost(
    cell: Cell,
    use: BatteryUse,
    *,
    temperature_c: float,
    battery_eur_per_kwh: float,
    end_of_life_loss_share: float,
    soc_range: tuple[float, float] = (0.2, 1.0),
) -> HoldingCost:
    """Fit one knee to what an hour at a state of charge costs in calendar ageing.

    Ageing that no decision can change is left out: the fit is flat below the knee, whatever the
    level there. Knee and slope are those of least squares over soc_range, where vehicles at a plug
    mostly are. The curve of a cell need not be convex, the fit always is, because a cost that
    bends down would reward holding two charges in turn and could not be planned exactly; both
    errors are part of the answer.

    Parameters
    ----------
    temperature_c
        Of the cell during the stay.
    battery_eur_per_kwh
        New battery per kWh of capacity, less what the old one is still worth.
    soc_range
        Lowest and highest state of charge that the fit looks at.
    """
    low, high = soc_range
    if not 0 <= low < high <= 1:
        msg = "soc_range is two shares, the lower first"
        raise ValueError(msg)
    soc = np.linspace(low, high, _FIT_POINTS)
    per_h = cell.calendar_per_h(soc, temperature_c=temperature_c, use=use)
    eur_per_h = per_h * _eur_per_share(battery_eur_per_kwh, end_of_life_loss_share)
    knee, slope, worst = _one_knee(soc, eur_per_h)
    span = float(np.ptp(eur_per_h)) or 1.0
    above = eur_per_h - _hull_below(soc, eur_per_h)
    return HoldingCost(
        ageing_soc=knee,
        ageing_eur_per_kwh_h=slope,
        worst_error_share=worst / span,
        not_convex_share=float(above.max()) / span,
    )


_FIT_POINTS = 161


def _eur_per_share(battery_eur_per_kwh: float, end_of_life_loss_share: float) -> float:
    """EUR per kWh of capacity for losing all of it at the pace of the usable part."""
    if not (battery_eur_per_kwh >= 0 and 0 < end_of_life_loss_share <= 1):
        msg = "battery_eur_per_kwh is at least 0 and end_of_life_loss_share a share above 0"
        raise ValueError(msg)
    return battery_eur_per_kwh / end_of_life_loss_share


def _one_knee(soc: Floats, cost: Floats) -> tuple[float, float, float]:
    """Knee, slope and worst error of the best level + slope * max(0, soc - knee). Shapes: (N,)."""
    best = (np.inf, float(soc[0]), 0.0, 0.0)
    for knee in soc[:-1].tolist():
        above = np.maximum(0.0, soc - knee)
        off = above - above.mean()
        slope = max(0.0, float(off @ cost / (off @ off)))
        error = cost - cost.mean() - slope * off
        squares = float(error @ error)
        if squares < best[0]:
            best = (squares, knee, slope, float(np.abs(error).max()))
    return best[1:]


def _hull_below(soc: Floats, cost: Floats) -> Floats:
    """Largest convex function that is nowhere above the cost. Shapes: (N,) -> (N,)."""
    hull: list[int] = []
    for point in range(len(soc)):
        while len(hull) > 1 and _bends_down(soc, cost, a=hull[-2], b=hull[-1], c=point):
            hull.pop()
        hull.append(point)
    return np.interp(soc, soc[hull], cost[hull])


def _bends_down(soc: Floats, cost: Floats, *, a: int, b: int, c: int) -> bool:
    """Whether point b lies on or above the line from a to c."""
    rise = (cost[c] - cost[a]) * (soc[b] - soc[a])
    return bool((cost[b] - cost[a]) * (soc[c] - soc[a]) >= rise)
