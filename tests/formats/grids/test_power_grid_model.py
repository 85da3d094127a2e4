"""power-grid-model JSON: the same power flow as power-grid-model's own, and what is refused."""

import copy
import json

import numpy as np
import power_grid_model as pgm
import pytest
from power_grid_model.utils import json_deserialize

from viavolta.engines.grid.flow import prepare
from viavolta.formats.grids import read_default_loads, read_grid
from viavolta.model.errors import InputError
from viavolta.model.grid import BranchKind, NodeKind, Phase

NOON = np.array(["2025-06-01T12:00:00"], dtype="datetime64[s]")
CLOSED = {"from_status": 1, "to_status": 1}
RATING = {"sn": 4e5, "uk": 0.06, "pk": 4600.0, "i0": 0.003, "p0": 610.0}
DOCUMENT = {
    "version": "1.0",
    "type": "input",
    "is_batch": False,
    "attributes": {"node": ["id", "u_rated"]},
    "data": {
        "node": [[1, 20000.0], [2, 20000.0], [3, 400.0], {"id": 4, "u_rated": 400.0}, [5, 400.0]],
        "source": [{"id": 10, "node": 1, "status": 1, "u_ref": 1.03, "sk": 2e8, "rx_ratio": 0.1}],
        "line": [
            {
                "id": 20,
                "from_node": 1,
                "to_node": 2,
                **CLOSED,
                "r1": 0.8,
                "x1": 0.6,
                "c1": 1e-6,
                "tan1": 0.0,
                "i_n": 300.0,
            },
            {
                "id": 21,
                "from_node": 4,
                "to_node": 3,
                **CLOSED,
                "r1": 0.03,
                "x1": 0.01,
                "c1": 1e-7,
                "tan1": 0.0,
                "r0": 0.12,
                "x0": 0.04,
                "c0": 5e-8,
                "tan0": 0.0,
            },
            {
                "id": 22,
                "from_node": 1,
                "to_node": 2,
                "from_status": 1,
                "to_status": 0,
                "r1": 0.8,
                "x1": 0.6,
                "c1": 2e-6,
                "tan1": 0.0,
                "i_n": 300.0,
            },
        ],
        "link": [{"id": 30, "from_node": 4, "to_node": 5, **CLOSED}],
        "transformer": [
            {
                "id": 40,
                "from_node": 3,
                "to_node": 2,
                **CLOSED,
                "u1": 400.0,
                "u2": 20000.0,
                **RATING,
                "winding_from": 1,
                "winding_to": 2,
                "clock": 7,
                "tap_side": 1,
                "tap_pos": 2,
                "tap_min": 5,
                "tap_max": 1,
                "tap_nom": 3,
                "tap_size": 500.0,
            },
            {
                "id": 41,
                "from_node": 2,
                "to_node": 3,
                **CLOSED,
                "u1": 20000.0,
                "u2": 400.0,
                **RATING,
                "winding_from": 2,
                "winding_to": 1,
                "clock": 5,
                "tap_side": 1,
                "tap_pos": 1,
                "tap_min": -2,
                "tap_max": 2,
                "tap_nom": 0,
                "tap_size": 10.0,
            },
        ],
        "sym_load": [
            {"id": 50, "node": 5, "status": 1, "type": 0, "p_specified": 5e4, "q_specified": 1e4},
            {"id": 51, "node": 5, "status": 0, "type": 0, "p_specified": 9e9, "q_specified": 0.0},
        ],
        "sym_gen": [
            {"id": 52, "node": 4, "status": 1, "type": 0, "p_specified": 2e4, "q_specified": 0.0}
        ],
    },
}


def written(folder, document):
    """The document as a file."""
    path = folder / "grid.json"
    path.write_text(json.dumps(document), encoding="utf-8")
    return path


def test_voltages_are_those_of_power_grid_model(tmp_path):
    """Transformers either way round, taps at either side, counted down, a line open at one end."""
    path = written(tmp_path, DOCUMENT)
    data = json_deserialize(path.read_text(encoding="utf-8"))
    out = pgm.PowerGridModel(data).calculate_power_flow(error_tolerance=1e-7)
    grid, repairs, _ = read_grid(path)
    flow = prepare(grid).solve(read_default_loads(path, grid).constant(NOON, step_s=900))
    expected = dict(zip(out["node"]["id"].tolist(), out["node"]["u_pu"].tolist(), strict=True))
    u_pu = dict(zip(grid.node_id, flow.u_pu[0], strict=True))
    for number, value in expected.items():
        assert u_pu[str(number)] == pytest.approx(value, abs=2e-7), number
    assert repairs == ()


def test_what_stands_in_the_file_is_told_by_its_ids(tmp_path):
    """Ids as names, the source's short-circuit power, links as switches, vector groups."""
    grid, _, warnings = read_grid(written(tmp_path, DOCUMENT))
    assert grid.node_id == ("1", "2", "3", "4", "5", "22@2")
    assert grid.node_kind[0] is NodeKind.SOURCE
    assert (grid.u_ref_pu[0], grid.sk_mva[0]) == (1.03, 200)
    branch = {name: row for row, name in enumerate(grid.branch_id)}
    assert grid.branch_kind[branch["30"]] is BranchKind.SWITCH
    assert grid.from_node[branch["40"]] == 1
    assert (grid.vector_group[branch["40"]], grid.vector_group[branch["41"]]) == ("Dyn5", "Dyn5")
    assert (grid.tap_pos[branch["40"]], grid.tap_min[branch["40"]]) == (1, -2)
    assert grid.rated_to_kv[branch["41"]] == pytest.approx(0.41)
    assert grid.max_a[branch["20"]] == 300
    assert grid.c_nf[branch["20"]] == pytest.approx(1000)
    assert grid.r0_ohm[branch["21"]] == 0.12
    assert np.isnan(grid.r0_ohm[branch["20"]])
    assert [w.code for w in warnings] == ["grid-current-not-known"]


