"""What must hold for a grid beyond its cells: known ends, paths to a source, equal voltages."""

import numpy as np

from viavolta.formats.grids.draft import Draft
from viavolta.model.arrays import Flags, Floats, Ints
from viavolta.model.errors import InputError, Where
from viavolta.model.grid import BranchKind, NodeKind
from viavolta.model.messages import text

_SAME_KV = 1e-3  # relative; nominal voltages are round numbers
_LEAST_KV = 1e-6
_FAR = 1.4  # a rated voltage so many times the nominal one is a slip
_MOST_TAP_PERCENT = 50
_MAX_SHOWN = 200


def check_structure(nodes: Draft, branches: Draft, *, has_findings: bool) -> None:
    """Record all that is wrong with how nodes and branches belong together.

    has_findings: there are findings already, one of which may be why no node is a source.
    """
    is_again = _check_ids(nodes, "node_id")
    _check_ids(branches, "branch_id")
    _check_ends(branches)
    is_known = _is_known(branches)
    is_odd = _check_voltages(nodes, branches, is_known=is_known)
    _check_impedances(branches)
    _check_ratings(nodes, branches, is_known=is_known)
    _check_taps(branches)
    # a branch to nowhere would make islands that are none
    if is_known.all() and not is_again.any() and not is_odd.any():
        _check_paths(nodes, branches, has_findings=has_findings)


def kinds(branches: Draft, *wanted: BranchKind) -> Flags:
    """(B,) which branches are of one of the kinds."""
    return np.array([kind in wanted for kind in branches.columns["branch_kind"]], dtype=bool)


def islands(n_nodes: int, from_node: Ints, to_node: Ints) -> Ints:
    """(N,) number of the connected part each node belongs to, the lowest of its nodes."""
    parent = list(range(n_nodes))

    def root(node: int) -> int:
        while parent[node] != node:
            parent[node] = parent[parent[node]]
            node = parent[node]
        return node

    for a, b in zip(from_node.tolist(), to_node.tolist(), strict=True):
        low, high = sorted((root(a), root(b)))
        parent[high] = low
    return np.array([root(node) for node in range(n_nodes)], dtype=np.int64)


def _is_known(branches: Draft) -> Flags:
    from_node, to_node = branches.columns["from_node"], branches.columns["to_node"]
    known: Flags = (from_node >= 0) & (to_node >= 0) & (from_node != to_node)
    return known


def _check_ids(draft: Draft, column: str) -> Flags:
    """(n,) where a name stands that was there before."""
    ids: list[str] = draft.columns[column]
    draft.find(
        np.array([name == "" for name in ids], dtype=bool),
        column,
        error=lambda _: InputError(
            code="csv-value-missing",
            message=text("{column} is empty", column=column),
            where=Where(),
            expected=text("a name in every row"),
            hint=text("fill in the cell, or remove the row"),
        ),
    )
    first: dict[str, int] = {}
    is_again = np.zeros(len(ids), dtype=bool)
    for row, name in enumerate(ids):
        is_again[row] = name != "" and first.setdefault(name, row) != row
    draft.find(
        is_again,
        column,
        error=lambda row: InputError(
            code="csv-duplicate-id",
            message=text(
                "{column} {name} stands there already", column=column, name=_cut(ids[row])
            ),
            where=Where(),
            expected=text("each {column} once", column=column),
            hint=text("remove one of the two rows, or rename one"),
        ),
    )
    return is_again


def _check_ends(branches: Draft) -> None:
    from_node = branches.columns["from_node"]
    for column in ("from_node", "to_node"):
        branches.find(
            branches.columns[column] == -1,
            column,
            error=lambda _: InputError(
                code="grid-node-unknown",
                message=text("there is no such node"),
                where=Where(),
                expected=text("a node_id of the nodes"),
                hint=text("correct the name, or add a row for this node"),
            ),
        )
    branches.find(
        (from_node >= 0) & (from_node == branches.columns["to_node"]),
        "to_node",
        error=lambda _: InputError(
            code="grid-branch-to-itself",
            message=text("the branch begins and ends at the same node"),
            where=Where(),
            expected=text("two different nodes"),
            hint=text("correct one of the ends, or remove the row"),
        ),
    )


def _check_voltages(nodes: Draft, branches: Draft, *, is_known: Flags) -> Flags:
    """(B,) where a branch that is no transformer joins different voltages."""
    nominal_kv = nodes.floats("nominal_kv")
    from_kv, to_kv = (_at_ends(nominal_kv, branches, end) for end in ("from_node", "to_node"))
    is_transformer = kinds(branches, BranchKind.TRANSFORMER)
    is_odd: Flags = is_known & ~is_transformer & (np.abs(from_kv - to_kv) > _SAME_KV * from_kv)
    branches.find(
        is_odd,
        "to_node",
        error=lambda row: InputError(
            code="grid-voltages-differ",
            message=text(
                "a {kind} joins nodes of {a} kV and {b} kV",
                kind=branches.columns["branch_kind"][row],
                a=from_kv[row],
                b=to_kv[row],
            ),
            where=Where(),
            expected=text("two nodes of the same nominal_kv"),
            hint=text("correct a node or its nominal_kv, or make the branch a transformer"),
        ),
    )
    return is_odd


