"""What electricity costs: over the day for the scheduler, over the year for the accounts.

The price per kWh is the wholesale price of the hour, plus the energy part of the grid fee, plus
tax, concession fee, levies and the supplier's margin, all without value added tax. Beside it
stands the capacity price for the highest power of the year.

Grid fees have two branches: for short use a low capacity price and a high energy part, for long
use the reverse. The branch follows from the hours of use, energy over peak, with a border at
2,500 hours; the two are made to meet there. So which branch is cheaper depends on the load, and
the load on the prices: schedule under each branch and keep the cheaper year (`cheaper_branch`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from viavolta.catalogue import Assumptions
from viavolta.engines.costs.ranges import Range, figure_range

Floats = NDArray[np.float64]

HOUR_S = 3600
DAY_S = 24 * HOUR_S
DAYS_PER_YEAR = 365


class Branch(StrEnum):
    """The two branches of a grid fee."""

    SHORT_USE = "short_use"
    LONG_USE = "long_use"


@dataclass(frozen=True, slots=True, kw_only=True)
class GridFee:
    """One branch of the grid fee; the capacity price is per kW and year."""

    branch: Branch
    capacity_eur_per_kw: Range
    energy_eur_per_kwh: Range


@dataclass(frozen=True, slots=True, kw_only=True)
class Tariff:
    """All parts of the electricity price but the wholesale price of the hour."""

    short_use: GridFee
    long_use: GridFee
    threshold_h: float
    tax_eur_per_kwh: Range
    concession_eur_per_kwh: Range
    levies_eur_per_kwh: Range
    supplier_margin_eur_per_kwh: Range
    wholesale_factor: Range

    @property
    def branches(self) -> tuple[GridFee, GridFee]:
        """Both branches, short use first."""
        return self.short_use, self.long_use

    @property
    def surcharge_eur_per_kwh(self) -> float:
        """What is paid per kWh at any hour, without wholesale price and grid fee."""
        return (
            self.tax_eur_per_kwh.value
            + self.concession_eur_per_kwh.value
            + self.levies_eur_per_kwh.value
            + self.supplier_margin_eur_per_kwh.value
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class EnergyUse:
    """A year at one grid connection, at the plug's grid side.

    `wholesale_eur` is the energy at the wholesale prices of its hours, before the tariff's factor
    and surcharges; `peak_kw` the highest mean power of a step.
    """

    energy_kwh: float
    peak_kw: float
    wholesale_eur: float

    @property
    def hours_of_use(self) -> float:
        """Energy over peak, in hours per year; zero without load."""
        return self.energy_kwh / self.peak_kw if self.peak_kw > 0 else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class YearlyBill:
    """What a connection pays in a year, and why.

    `branch` is the cheaper one and `other_branch_eur` the whole bill under its rival;
    `branch_by_hours` is where the border in hours of use would put the load.
    """

    branch: Branch
    branch_by_hours: Branch
    hours_of_use: float
    energy_eur: float
    capacity_eur: float
    other_branch_eur: float

    @property
    def total_eur(self) -> float:
        """Energy and capacity together."""
        return self.energy_eur + self.capacity_eur


def catalogue_tariff(assumptions: Assumptions) -> Tariff:
    """Read the tariff that the catalogue or the user's configuration describes."""

    def fee(branch: Branch) -> GridFee:
        return GridFee(
            branch=branch,
            capacity_eur_per_kw=figure_range(assumptions, f"tariffs.{branch}.capacity_eur_per_kw"),
            energy_eur_per_kwh=figure_range(assumptions, f"tariffs.{branch}.energy_eur_per_kwh"),
        )

    return Tariff(
        short_use=fee(Branch.SHORT_USE),
        long_use=fee(Branch.LONG_USE),
        threshold_h=assumptions.number("tariffs.full_load_threshold_h"),
        tax_eur_per_kwh=figure_range(assumptions, "tariffs.tax_eur_per_kwh"),
        concession_eur_per_kwh=figure_range(assumptions, "tariffs.concession_eur_per_kwh"),
        levies_eur_per_kwh=figure_range(assumptions, "tariffs.levies_eur_per_kwh"),
        supplier_margin_eur_per_kwh=figure_range(
            assumptions, "tariffs.supplier_margin_eur_per_kwh"
        ),
        wholesale_factor=figure_range(assumptions, "tariffs.wholesale_factor"),
    )


