"""Rules on power: plugs, batteries and limits of a charge study."""

from collections.abc import Iterator

import numpy as np

from viavolta.checks.charge_data import ChargeData, Floats, Ints
from viavolta.checks.finding import Finding
from viavolta.model.messages import text

RELATIVE = 1e-6


def is_far(
    found: Floats | float, expected: Floats | float
) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
    """Whether two figures differ by more than a millionth of their size; NaN is far from all."""
    near = np.abs(np.asarray(found) - expected) <= RELATIVE * np.maximum(1.0, np.abs(expected))
    return ~near


def check_power(data: ChargeData) -> Iterator[Finding]:
    """Check each power against its plug and window, and each battery over time."""
    yield from _check_stays(data)
    yield from _check_plugs(data)
    yield from _check_batteries(data)
    yield from _check_energy(data)


def check_limits(data: ChargeData) -> Iterator[Finding]:
    """Check net power against what the stays draw, the limits and the peaks."""
    net_kw = net_power_kw(data, data.row_power_kw, data.row_stay, data.row_step)
    for row, step in np.argwhere(is_far(data.profile["net_kw"], net_kw)).tolist():
        message = text(
            "net_kw is {found:.6g}, the stays and the base load make {expected:.6g}",
            found=data.profile["net_kw"][row, step],
            expected=net_kw[row, step],
        )
        yield _at_limit("net-power", data, row, step=step, message=message)
    base_kw = data.summed_up(data.profile["base_load_kw"])
    # base load that breaks a limit alone may only be lowered, never raised
    highest = np.maximum(data.profile["import_kw"], base_kw)
    lowest = -np.maximum(data.profile["export_kw"], -base_kw)
    for rule, excess_kw, size_kw in (
        ("limit-import", net_kw - highest, highest),
        ("limit-export", lowest - net_kw, lowest),
    ):
        is_over = excess_kw > RELATIVE * np.maximum(1.0, np.abs(size_kw))
        for row, step in np.argwhere(is_over).tolist():
            message = text("the limit is exceeded by {kw:.6g} kW", kw=excess_kw[row, step])
            yield _at_limit(rule, data, row, step=step, message=message)
    peak_kw = np.maximum(net_kw.max(axis=1), 0.0)
    for row in np.flatnonzero(is_far(data.limit["peak_kw"], peak_kw)).tolist():
        message = text("peak_kw is not the highest net import {kw:.6g}", kw=peak_kw[row])
        yield Finding(rule="peak", table="limits", where=data.limit_id[row], message=message)


def net_power_kw(data: ChargeData, power_kw: Floats, stay: Ints, step: Ints) -> Floats:
    """Net power at each limit and step, (L, T), from powers of stays at steps."""
    own_kw = data.profile["base_load_kw"].copy()
    np.add.at(own_kw, (data.stay_limit[stay], step), power_kw)
    return data.summed_up(own_kw)


def gain_kwh(data: ChargeData, power_kw: Floats, stay: Ints) -> Floats:
    """Energy into the batteries from powers of stays."""
    charge, discharge = data.stay["charge_efficiency"], data.stay["discharge_efficiency"]
    charged = np.maximum(power_kw, 0.0) * charge[stay]
    taken = np.maximum(-power_kw, 0.0) / discharge[stay]
    return (charged - taken) * data.step_h


def _at_limit(rule: str, data: ChargeData, row: int, *, step: int, message: str) -> Finding:
    where = text("{limit}, step {step}", limit=data.limit_id[row], step=step)
    return Finding(rule=rule, table="limit_profile", where=where, message=message)


def _at_row(rule: str, data: ChargeData, row: int, *, message: str) -> Finding:
    stay, step = data.stay_id[data.row_stay[row]], data.row_step[row]
    where = text("{stay}, step {step}", stay=stay, step=step)
    return Finding(rule=rule, table="schedule", where=where, message=message)