def _check_impedances(branches: Draft) -> None:
    is_line = kinds(branches, BranchKind.LINE, BranchKind.CABLE)
    branches.find(
        is_line & (branches.floats("r_ohm") == 0) & (branches.floats("x_ohm") == 0),
        "r_ohm",
        error=lambda _: InputError(
            code="grid-zero-impedance",
            message=text("the branch has neither resistance nor reactance"),
            where=Where(),
            expected=text("r_ohm or x_ohm above 0 for a line or cable"),
            hint=text("fill in the totals of the branch in ohm, or make it a switch"),
        ),
    )


def _check_ratings(nodes: Draft, branches: Draft, *, is_known: Flags) -> None:
    loss_share = branches.floats("pk_kw") / np.where(
        branches.floats("sn_kva") > 0, branches.floats("sn_kva"), np.nan
    )
    is_transformer = kinds(branches, BranchKind.TRANSFORMER)
    branches.find(
        is_transformer & (loss_share > branches.floats("uk_percent") / 100 * (1 + 1e-9)),
        "pk_kw",
        error=lambda _: InputError(
            code="grid-losses-above-impedance",
            message=text("the load losses are more than the short-circuit voltage allows"),
            where=Where(),
            expected=text("pk_kw / sn_kva at most uk_percent / 100"),
            hint=text("check the units: pk_kw in kW, sn_kva in kVA, uk_percent such as 4 or 6"),
        ),
    )
    nominal_kv = nodes.floats("nominal_kv")
    for end, rated in (("from_node", "rated_from_kv"), ("to_node", "rated_to_kv")):
        at_node = _at_ends(nominal_kv, branches, end)
        ratio = branches.floats(rated) / np.where(at_node > _LEAST_KV, at_node, np.nan)
        branches.find(
            is_transformer & is_known & ((ratio > _FAR) | (ratio < 1 / _FAR)),
            rated,
            error=lambda _: InputError(
                code="grid-rated-voltage-far",
                message=text("the rated voltage is far from the nominal one of the node"),
                where=Where(),
                expected=text("within 40 % of the nominal_kv of the node"),
                hint=text("check which node each side of the transformer is at, and the unit kV"),
            ),
        )


def _check_taps(branches: Draft) -> None:
    tap_pos, tap_min, tap_max = (branches.columns[f"tap_{name}"] for name in ("pos", "min", "max"))
    branches.find(
        (tap_pos < tap_min) | (tap_pos > tap_max),
        "tap_pos",
        error=lambda row: InputError(
            code="grid-tap-out-of-range",
            message=text("the tap changer has no such position"),
            where=Where(),
            expected=text("{low} to {high}", low=int(tap_min[row]), high=int(tap_max[row])),
            hint=text("correct tap_pos, tap_min or tap_max"),
        ),
    )
    furthest = np.maximum(np.abs(tap_min), np.abs(tap_max))
    branches.find(
        furthest * np.abs(branches.floats("tap_step_percent")) > _MOST_TAP_PERCENT,
        "tap_step_percent",
        error=lambda _: InputError(
            code="grid-number-out-of-range",
            message=text("the tap changer moves the voltage by more than half"),
            where=Where(),
            expected=text("positions times tap_step_percent within {n} %", n=_MOST_TAP_PERCENT),
            hint=text("check the step, in percent of the rated voltage, and the positions"),
        ),
    )


def _check_paths(nodes: Draft, branches: Draft, *, has_findings: bool) -> None:
    is_source = np.array([kind is NodeKind.SOURCE for kind in nodes.columns["node_kind"]])
    if not is_source.any():
        is_first = np.arange(len(nodes)) == 0
        nodes.find(
            is_first & (not has_findings),
            "node_kind",
            error=lambda _: InputError(
                code="grid-without-source",
                message=text("no node is a source"),
                where=Where(),
                expected=text("one node of kind source, at least"),
                hint=text("make the node where power comes from a source"),
            ),
        )
        return
    is_closed = branches.columns["is_closed"].astype(bool)
    from_node, to_node = branches.columns["from_node"], branches.columns["to_node"]
    island = islands(len(nodes), from_node[is_closed], to_node[is_closed])
    is_fed = np.isin(island, island[is_source])
    n_nodes = np.bincount(island, minlength=len(nodes))
    nodes.find(
        ~is_fed & (island == np.arange(len(nodes))),
        "node_id",
        error=lambda row: InputError(
            code="grid-island",
            message=text("{n} nodes from here have no path to a source", n=int(n_nodes[row])),
            where=Where(),
            expected=text("closed branches from every node to a source"),
            hint=text("close or add the branch that is missing, or remove these nodes"),
        ),
    )


def _at_ends(values: Floats, branches: Draft, end: str) -> Floats:
    """(B,) value at the node of an end; that of any node where it is not known."""
    at_end: Floats = values[np.maximum(branches.columns[end], 0)]
    return at_end


def _cut(name: str) -> str:
    return name[:_MAX_SHOWN]
