"""power-grid-model JSON: nodes, lines, links, transformers and sources as a grid.

Columns and units as in its documentation, "Components" (power-grid-model.readthedocs.io), version
1.0 of the format; elements may be objects, or lists in the order of `attributes`.
"""

from pathlib import Path
from typing import Any

import numpy as np

from viavolta.formats.charge_table import Flags
from viavolta.formats.grids.assemble import GridRead, assemble
from viavolta.formats.grids.draft import Part
from viavolta.formats.grids.elements import Elements
from viavolta.formats.grids.json_file import bad_shape, series
from viavolta.formats.grids.open_ends import with_open_ends
from viavolta.formats.grids.transformer import ratio_taps
from viavolta.model.arrays import Floats, Ints
from viavolta.model.grid import BranchKind, Grade, NodeKind
from viavolta.model.messages import text

_READ = ("node", "line", "link", "transformer", "source", "transformer_tap_regulator")
_LOADS = ("sym_load", "asym_load", "sym_gen", "asym_gen")
_REFUSED = (
    "three_winding_transformer",
    "shunt",
    "generic_branch",
    "asym_line",
    "voltage_regulator",
)
_DEFAULT_SK_VA = 1e10
_WINDINGS_FROM = ("Y", "YN", "D", "Z", "ZN")
_WINDINGS_TO = ("y", "yn", "d", "z", "zn")
_TO_SIDE = 1  # BranchSide
_HOURS = 12


def is_power_grid_model(document: object) -> bool:
    """Whether a JSON document is input of power-grid-model."""
    return (
        isinstance(document, dict)
        and isinstance(document.get("data"), dict)
        and document.get("type") == "input"
    )


def read_power_grid_model(path: Path, document: dict[str, Any]) -> GridRead:
    """Make the grid of a decoded power-grid-model file; rows in errors are ids.

    Raises
    ------
    InputError: the first of all findings, the others listed in its hint.
    """
    kinds = {
        kind: pgm_elements(document, kind, file=path.name) for kind in (*_READ, *_LOADS, *_REFUSED)
    }
    for kind in _REFUSED:
        refused = kinds[kind]
        refused.refuse(refused.flags("status", default=True), "id", why=text("not known here"))
    node_of = {int(number): row for row, number in enumerate(kinds["node"].lines.tolist())}
    nodes, branches = [_nodes(kinds, node_of)], [_links(kinds["link"], node_of)]
    for part in (_lines(kinds["line"], node_of), _trafos(kinds, node_of)):
        is_open = (part.values["is_open_from"], part.values["is_open_to"])
        nodes, more = with_open_ends(nodes, part, is_open=is_open)
        branches += more
    return assemble(
        nodes,
        branches,
        file=path.name,
        grade=Grade.MODELLED,
        tables=[elements.table for elements in kinds.values()],
    )


def pgm_elements(document: dict[str, Any], kind: str, *, file: str) -> Elements:
    """Elements of a kind, each with its id as its row; none where the file has none.

    Raises
    ------
    InputError: they are not laid out as the format says, or an id is no whole number.
    """
    rows = document["data"].get(kind, [])
    attributes = document.get("attributes")
    names = attributes.get(kind) if isinstance(attributes, dict) else None
    if not isinstance(rows, list):
        raise bad_shape(file, f"data.{kind}")
    objects = [
        row
        if isinstance(row, dict)
        else dict(zip(names, row, strict=True))
        if isinstance(row, list) and isinstance(names, list) and len(names) == len(row)
        else None
        for row in rows
    ]
    columns: dict[str, list[Any]] = {}
    for number, element in enumerate(objects):
        if element is None or not _is_id(element.get("id")):
            raise bad_shape(file, f"data.{kind}[{number}]")
        for name in element:
            columns.setdefault(str(name), [None] * len(objects))
    for number, element in enumerate(objects):
        for name, value in (element or {}).items():
            columns[str(name)][number] = value
    return Elements.of(
        file,
        kind,
        {name: series(values) for name, values in columns.items()},
        lines=np.array(columns.get("id", []), dtype=np.int64),
    )


def nodes_at(elements: Elements, column: str, node_of: dict[int, int]) -> Ints:
    """(rows,) node that a column names by its id; -1 where there is no such."""
    numbers = elements.whole(column, default=-1)
    blank = elements.is_blank(column)
    rows = [node_of.get(number, -1) for number in numbers.tolist()]
    return np.where(blank, -1, np.array(rows, dtype=np.int64))