def test_loads_by_phase_are_three(tmp_path):
    """A list of three powers hangs on a, b and c."""
    document = copy.deepcopy(DOCUMENT)
    document["data"]["asym_load"] = [
        {
            "id": 60,
            "node": 4,
            "status": 1,
            "type": 0,
            "p_specified": [1e3, 2e3, 3e3],
            "q_specified": [0.0, 0.0, 500.0],
        }
    ]
    path = written(tmp_path, document)
    loads = read_default_loads(path, read_grid(path)[0])
    by_phase = {p: kw for p, kw in zip(loads.phase, loads.p_kw, strict=True) if p is not Phase.ABC}
    assert by_phase == {Phase.A: 1, Phase.B: 2, Phase.C: 3}
    assert loads.q_kvar[-1] == 0.5


def test_a_regulated_transformer_holds_its_voltage(tmp_path):
    """A tap regulator's set-point over the nominal voltage of the lower side."""
    document = copy.deepcopy(DOCUMENT)
    document["data"]["transformer_tap_regulator"] = [
        {
            "id": 70,
            "regulated_object": 41,
            "status": 1,
            "control_side": 1,
            "u_set": 412.0,
            "u_band": 10.0,
        }
    ]
    grid, _, _ = read_grid(written(tmp_path, document))
    row = grid.branch_id.index("41")
    assert grid.regulated_pu[row] == pytest.approx(1.03)
    assert np.isnan(grid.regulated_pu[grid.branch_id.index("40")])


def at(kind, row, **values):
    """A change of one element."""

    def change(data):
        if isinstance(data[kind][row], list):
            data[kind][row] = dict(zip(("id", "u_rated"), data[kind][row], strict=True))
        data[kind][row].update(values)

    return change


def also(kind, **values):
    """One more element."""
    return lambda data: data.setdefault(kind, []).append(values)


BROKEN = [
    (at("node", 1, u_rated=0.0), "grid-number-not-positive", 2, "node.u_rated"),
    (at("node", 1, u_rated=None), "csv-value-missing", 2, "node.u_rated"),
    (at("node", 1, id=1), "csv-duplicate-id", 1, "node.id"),
    (at("node", 1, id="two"), "grid-json-unexpected", None, "data.node[1]"),
    (at("source", 0, u_ref=1030.0), "grid-number-out-of-range", 10, "source.u_ref"),
    (at("source", 0, status=0), "grid-without-source", 1, "node.id"),
    (at("line", 0, to_node=9), "grid-node-unknown", 20, "line.to_node"),
    (at("line", 0, r1=-1.0), "csv-number-too-small", 20, "line.r1"),
    (at("line", 0, r1=0.0, x1=0.0), "grid-zero-impedance", 20, "line.r1"),
    (at("line", 0, tan1=0.1), "grid-element-unsupported", 20, "line.tan1"),
    (at("line", 0, to_node=3), "grid-voltages-differ", 20, "line.to_node"),
    (at("line", 1, from_status=0, to_status=0), "grid-island", 4, "node.id"),
    (at("transformer", 0, uk=0.0), "grid-number-not-positive", 40, "transformer.uk"),
    (at("transformer", 0, sn=None), "csv-value-missing", 40, "transformer.sn"),
    (at("transformer", 1, tap_pos=7), "grid-tap-out-of-range", 41, "transformer.tap_pos"),
    (also("shunt", id=90, node=1, status=1), "grid-element-unsupported", 90, "shunt.id"),
    (also("line", id=91), "csv-value-missing", 91, "line.r1"),
    (lambda data: data.update(node=3), "grid-json-unexpected", None, "data.node"),
    (lambda data: data["node"].append([6]), "grid-json-unexpected", None, "data.node[5]"),
]


@pytest.mark.parametrize("broken", BROKEN, ids=[f"{c[1]}-{n}" for n, c in enumerate(BROKEN)])
def test_broken_files_are_refused_with_their_place(tmp_path, broken):
    """Code, id of the element, kind and attribute, what was expected and what to do."""
    change, code, row, field = broken
    document = copy.deepcopy(DOCUMENT)
    change(document["data"])
    with pytest.raises(InputError) as caught:
        read_grid(written(tmp_path, document))
    error = caught.value
    assert (error.code, error.where.row, error.where.field) == (code, row, field)
    assert error.expected
    assert error.hint


def test_loads_that_follow_the_voltage_are_refused(tmp_path):
    """Constant impedance is not constant power."""
    document = copy.deepcopy(DOCUMENT)
    document["data"]["sym_load"][0]["type"] = 1
    path = written(tmp_path, document)
    grid, _, _ = read_grid(path)
    with pytest.raises(InputError) as caught:
        read_default_loads(path, grid)
    assert (caught.value.code, caught.value.where.row) == ("grid-element-unsupported", 50)
