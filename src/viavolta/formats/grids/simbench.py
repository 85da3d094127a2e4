"""SimBench CSV folders: nodes, lines, transformers and switches as a grid.

The columns are those of the data set and its documentation (simbench.net).
Taps stay at the position that the file states; the voltage that SimBench lets some of them hold is
not followed, as its own conversion to pandapower does not.
"""

from pathlib import Path

import numpy as np
import polars as pl

from viavolta.formats.charge_table import Flags
from viavolta.formats.grids.assemble import GridRead, assemble
from viavolta.formats.grids.draft import Part
from viavolta.formats.grids.elements import Elements
from viavolta.formats.grids.simbench_file import simbench_table
from viavolta.formats.grids.structure import islands
from viavolta.formats.grids.transformer import ratio_taps, vector_groups
from viavolta.formats.profile_rows import rows_of
from viavolta.model.arrays import Floats, Ints
from viavolta.model.errors import InputError, Where
from viavolta.model.grid import BranchKind, Grade, NodeKind
from viavolta.model.messages import text
from viavolta.model.notices import Repair, StudyWarning

_OMEGA = 2 * np.pi * 50
_TABLES = (
    *("Node", "Line", "LineType", "Transformer", "TransformerType", "Switch", "ExternalNet"),
    *("Coordinates", "Load", "RES", "PowerPlant", "Shunt", "Transformer3W"),
)
_DEAD = -3  # node that was left out


def read_simbench(folder: Path) -> GridRead:
    """Make the grid of a SimBench CSV folder.

    Raises
    ------
    InputError: the first of all findings in all tables, the others listed in its hint.
    """
    tables = {name: simbench_table(folder, name) for name in _TABLES}
    _refuse(tables)
    names = tuple(tables["Node"].words("id").to_list())
    transformers, warnings = _transformers(tables, names)
    branches = [_lines(tables, names), transformers, _switches(tables["Switch"], names)]
    nodes = _nodes(tables, names)
    nodes, branches, repairs = _without_dead(nodes, branches, table=tables["Node"])
    return assemble(
        [nodes],
        branches,
        file=folder.name,
        grade=Grade.MODELLED,
        tables=[table.table for table in tables.values()],
        repairs=repairs,
        warnings=warnings,
    )


def _refuse(tables: dict[str, Elements]) -> None:
    """Record what is in the folder and would change the flow, but is not known here."""
    for name in ("Shunt", "Transformer3W"):
        tables[name].refuse(tables[name].every, "id", why=name)
    kinds = {"ExternalNet": ("vavm",), "PowerPlant": ("pq",), "RES": ("pq",)}
    for name, known in kinds.items():
        calc_type = tables[name].words("calc_type").str.to_lowercase()
        tables[name].refuse(
            (~calc_type.is_in([*known, ""])).to_numpy(),
            "calc_type",
            why=text("elements of {name} that are not {known}", name=name, known=known[0]),
        )


def _nodes(tables: dict[str, Elements], names: tuple[str, ...]) -> Part:
    node = tables["Node"]
    nominal_kv = node.numbers("vmr")
    node.above_zero("vmr", nominal_kv)
    u_ref_pu = node.numbers("vmsetp", default=1.0)
    is_source = _named_by(tables["ExternalNet"], "node", names)
    node.within(
        "vmsetp",
        np.where(is_source, u_ref_pu, 1.0),
        least=0.5,
        most=1.5,
        why=text("a share of the nominal voltage"),
    )
    has_load = np.any(
        [_named_by(tables[name], "node", names) for name in ("Load", "RES", "PowerPlant")], axis=0
    )
    is_bar = _named_by(tables["Transformer"], "nodelv", names)
    is_bar |= (node.words("type") == "double busbar").to_numpy()
    kind = [
        NodeKind.SOURCE
        if is_source[row]
        else NodeKind.CONNECTION
        if has_load[row]
        else NodeKind.BUSBAR
        if is_bar[row]
        else NodeKind.JOINT
        for row in range(len(node))
    ]
    places = tables["Coordinates"]
    place = rows_of(node.words("coordid"), tuple(places.words("id").to_list()))
    is_placed = place >= 0
    lat, lon = (
        np.where(
            is_placed, np.append(places.numbers(column, default=np.nan), np.nan)[place], np.nan
        )
        for column in ("y", "x")
    )
    return node.part(
        np.arange(len(node)),
        named={"node_id": "id", "nominal_kv": "vmr", "node_kind": "type"},
        values={
            "node_id": list(names),
            "node_kind": kind,
            "nominal_kv": nominal_kv,
            "lat": lat,
            "lon": lon,
            "u_ref_pu": np.where(is_source & np.isfinite(u_ref_pu), u_ref_pu, 1.0),
        },
    )


