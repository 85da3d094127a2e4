"""Dimming: the power that is left, and what vehicles charge later."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from viavolta.catalogue.assumptions import Assumptions
from viavolta.engines.grid.dimming import Charging, _dim, dim, dim_until_fine, least_power_kw


def factors() -> tuple[float, ...]:
    figures = Assumptions(["grid"])
    return tuple(figures.number(f"grid.dimming.factor_{n}") for n in range(2, 10))


def stays(*rows: tuple[int, int, list[float], float], controllable: bool = True) -> Charging:
    """Stays as (point, first step, powers, most)."""
    return Charging(
        point=np.array([r[0] for r in rows]),
        first_step=np.array([r[1] for r in rows]),
        offsets=np.cumsum([0, *(len(r[2]) for r in rows)]),
        is_controllable=np.full(len(rows), controllable),
        power_kw=np.concatenate([r[2] for r in rows]),
        most_kw=np.concatenate([np.full(len(r[2]), r[3]) for r in rows]),
    )


@pytest.mark.parametrize(
    ("n", "kw"), [(0, 0.0), (1, 4.2), (2, 7.56), (3, 10.5), (9, 19.32), (20, 40.11)]
)
def test_power_of_several_devices(n: int, kw: float) -> None:
    """4.2 kW + (n - 1) x factor x 4.2 kW; two devices keep 7.56 kW (BK6-22-300, 4.5.2)."""
    assert least_power_kw(n, device_kw=4.2, factors=factors()) == pytest.approx(kw)


def test_what_is_put_off_is_charged_later() -> None:
    """11 kW for two steps, dimmed in the first: the rest follows while the vehicle is there."""
    plan = stays((0, 0, [11, 11, 0, 0, 0], 11))
    dimmed = np.zeros((1, 5), dtype=bool)
    dimmed[0, 0] = True
    found = dim(plan, is_dimmed=dimmed, least_kw=np.array([4.2]), step_h=1.0)
    assert found.charging.power_kw == pytest.approx([4.2, 11, 6.8, 0, 0])
    assert found.unmet_kwh == pytest.approx([0])


def test_who_leaves_goes_without_the_rest() -> None:
    """Dimmed until departure: what lacks is counted."""
    plan = stays((0, 0, [11, 11], 11))
    found = dim(plan, is_dimmed=np.ones((1, 2), dtype=bool), least_kw=np.array([4.2]), step_h=0.25)
    assert found.charging.power_kw == pytest.approx([4.2, 4.2])
    assert found.unmet_kwh == pytest.approx([2 * 6.8 / 4])


def test_devices_share_in_the_ratio_of_what_they_want() -> None:
    """11 and 22 kW behind one connection share 7.56 kW as 1 to 2; discharging goes on."""
    plan = stays((0, 0, [11], 11), (0, 0, [22], 22), (0, 0, [-5], 11))
    found = dim(plan, is_dimmed=np.ones((1, 1), dtype=bool), least_kw=np.array([7.56]), step_h=1.0)
    assert found.charging.power_kw == pytest.approx([2.52, 5.04, -5])


def test_devices_that_may_not_be_dimmed_are_left_alone() -> None:
    """Public points and small devices are not controllable."""
    plan = stays((0, 0, [22], 22), controllable=False)
    found = dim(plan, is_dimmed=np.ones((1, 1), dtype=bool), least_kw=np.array([4.2]), step_h=1.0)
    assert found.charging.power_kw.tolist() == [22]


def test_steps_are_added_until_the_grid_is_fine() -> None:
    """Catching up overloads the next step, so that is dimmed, too."""
    plan = stays(*[(p, 0, [11, 0, 0, 0, 0], 11) for p in range(3)])

    def overloaded(charging: Charging, steps: np.ndarray) -> np.ndarray:
        total = charging.at_points(3, 5).sum(axis=0)[steps]
        return np.broadcast_to(total > 25, (3, len(steps)))

    found = dim_until_fine(
        plan,
        overloaded,
        is_overloaded=overloaded(plan, np.arange(5)).copy(),
        least_kw=np.full(3, 4.2),
        step_h=1.0,
        most_rounds=10,
    )
    total = found.charging.at_points(3, 5).sum(axis=0)
    assert total.max() <= 25
    assert total.sum() == pytest.approx(33)
    assert found.unmet_kwh == pytest.approx([0, 0, 0])


POWERS = st.lists(st.floats(-11, 22), min_size=1, max_size=6)


@settings(max_examples=60, deadline=None)
@given(
    rows=st.lists(st.tuples(st.integers(0, 2), st.integers(0, 3), POWERS), min_size=1, max_size=6),
    when=st.lists(st.booleans(), min_size=27, max_size=27),
    least=st.floats(1, 30),
)
def test_energy_is_put_off_and_never_made(
    rows: list[tuple[int, int, list[float]]], when: list[bool], least: float
) -> None:
    """Per stay: what was planned is what was charged and what lacks; the cap holds; no more power
    than the plug gives; the kernel runs uncompiled with the same result."""
    plan = stays(*[(p, first, powers, 22.0) for p, first, powers in rows])
    dimmed = np.array(when).reshape(3, 9)
    found = dim(plan, is_dimmed=dimmed, least_kw=np.full(3, least), step_h=0.25)
    charged = np.add.reduceat(found.charging.power_kw, plan.offsets[:-1]) * 0.25
    planned = np.add.reduceat(plan.power_kw, plan.offsets[:-1]) * 0.25
    assert planned == pytest.approx(charged + found.unmet_kwh, abs=1e-9)
    assert (found.charging.power_kw <= 22 + 1e-9).all()
    drawn = np.zeros((3, 9))
    stay, step = plan.stay, plan.step
    np.add.at(drawn, (plan.point[stay], step), np.maximum(found.charging.power_kw, 0))
    assert (drawn[dimmed] <= least + 1e-9).all()
    order = np.lexsort((stay, plan.point[stay], step))
    slow = _dim.py_func(
        order,
        stay,
        step,
        plan.point,
        plan.is_controllable,
        plan.power_kw,
        plan.most_kw,
        dimmed,
        np.full(3, least),
        0.25,
    )
    assert slow[0] == pytest.approx(found.charging.power_kw)