def _nodes(kinds: dict[str, Elements], node_of: dict[int, int]) -> Part:
    node, source = kinds["node"], kinds["source"]
    nominal_kv = node.numbers("u_rated") / 1000
    node.above_zero("u_rated", nominal_kv)
    at = nodes_at(source, "node", node_of)
    u_ref_pu = source.numbers("u_ref", default=1.0)
    source.within("u_ref", u_ref_pu, least=0.5, most=1.5, why=text("a share of u_rated"))
    sk_va = source.numbers("sk", default=_DEFAULT_SK_VA)
    source.above_zero("sk", sk_va)
    is_used = source.flags("status", default=True) & (at >= 0)
    held, sk_mva = np.ones(len(node)), np.full(len(node), np.inf)
    held[at[is_used]], sk_mva[at[is_used]] = u_ref_pu[is_used], sk_va[is_used] / 1e6
    loaded = np.concatenate([nodes_at(kinds[kind], "node", node_of) for kind in _LOADS])
    has_load = np.isin(np.arange(len(node)), loaded)
    is_source = np.isin(np.arange(len(node)), at[is_used])
    kind = [
        NodeKind.SOURCE
        if is_source[row]
        else NodeKind.CONNECTION
        if has_load[row]
        else NodeKind.JOINT
        for row in range(len(node))
    ]
    return node.part(
        np.arange(len(node)),
        named={"node_id": "id", "nominal_kv": "u_rated", "node_kind": "id"},
        values={
            "node_id": [str(number) for number in node.lines.tolist()],
            "node_kind": kind,
            "nominal_kv": nominal_kv,
            "u_ref_pu": held,
            "sk_mva": sk_mva,
        },
    )


def _lines(line: Elements, node_of: dict[int, int]) -> Part:
    for column in ("tan1", "tan0"):
        line.refuse(
            line.numbers(column, default=0.0) != 0, column, why=text("losses in the insulation")
        )
    return line.part(
        np.arange(len(line)),
        named={"branch_id": "id", "r_ohm": "r1", "x_ohm": "x1", "c_nf": "c1", "max_a": "i_n"},
        values={
            **_branch(line, node_of, kind=BranchKind.CABLE),
            "r_ohm": line.numbers("r1", minimum=0.0),
            "x_ohm": line.numbers("x1", minimum=0.0),
            "c_nf": line.numbers("c1", minimum=0.0) * 1e9,
            "r0_ohm": line.numbers("r0", default=np.nan, minimum=0.0),
            "x0_ohm": line.numbers("x0", default=np.nan, minimum=0.0),
            "c0_nf": line.numbers("c0", default=np.nan, minimum=0.0) * 1e9,
            "max_a": line.ratings("i_n"),
        },
    )


def _links(link: Elements, node_of: dict[int, int]) -> Part:
    values = _branch(link, node_of, kind=BranchKind.SWITCH)
    is_closed = ~(values["is_open_from"] | values["is_open_to"])
    return link.part(
        np.arange(len(link)),
        named={"branch_id": "id"},
        values={**values, "is_closed": is_closed},
    )


def _trafos(kinds: dict[str, Elements], node_of: dict[int, int]) -> Part:
    trafo = kinds["transformer"]
    u1_v, u2_v = trafo.numbers("u1"), trafo.numbers("u2")
    sn_va, uk = trafo.numbers("sn"), trafo.numbers("uk")
    for column, values in (("u1", u1_v), ("u2", u2_v), ("sn", sn_va), ("uk", uk)):
        trafo.above_zero(column, values)
    is_down = u1_v >= u2_v
    high_v, low_v = np.maximum(u1_v, u2_v), np.minimum(u1_v, u2_v)
    is_to = trafo.whole("tap_side", default=0) == _TO_SIDE
    branch = _branch(trafo, node_of, kind=BranchKind.TRANSFORMER)
    ends = {
        name: np.where(is_down, branch[name], branch[other])
        for one in (("from_node", "to_node"), ("is_open_from", "is_open_to"))
        for name, other in (one, one[::-1])
    }
    regulated = _regulated(kinds, is_down=is_down, to_node=ends["to_node"])
    return trafo.part(
        np.arange(len(trafo)),
        named={
            "branch_id": "id",
            "sn_kva": "sn",
            "uk_percent": "uk",
            "pk_kw": "pk",
            "p0_kw": "p0",
            "i0_percent": "i0",
        },
        values={
            **branch,
            **ends,
            "sn_kva": sn_va / 1000,
            "uk_percent": uk * 100,
            "pk_kw": trafo.numbers("pk", minimum=0.0) / 1000,
            "p0_kw": trafo.numbers("p0", default=0.0, minimum=0.0) / 1000,
            "i0_percent": trafo.numbers("i0", default=0.0, minimum=0.0) * 100,
            **_taps(trafo, is_lv=is_to == is_down, high_v=high_v, low_v=low_v),
            "regulated_pu": regulated,
            "vector_group": _vector_groups(trafo, is_down=is_down),
        },
    )


