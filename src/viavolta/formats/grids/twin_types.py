"""The typical grids that twins are put together from, with who hangs at their nodes."""

from functools import cache
from pathlib import Path

import numpy as np

from viavolta.formats.charge_table import ChargeTable
from viavolta.formats.grids.plain import read_plain
from viavolta.formats.profile_rows import rows_of
from viavolta.model.grid import Grid
from viavolta.model.grid_twin import LV_GRID, Customers, LoadClass, TwinType, load_class
from viavolta.samples.grid_twins import twin_folders

_COLUMNS = ("node_id", "profile", "kwh_per_year", "peak_kw", "peak_kvar")


@cache
def read_twin_types() -> dict[str, TwinType]:
    """Read all shipped types, by name; those of low voltage first."""
    types: dict[str, TwinType] = {}
    for name, folder in twin_folders().items():
        grid, _, _ = read_plain(folder)
        types[name] = TwinType(
            name=name, grid=grid, customers=_customers(folder / "customers.csv", grid, types)
        )
    return types


def _customers(path: Path, grid: Grid, lv_types: dict[str, TwinType]) -> Customers:
    """Customers of a type; one that stands for a whole grid has the households of its type."""
    table = ChargeTable(path, required=_COLUMNS)
    profile = tuple(table.words("profile").to_list())
    customers = Customers(
        node=rows_of(table.words("node_id"), grid.node_id),
        profile=profile,
        kwh_per_year=table.numbers("kwh_per_year"),
        peak_kw=table.numbers("peak_kw"),
        peak_kvar=table.numbers("peak_kvar"),
        n_households=np.array([_n_households(name, lv_types) for name in profile]),
    )
    table.raise_findings()
    return customers


def _n_households(profile: str, lv_types: dict[str, TwinType]) -> int:
    kind = load_class(profile)
    if kind is LoadClass.LV_GRID:
        return lv_types[f"lv-{profile.removeprefix(LV_GRID)}"].n_households
    return int(kind is LoadClass.HOUSEHOLD)