def _named_by(table: Elements, column: str, names: tuple[str, ...]) -> Flags:
    """(N,) which nodes a column of another table names; an unknown one is a finding."""
    words = table.words(column)
    rows = rows_of(words, names)
    table.find(
        rows < 0,
        column,
        error=lambda _: InputError(
            code="grid-node-unknown",
            message=text("there is no such node"),
            where=Where(),
            expected=text("an id of Node.csv"),
            hint=text("correct the name, or add the node"),
        ),
    )
    is_named = np.zeros(len(names), dtype=bool)
    is_named[rows[rows >= 0]] = True
    return is_named


def _lines(tables: dict[str, Elements], names: tuple[str, ...]) -> Part:
    line, types = tables["Line"], tables["LineType"]
    of_type = _types(line, types)
    length_km = line.numbers("length", minimum=0.0)
    per_km = {
        "r_ohm": types.numbers("r", minimum=0.0),
        "x_ohm": types.numbers("x", minimum=0.0),
        "c_nf": types.numbers("b", minimum=0.0) * 1e3 / _OMEGA,
    }
    overhead = _of(types.words("type").is_in(["ohl", "ol"]).to_numpy(), of_type)
    rated_a = _of(types.ratings("imax"), of_type)
    return line.part(
        np.arange(len(line)),
        named={"branch_id": "id", "from_node": "nodea", "to_node": "nodeb", "r_ohm": "type"},
        values={
            "branch_id": line.words("id").to_list(),
            "branch_kind": [BranchKind.LINE if one else BranchKind.CABLE for one in overhead],
            **_ends(line, ("nodea", "nodeb"), names),
            "length_km": length_km,
            **{name: _of(values, of_type) * length_km for name, values in per_km.items()},
            "max_a": np.where(rated_a > 0, rated_a, np.inf),
        },
    )


def _transformers(
    tables: dict[str, Elements], names: tuple[str, ...]
) -> tuple[Part, list[StudyWarning]]:
    trafo, types = tables["Transformer"], tables["TransformerType"]
    of_type = _types(trafo, types)
    rating = {
        "sn_kva": 1000 * types.numbers("sr"),
        "uk_percent": types.numbers("vmimp"),
        "pk_kw": types.numbers("pcu", minimum=0.0),
        "p0_kw": types.numbers("pfe", default=0.0, minimum=0.0),
        "i0_percent": types.numbers("inoload", default=0.0, minimum=0.0),
    }
    for column, values in (("sr", rating["sn_kva"]), ("vmimp", rating["uk_percent"])):
        types.above_zero(column, values)
    rated_hv_kv, rated_lv_kv = types.numbers("vmhv"), types.numbers("vmlv")
    for column, values in (("vmhv", rated_hv_kv), ("vmlv", rated_lv_kv)):
        types.above_zero(column, values)
    neutral = types.whole("tapneutr", default=0)
    tap_pos = trafo.whole("tappos", default=_of(neutral, of_type)) - _of(neutral, of_type)
    turns_phase = _of(types.numbers("dva", default=0.0), of_type) != 0
    trafo.refuse(
        (tap_pos != 0) & turns_phase, "tappos", why=text("a tap changer that turns the phase")
    )
    low = np.minimum(_of(types.whole("tapmin", default=neutral) - neutral, of_type), 0)
    high = np.maximum(_of(types.whole("tapmax", default=neutral) - neutral, of_type), 0)
    taps = ratio_taps(
        tap_pos=tap_pos,
        tap_min=low,
        tap_max=high,
        step_percent=_of(types.numbers("dvm", default=0.0), of_type),
        is_lv=_of((types.words("tapside").str.to_lowercase() == "lv").to_numpy(), of_type),
        rated_hv_kv=_of(rated_hv_kv, of_type),
        rated_lv_kv=_of(rated_lv_kv, of_type),
    )
    shift = _of(types.numbers("va0", default=0.0), of_type)
    unknown = pl.repeat("", len(trafo), dtype=pl.String, eager=True)
    part = trafo.part(
        np.arange(len(trafo)),
        named={"branch_id": "id", "from_node": "nodehv", "to_node": "nodelv", "tap_pos": "tappos"},
        values={
            "branch_id": trafo.words("id").to_list(),
            "branch_kind": [BranchKind.TRANSFORMER] * len(trafo),
            **_ends(trafo, ("nodehv", "nodelv"), names),
            **{name: _of(values, of_type) for name, values in rating.items()},
            **taps,
            "vector_group": vector_groups(
                unknown, shift_degree=shift, rated_lv_kv=_of(rated_lv_kv, of_type)
            ),
        },
    )
    return part, _held(trafo)


