"""pandapower JSON: its buses, external grids, lines, transformers and switches as a grid.

The columns are those of pandapower 2.0 to 3.5 (pandapower.readthedocs.io, element parameters).
Elements that would change the flow and that a grid here does not know are refused.
"""

import json
from pathlib import Path
from typing import Any

import numpy as np

from viavolta.formats.charge_table import Flags
from viavolta.formats.grids.assemble import GridRead, assemble
from viavolta.formats.grids.draft import Part
from viavolta.formats.grids.elements import Elements, names_of
from viavolta.formats.grids.open_ends import with_open_ends
from viavolta.formats.grids.pandapower_file import OUT_OF_SERVICE, buses, elements_of, net_of
from viavolta.formats.grids.transformer import derated, ratio_taps, vector_groups
from viavolta.model.arrays import Floats, Ints
from viavolta.model.grid import BranchKind, Grade, NodeKind
from viavolta.model.messages import text
from viavolta.model.notices import Repair, StudyWarning

_NOMINAL_HZ = 50.0
_MOST_DEGREES = (180.0, 90.0)
_SWITCH_RX = 2.0  # resistance over reactance of a switch with an impedance, as pandapower takes it
_REFUSED = (
    *("trafo3w", "impedance", "dcline", "ward", "xward", "shunt", "svc", "tcsc", "ssc", "vsc"),
    *("line_dc", "b2b_vsc", "bi_vsc", "gen", "source_dc"),
)
_READ = ("bus", "ext_grid", "line", "trafo", "switch", "load", "sgen")
_TRAFO_NAMES = {
    "branch_id": "name",
    "from_node": "hv_bus",
    "to_node": "lv_bus",
    "sn_kva": "sn_mva",
    "uk_percent": "vk_percent",
    "pk_kw": "vkr_percent",
    "p0_kw": "pfe_kw",
    "rated_from_kv": "vn_hv_kv",
    "rated_to_kv": "vn_lv_kv",
}
Numbers = dict[int, int]
"""Node of each bus by the number of the bus, or OUT_OF_SERVICE."""


def read_pandapower(path: Path, document: dict[str, Any]) -> GridRead:
    """Make the grid of a decoded pandapower file; rows in errors are element numbers.

    Raises
    ------
    InputError: the first of all findings, the others listed in its hint.
    """
    net = net_of(document, file=path.name)
    kinds = {kind: elements_of(net, kind, file=path.name) for kind in (*_READ, *_REFUSED)}
    bus = kinds["bus"]
    is_used = bus.flags("in_service", default=True)
    node_of = dict.fromkeys(bus.lines.tolist(), OUT_OF_SERVICE)
    node_of.update({number: node for node, number in enumerate(bus.lines[is_used].tolist())})
    for kind in _REFUSED:
        refused = kinds[kind]
        refused.refuse(
            refused.flags("in_service", default=True), "name", why=text("not known here")
        )
    nodes = _nodes(kinds, node_of, is_used=is_used, positions=_positions(net, path.name))
    names = names_of(
        [kinds[kind] for kind in ("line", "trafo", "switch")],
        prefix=("line-", "trafo-", "switch-"),
    )
    hz = net.get("f_hz")
    f_hz = float(hz) if isinstance(hz, int | float) and hz > 0 else _NOMINAL_HZ
    lines = _lines(kinds, node_of, names=names[0], f_hz=f_hz)
    transformers, warnings = _transformers(kinds, node_of, names=names[1])
    every_node, branches = [nodes], [_switches(kinds, node_of, names=names[2])]
    for part, et, columns in (
        (lines, "l", ("from_bus", "to_bus")),
        (transformers, "t", ("hv_bus", "lv_bus")),
    ):
        is_open = _opened(kinds["switch"], part, columns=columns, et=et)
        every_node, more = with_open_ends(every_node, part, is_open=is_open)
        branches += more
    return assemble(
        every_node,
        branches,
        file=path.name,
        grade=Grade.MODELLED,
        tables=[elements.table for elements in kinds.values()],
        repairs=_left_out(bus, is_used=is_used),
        warnings=[*warnings, *_controllers(net, path.name)],
    )