def step_means(hourly: Floats, start_s: int, *, step_s: int, n_steps: int) -> Floats:
    """Mean of a daily profile over each step; the profile repeats every day.

    Shapes: hourly (24,), by local hour; returns (T,). Steps may lie across hours and may run past
    midnight: the mean is exact, not the value at the start of the step.
    """
    so_far = np.concatenate(([0.0], np.cumsum(hourly))) * HOUR_S
    edges = start_s + step_s * np.arange(n_steps + 1)
    days, within = np.divmod(edges, DAY_S)
    integral = days * so_far[-1] + np.interp(within, HOUR_S * np.arange(25), so_far)
    means: Floats = np.diff(integral) / step_s
    return means


def day_price(
    wholesale: Floats, tariff: Tariff, *, fee: GridFee, start_s: int, step_s: int, n_steps: int
) -> Floats:
    """Price to buy a kWh in each step of a day, in EUR per kWh.

    Shapes: wholesale (24,) EUR per kWh by local hour; returns (T,). `fee` is the branch of the
    grid fee to plan under; its capacity price is `capacity_eur_per_kw_day`.
    """
    market = step_means(wholesale, start_s, step_s=step_s, n_steps=n_steps)
    per_kwh = tariff.surcharge_eur_per_kwh + fee.energy_eur_per_kwh.value
    prices: Floats = market * tariff.wholesale_factor.value + per_kwh
    return prices


def capacity_eur_per_kw_day(fee: GridFee, days_per_year: float = DAYS_PER_YEAR) -> float:
    """Share of the yearly capacity price that one of `days_per_year` like days carries."""
    return fee.capacity_eur_per_kw.value / days_per_year


def grid_fee_eur(use: EnergyUse, fee: GridFee) -> float:
    """Grid fee of a year under one branch: capacity and energy parts."""
    capacity = fee.capacity_eur_per_kw.value * use.peak_kw
    return capacity + fee.energy_eur_per_kwh.value * use.energy_kwh


def cheaper_branch(use: EnergyUse, tariff: Tariff) -> GridFee:
    """Choose the branch that costs less for this load; short use where both cost the same."""
    return min(tariff.branches, key=lambda fee: grid_fee_eur(use, fee))


def branch_by_hours(use: EnergyUse, tariff: Tariff) -> Branch:
    """Tell the branch that the hours of use call for: long use from the border on."""
    is_long = use.hours_of_use >= tariff.threshold_h
    return Branch.LONG_USE if is_long else Branch.SHORT_USE


def yearly_bill(use: EnergyUse, tariff: Tariff) -> YearlyBill:
    """Work out what a connection pays in a year, under the cheaper branch of the grid fee."""
    fee = cheaper_branch(use, tariff)
    other = tariff.long_use if fee is tariff.short_use else tariff.short_use
    per_kwh = tariff.surcharge_eur_per_kwh + fee.energy_eur_per_kwh.value
    energy = use.wholesale_eur * tariff.wholesale_factor.value + per_kwh * use.energy_kwh
    capacity = fee.capacity_eur_per_kw.value * use.peak_kw
    change = grid_fee_eur(use, other) - grid_fee_eur(use, fee)
    return YearlyBill(
        branch=fee.branch,
        branch_by_hours=branch_by_hours(use, tariff),
        hours_of_use=use.hours_of_use,
        energy_eur=energy,
        capacity_eur=capacity,
        other_branch_eur=energy + capacity + change,
    )


def weighted_year(days: Sequence[EnergyUse], days_per_year: Sequence[float]) -> EnergyUse:
    """Make a year of like days: energy and money add up, the peak is the highest of all.

    Each entry of `days` holds one day's energy and money; days that never occur set no peak.
    """
    pairs = list(zip(days, days_per_year, strict=True))
    return EnergyUse(
        energy_kwh=sum(day.energy_kwh * n for day, n in pairs),
        peak_kw=max((day.peak_kw for day, n in pairs if n > 0), default=0.0),
        wholesale_eur=sum(day.wholesale_eur * n for day, n in pairs),
    )
