"""Branches that are open at one end only: still under voltage, so their charging still counts."""

from dataclasses import replace

import numpy as np

from viavolta.formats.charge_table import Flags
from viavolta.formats.grids.draft import Part
from viavolta.model.grid import BranchKind, NodeKind

_ENDS = ("from_node", "to_node")


def with_open_ends(
    nodes: list[Part], branches: Part, *, is_open: tuple[Flags, Flags]
) -> tuple[list[Part], list[Part]]:
    """Give a branch that is open at one end a node of its own there, behind an open switch.

    One that is open at both is not closed. Nodes and switches are called `<branch>@<node>`. is_open
    says for each branch of the part whether it is open at its from_node and at its to_node.

    Returns
    -------
    The nodes with those that came to them, and the branches with the switches.
    """
    is_both = is_open[0] & is_open[1]
    values = dict(branches.values)
    closed = values.get("is_closed", np.ones(len(branches.rows), dtype=bool))
    values["is_closed"] = closed & ~is_both
    names = [name for part in nodes for name in part.values["node_id"]]
    nominal_kv = np.concatenate([part.values["nominal_kv"] for part in nodes])
    more_nodes, more_branches = [], []
    for end, open_here in zip(_ENDS, is_open, strict=True):
        at = values[end]
        rows = np.flatnonzero(open_here & ~is_both & closed & (at >= 0))
        if not rows.size:
            continue
        own = [f"{values['branch_id'][row]}@{names[at[row]]}" for row in rows.tolist()]
        new = len(names) + np.arange(len(rows))
        more_nodes.append(
            Part(
                table=branches.table,
                rows=branches.rows[rows],
                named=branches.named,
                values={
                    "node_id": own,
                    "node_kind": [NodeKind.JOINT] * len(rows),
                    "nominal_kv": nominal_kv[at[rows]],
                },
            )
        )
        more_branches.append(
            Part(
                table=branches.table,
                rows=branches.rows[rows],
                named=branches.named,
                values={
                    "branch_id": own,
                    "branch_kind": [BranchKind.SWITCH] * len(rows),
                    "from_node": at[rows],
                    "to_node": new,
                    "is_closed": np.zeros(len(rows), dtype=bool),
                },
            )
        )
        values[end] = at.copy()
        values[end][rows] = new
        names += own
        nominal_kv = np.append(nominal_kv, nominal_kv[at[rows]])
    return [*nodes, *more_nodes], [replace(branches, values=values), *more_branches]
