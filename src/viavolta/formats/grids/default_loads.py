"""Loads and generators that stand in the file of a grid itself, at the one moment it describes."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from viavolta.formats.charge_table import Flags
from viavolta.formats.grids.elements import Elements, names_of
from viavolta.formats.grids.findings import raise_all
from viavolta.formats.grids.json_file import check_there, read_json
from viavolta.formats.grids.pandapower_file import elements_of, is_pandapower, net_of
from viavolta.formats.grids.power_grid_model import is_power_grid_model, pgm_elements
from viavolta.formats.grids.simbench_file import is_simbench, simbench_table
from viavolta.formats.profile_rows import rows_of
from viavolta.model.arrays import Floats, Ints, Times, freeze
from viavolta.model.errors import InputError, Where
from viavolta.model.grid import Grid, NodeLoads, Phase
from viavolta.model.messages import text

_BY_PHASE = (Phase.A, Phase.B, Phase.C)


@dataclass(frozen=True, slots=True, kw_only=True)
class DefaultLoads:
    """M loads of a grid file; feed-in negative.

    Attributes
    ----------
    node : (M,) rows of the grid's nodes. phase : (M,). p_kw, q_kvar : (M,).
    profile : (M,) name of the profile that the file gives; "" where it gives none.
    """

    node: Ints
    phase: tuple[Phase, ...]
    p_kw: Floats
    q_kvar: Floats
    profile: tuple[str, ...]

    def __post_init__(self) -> None:
        shape = (len(self.phase),)
        freeze(self, "node", "int64", shape)
        freeze(self, "p_kw", "float64", shape)
        freeze(self, "q_kvar", "float64", shape)

    def __len__(self) -> int:
        return len(self.phase)

    def constant(self, start: Times, *, step_s: int) -> NodeLoads:
        """The same power at all steps."""
        shape = (len(self), len(start))
        return NodeLoads(
            start=start,
            step_s=step_s,
            node=self.node,
            phase=self.phase,
            p_kw=np.broadcast_to(self.p_kw[:, None], shape),
            q_kvar=np.broadcast_to(self.q_kvar[:, None], shape),
        )


def read_default_loads(path: Path, grid: Grid) -> DefaultLoads:
    """Loads and generators that a pandapower, SimBench or power-grid-model grid brings along.

    None of them where the grid is a plain CSV pair.

    Raises
    ------
    UsageError: nothing there.
    InputError: the first of all findings, the others listed in its hint.
    """
    check_there(path)
    rows: list[_Rows] = []
    if path.is_dir() and is_simbench(path):
        rows = _simbench(path, grid)
    elif path.is_file() and path.suffix.lower() == ".json":
        document = read_json(path)
        if is_pandapower(document):
            rows = _pandapower(document, grid, file=path.name)
        elif is_power_grid_model(document):
            rows = _power_grid_model(document, grid, file=path.name)
    raise_all(one.elements.table for one in rows)
    used = [one for one in rows if one.is_used.any()]
    return DefaultLoads(
        node=_together(one.node[one.is_used] for one in used).astype(np.int64),
        phase=tuple(one.phase for one in used for _ in range(int(one.is_used.sum()))),
        p_kw=_together(one.p_kw[one.is_used] for one in used),
        q_kvar=_together(one.q_kvar[one.is_used] for one in used),
        profile=tuple(
            name
            for one in used
            for name, is_used in zip(one.elements.words("profile"), one.is_used, strict=True)
            if is_used
        ),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rows:
    elements: Elements
    node: Ints
    phase: Phase
    p_kw: Floats
    q_kvar: Floats
    is_used: Flags


def _pandapower(document: dict[str, Any], grid: Grid, *, file: str) -> list[_Rows]:
    net = net_of(document, file=file)
    bus = elements_of(net, "bus", file=file)
    ids = names_of([bus], prefix=("",))[0]
    rows = dict(zip(bus.lines.tolist(), _rows_of(ids, grid).tolist(), strict=True))
    kinds = {"load": 1, "sgen": -1, "storage": 1, "asymmetric_load": 1, "asymmetric_sgen": -1}
    found = []
    for kind, sign in kinds.items():
        elements = elements_of(net, kind, file=file)
        _refuse_shares(elements)
        numbers = elements.whole("bus", default=-1).tolist()
        node = np.array([rows.get(number, -1) for number in numbers], dtype=np.int64)
        in_service = elements.flags("in_service", default=True)
        _check_known(elements, in_service & ~np.isin(numbers, bus.lines), "bus")
        is_used = in_service & (node >= 0)
        scale = 1000 * sign * elements.numbers("scaling", default=1.0)
        for suffix, phase in _suffixes(kind):
            found.append(
                _Rows(
                    elements=elements,
                    node=node,
                    phase=phase,
                    p_kw=scale * elements.numbers(f"p{suffix}_mw"),
                    q_kvar=scale * elements.numbers(f"q{suffix}_mvar", default=0.0),
                    is_used=is_used,
                )
            )
    return found


def _suffixes(kind: str) -> list[tuple[str, Phase]]:
    """What stands behind p and q in the names of columns, and the phase that they speak of."""
    if not kind.startswith("asym"):
        return [("", Phase.ABC)]
    return [(f"_{phase.value}", phase) for phase in _BY_PHASE]


def _refuse_shares(elements: Elements) -> None:
    """Record loads that change with the voltage."""
    columns = ("const_z_percent", "const_i_percent", "const_z_p_percent", "const_i_p_percent")
    for column in columns:
        if elements.has(column):
            share = elements.numbers(column, default=0.0)
            elements.refuse(share != 0, column, why=text("a load that changes with the voltage"))


def _simbench(folder: Path, grid: Grid) -> list[_Rows]:
    kinds = {"Load": ("load", 1), "RES": ("res", -1), "PowerPlant": ("pp", -1)}
    found = []
    for name, (suffix, sign) in kinds.items():
        elements = simbench_table(folder, name)
        node = _rows_of(elements.words("node").to_list(), grid)
        _check_known(elements, node < 0, "node")
        found.append(
            _Rows(
                elements=elements,
                node=node,
                phase=Phase.ABC,
                p_kw=1000 * sign * elements.numbers(f"p{suffix}", default=0.0),
                q_kvar=1000 * sign * elements.numbers(f"q{suffix}", default=0.0),
                is_used=node >= 0,
            )
        )
    return found


def _power_grid_model(document: dict[str, Any], grid: Grid, *, file: str) -> list[_Rows]:
    kinds = {"sym_load": 1, "sym_gen": -1, "asym_load": 1, "asym_gen": -1}
    found = []
    for kind, sign in kinds.items():
        elements = pgm_elements(document, kind, file=file)
        kind_of_load = elements.whole("type", default=0)
        elements.refuse(kind_of_load != 0, "type", why=text("a load that changes with the voltage"))
        numbers = elements.whole("node", default=-1).tolist()
        node = _rows_of([str(number) for number in numbers], grid)
        in_service = elements.flags("status", default=True)
        _check_known(elements, in_service & (node < 0), "node")
        by_phase = [(phase, n) for n, phase in enumerate(_BY_PHASE)]
        for phase, place in by_phase if kind.startswith("asym") else [(Phase.ABC, None)]:
            found.append(
                _Rows(
                    elements=elements,
                    node=node,
                    phase=phase,
                    p_kw=sign * _watts(elements, "p_specified", place) / 1000,
                    q_kvar=sign * _watts(elements, "q_specified", place) / 1000,
                    is_used=in_service & (node >= 0),
                )
            )
    return found


def _watts(elements: Elements, column: str, place: int | None) -> Floats:
    """(rows,) power of a column, or that at a place in its lists of three phases."""
    if place is None:
        return elements.numbers(column)
    lists = [_list(word) for word in elements.words(column).to_list()]
    is_list = np.array([len(values) == len(_BY_PHASE) for values in lists], dtype=bool)
    watts = np.array([values[place] if values else np.nan for values in lists], dtype=np.float64)
    elements.refuse(
        ~is_list | ~np.isfinite(watts), column, why=text("not a list of three finite numbers")
    )
    return watts


def _list(word: str) -> list[float]:
    """The three numbers of a list as JSON; nothing where it is none."""
    try:
        values = json.loads(word)
        return [float(value) for value in values] if len(values) == len(_BY_PHASE) else []
    except (ValueError, TypeError, RecursionError):
        return []


def _check_known(elements: Elements, is_unknown: Flags, column: str) -> None:
    elements.find(
        is_unknown,
        column,
        error=lambda _: InputError(
            code="grid-node-unknown",
            message=text("there is no such node"),
            where=Where(file=elements.table.file),
            expected=text("a node of the same file"),
            hint=text("correct the name, or add the node"),
        ),
    )


def _rows_of(names: list[str], grid: Grid) -> Ints:
    return rows_of(pl.Series(names, dtype=pl.String), grid.node_id)


def _together(pieces: Iterable[Floats | Ints]) -> Floats:
    return np.concatenate([np.zeros(0), *pieces])
