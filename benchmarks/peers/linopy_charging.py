"""The charging task as a user of linopy would write it: labelled arrays, HiGHS underneath.

The same plain task as in highs_charging.py, on the full grid of stays and steps; steps without
the vehicle are masked. The model goes to HiGHS in memory, not through a file.

Usage: python linopy_charging.py TASK.npz; prints one line of JSON.
"""

import json
import sys
import time
import warnings
from dataclasses import dataclass

import linopy
import numpy as np
import pandas as pd
import xarray as xr

BATTERY_FIELDS = (
    "energy_kwh",
    "max_discharge_kw",
    "capacity_kwh",
    "soc_arrival_kwh",
    "soc_min_kwh",
    "charge_efficiency",
    "discharge_efficiency",
)


def main() -> None:
    """Solve the task of a file and print what it took."""
    warnings.simplefilter("ignore")  # linopy announces changes of its next version
    task = dict(np.load(sys.argv[1]))
    begin_s = time.perf_counter()
    model = charging_model(task)
    built_s = time.perf_counter()
    status, _ = model.solve("highs", io_api="direct", progress=False, output_flag=False)
    end_s = time.perf_counter()
    so_far_eur = float(task["peak_eur_per_kw"] @ task["peak_so_far_kw"])
    print(
        json.dumps(
            {
                "peer": f"linopy {linopy.__version__}",
                "status": status,
                "cost_eur": float(model.objective.value) - so_far_eur,
                "seconds": end_s - begin_s,
                "build_s": built_s - begin_s,
                "columns": int(model.nvars),
                "rows": int(model.ncons),
            }
        )
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Axes:
    """The dimensions of a task; plain and both: stays without and with discharging."""

    stays: pd.RangeIndex
    plain: pd.Index
    both: pd.Index
    steps: pd.RangeIndex
    limits: pd.RangeIndex

    def per_stay(self, values: np.ndarray) -> xr.DataArray:
        """Label (S,) values."""
        return xr.DataArray(values, coords=[self.stays])

    def per_limit(self, values: np.ndarray) -> xr.DataArray:
        """Label (L, T) values."""
        return xr.DataArray(values, coords=[self.limits, self.steps])


def charging_model(task: dict[str, np.ndarray]) -> linopy.Model:
    """Build the linear program."""
    n_limits, n_steps = task["import_kw"].shape
    stays = pd.RangeIndex(len(task["max_kw"]), name="stay")
    gives_back = task["max_discharge_kw"] > 0
    axes = Axes(
        stays=stays,
        plain=stays[~gives_back],
        both=stays[gives_back],
        steps=pd.RangeIndex(n_steps, name="step"),
        limits=pd.RangeIndex(n_limits, name="limit"),
    )
    share = xr.DataArray(present_share(task, n_steps), coords=[stays, axes.steps])
    model = linopy.Model()
    upper = axes.per_stay(task["max_kw"]) * share
    model.add_variables(lower=0, upper=upper, mask=share > 0, name="charge")
    model.add_variables(lower=0, coords=[stays], name="unmet")
    add_plain_stays(model, task, axes)
    add_batteries(model, task, axes, share=share.sel(stay=axes.both))
    add_tree(model, task, axes)
    model.add_objective(trade_cost(model, task, axes) + other_cost(model, task, axes))
    return model


def add_plain_stays(model: linopy.Model, task: dict[str, np.ndarray], axes: Axes) -> None:
    """Stays that only charge: what arrives in sum."""
    step_h = int(task["step_s"]) / 3600
    efficiency = axes.per_stay(task["charge_efficiency"])
    gain = (model["charge"] * (efficiency * step_h)).sel(stay=axes.plain).sum("step")
    wanted = axes.per_stay(task["energy_kwh"]).sel(stay=axes.plain)
    room = axes.per_stay(task["capacity_kwh"] - task["soc_arrival_kwh"]).sel(stay=axes.plain)
    model.add_constraints(gain + model["unmet"].sel(stay=axes.plain) >= wanted)
    model.add_constraints(gain <= room.fillna(np.inf), mask=room.notnull())


def add_batteries(
    model: linopy.Model, task: dict[str, np.ndarray], axes: Axes, *, share: xr.DataArray
) -> None:
    """Stays that also discharge: stored energy from step to step, and at departure."""
    step_h = int(task["step_s"]) / 3600
    of = {name: axes.per_stay(task[name]).sel(stay=axes.both) for name in BATTERY_FIELDS}
    here, soc = share > 0, of["soc_arrival_kwh"]
    discharge = model.add_variables(
        lower=0, upper=of["max_discharge_kw"] * share, mask=here, name="discharge"
    )
    energy = model.add_variables(
        lower=np.minimum(of["soc_min_kwh"], soc).broadcast_like(share),
        upper=of["capacity_kwh"].broadcast_like(share),
        mask=here,
        name="energy",
    )
    change = model["charge"].sel(stay=axes.both) * (of["charge_efficiency"] * step_h)
    change -= discharge * (step_h / of["discharge_efficiency"])
    before = soc.broadcast_like(here).where(~here.shift(step=1, fill_value=False), 0)
    model.add_constraints(energy - energy.shift(step=1) - change == before, mask=here)
    is_last = here & ~here.shift(step=-1, fill_value=False)
    at_departure = (energy * is_last.astype(float)).sum("step")
    unmet = model["unmet"].sel(stay=axes.both)
    model.add_constraints(at_departure + unmet >= soc + of["energy_kwh"])


def add_tree(model: linopy.Model, task: dict[str, np.ndarray], axes: Axes) -> None:
    """Net power at each limit = base load + stays + net power of the limits below."""
    base = base_below(task)
    net = model.add_variables(
        lower=-np.maximum(axes.per_limit(task["export_kw"]), axes.per_limit(-base)),
        upper=np.maximum(axes.per_limit(task["import_kw"]), axes.per_limit(base)),
        name="net",
    )
    plug = pd.Series(task["limit"], index=axes.stays, name="limit")
    balance = 1 * net - (1 * model["charge"]).groupby(plug).sum().reindex(limit=axes.limits)
    back = (1 * model["discharge"]).groupby(plug[axes.both]).sum()
    balance += back.reindex(limit=axes.limits)
    below = axes.limits[task["parent"] >= 0]
    if len(below):
        above = pd.Series(task["parent"][below], index=below, name="above")
        carried = (1 * net.sel(limit=below)).groupby(above).sum().rename(above="limit")
        balance -= carried.reindex(limit=axes.limits)
    model.add_constraints(balance == axes.per_limit(task["base_load_kw"]))


def trade_cost(
    model: linopy.Model, task: dict[str, np.ndarray], axes: Axes
) -> linopy.LinearExpression:
    """Energy bought less energy sold at the roots."""
    step_h = int(task["step_s"]) / 3600
    coords = [axes.limits[task["parent"] < 0], axes.steps]
    bought = model.add_variables(lower=0, coords=coords, name="bought")
    sold = model.add_variables(lower=0, coords=coords, name="sold")
    model.add_constraints(model["net"].sel(limit=coords[0]) - bought + sold == 0)
    buy = xr.DataArray(task["buy_eur_per_kwh"] * step_h, coords=coords)
    sell = xr.DataArray(task["sell_eur_per_kwh"] * step_h, coords=coords)
    return (buy * bought - sell * sold).sum()


def other_cost(
    model: linopy.Model, task: dict[str, np.ndarray], axes: Axes
) -> linopy.LinearExpression:
    """Unmet energy, wear, and peaks counted from zero."""
    step_h = int(task["step_s"]) / 3600
    wear = axes.per_stay(task["wear_eur_per_kwh"] * step_h / task["discharge_efficiency"])
    cost = float(task["unmet_eur_per_kwh"]) * model["unmet"].sum()
    cost += (wear.sel(stay=axes.both) * model["discharge"]).sum()
    peaked = axes.limits[task["peak_eur_per_kw"] > 0]
    if len(peaked):
        so_far = xr.DataArray(task["peak_so_far_kw"][peaked], coords=[peaked])
        peak = model.add_variables(lower=so_far, name="peak")
        model.add_constraints(peak - model["net"].sel(limit=peaked) >= 0)
        cost += (xr.DataArray(task["peak_eur_per_kw"][peaked], coords=[peaked]) * peak).sum()
    return cost


def present_share(task: dict[str, np.ndarray], n_steps: int) -> np.ndarray:
    """(S, T) part of each step during which the vehicle is there."""
    edges_s = np.arange(n_steps + 1) * int(task["step_s"])
    begin_s = np.maximum(task["arrival_s"][:, None], edges_s[:-1])
    until_s = np.minimum(task["departure_s"][:, None], edges_s[1:])
    return np.maximum(until_s - begin_s, 0) / int(task["step_s"])


def base_below(task: dict[str, np.ndarray]) -> np.ndarray:
    """(L, T) base load of each limit and all below it."""
    total = np.zeros(task["base_load_kw"].shape)
    for row in range(len(total)):
        above = row
        while above >= 0:
            total[above] += task["base_load_kw"][row]
            above = task["parent"][above]
    return total


if __name__ == "__main__":
    main()