def _held(trafo: Elements) -> list[StudyWarning]:
    n_held = int((trafo.numbers("autotap", default=0.0) == 1).sum())
    if not n_held:
        return []
    message = text("{n} transformers hold a voltage by their taps; not followed", n=n_held)
    return [StudyWarning(code="grid-controllers-left-out", file=trafo.table.file, message=message)]


def _switches(switch: Elements, names: tuple[str, ...]) -> Part:
    return switch.part(
        np.arange(len(switch)),
        named={"branch_id": "id", "from_node": "nodea", "to_node": "nodeb"},
        values={
            "branch_id": switch.words("id").to_list(),
            "branch_kind": [BranchKind.SWITCH] * len(switch),
            **_ends(switch, ("nodea", "nodeb"), names),
            "is_closed": switch.flags("cond", default=True),
        },
    )


def _types(elements: Elements, types: Elements) -> Ints:
    """(rows,) row of each element's type; an unknown one is a finding and -1."""
    rows = rows_of(elements.words("type"), tuple(types.words("id").to_list()))
    elements.find(
        rows < 0,
        "type",
        error=lambda _: InputError(
            code="grid-type-unknown",
            message=text("there is no such type"),
            where=Where(),
            expected=text("an id of {file}", file=types.table.file),
            hint=text("correct the name, or add the type"),
        ),
    )
    return rows


def _of(values: Floats | Ints | Flags, row: Ints) -> np.ndarray:
    """Values of types by element; zero or NaN where the type is not known."""
    nothing = np.zeros(1, dtype=values.dtype)
    if values.dtype.kind == "f":
        nothing = np.full(1, np.nan)
    return np.concatenate([values, nothing])[row]


def _ends(elements: Elements, columns: tuple[str, str], names: tuple[str, ...]) -> dict[str, Ints]:
    from_node, to_node = (rows_of(elements.words(column), names) for column in columns)
    return {"from_node": from_node, "to_node": to_node}


def _without_dead(
    nodes: Part, branches: list[Part], *, table: Elements
) -> tuple[Part, list[Part], list[Repair]]:
    """Leave out nodes that only open switches lead to and that nothing but switching hangs at."""
    ends = [np.concatenate([part.values[end] for part in branches]) for end in _ENDS]
    is_closed = np.concatenate(
        [part.values.get("is_closed", np.ones(len(part.rows), dtype=bool)) for part in branches]
    )
    is_usable = is_closed & (ends[0] >= 0) & (ends[1] >= 0)
    island = islands(len(table), ends[0][is_usable], ends[1][is_usable])
    kinds = nodes.values["node_kind"]
    is_auxiliary = (table.words("type") == "auxiliary").to_numpy()
    is_alive = ~is_auxiliary | np.array([kind is not NodeKind.JOINT for kind in kinds], dtype=bool)
    is_dead = ~np.isin(island, island[is_alive])
    if not is_dead.any():
        return nodes, branches, []
    new = np.where(is_dead, _DEAD, np.cumsum(~is_dead) - 1)
    rest = [_moved(part, new) for part in branches]
    repair = Repair(
        code="grid-dead-ends-left-out",
        file=table.table.file,
        count=int(is_dead.sum()),
        example=nodes.values["node_id"][int(np.flatnonzero(is_dead)[0])],
        action=text("left out: nothing hangs there and no closed switch leads there"),
    )
    return _kept(nodes, ~is_dead), rest, [repair]


_ENDS = ("from_node", "to_node")


def _moved(part: Part, new: Ints) -> Part:
    """The branches none of whose ends is dead, with the new rows of their nodes."""
    ends = {end: np.where(part.values[end] < 0, -1, new[part.values[end]]) for end in _ENDS}
    is_kept = (ends["from_node"] != _DEAD) & (ends["to_node"] != _DEAD)
    moved = Part(table=part.table, rows=part.rows, values={**part.values, **ends}, named=part.named)
    return _kept(moved, is_kept)


def _kept(part: Part, is_kept: Flags) -> Part:
    rows = np.flatnonzero(is_kept).tolist()
    values = {
        name: [column[row] for row in rows] if isinstance(column, list) else column[is_kept]
        for name, column in part.values.items()
    }
    return Part(table=part.table, rows=part.rows[is_kept], values=values, named=part.named)
