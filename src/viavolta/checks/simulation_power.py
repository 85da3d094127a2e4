"""Rules on power: plugs, batteries and limits under each strategy of a simulation."""

from collections.abc import Iterator

import numpy as np

from viavolta.checks.finding import Finding
from viavolta.checks.simulation_data import (
    GIVES_BACK,
    RELATIVE,
    UNCONTROLLED,
    Floats,
    Ints,
    Run,
    SimulationData,
    is_far,
)
from viavolta.model.messages import text

_SHOWN = 100


def check_power(data: SimulationData) -> Iterator[Finding]:
    """Check every row of every strategy's schedule, and the net powers that follow."""
    yield from _check_stays(data)
    for run in data.runs:
        yield from _check_plugs(data, run)
        yield from _check_batteries(data, run)
        yield from _check_net(data, run)
        if run.strategy == UNCONTROLLED:
            yield from _check_uncontrolled(data, run)
        else:
            yield from _check_limits(data, run)


def _at_row(rule: str, data: SimulationData, run: Run, *, row: int, message: str) -> Finding:
    where = text(
        "{strategy}, {stay}, step {step}",
        strategy=run.strategy,
        stay=data.stay_id[run.stay[row]][:200],
        step=int(run.step[row]),
    )
    return Finding(rule=rule, table="schedule", where=where, message=message)


def _check_stays(data: SimulationData) -> Iterator[Finding]:
    """Ranges without which nothing else means anything."""
    stay = data.stay
    shares = np.stack((stay["charge_efficiency"], stay["discharge_efficiency"]))
    is_bad = (
        (stay["max_kw"] < 0)
        | (stay["energy_kwh"] < 0)
        | (stay["max_discharge_kw"] < 0)
        | (stay["wear_eur_per_kwh"] < 0)
        | ~((shares > 0) & (shares <= 1)).all(axis=0)
        | ~(stay["soc_arrival_kwh"] + stay["energy_kwh"] <= stay["capacity_kwh"] * (1 + RELATIVE))
        | (stay["soc_arrival_kwh"] < 0)
    )
    for row in np.flatnonzero(is_bad)[:_SHOWN].tolist():
        message = text("powers, battery, efficiency or wear are out of range")
        yield Finding(rule="stay-range", table="stays", where=data.stay_id[row], message=message)


def _check_plugs(data: SimulationData, run: Run) -> Iterator[Finding]:
    share = data.share(run)
    most_kw = data.stay["max_kw"][run.stay]
    back_kw = data.stay["max_discharge_kw"][run.stay] * (run.strategy == GIVES_BACK)
    slack_kw = RELATIVE * np.maximum(1.0, most_kw)
    away = share <= 0
    share = np.maximum(share, 0.0)
    for rule, is_broken, message in (
        ("outside-stay", away & (run.power_kw != 0), text("power while the vehicle is not there")),
        ("plug-power", ~away & (run.power_kw > most_kw * share + slack_kw), text("above max_kw")),
        (
            "plug-discharge",
            ~away & (-run.power_kw > back_kw * share + slack_kw),
            text("gives back more than it can, or in a strategy without giving back"),
        ),
    ):
        for row in np.flatnonzero(is_broken)[:_SHOWN].tolist():
            yield _at_row(rule, data, run, row=row, message=message)


def running_kwh(data: SimulationData, run: Run) -> Floats:
    """(R,) energy gained since arrival, after each row."""
    running = np.cumsum(data.gain_kwh(run))
    first = np.searchsorted(run.stay, run.stay)
    gained: Floats = running - np.concatenate(([0.0], running))[first]
    return gained


