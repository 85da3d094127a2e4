"""A town as feeders of one busbar: what lies above is held by others and for others."""

import dataclasses
from typing import Any

import numpy as np

from viavolta.model.grid import BranchKind, Grid, NodeKind


def from_busbar(grid: Grid) -> Grid:
    """Let a grid begin at the medium voltage busbars whose voltage regulated transformers hold.

    A town of a few hundred homes is a small part of what hangs on such a transformer; its taps hold
    the voltage of the busbar, and whether it must grow is decided elsewhere. Sources that feed
    anything else stay as they are, and the grid with them.
    """
    is_source = grid.is_kind(NodeKind.SOURCE)
    at_source = is_source[grid.from_node] | is_source[grid.to_node]
    holds = grid.is_kind(BranchKind.TRANSFORMER) & np.isfinite(grid.regulated_pu)
    holds &= is_source[grid.from_node] & ~is_source[grid.to_node]
    if not at_source.any() or (at_source & grid.is_closed & ~holds).any():
        return grid
    held = grid.u_ref_pu.copy()
    kinds = list(grid.node_kind)
    for row in np.flatnonzero(at_source & grid.is_closed).tolist():
        busbar = int(grid.to_node[row])
        held[busbar] = grid.regulated_pu[row]
        kinds[busbar] = NodeKind.SOURCE
    stays, keeps = ~is_source, ~at_source
    new_row = np.cumsum(stays) - 1
    fields: dict[str, Any] = {}
    for field in dataclasses.fields(grid):
        value = getattr(grid, field.name)
        if field.name == "grade":
            fields[field.name] = value
            continue
        kept = stays if field.name in _OF_NODES else keeps
        if isinstance(value, tuple):
            fields[field.name] = tuple(
                one for one, is_kept in zip(value, kept, strict=True) if is_kept
            )
        else:
            fields[field.name] = value[kept]
    fields["node_kind"] = tuple(kind for kind, is_kept in zip(kinds, stays, strict=True) if is_kept)
    fields["u_ref_pu"] = held[stays]
    fields["from_node"] = new_row[grid.from_node[keeps]]
    fields["to_node"] = new_row[grid.to_node[keeps]]
    return Grid(**fields)


_OF_NODES = frozenset({"node_id", "node_kind", "nominal_kv", "lat", "lon", "u_ref_pu", "sk_mva"})
