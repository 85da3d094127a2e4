"""A grid on its way from tables to the noun: columns from one or several tables, with places."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from viavolta.formats.charge_table import ChargeTable, Flags
from viavolta.model.arrays import Floats, Ints
from viavolta.model.errors import InputError

NODE_COLUMNS: dict[str, Any] = {
    "node_id": None,
    "node_kind": None,
    "nominal_kv": None,
    "lat": np.nan,
    "lon": np.nan,
    "u_ref_pu": 1.0,
    "sk_mva": np.inf,
}
"""Columns of nodes and what stands where a table has none; None where it must have one."""

BRANCH_COLUMNS: dict[str, Any] = {
    **dict.fromkeys(("branch_id", "branch_kind", "from_node", "to_node")),
    "is_closed": True,
    **dict.fromkeys(("length_km",), 0.0),
    **dict.fromkeys(("r_ohm", "x_ohm", "c_nf", "r0_ohm", "x0_ohm", "c0_nf"), np.nan),
    "max_a": np.inf,
    "n_parallel": 1,
    **dict.fromkeys(("sn_kva", "uk_percent", "pk_kw", "p0_kw", "i0_percent"), np.nan),
    **dict.fromkeys(("rated_from_kv", "rated_to_kv"), np.nan),
    "tap_pos": 0,
    "tap_step_percent": 0.0,
    "tap_min": 0,
    "tap_max": 0,
    "regulated_pu": np.nan,
    "vector_group": "",
}
"""Columns of branches, likewise."""

_TEXTS = {"node_id", "node_kind", "branch_id", "branch_kind", "vector_group"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Nodes or branches that come from one table.

    Attributes
    ----------
    rows : (n,) row of each in the table.
    values : columns by the names of the grid, (n,) each.
    named : what the table calls a column, where it calls it otherwise.
    """

    table: ChargeTable
    rows: Ints
    values: Mapping[str, Any]
    named: Mapping[str, str] = field(default_factory=dict)


class Draft:
    """Columns of all parts one after the other; findings go back to the table they came from."""

    def __init__(self, parts: Sequence[Part], columns: Mapping[str, Any]) -> None:
        self.parts = tuple(parts)
        self.columns = {name: self._joined(name, default) for name, default in columns.items()}

    def __len__(self) -> int:
        return sum(len(part.rows) for part in self.parts)

    def floats(self, name: str) -> Floats:
        """(n,) numbers of a column."""
        values: Floats = self.columns[name]
        return values

    def find(self, is_wrong: Flags, name: str, *, error: Callable[[int], InputError]) -> None:
        """Record where a condition (n,) holds; the error is made from the row of the draft."""
        begin = 0
        for part in self.parts:
            wrong = np.flatnonzero(is_wrong[begin : begin + len(part.rows)])
            if wrong.size:
                at = dict(zip(part.rows[wrong].tolist(), (begin + wrong).tolist(), strict=True))
                marks = np.zeros(len(part.table), dtype=bool)
                marks[part.rows[wrong]] = True
                part.table.find(marks, part.named.get(name, name), error=_at(at, error))
            begin += len(part.rows)

    def _joined(self, name: str, default: object) -> Any:
        pieces = [
            part.values[name] if name in part.values else [default] * len(part.rows)
            for part in self.parts
        ]
        if name in _TEXTS:
            return [value for piece in pieces for value in piece]
        return np.concatenate([np.asarray(piece) for piece in pieces]) if pieces else np.zeros(0)


def _at(rows: Mapping[int, int], error: Callable[[int], InputError]) -> Callable[[int], InputError]:
    """The error of a row of a table, made from the row of the draft."""
    return lambda row: error(rows[row])
