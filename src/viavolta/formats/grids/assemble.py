"""From drafts of nodes and branches to a checked grid, with what was mended and what to know."""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from viavolta.formats.charge_table import ChargeTable
from viavolta.formats.grids.draft import BRANCH_COLUMNS, NODE_COLUMNS, Draft, Part
from viavolta.formats.grids.findings import raise_all
from viavolta.formats.grids.structure import check_structure, kinds
from viavolta.model.errors import InputError, Where
from viavolta.model.grid import BranchKind, Grade, Grid
from viavolta.model.messages import text
from viavolta.model.notices import Repair, StudyWarning

GridRead = tuple[Grid, tuple[Repair, ...], tuple[StudyWarning, ...]]
MAX_NODES = 1_000_000
_ENDS = ("from_node", "to_node")
_RATED = ("rated_from_kv", "rated_to_kv")
_TO_LV_KV = 1.0
"""Nominal voltage up to which a grid is of low voltage (IEC 60038)."""


def assemble(
    nodes: Sequence[Part],
    branches: Sequence[Part],
    *,
    file: str,
    grade: Grade,
    tables: Iterable[ChargeTable] = (),
    repairs: Iterable[Repair] = (),
    warnings: Iterable[StudyWarning] = (),
) -> GridRead:
    """Check the parts of a grid together and make the grid of them.

    file is what notices name; tables are those whose findings count beside those of the parts.

    Raises
    ------
    InputError: the first of all findings of all tables, the others listed in its hint.
    """
    bus, branch = Draft(nodes, NODE_COLUMNS), Draft(branches, BRANCH_COLUMNS)
    if not len(bus):
        raise _empty(file)
    every_table = [*tables, *(part.table for part in (*nodes, *branches))]
    check_structure(bus, branch, has_findings=any(table.findings for table in every_table))
    raise_all(every_table)
    mended = [*repairs, *_turn(bus, branch, file=file)]
    _fill_rated(bus, branch)
    mended += _name_vector_groups(bus, branch, file=file)
    is_switch = kinds(branch, BranchKind.SWITCH)
    for name in ("length_km", "r_ohm", "x_ohm", "c_nf"):
        branch.columns[name] = np.where(is_switch, 0.0, branch.columns[name])
    grid = Grid(
        **{name: _whole(values) for name, values in bus.columns.items()},
        **{name: _whole(values) for name, values in branch.columns.items()},
        grade=grade,
    )
    return grid, tuple(mended), (*warnings, *_warnings(branch, file=file))


def _turn(nodes: Draft, branches: Draft, *, file: str) -> list[Repair]:
    """Swap the ends of transformers whose higher voltage is at to_node.

    The tap changer stays where it is by the noun: at the higher voltage.
    """
    kv = nodes.floats("nominal_kv")
    columns = branches.columns
    from_kv, to_kv = kv[columns["from_node"]], kv[columns["to_node"]]
    is_turned = kinds(branches, BranchKind.TRANSFORMER) & (from_kv < to_kv)
    if not is_turned.any():
        return []
    for one, other in (_ENDS, _RATED):
        a, b = columns[one], columns[other]
        columns[one], columns[other] = np.where(is_turned, b, a), np.where(is_turned, a, b)
    return [
        Repair(
            code="grid-transformer-turned",
            file=file,
            count=int(is_turned.sum()),
            example=columns["branch_id"][int(np.flatnonzero(is_turned)[0])],
            action=text("turned round: the higher voltage is at from_node"),
        )
    ]


def _fill_rated(nodes: Draft, branches: Draft) -> None:
    """Rated voltages that are not given are the nominal ones of the nodes."""
    kv = nodes.floats("nominal_kv")
    is_transformer = kinds(branches, BranchKind.TRANSFORMER)
    for end, rated in zip(_ENDS, _RATED, strict=True):
        given = branches.floats(rated)
        at_node = kv[branches.columns[end]]
        filled = np.where(np.isfinite(given), given, at_node)
        branches.columns[rated] = np.where(is_transformer, filled, np.nan)


def _name_vector_groups(nodes: Draft, branches: Draft, *, file: str) -> list[Repair]:
    """Vector groups that are not given: the usual ones of their voltages.

    Dyn5 between medium and low voltage, YNd5 above. Balanced flows do not depend on them, unless
    transformers of different groups close a ring.
    """
    groups: list[str] = branches.columns["vector_group"]
    is_transformer = kinds(branches, BranchKind.TRANSFORMER)
    missing = [row for row in np.flatnonzero(is_transformer) if not groups[row]]
    if not missing:
        return []
    to_kv = nodes.floats("nominal_kv")[branches.columns["to_node"]]
    for row in missing:
        groups[row] = "Dyn5" if to_kv[row] <= _TO_LV_KV else "YNd5"
    return [
        Repair(
            code="grid-vector-group-filled-in",
            file=file,
            count=len(missing),
            example=branches.columns["branch_id"][missing[0]],
            action=text("taken as Dyn5 to low voltage, YNd5 to higher ones"),
        )
    ]


def _warnings(branches: Draft, *, file: str) -> list[StudyWarning]:
    is_line = kinds(branches, BranchKind.LINE, BranchKind.CABLE)
    n_unrated = int((is_line & ~np.isfinite(branches.floats("max_a"))).sum())
    if not n_unrated:
        return []
    message = text(
        "{n} lines or cables without max_a: they are never found overloaded", n=n_unrated
    )
    return [StudyWarning(code="grid-current-not-known", file=file, message=message)]


def _whole(values: Any) -> Any:
    return tuple(values) if isinstance(values, list) else values


def _empty(file: str) -> InputError:
    return InputError(
        code="grid-without-nodes",
        message=text("{file} has no nodes", file=file),
        where=Where(file=file),
        expected=text("two nodes and a branch, at least"),
        hint=text("export the grid again"),
    )
