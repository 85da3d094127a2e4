"""Temperatures of transformers against the equations of IEC 60076-7."""

import csv
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from viavolta.catalogue.assumptions import Assumptions
from viavolta.engines.grid.assess.thermal import (
    ThermalKind,
    _follow,
    ageing_rate,
    temperatures,
)

GOLDEN = Path(__file__).parents[3] / "golden" / "transformer_thermal"


def kind(name: str) -> ThermalKind:
    """A kind of transformer from the catalogue."""
    figures = Assumptions(["grid"])
    prefix = f"grid.thermal.{name}."
    keys = [key for key in figures.keys() if key.startswith(prefix)]  # noqa: SIM118 - a method
    return ThermalKind(**{key.removeprefix(prefix): figures.number(key) for key in keys})


def golden_kind() -> ThermalKind:
    """The transformer of the worked example of the standard."""
    return ThermalKind(
        oil_rise_k=45,
        gradient_k=35,
        oil_time_min=150,
        winding_time_min=7,
        oil_exponent=0.8,
        winding_exponent=1.3,
        k11=0.5,
        k21=2,
        k22=2,
    )


def by_differences(
    load: np.ndarray, ambient: np.ndarray, *, minutes: float, of: ThermalKind, ratio: float
) -> tuple[list[float], list[float]]:
    """The difference equations as the standard prints them: a slow twin."""

    def oil_end(k: float) -> float:
        return ((1 + k**2 * ratio) / (1 + ratio)) ** of.oil_exponent * of.oil_rise_k

    def rise(k: float) -> float:
        return k**of.winding_exponent * of.gradient_k

    oil = oil_end(load[0]) + ambient[0]
    h1, h2 = of.k21 * rise(load[0]), (of.k21 - 1) * rise(load[0])
    oils, spots = [], []
    for k, air in zip(load, ambient, strict=True):
        oil += minutes / (of.k11 * of.oil_time_min) * (oil_end(k) - (oil - air))
        h1 += minutes / (of.k22 * of.winding_time_min) * (of.k21 * rise(k) - h1)
        h2 += minutes / (of.oil_time_min / of.k22) * ((of.k21 - 1) * rise(k) - h2)
        oils.append(oil)
        spots.append(oil + h1 - h2)
    return oils, spots


def test_worked_example_of_the_standard() -> None:
    """Load and air of the standard's example: its differences come to what is found here.

    Its steps of three minutes overshoot where the load jumps, by up to 4 K; shorter ones agree.
    """
    with (GOLDEN / "iec_60076_7_example.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    load = np.array([float(row["load_share"]) for row in rows])
    ambient = np.array([float(row["ambient_c"]) for row in rows])
    found = temperatures(load, ambient, step_s=180, kind=golden_kind(), loss_ratio=8)
    coarse = by_differences(load, ambient, minutes=3, of=golden_kind(), ratio=8)
    assert found.oil_c == pytest.approx([float(r["oil_c"]) for r in rows], abs=0.5)
    assert found.hot_spot_c == pytest.approx([float(r["hot_spot_c"]) for r in rows], abs=4.0)
    assert coarse[1] == pytest.approx([float(r["hot_spot_c"]) for r in rows], abs=0.06)
    finer = by_differences(
        np.repeat(load, 100), np.repeat(ambient, 100), minutes=0.03, of=golden_kind(), ratio=8
    )
    assert found.hot_spot_c == pytest.approx(finer[1][99::100], abs=0.05)
    assert found.oil_c == pytest.approx(finer[0][99::100], abs=0.01)


@pytest.mark.parametrize("name", ["distribution", "power"])
def test_rated_load_ages_normally(name: str) -> None:
    """At rated load and 20 degC the hot spot rests at 98 degC, and ageing at its normal rate."""
    n = 2_000
    found = temperatures(np.ones(n), np.full(n, 20.0), step_s=900, kind=kind(name), loss_ratio=6)
    assert found.hot_spot_c == pytest.approx(np.full(n, 98.0))
    assert ageing_rate(found.hot_spot_c, normal_c=98, doubling_k=6) == pytest.approx(np.ones(n))


def test_ageing_doubles_with_six_kelvin() -> None:
    """104 degC twice, 86 degC a quarter."""
    rate = ageing_rate(np.array([104.0, 86.0]), normal_c=98, doubling_k=6)
    assert rate == pytest.approx([2.0, 0.25])


def test_a_short_peak_is_borne() -> None:
    """A quarter hour at 1.3 after half load stays cool; a day of it does not."""
    load = np.concatenate([np.full(96, 0.5), np.full(96, 1.3)])
    found = temperatures(
        load, np.full(192, 20.0), step_s=900, kind=kind("distribution"), loss_ratio=6
    )
    assert found.hot_spot_c[96] < 98
    assert found.hot_spot_c[-1] > 120
    hand = 20 + 55 * ((1 + 1.3**2 * 6) / 7) ** 0.8 + 23 * 1.3**1.6
    assert found.hot_spot_c[-1] == pytest.approx(hand, abs=0.1)


@settings(max_examples=40, deadline=None)
@given(
    load=st.lists(st.floats(0, 2), min_size=2, max_size=30),
    more=st.floats(0, 0.5),
    step_s=st.sampled_from([60, 300, 900, 3600]),
)
def test_more_load_is_never_cooler_for_distribution(
    load: list[float], more: float, step_s: int
) -> None:
    """Adding load warms the oil, and the hot spot of a transformer that does not overshoot."""
    air = np.full(len(load), 15.0)
    little, much = (
        temperatures(np.array(k), air, step_s=step_s, kind=kind("distribution"), loss_ratio=5)
        for k in (load, [k + more for k in load])
    )
    assert (much.oil_c >= little.oil_c - 1e-9).all()
    assert (much.hot_spot_c >= little.hot_spot_c - 1e-9).all()


def test_kernel_runs_uncompiled() -> None:
    """The compiled kernel and its Python twin agree."""
    rng = np.random.default_rng(1)
    args = (rng.random(20) * 60, rng.random(20) * 30, rng.random(20) * 20, 0.9, 0.2, 0.8, 2.0)
    for fast, slow in zip(_follow(*args), _follow.py_func(*args), strict=True):
        assert fast == pytest.approx(slow, abs=1e-12)