def _check_stays(data: ChargeData) -> Iterator[Finding]:
    """Check the ranges without which a schedule of the stay means nothing."""
    stay = data.stay
    soc, capacity = stay["soc_arrival_kwh"], stay["capacity_kwh"]
    is_known = ~np.isnan(capacity)
    efficiencies = np.stack((stay["charge_efficiency"], stay["discharge_efficiency"]))
    is_bad = (
        (stay["min_kw"] < 0)
        | (stay["min_kw"] > stay["max_kw"])
        | (stay["max_discharge_kw"] < 0)
        | (~is_known & (stay["max_discharge_kw"] > 0))
        | (is_known & ~((soc >= 0) & (soc <= capacity)))
        | ~((efficiencies > 0) & (efficiencies <= 1)).all(axis=0)
        | (stay["wear_eur_per_kwh"] < 0)
    )
    for row in np.flatnonzero(is_bad).tolist():
        message = text("powers, battery, efficiency or wear are out of range")
        yield Finding(rule="stay-range", table="stays", where=data.stay_id[row], message=message)


def _check_plugs(data: ChargeData) -> Iterator[Finding]:
    stay, power_kw, of = data.row_stay, data.row_power_kw, data.stay
    until = np.minimum(data.end[stay], data.row_step + 1)
    share = until - np.maximum(data.begin[stay], data.row_step)
    slack_kw = RELATIVE * np.maximum(1.0, of["max_kw"][stay])
    is_away = (share <= 0) & (power_kw != 0)
    share = np.maximum(share, 0.0)
    minimum_kw = of["min_kw"][stay] * share
    for rule, is_broken, message in (
        ("outside-stay", is_away, text("power while the vehicle is not there")),
        (
            "plug-power",
            ~is_away & (power_kw > of["max_kw"][stay] * share + slack_kw),
            text("more than max_kw"),
        ),
        (
            "plug-discharge",
            ~is_away & (-power_kw > of["max_discharge_kw"][stay] * share + slack_kw),
            text("more than max_discharge_kw"),
        ),
        (
            "plug-minimum",
            ~is_away & (power_kw > slack_kw) & (power_kw < minimum_kw - slack_kw),
            text("charging with less than min_kw"),
        ),
    ):
        for row in np.flatnonzero(is_broken).tolist():
            yield _at_row(rule, data, row, message=message)


def energy_after_kwh(data: ChargeData) -> Floats:
    """(R,) energy in the battery after each row of the schedule; NaN where not known."""
    running = np.cumsum(gain_kwh(data, data.row_power_kw, data.row_stay))
    first = np.searchsorted(data.row_stay, data.row_stay)  # first row of the same stay
    before = np.concatenate(([0.0], running))[first]
    return data.stay["soc_arrival_kwh"][data.row_stay] + running - before


def _check_batteries(data: ChargeData) -> Iterator[Finding]:
    energy_kwh = energy_after_kwh(data)
    is_known = ~np.isnan(energy_kwh)
    said = data.row_energy_kwh
    is_wrong = is_known & is_far(said, energy_kwh) & (data.row_power_kw != 0)
    capacity = data.stay["capacity_kwh"][data.row_stay]
    # a vehicle that arrives below its reserve may stay there, but not go lower
    floor = np.fmin(data.stay["soc_min_kwh"], data.stay["soc_arrival_kwh"])[data.row_stay]
    slack_kwh = RELATIVE * np.maximum(1.0, np.nan_to_num(capacity)) * 10
    for rule, is_broken, message in (
        ("battery-energy", is_wrong, text("energy_kwh does not follow from the powers")),
        ("battery-full", energy_kwh > capacity + slack_kwh, text("more than capacity_kwh")),
        ("battery-reserve", energy_kwh < floor - slack_kwh, text("less than the reserve")),
    ):
        for row in np.flatnonzero(is_broken).tolist():
            yield _at_row(rule, data, row, message=message)


def delivered_kwh(data: ChargeData) -> Floats:
    """(S,) net energy into each battery."""
    total = np.zeros(len(data.stay_id))
    np.add.at(total, data.row_stay, gain_kwh(data, data.row_power_kw, data.row_stay))
    return total


def _check_energy(data: ChargeData) -> Iterator[Finding]:
    delivered = delivered_kwh(data)
    unmet = np.maximum(data.stay["energy_kwh"] - delivered, 0.0)
    for rule, column, expected in (
        ("energy-delivered", "delivered_kwh", delivered),
        ("energy-unmet", "unmet_kwh", unmet),
    ):
        for row in np.flatnonzero(is_far(data.stay[column], expected)).tolist():
            message = text(
                "{column} is {found:.6g}, the schedule makes {expected:.6g}",
                column=column,
                found=data.stay[column][row],
                expected=expected[row],
            )
            yield Finding(rule=rule, table="stays", where=data.stay_id[row], message=message)
