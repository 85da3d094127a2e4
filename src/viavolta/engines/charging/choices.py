"""Binary columns for the program of charging: charging (1) or not (0)."""

from dataclasses import replace

import numpy as np

from viavolta.engines.charging.program import Task, layout
from viavolta.engines.kit.milp import Program
from viavolta.model.arrays import Floats, Ints


def with_choices(program: Program, task: Task, rows: Ints) -> Program:
    """Add one binary column per given row of the window, after all other columns.

    Charging is between the minimum and the full power, or zero; discharging only at zero.
    """
    at, n_columns, n_choices = layout(task), len(program.cost), len(rows)
    stay, share = task.window.stay[rows], task.window.share[rows]
    choice = n_columns + np.arange(n_choices)
    full_kw, least_kw = task.stays.max_kw[stay] * share, task.stays.min_kw[stay] * share
    discharge = np.full(len(task.window), -1)
    discharge[task.discharging] = at.discharge + np.arange(len(task.discharging))
    both = np.flatnonzero(discharge[rows] >= 0)
    back_kw = (task.stays.max_discharge_kw[stay] * share)[both]
    zeros = np.zeros(n_choices)
    none, unlimited = np.full(n_choices, -np.inf), np.full(n_choices, np.inf)
    with_columns = replace(
        program,
        cost=np.append(program.cost, zeros),
        lower=np.append(program.lower, zeros),
        upper=np.append(program.upper, zeros + 1.0),
        is_integer=np.arange(n_columns + n_choices) >= n_columns,
    )
    charge = at.charge + rows
    with_columns = _add_pairs(
        with_columns, charge, choice, factor=-full_kw, lower=none, upper=zeros
    )
    with_columns = _add_pairs(
        with_columns, charge, choice, factor=-least_kw, lower=zeros, upper=unlimited
    )
    return _add_pairs(
        with_columns,
        discharge[rows[both]],
        choice[both],
        factor=back_kw,
        lower=none[both],
        upper=back_kw,
    )


def _add_pairs(
    program: Program, first: Ints, second: Ints, *, factor: Floats, lower: Floats, upper: Floats
) -> Program:
    """Add rows lower <= x[first] + factor * x[second] <= upper."""
    n_rows = len(first)
    columns = np.column_stack((first, second)).ravel()
    values = np.column_stack((np.ones(n_rows), factor)).ravel()
    starts = program.row_start[-1] + 2 * np.arange(1, n_rows + 1)
    return replace(
        program,
        row_lower=np.append(program.row_lower, lower),
        row_upper=np.append(program.row_upper, upper),
        row_start=np.append(program.row_start, starts).astype(np.int32),
        column=np.append(program.column, columns).astype(np.int32),
        value=np.append(program.value, values),
    )
