"""Battery ageing against the papers' formulas, and what its marginal form promises."""

import csv
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from viavolta.catalogue import Assumptions
from viavolta.catalogue.ageing_cells import CELLS, SUBJECT, cell_figures
from viavolta.engines.energy.ageing import (
    BatteryUse,
    Cell,
    NaumannCell,
    SchmalstiegCell,
    XuCell,
    holding_cost,
    marginal_loss,
    wear_eur_per_kwh,
)

FOLDER = Path(__file__).parents[2] / "golden" / "ageing"
with (FOLDER / "cases.csv").open(encoding="utf-8") as stream:
    ROWS = list(csv.DictReader(stream))
FIGURES = {cell: cell_figures(Assumptions([SUBJECT]), cell) for cell in CELLS}
NMC = SchmalstiegCell.from_figures(FIGURES["schmalstieg"])
LFP = NaumannCell.from_figures(FIGURES["naumann"])
LMO = XuCell.from_figures(FIGURES["xu"])
USE = BatteryUse(
    age_days=1825,
    temperature_c=25,
    mean_soc=0.6,
    full_cycles=300,
    depth_share=0.4,
    c_rate=0.2,
)
PRICE: Any = {"battery_eur_per_kwh": 120.0, "end_of_life_loss_share": 0.2}
uses = st.builds(
    BatteryUse,
    age_days=st.floats(30, 5000),
    temperature_c=st.floats(-5, 40),
    mean_soc=st.floats(0.05, 1),
    full_cycles=st.floats(5, 3000),
    depth_share=st.floats(0.1, 1),
    c_rate=st.floats(0.05, 1),
)
cells = st.sampled_from([NMC, LFP, LMO])


@dataclass(frozen=True)
class BowedCell:
    """A cell whose cost is concave: no convex fit can follow it."""

    def calendar_per_h(self, soc, *, temperature_c, use):  # noqa: ARG002 - the signature of a cell
        """Root of the charge."""
        return np.sqrt(soc)

    def cycling_per_full_cycle(self, use):  # noqa: ARG002 - the signature of a cell
        """Nothing."""
        return 0.0


@dataclass(frozen=True)
class KneeCell(BowedCell):
    """A cell whose cost is one knee exactly."""

    def calendar_per_h(self, soc, *, temperature_c, use):  # noqa: ARG002 - the signature of a cell
        """One above 60 %, on top of a level of its own."""
        return 0.003 + 0.001 * np.maximum(0.0, soc - 0.6)


def modelled(row: dict[str, str]) -> float:
    n = {key: float(value) for key, value in row.items() if value and key not in {"id", "method"}}
    days, celsius = n.get("days", 1.0), n.get("temperature_c", 25.0)
    match row["method"]:
        case "nmc_calendar":
            return float(NMC.calendar_stress(n["voltage_v"], temperature_c=celsius)) * days**0.75
        case "nmc_cycling":
            stress = NMC.cycling_stress(n["voltage_v"], depth_share=n["depth_share"])
            return stress * n["ah"] ** 0.5
        case "nmc_next_hour":
            use = replace(USE, age_days=days)
            return float(NMC.calendar_per_h(np.array(n["soc"]), temperature_c=celsius, use=use))
        case "lfp_calendar":
            stress = float(LFP.calendar_stress(n["soc"], temperature_c=celsius))
            return stress * (days * 86_400) ** 0.5
        case "lfp_cycling":
            stress = LFP.cycling_stress(depth_share=n["depth_share"], c_rate=n["c_rate"])
            return stress * n["full_cycles"] ** 0.5
        case method:
            use = BatteryUse(
                age_days=days,
                temperature_c=celsius,
                mean_soc=n["soc"],
                full_cycles=n["full_cycles"],
                depth_share=n["depth_share"],
                c_rate=1.0,
            )
            wear = LMO.wear(use)
            return wear if method == "xu_wear" else LMO.lost_share(wear)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row['id']}-{row['method']}")
def test_golden(row: dict[str, str]) -> None:
    """Each model meets what its paper's formula gives."""
    assert modelled(row) == pytest.approx(float(row["expected"]), abs=float(row["tolerance"]))