def _check_batteries(data: SimulationData, run: Run) -> Iterator[Finding]:
    gained, stay = running_kwh(data, run), data.stay
    slack_kwh = 10 * RELATIVE * np.maximum(1.0, stay["capacity_kwh"][run.stay])
    floor = np.minimum(stay["soc_min_kwh"], stay["soc_arrival_kwh"])[run.stay]
    above = gained > stay["energy_kwh"][run.stay] + slack_kwh
    below = stay["soc_arrival_kwh"][run.stay] + gained < floor - slack_kwh
    for rule, is_broken, message in (
        ("battery-above-truth", above, text("more than the vehicle took in truth")),
        ("battery-reserve", below, text("less than the reserve")),
    ):
        for row in np.flatnonzero(is_broken)[:_SHOWN].tolist():
            yield _at_row(rule, data, run, row=row, message=message)


def net_kw(data: SimulationData, stay: Ints, step: Ints, *, power_kw: Floats) -> Floats:
    """(L, T) net power from powers of stays at steps."""
    own_kw = data.base_kw.copy()
    np.add.at(own_kw, (data.limit[stay], step), power_kw)
    return data.summed_up(own_kw)


def _check_net(data: SimulationData, run: Run) -> Iterator[Finding]:
    expected = net_kw(data, run.stay, run.step, power_kw=run.power_kw)
    for row, step in np.argwhere(is_far(run.net_kw, expected))[:_SHOWN].tolist():
        message = text(
            "power_kw is {found:.6g}, the stays and the base load make {expected:.6g}",
            found=run.net_kw[row, step],
            expected=expected[row, step],
        )
        yield _at_limit("net-power", data, run, row=row, step=step, message=message)


def _check_limits(data: SimulationData, run: Run) -> Iterator[Finding]:
    net = net_kw(data, run.stay, run.step, power_kw=run.power_kw)
    base_kw = data.summed_up(data.base_kw)
    # base load that breaks a limit alone may only be lowered, never raised
    highest = np.maximum(data.import_kw, base_kw)
    lowest = -np.maximum(data.export_kw, -base_kw)
    for rule, excess_kw, size_kw in (
        ("limit-import", net - highest, highest),
        ("limit-export", lowest - net, lowest),
    ):
        is_over = excess_kw > RELATIVE * np.maximum(1.0, np.abs(size_kw))
        for row, step in np.argwhere(is_over)[:_SHOWN].tolist():
            message = text("the limit is exceeded by {kw:.6g} kW", kw=excess_kw[row, step])
            yield _at_limit(rule, data, run, row=row, step=step, message=message)


def _at_limit(
    rule: str, data: SimulationData, run: Run, *, row: int, step: int, message: str
) -> Finding:
    where = text(
        "{strategy}, {limit}, step {step}",
        strategy=run.strategy,
        limit=data.limit_id[row][:200],
        step=step,
    )
    return Finding(rule=rule, table="power", where=where, message=message)


def _check_uncontrolled(data: SimulationData, run: Run) -> Iterator[Finding]:
    """Full power from arrival on, until the energy is there: nothing later, nothing less."""
    gained = running_kwh(data, run)
    done_h = np.minimum(
        data.stay["energy_kwh"] / (data.stay["charge_efficiency"] * data.stay["max_kw"]),
        (data.end - data.begin) * data.step_h,
    )
    until = data.begin + done_h / data.step_h
    share = np.minimum(until[run.stay], run.step + 1) - np.maximum(data.begin[run.stay], run.step)
    expected = data.stay["max_kw"][run.stay] * np.maximum(share, 0.0)
    for row in np.flatnonzero(is_far(run.power_kw, expected))[:_SHOWN].tolist():
        message = text("not full power on arrival")
        yield _at_row("uncontrolled-power", data, run, row=row, message=message)
    total = np.zeros(len(data.stay_id))
    np.maximum.at(total, run.stay, gained)
    wanted = done_h * data.stay["max_kw"] * data.stay["charge_efficiency"]
    for row in np.flatnonzero(is_far(total, wanted))[:_SHOWN].tolist():
        message = text(
            "{found:.6g} kWh, full power brings {e:.6g}", found=total[row], e=wanted[row]
        )
        yield Finding(
            rule="uncontrolled-energy", table="schedule", where=data.stay_id[row], message=message
        )