def _nodes(
    kinds: dict[str, Elements],
    node_of: Numbers,
    *,
    is_used: Flags,
    positions: dict[int, tuple[float, float]],
) -> Part:
    bus = kinds["bus"]
    nominal_kv = bus.numbers("vn_kv")
    bus.above_zero("vn_kv", nominal_kv)
    u_ref_pu = _sources(kinds["ext_grid"], node_of, n_buses=len(bus), rows=np.flatnonzero(is_used))
    places = np.array([positions.get(int(n), (np.nan, np.nan)) for n in bus.lines]).reshape(-1, 2)
    if (np.abs(places) > _MOST_DEGREES).any():  # positions on a drawing, not on the earth
        places = np.full_like(places, np.nan)
    has_load = _has_load(kinds, bus)
    kind = [
        NodeKind.SOURCE
        if np.isfinite(u_ref_pu[row])
        else NodeKind.CONNECTION
        if has_load[row]
        else NodeKind.BUSBAR
        if word.startswith(("b", "db"))
        else NodeKind.JOINT
        for row, word in enumerate(bus.words("type").to_list())
    ]
    return bus.part(
        np.flatnonzero(is_used),
        named={"node_id": "name", "nominal_kv": "vn_kv", "node_kind": "type"},
        values={
            "node_id": names_of([bus], prefix=("",))[0],
            "node_kind": kind,
            "nominal_kv": nominal_kv,
            "lat": places[:, 1],
            "lon": places[:, 0],
            "u_ref_pu": np.where(np.isfinite(u_ref_pu), u_ref_pu, 1.0),
        },
    )


def _sources(external: Elements, node_of: Numbers, *, n_buses: int, rows: Ints) -> Floats:
    """(buses,) voltage that an external grid holds, NaN at buses that are no source."""
    node = buses(external, "bus", node_of)
    vm_pu = external.numbers("vm_pu", default=1.0)
    external.within("vm_pu", vm_pu, least=0.5, most=1.5, why=text("a share of the nominal voltage"))
    is_used = external.flags("in_service", default=True) & (node >= 0)
    angle = external.numbers("va_degree", default=0.0)
    if is_used.any():
        external.refuse(
            is_used & (angle != angle[is_used][0]),
            "va_degree",
            why=text("external grids of different angles"),
        )
    held = np.full(n_buses, np.nan)
    held[rows[node[is_used]]] = np.where(np.isfinite(vm_pu[is_used]), vm_pu[is_used], 1.0)
    return held


def _has_load(kinds: dict[str, Elements], bus: Elements) -> Flags:
    """(buses,) where a load or generator in service hangs."""
    loaded: set[int] = set()
    for kind in ("load", "sgen"):
        elements = kinds[kind]
        if elements.has("bus"):
            is_used = elements.flags("in_service", default=True)
            loaded.update(elements.whole("bus", default=-1)[is_used].tolist())
    return np.isin(bus.lines, list(loaded))


def _positions(net: dict[str, Any], file: str) -> dict[int, tuple[float, float]]:
    """Longitude and latitude of buses by number: of `bus.geo`, or of `bus_geodata` before 3.0."""
    bus = elements_of(net, "bus", file=file)
    if bus.has("geo"):
        points = {int(n): _point(word) for n, word in zip(bus.lines, bus.words("geo"), strict=True)}
        return {number: point for number, point in points.items() if point is not None}
    if net.get("bus_geodata") is None:
        return {}
    places = elements_of(net, "bus_geodata", file=file)
    x, y = (places.numbers(column, default=np.nan) for column in ("x", "y"))
    return {int(number): (float(x[row]), float(y[row])) for row, number in enumerate(places.lines)}


def _point(word: str) -> tuple[float, float] | None:
    """Coordinates of a GeoJSON point; None where it is none."""
    try:
        lon, lat = json.loads(word)["coordinates"][:2]
        return float(lon), float(lat)
    except (ValueError, TypeError, KeyError, RecursionError):
        return None