def test_another_model_of_the_lfp_cell_is_not_far() -> None:
    """An hour full at 35 C after five years: blast-lite 1.1.1 fits the same tests otherwise.

    Its own formula gives 3.26e-6; models of one cell differ by a third.
    """
    per_h = float(LFP.calendar_per_h(np.array(1.0), temperature_c=35.0, use=USE))
    assert per_h == pytest.approx(3.26e-6, rel=0.35)


@settings(deadline=None, derandomize=True, max_examples=50)
@given(use=uses)
def test_rates_are_the_slopes_of_the_losses(use: BatteryUse) -> None:
    """At the usual charge and temperature the rate is the derivative of the loss over time."""
    day = 1e-4 * use.age_days

    def slope(lost) -> float:
        return (lost(use.age_days + day) - lost(use.age_days - day)) / (2 * day) / 24

    usual = float(NMC.calendar_stress(NMC.voltage_v(use.mean_soc), temperature_c=use.temperature_c))
    found = float(
        NMC.calendar_per_h(np.array(use.mean_soc), temperature_c=use.temperature_c, use=use)
    )
    assert found == pytest.approx(slope(lambda days: usual * days**0.75), rel=1e-5)

    def lmo_lost(days: float) -> float:
        return LMO.lost_share(LMO.wear(replace(use, age_days=days)))

    found = float(
        LMO.calendar_per_h(np.array(use.mean_soc), temperature_c=use.temperature_c, use=use)
    )
    assert found == pytest.approx(slope(lmo_lost), rel=1e-4, abs=1e-12)


@settings(deadline=None, derandomize=True, max_examples=50)
@given(use=uses)
def test_cycling_rates_are_slopes_too(use: BatteryUse) -> None:
    """A full cycle more adds what the formula says, for each cell."""
    step = 1e-3 * use.full_cycles

    def slope(lost) -> float:
        return (lost(use.full_cycles + step) - lost(use.full_cycles - step)) / (2 * step)

    volt = float(NMC.voltage_v(use.mean_soc))
    nmc = NMC.cycling_stress(volt, depth_share=use.depth_share)
    lfp = LFP.cycling_stress(depth_share=use.depth_share, c_rate=use.c_rate)
    assert NMC.cycling_per_full_cycle(use) == pytest.approx(
        slope(lambda n: nmc * (2 * NMC.cell_ah * n) ** 0.5), rel=1e-4
    )
    assert LFP.cycling_per_full_cycle(use) == pytest.approx(slope(lambda n: lfp * n**0.5), rel=1e-4)
    assert LMO.cycling_per_full_cycle(use) == pytest.approx(
        slope(lambda n: LMO.lost_share(LMO.wear(replace(use, full_cycles=n)))), rel=1e-2, abs=1e-12
    )


@settings(deadline=None, derandomize=True, max_examples=50)
@given(use=uses, cell=cells, celsius=st.floats(-5, 40))
def test_holding_cost_is_a_usable_price(use: BatteryUse, cell: Cell, celsius: float) -> None:
    """Knee within the range, slope above 0, errors known and consistent; warmth never helps."""
    found = holding_cost(cell, use, temperature_c=celsius, **PRICE)
    warmer = holding_cost(cell, use, temperature_c=celsius + 5, **PRICE)
    assert 0.2 <= found.ageing_soc <= 1
    assert found.ageing_eur_per_kwh_h > 0
    assert found.worst_error_share >= found.not_convex_share / 2 - 1e-9
    assert found.worst_error_share < 0.13
    assert warmer.ageing_eur_per_kwh_h > found.ageing_eur_per_kwh_h
    assert warmer.ageing_soc == pytest.approx(found.ageing_soc)


def test_errors_of_the_fit_are_what_the_pages_say() -> None:
    """Over 20 to 100 % of charge: NMC within 8 % of the span, LFP within 13, LMO within 6."""
    errors = [
        holding_cost(cell, USE, temperature_c=25.0, **PRICE).worst_error_share
        for cell in (NMC, LFP, LMO)
    ]
    assert errors == pytest.approx([0.074, 0.125, 0.056], abs=0.002)


