"""A grid with measures: the same nodes, and the branches as they are then."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from viavolta.engines.grid.reinforce.options import (
    Change,
    LayBeside,
    LayInstead,
    SetTransformer,
    SplitFeeder,
    is_same_type,
)
from viavolta.engines.grid.reinforce.rules import BuildRules
from viavolta.model.grid import BranchKind, Grid
from viavolta.model.grid_prices import CableType

_BRANCH_FIELDS = (
    *("branch_id", "branch_kind", "from_node", "to_node", "is_closed", "length_km"),
    *("r_ohm", "x_ohm", "c_nf", "r0_ohm", "x0_ohm", "c0_nf", "max_a", "n_parallel"),
    *("sn_kva", "uk_percent", "pk_kw", "p0_kw", "i0_percent", "rated_from_kv", "rated_to_kv"),
    *("tap_pos", "tap_step_percent", "tap_min", "tap_max", "regulated_pu", "vector_group"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Built:
    """A grid with measures, and the rules of its branches."""

    grid: Grid
    rules: BuildRules


def built(grid: Grid, changes: list[Change], rules: BuildRules) -> Built:
    """Put changes into a grid. New branches keep the limits of those beside them."""
    work = _Work(grid, rules)
    for change in changes:
        if isinstance(change, LayBeside):
            work.lay_beside(change)
        elif isinstance(change, LayInstead):
            work.lay_instead(change)
        elif isinstance(change, SplitFeeder):
            work.split(change)
        else:
            work.set_transformer(change)
    return work.built()


class _Work:
    """The branches of a grid as lists that can grow."""

    def __init__(self, grid: Grid, rules: BuildRules) -> None:
        self._grid, self._rules = grid, rules
        self._columns: dict[str, list[Any]] = {}
        for field in _BRANCH_FIELDS:
            value = getattr(grid, field)
            self._columns[field] = list(value) if isinstance(value, tuple) else value.tolist()
        self._origin = list(range(grid.n_branches))
        self._load_share = rules.load_share.tolist()

    def lay_beside(self, change: LayBeside) -> None:
        """Lay cables beside a branch."""
        row, length = change.row, self._columns["length_km"][change.row]
        if is_same_type(self._grid, row, change.cable):
            self._columns["n_parallel"][row] += change.count
            return
        ends = self._columns["from_node"][row], self._columns["to_node"][row]
        self._add(row, ends, change.cable, count=change.count, length_km=length, word="beside")

    def lay_instead(self, change: LayInstead) -> None:
        """Lay cables in place of the first branch, and take the others out."""
        row = change.rows[0]
        length = self._columns["length_km"][row]
        self._write(row, _cable(change.cable, length_km=length, count=change.count))
        self._open(change.rows[1:])

    def split(self, change: SplitFeeder) -> None:
        """Open branches, and lay cables from the busbar."""
        self._open(change.rows)
        ends = change.busbar, change.node
        self._add(
            change.first,
            ends,
            change.cable,
            count=change.count,
            length_km=change.length_km,
            word=f"feeder-{self._grid.node_id[change.node]}",
        )

    def set_transformer(self, change: SetTransformer) -> None:
        """Set up transformers."""
        row, one = change.rows[0], change.transformer
        if change.is_pair:
            self._load_share[row] = self._rules.pair_share
        if one is None:
            self._columns["n_parallel"][row] += change.count
            return
        self._write(
            row,
            {
                "sn_kva": one.sn_kva,
                "uk_percent": one.uk_percent,
                "pk_kw": one.pk_kw,
                "p0_kw": one.p0_kw,
                "i0_percent": one.i0_percent,
                "tap_pos": change.tap_pos,
                "tap_step_percent": one.tap_step_percent,
                "tap_min": one.tap_min,
                "tap_max": one.tap_max,
                "regulated_pu": change.regulated_pu,
                "n_parallel": change.count,
            },
        )
        self._open(change.rows[1:])

    def built(self) -> Built:
        """The grid and its rules."""
        changed: dict[str, Any] = {
            field: tuple(values) if field in _TUPLES else np.array(values)
            for field, values in self._columns.items()
        }
        return Built(
            grid=replace(self._grid, **changed),
            rules=self._rules.with_branches(
                np.array(self._origin, dtype=np.int64),
                np.array(self._load_share, dtype=np.float64),
            ),
        )

    def _write(self, row: int, values: dict[str, Any]) -> None:
        for field, value in values.items():
            self._columns[field][row] = value

    def _open(self, rows: tuple[int, ...]) -> None:
        for row in rows:
            self._columns["is_closed"][row] = False

    def _add(
        self,
        like: int,
        ends: tuple[int, int],
        cable: CableType,
        *,
        count: int,
        length_km: float,
        word: str,
    ) -> None:
        """Add a branch with the limits of another."""
        for values in self._columns.values():
            values.append(values[like])
        row = len(self._origin)
        self._origin.append(self._origin[like])
        self._load_share.append(self._load_share[like])
        name = f"{self._columns['branch_id'][like]}+{word}"
        self._write(
            row,
            {
                "branch_id": self._unused(name, self._columns["branch_id"][:-1]),
                "branch_kind": BranchKind.CABLE,
                "from_node": ends[0],
                "to_node": ends[1],
                "is_closed": True,
                "length_km": length_km,
                **_cable(cable, length_km=length_km, count=count),
            },
        )

    def _unused(self, name: str, taken: list[str]) -> str:
        names = set(taken)
        number, candidate = 1, name
        while candidate in names:
            number += 1
            candidate = f"{name}-{number}"
        return candidate


def _cable(cable: CableType, *, length_km: float, count: int) -> dict[str, Any]:
    return {
        "branch_kind": BranchKind.CABLE,
        "r_ohm": cable.r_ohm_per_km * length_km,
        "x_ohm": cable.x_ohm_per_km * length_km,
        "c_nf": cable.c_nf_per_km * length_km,
        "r0_ohm": cable.r0_ohm_per_km * length_km,
        "x0_ohm": cable.x0_ohm_per_km * length_km,
        "c0_nf": float("nan") if np.isnan(cable.r0_ohm_per_km) else cable.c_nf_per_km * length_km,
        "max_a": cable.max_a,
        "n_parallel": count,
    }


_TUPLES = {"branch_id", "branch_kind", "vector_group"}
