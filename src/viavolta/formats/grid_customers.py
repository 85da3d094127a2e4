"""Who hangs where: customers and roofs at nodes, and charging points behind them, as tables."""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import numpy as np

from viavolta.formats.charge_csv import separator_of
from viavolta.formats.charge_table import ChargeTable
from viavolta.formats.grids.cells import choices, needed, whole
from viavolta.formats.profile_rows import rows_of
from viavolta.formats.standard_profiles import LoadProfile, load_profile_kw, sun_profile_kw
from viavolta.model.arrays import Floats, Ints, Times
from viavolta.model.errors import InputError, Where
from viavolta.model.grid import Grid, NodeLoads, Phase
from viavolta.model.messages import text

MAX_DEVICES = 10_000


class CustomerProfile(StrEnum):
    """Whose power it is: a standard load profile, or the sun."""

    H0 = "h0"
    G0 = "g0"
    G1 = "g1"
    G4 = "g4"
    L0 = "l0"
    SUN = "sun"


@dataclass(frozen=True, slots=True, kw_only=True)
class Customers:
    """Customers and roofs of a grid, C rows.

    Attributes
    ----------
    node : (C,) rows of the grid. profile, phase : (C,). kwh_per_year : (C,) what a customer uses,
        NaN for roofs. kwp : (C,) peak power of a roof, NaN for customers. power_factor : (C,)
        inductive where below 1.
    """

    node: Ints
    profile: tuple[CustomerProfile, ...]
    phase: tuple[Phase, ...]
    kwh_per_year: Floats
    kwp: Floats
    power_factor: Floats

    def loads(self, start: Times, *, step_s: int, yield_kwh_per_kwp: float) -> NodeLoads:
        """Power over time by their profiles, customers positive, roofs negative.

        Customers at the same node and phase are one load, and so are roofs.
        """
        kinds = list(dict.fromkeys(self.profile))
        shapes = np.array([_shape(kind, start, step_s, yield_kwh_per_kwp) for kind in kinds])
        is_sun = ~np.isnan(self.kwp)
        phases = list(Phase)
        phase = np.array([phases.index(one) for one in self.phase], dtype=np.int64)
        key = (self.node * len(phases) + phase) * 2 + is_sun
        unique, load = np.unique(key, return_inverse=True)
        size = np.where(is_sun, self.kwp, self.kwh_per_year)
        tangent = np.where(is_sun, 0.0, np.sqrt(1 / self.power_factor**2 - 1))
        column = np.array([kinds.index(one) for one in self.profile], dtype=np.int64)
        p_size, q_size = np.zeros((2, len(unique), len(kinds)))
        np.add.at(p_size, (load, column), size)
        np.add.at(q_size, (load, column), size * tangent)
        return NodeLoads(
            start=start,
            step_s=step_s,
            node=unique // 2 // len(phases),
            phase=tuple(phases[number] for number in unique // 2 % len(phases)),
            p_kw=p_size @ shapes,
            q_kvar=q_size @ shapes,
        )


def _shape(profile: CustomerProfile, start: Times, step_s: int, yield_kwh_per_kwp: float) -> Floats:
    """(T,) kW of a customer of 1 kWh a year, or, negative, of a roof of 1 kWp."""
    if profile is CustomerProfile.SUN:
        return sun_profile_kw(start, step_s=step_s) * -yield_kwh_per_kwp
    return load_profile_kw(LoadProfile(profile.value), start, step_s=step_s)


def read_customers(path: Path, grid: Grid) -> Customers:
    """Read node_id, profile, kwh_per_year (or kwp for sun), and phase and power_factor if known.

    Raises
    ------
    UsageError: no such file.
    InputError: the first of all findings, with file, row, field, value and hint.
    """
    table = ChargeTable(
        path,
        required=("node_id", "profile"),
        optional=("kwh_per_year", "kwp", "phase", "power_factor"),
        separator=separator_of(path),
    )
    node = _nodes(table, grid)
    profile = choices(table, "profile", CustomerProfile, default=CustomerProfile.H0)
    is_sun = np.array([one is CustomerProfile.SUN for one in profile])
    phase = choices(table, "phase", Phase, default=Phase.ABC)
    kwh = table.numbers("kwh_per_year", default=np.nan, minimum=0.0)
    kwp = table.numbers("kwp", default=np.nan, minimum=0.0)
    power_factor = table.numbers("power_factor", default=1.0)
    needed(table, "kwh_per_year", where=~is_sun, why=text("a customer uses energy"))
    needed(table, "kwp", where=is_sun, why=text("a roof has a peak power"))
    table.find(
        ~((power_factor > 0) & (power_factor <= 1)),
        "power_factor",
        error=lambda _: InputError(
            code="customers-power-factor",
            message=text("power_factor is not possible"),
            where=Where(file=table.file),
            expected=text("above 0 and at most 1"),
            hint=text("1 stands for no reactive power"),
        ),
    )
    table.raise_findings()
    return Customers(
        node=node,
        profile=profile,
        phase=phase,
        kwh_per_year=np.where(is_sun, np.nan, kwh),
        kwp=np.where(is_sun, kwp, np.nan),
        power_factor=power_factor,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ChargingPlaces:
    """Where charging happens in the grid: P places.

    Attributes
    ----------
    place : (P,) name of a limit, or of a node. node : (P,) rows of the grid. devices : (P,) that
        the operator may dim; -1 where the schedule is to say.
    """

    place: tuple[str, ...]
    node: Ints
    devices: Ints


def read_charging_places(path: Path, grid: Grid) -> ChargingPlaces:
    """Read node_id, and limit_id (the node_id) and devices (counted in the schedule) if known.

    Raises
    ------
    UsageError: no such file.
    InputError: the first of all findings, with file, row, field, value and hint.
    """
    table = ChargeTable(
        path,
        required=("node_id",),
        optional=("limit_id", "devices"),
        separator=separator_of(path),
    )
    node = _nodes(table, grid)
    node_id, limit_id = table.words("node_id"), table.words("limit_id", default="")
    place = limit_id.replace("", None).fill_null(node_id)
    table.find_duplicates("limit_id" if "limit_id" in table.columns else "node_id", place)
    devices = whole(table, "devices", default=-1)
    table.find(
        (devices < -1) | (devices > MAX_DEVICES),
        "devices",
        error=lambda _: InputError(
            code="places-devices",
            message=text("devices is not a number of devices"),
            where=Where(file=table.file),
            expected=text("0 to {n}", n=MAX_DEVICES),
            hint=text("0 stands for points that the operator may not dim, such as public ones"),
        ),
    )
    table.raise_findings()
    return ChargingPlaces(place=tuple(place.to_list()), node=node, devices=devices)


def _nodes(table: ChargeTable, grid: Grid) -> Ints:
    node_id = table.words("node_id")
    node = rows_of(node_id, grid.node_id)
    table.find(
        (node < 0) & (node_id != "").to_numpy(),
        "node_id",
        error=lambda _: InputError(
            code="grid-node-unknown",
            message=text("the grid has no such node"),
            where=Where(file=table.file),
            expected=text("a node_id of the grid"),
            hint=text("correct the name, or add the node to the grid"),
        ),
    )
    return node