def test_a_cost_with_one_knee_is_met_exactly() -> None:
    """The level below the knee is left out; slope and knee come back."""
    found = holding_cost(KneeCell(), USE, temperature_c=25.0, **PRICE)
    assert found.ageing_soc == pytest.approx(0.6)
    assert found.ageing_eur_per_kwh_h == pytest.approx(0.001 * 120 / 0.2)
    assert found.worst_error_share == pytest.approx(0, abs=1e-9)
    assert found.not_convex_share == pytest.approx(0, abs=1e-9)


def test_a_concave_cost_is_fitted_by_a_line_and_says_so() -> None:
    """Root of s on [0.25, 1]: chord from 0.5 to 1, farthest at 9/16: 0.75 - 0.5 - 0.625/3."""
    found = holding_cost(BowedCell(), USE, temperature_c=25.0, soc_range=(0.25, 1.0), **PRICE)
    assert found.not_convex_share == pytest.approx((0.75 - 0.5 - 0.625 / 3) / 0.5, abs=1e-3)
    assert found.ageing_soc == pytest.approx(0.25)
    assert found.worst_error_share > found.not_convex_share / 2


def test_wear_by_hand() -> None:
    """NMC at 3.667 V, depth 0.4: b = 0.00076 + 0.0016324; 300 cycles of 4.3 Ah.

    Next cycle: b^2 / (2 b sqrt(1290)) x 4.3 = 1.432e-4; at 600 EUR per kWh lost 8.59 cents.
    """
    even = replace(NMC, ocv_v=(3.667, 3.667))
    assert wear_eur_per_kwh(even, USE, **PRICE) == pytest.approx(0.08593, rel=1e-3)


def test_an_old_battery_wears_more_slowly() -> None:
    """Loss slows down with loss, in each model."""
    old = replace(USE, age_days=2 * USE.age_days, full_cycles=2 * USE.full_cycles)
    for cell in (NMC, LFP, LMO):
        assert wear_eur_per_kwh(cell, old, **PRICE) < wear_eur_per_kwh(cell, USE, **PRICE)
        new_cost, old_cost = (
            holding_cost(cell, use, temperature_c=25.0, **PRICE).ageing_eur_per_kwh_h
            for use in (USE, old)
        )
        assert old_cost < new_cost


def test_depth_segments_add_up() -> None:
    """The slices' mean is the figure of cycles of full depth; deep slices wear most."""
    use = replace(USE, depth_share=1.0)
    slices = LMO.depth_segments(use, n_segments=16)
    assert slices.mean() == pytest.approx(LMO.cycling_per_full_cycle(use))
    assert slices[-1] == slices.max()
    assert (np.diff(slices[4:]) > 0).all()


def test_loss_goes_on_from_the_loss() -> None:
    """Two halves at different stress join: the sum of rates over time meets the closed form.

    Loss k x^0.5 grows as k^2: after x1 at k1 and x2 at k2 it is sqrt(k1^2 x1 + k2^2 x2).
    """
    lost, steps = 0.02, 20_000
    for _ in range(steps):
        lost += float(marginal_loss(0.003, lost, exponent=0.5)) * 100 / steps
    assert lost == pytest.approx((0.02**2 + 0.003**2 * 100) ** 0.5, rel=1e-4)


@pytest.mark.parametrize(
    "wrong",
    [
        {"age_days": 0.0},
        {"full_cycles": 0.0},
        {"mean_soc": 1.2},
        {"depth_share": 0.0},
        {"c_rate": 0.0},
        {"temperature_c": -300.0},
        {"age_days": float("nan")},
    ],
)
def test_impossible_uses_are_refused(wrong: dict[str, float]) -> None:
    """A new battery has no finite rate, and shares are shares."""
    with pytest.raises(ValueError, match=r"above|shares"):
        replace(USE, **wrong)


def test_impossible_questions_are_refused() -> None:
    """Price, end of life and range are checked."""
    with pytest.raises(ValueError, match="end_of_life"):
        wear_eur_per_kwh(NMC, USE, battery_eur_per_kwh=120, end_of_life_loss_share=0)
    with pytest.raises(ValueError, match="soc_range"):
        holding_cost(NMC, USE, temperature_c=25, soc_range=(0.8, 0.2), **PRICE)
    with pytest.raises(KeyError):
        cell_figures(Assumptions([SUBJECT]), "lead")
