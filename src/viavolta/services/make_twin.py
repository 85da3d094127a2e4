"""The story of `viavolta grid twin`: a kind of place becomes a typical grid with its customers."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from viavolta.catalogue import Assumptions
from viavolta.engines.grid.twin import fill_zero_sequence, twin
from viavolta.formats.grid_customers import CustomerProfile
from viavolta.formats.grids.twin_types import read_twin_types
from viavolta.formats.grids.write import branches_frame, nodes_frame
from viavolta.model.errors import UsageError, Where
from viavolta.model.grid_twin import Customers, LoadClass, Settlement, Twin, TwinLevel
from viavolta.model.messages import text

MAX_HOUSEHOLDS = 200_000
"""More than one file of a grid should hold."""
_M_PER_HOUSEHOLD = (0.5, 1000.0)
_MOST_DEGREES = (85.0, 180.0)
_NOTICE = """This grid is a twin: put together from typical grids, it is the grid of no place.

It is a derivative database of SimBench, (c) University of Kassel, TU Dortmund, RWTH Aachen
University and Fraunhofer IEE, https://simbench.net, and made available under the Open Database
License 1.0, https://opendatacommons.org/licenses/odbl/1-0/; any rights in individual contents are
licensed under the Database Contents License 1.0, https://opendatacommons.org/licenses/dbcl/1-0/.
"""
_PROFILES = {
    LoadClass.HOUSEHOLD: CustomerProfile.H0,
    LoadClass.TRADE: CustomerProfile.G0,
    LoadClass.TRADE_BY_DAY: CustomerProfile.G1,
    LoadClass.SHOP: CustomerProfile.G4,
    LoadClass.FARM: CustomerProfile.L0,
    LoadClass.FLAT: CustomerProfile.G0,
    LoadClass.LV_GRID: CustomerProfile.H0,
    LoadClass.SUN: CustomerProfile.SUN,
}
"""Standard profile of each class of customer; wind and other generation have none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TwinRequest:
    """What the user asked for; None for the type as it is.

    n_households : of the whole grid. lv_m_per_household : metres of line at low voltage.
    place : latitude and longitude of the middle.
    """

    settlement: Settlement
    level: TwinLevel
    n_households: int | None = None
    lv_m_per_household: float | None = None
    place: tuple[float, float] | None = None


def make_twin(request: TwinRequest) -> tuple[dict[str, Any], dict[str, bytes]]:
    """Put a grid together; returns the summary and the files, by name.

    Raises
    ------
    UsageError: a number that no place has.
    """
    _check(request)
    made = twin(
        read_twin_types(),
        settlement=request.settlement,
        level=request.level,
        n_households=request.n_households,
        lv_m_per_household=request.lv_m_per_household,
        place=request.place,
    )
    customers, warnings = _customer_rows(made)
    typical = Assumptions(["grid_twins"])
    grid, n_filled = fill_zero_sequence(
        made.grid,
        r0_over_r=typical.number("grid_twins.r0_over_r_share"),
        x0_over_x=typical.number("grid_twins.x0_over_x_share"),
        c0_over_c=typical.number("grid_twins.c0_over_c_share"),
    )
    warnings.append(
        text(
            "the zero sequence of {n} lines is filled in by usual ratios: with loads by phase,"
            " figures are an order of magnitude",
            n=n_filled,
        )
    )
    files = {
        "nodes.csv": nodes_frame(grid).write_csv().encode(),
        "branches.csv": branches_frame(grid).write_csv().encode(),
        "customers.csv": customers.write_csv().encode(),
        "NOTICE.txt": _NOTICE.encode(),
    }
    summary = {
        "grade": made.grid.grade.value,
        "n_nodes": made.grid.n_nodes,
        "n_branches": made.grid.n_branches,
        "n_households": made.n_households,
        "n_customers": customers.height,
        "types": made.type_counts,
        "lv_length_factor": made.lv_length_factor,
        "licence": "ODbL 1.0, SimBench",
        "warnings": warnings,
    }
    return summary, files


def _customer_rows(made: Twin) -> tuple[pl.DataFrame, list[str]]:
    """Customers as `viavolta grid assess --customers` takes them, and what of them is not exact."""
    customers, grid = made.customers, made.grid
    classes = customers.load_class
    rows = [row for row, kind in enumerate(classes) if kind in _PROFILES]
    is_sun = customers.is_class(LoadClass.SUN)
    power_factor = _power_factors(customers)
    frame = pl.DataFrame(
        {
            "node_id": [grid.node_id[customers.node[row]] for row in rows],
            "profile": [_PROFILES[classes[row]].value for row in rows],
            "kwh_per_year": [
                None if is_sun[row] else float(customers.kwh_per_year[row]) for row in rows
            ],
            "kwp": [-float(customers.peak_kw[row]) if is_sun[row] else None for row in rows],
            "power_factor": [None if is_sun[row] else float(power_factor[row]) for row in rows],
        },
        schema_overrides={
            "kwh_per_year": pl.Float64,
            "kwp": pl.Float64,
            "power_factor": pl.Float64,
        },
    )
    return frame, _warnings(customers)


def _power_factors(customers: Customers) -> np.ndarray:
    """(C,) real over apparent power at the greatest load, to four digits."""
    apparent = np.hypot(customers.peak_kw, customers.peak_kvar)
    return np.round(np.abs(customers.peak_kw) / np.where(apparent > 0, apparent, 1.0), 4)


def _warnings(customers: Customers) -> list[str]:
    n_left_out = sum(kind not in _PROFILES for kind in customers.load_class)
    n_flat = int(customers.is_class(LoadClass.FLAT).sum())
    n_lv = int(customers.is_class(LoadClass.LV_GRID).sum())
    told = (
        (n_left_out, text("{n} wind and other plants are not in customers.csv", n=n_left_out)),
        (n_flat, text("{n} customers of constant load are taken as trade (g0)", n=n_flat)),
        (n_lv, text("{n} stations are taken as households (h0), trade included", n=n_lv)),
    )
    return [message for number, message in told if number]


def _check(request: TwinRequest) -> None:
    if request.n_households is not None:
        _check_range("--households", request.n_households, least=1, most=MAX_HOUSEHOLDS)
    if request.lv_m_per_household is not None:
        least, most = _M_PER_HOUSEHOLD
        _check_range("--lv-m-per-household", request.lv_m_per_household, least=least, most=most)
        if request.level is TwinLevel.MV:
            raise UsageError(
                code="twin-without-low-voltage",
                message=text("a twin of medium voltage alone has no lines at low voltage"),
                where=Where(field="--lv-m-per-household"),
                expected=text("--level lv or both"),
                hint=text("leave --lv-m-per-household out, or choose another --level"),
            )
    for value, limit in zip(request.place or (), _MOST_DEGREES, strict=False):
        _check_range("--place", value, least=-limit, most=limit)


def _check_range(option: str, value: float, *, least: float, most: float) -> None:
    if not least <= value <= most:
        raise UsageError(
            code="option-out-of-range",
            message=text("{option} cannot be {value}", option=option, value=value),
            where=Where(field=option, value=str(value)),
            expected=text("{least} to {most}", least=least, most=most),
            hint=text("choose a value in this range"),
        )