def _lines(kinds: dict[str, Elements], node_of: Numbers, *, names: list[str], f_hz: float) -> Part:
    line = kinds["line"]
    length_km = line.numbers("length_km", minimum=0.0)
    parallel = line.whole("parallel", default=1, minimum=1)
    df = line.numbers("df", default=1.0)
    line.above_zero("df", df)
    leakage = line.numbers("g_us_per_km", default=0.0)
    line.refuse(leakage != 0, "g_us_per_km", why=text("leakage through the insulation"))
    total = {
        "r_ohm": line.numbers("r_ohm_per_km", minimum=0.0),
        "x_ohm": line.numbers("x_ohm_per_km", minimum=0.0),
        "c_nf": line.numbers("c_nf_per_km", minimum=0.0) * f_hz / _NOMINAL_HZ,
        "r0_ohm": line.numbers("r0_ohm_per_km", default=np.nan, minimum=0.0),
        "x0_ohm": line.numbers("x0_ohm_per_km", default=np.nan, minimum=0.0),
        "c0_nf": line.numbers("c0_nf_per_km", default=np.nan, minimum=0.0) * f_hz / _NOMINAL_HZ,
    }
    ends, rows = _ends(line, ("from_bus", "to_bus"), node_of)
    overhead = [word == "ol" for word in line.words("type").to_list()]
    return line.part(
        rows,
        named={
            "branch_id": "name",
            "from_node": "from_bus",
            "to_node": "to_bus",
            "max_a": "max_i_ka",
            **{name: f"{name}_per_km" for name in total},
        },
        values={
            "branch_id": names,
            "branch_kind": [BranchKind.LINE if one else BranchKind.CABLE for one in overhead],
            **ends,
            "is_closed": line.flags("in_service", default=True),
            "length_km": length_km,
            **{name: per_km * length_km for name, per_km in total.items()},
            "max_a": 1000 * line.ratings("max_i_ka") * df,
            "n_parallel": parallel,
        },
    )


def _transformers(
    kinds: dict[str, Elements], node_of: Numbers, *, names: list[str]
) -> tuple[Part, list[StudyWarning]]:
    trafo = kinds["trafo"]
    ends, rows = _ends(trafo, ("hv_bus", "lv_bus"), node_of)
    taps, warnings = _taps(trafo)
    rated_lv_kv = taps["rated_to_kv"]
    shift = trafo.numbers("shift_degree", default=0.0)
    part = trafo.part(
        rows,
        named=_TRAFO_NAMES,
        values={
            "branch_id": names,
            "branch_kind": [BranchKind.TRANSFORMER] * len(trafo),
            **ends,
            "is_closed": trafo.flags("in_service", default=True),
            "n_parallel": trafo.whole("parallel", default=1, minimum=1),
            "p0_kw": trafo.numbers("pfe_kw", default=0.0, minimum=0.0),
            **_ratings(trafo),
            **taps,
            "vector_group": vector_groups(
                trafo.words("vector_group"), shift_degree=shift, rated_lv_kv=rated_lv_kv
            ),
        },
    )
    return part, warnings


def _ratings(trafo: Elements) -> dict[str, Floats]:
    sn_mva, uk_percent = trafo.numbers("sn_mva"), trafo.numbers("vk_percent")
    df = trafo.numbers("df", default=1.0)
    for column, values in (("sn_mva", sn_mva), ("vk_percent", uk_percent), ("df", df)):
        trafo.above_zero(column, values)
    return derated(
        np.where(df > 0, df, 1.0),
        sn_kva=1000 * sn_mva,
        uk_percent=uk_percent,
        pk_kw=trafo.numbers("vkr_percent", minimum=0.0) / 100 * 1000 * sn_mva,
        i0_percent=trafo.numbers("i0_percent", default=0.0, minimum=0.0),
    )


def _taps(trafo: Elements) -> tuple[dict[str, Any], list[StudyWarning]]:
    """Rated voltages and taps; a tap changer without a type is none, as in pandapower 3."""
    neutral = trafo.whole("tap_neutral", default=0)
    tap_pos = trafo.whole("tap_pos", default=neutral) - neutral
    step_percent = trafo.numbers("tap_step_percent", default=0.0)
    kind = trafo.words("tap_changer_type").str.to_lowercase()
    has_type = trafo.has("tap_changer_type")
    is_off = tap_pos != 0
    is_ideal = (kind == "ideal").to_numpy() | trafo.flags("tap_phase_shifter", default=False)
    turns_phase = trafo.numbers("tap_step_degree", default=0.0) != 0
    trafo.refuse(
        is_off & (is_ideal | turns_phase), "tap_pos", why=text("a tap changer that turns the phase")
    )
    trafo.refuse(
        trafo.flags("tap_dependency_table", default=False),
        "tap_dependency_table",
        why=text("a tap changer with a table"),
    )
    is_ignored = np.logical_and(has_type, (kind == "").to_numpy()) & is_off
    tap_pos = np.where(is_ignored, 0, tap_pos)
    is_lv = (trafo.words("tap_side").str.to_lowercase() == "lv").to_numpy()
    rated_hv_kv, rated_lv_kv = trafo.numbers("vn_hv_kv"), trafo.numbers("vn_lv_kv")
    for column, values in (("vn_hv_kv", rated_hv_kv), ("vn_lv_kv", rated_lv_kv)):
        trafo.above_zero(column, values)
    taps = ratio_taps(
        tap_pos=tap_pos,
        tap_min=trafo.whole("tap_min", default=np.minimum(tap_pos, 0) + neutral) - neutral,
        tap_max=trafo.whole("tap_max", default=np.maximum(tap_pos, 0) + neutral) - neutral,
        step_percent=step_percent,
        is_lv=is_lv,
        rated_hv_kv=rated_hv_kv,
        rated_lv_kv=rated_lv_kv,
    )
    if not is_ignored.any():
        return taps, []
    message = text(
        "{n} transformers with a tap position but no tap_changer_type: taken at their neutral "
        "position, as pandapower does",
        n=int(is_ignored.sum()),
    )
    warning = StudyWarning(code="grid-tap-type-not-known", file=trafo.table.file, message=message)
    return taps, [warning]