def _taps(
    trafo: Elements, *, is_lv: Flags, high_v: Floats, low_v: Floats
) -> dict[str, Floats | Ints]:
    """Rated voltages and taps; steps count down where tap_max is below tap_min."""
    nominal = trafo.whole("tap_nom", default=0)
    tap_pos = trafo.whole("tap_pos", default=nominal)
    first, last = (trafo.whole(f"tap_{name}", default=tap_pos) for name in ("min", "max"))
    direction = np.where(last >= first, 1, -1)
    side_v = np.where(is_lv, low_v, high_v)
    size_v = trafo.numbers("tap_size", default=0.0, minimum=0.0)
    return ratio_taps(
        tap_pos=direction * (tap_pos - nominal),
        tap_min=direction * (first - nominal),
        tap_max=direction * (last - nominal),
        step_percent=100 * size_v / np.where(side_v > 0, side_v, 1.0),
        is_lv=is_lv,
        rated_hv_kv=high_v / 1000,
        rated_lv_kv=low_v / 1000,
    )


def _regulated(kinds: dict[str, Elements], *, is_down: Flags, to_node: Ints) -> Floats:
    """(rows,) voltage that tap regulators hold at the lower side, NaN where there is none."""
    regulator, trafo = kinds["transformer_tap_regulator"], kinds["transformer"]
    nominal_v = kinds["node"].numbers("u_rated")
    row_of = {int(number): row for row, number in enumerate(trafo.lines.tolist())}
    objects = regulator.whole("regulated_object", default=-1)
    row = np.array([row_of.get(number, -1) for number in objects.tolist()], dtype=np.int64)
    is_used = regulator.flags("status", default=True)
    regulator.refuse(
        is_used & (row < 0), "regulated_object", why=text("it regulates no transformer of the file")
    )
    is_to = regulator.whole("control_side", default=_TO_SIDE) == _TO_SIDE
    rest = is_used & (row >= 0)
    regulator.refuse(
        rest & (is_to != np.append(is_down, True)[row]),
        "control_side",
        why=text("it holds the higher voltage"),
    )
    for column in ("line_drop_compensation_r", "line_drop_compensation_x"):
        regulator.refuse(
            regulator.numbers(column, default=0.0) != 0,
            column,
            why=text("it holds the voltage of a place further on"),
        )
    u_set_v = regulator.numbers("u_set")
    held = np.full(len(trafo), np.nan)
    if len(nominal_v):
        target = np.append(nominal_v[np.maximum(to_node, 0)], np.nan)[row]
        held[row[rest]] = (u_set_v / target)[rest]
    return held


def _branch(elements: Elements, node_of: dict[int, int], *, kind: BranchKind) -> dict[str, Any]:
    is_open = [~elements.flags(f"{end}_status", default=True) for end in ("from", "to")]
    return {
        "branch_id": [str(number) for number in elements.lines.tolist()],
        "branch_kind": [kind] * len(elements),
        "from_node": nodes_at(elements, "from_node", node_of),
        "to_node": nodes_at(elements, "to_node", node_of),
        "is_closed": ~(is_open[0] & is_open[1]),
        "is_open_from": is_open[0],
        "is_open_to": is_open[1],
    }


def _vector_groups(trafo: Elements, *, is_down: Flags) -> list[str]:
    """Names such as Dyn5 from windings and clock, the higher voltage first."""
    columns = [
        trafo.whole(name, default=0).tolist() for name in ("winding_from", "winding_to", "clock")
    ]
    groups = []
    for row, (first, second, clock) in enumerate(zip(*columns, strict=True)):
        high, low, hours = (first, second, clock) if is_down[row] else (second, first, -clock)
        is_known = 0 <= high < len(_WINDINGS_FROM) and 0 <= low < len(_WINDINGS_TO)
        name = _WINDINGS_FROM[high] + _WINDINGS_TO[low] if is_known else ""
        groups.append(f"{name}{hours % _HOURS}" if name else "")
    return groups


def _is_id(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and abs(value) < 1 << 62