def _switches(kinds: dict[str, Elements], node_of: Numbers, *, names: list[str]) -> Part:
    """Switches between buses; those at lines and transformers open these."""
    switch = kinds["switch"]
    ends, rows = _ends(switch, ("bus", "element"), node_of)
    is_between = (switch.words("et") == "b").to_numpy()
    z_ohm = switch.numbers("z_ohm", default=0.0, minimum=0.0)
    reactance = 1 / np.hypot(1, _SWITCH_RX)
    return switch.part(
        rows[is_between[rows]],
        named={"branch_id": "name", "from_node": "bus", "to_node": "element"},
        values={
            "branch_id": names,
            "branch_kind": [BranchKind.LINE if z > 0 else BranchKind.SWITCH for z in z_ohm],
            **ends,
            "is_closed": switch.flags("closed", default=True),
            "r_ohm": z_ohm * reactance * _SWITCH_RX,
            "x_ohm": z_ohm * reactance,
            "c_nf": np.zeros(len(switch)),
            "max_a": 1000 * switch.ratings("in_ka"),
        },
    )


def _ends(
    elements: Elements, columns: tuple[str, str], node_of: Numbers
) -> tuple[dict[str, Ints], Ints]:
    """Nodes at both ends, and the rows none of whose buses is out of service."""
    from_node, to_node = (buses(elements, column, node_of) for column in columns)
    is_used = (from_node != OUT_OF_SERVICE) & (to_node != OUT_OF_SERVICE)
    return {"from_node": from_node, "to_node": to_node}, np.flatnonzero(is_used)


def _opened(
    switch: Elements, part: Part, *, columns: tuple[str, str], et: str
) -> tuple[Flags, Flags]:
    """Where a switch opens the lines or transformers of a part, at their two ends."""
    is_open = ~switch.flags("closed", default=True) & (switch.words("et") == et).to_numpy()
    element, bus = (switch.whole(column, default=-1)[is_open] for column in ("element", "bus"))
    opened = set(zip(element.tolist(), bus.tolist(), strict=True))
    kind = "line" if et == "l" else "trafo"
    elements = Elements(kind=kind, table=part.table)
    numbers = elements.lines[part.rows].tolist()
    first, second = (
        np.array(
            [
                (number, at) in opened
                for number, at in zip(
                    numbers, elements.whole(column, default=-1)[part.rows].tolist(), strict=True
                )
            ],
            dtype=bool,
        )
        for column in columns
    )
    return first, second


def _left_out(bus: Elements, *, is_used: Flags) -> list[Repair]:
    if is_used.all():
        return []
    return [
        Repair(
            code="grid-out-of-service-left-out",
            file=bus.table.file,
            count=int((~is_used).sum()),
            example=text("bus {number}", number=int(bus.lines[~is_used][0])),
            action=text("left out with the branches at it"),
        )
    ]


def _controllers(net: dict[str, Any], file: str) -> list[StudyWarning]:
    n_controllers = len(elements_of(net, "controller", file=file))
    if not n_controllers:
        return []
    message = text("{n} controllers are not followed", n=n_controllers)
    return [StudyWarning(code="grid-controllers-left-out", file=file, message=message)]
