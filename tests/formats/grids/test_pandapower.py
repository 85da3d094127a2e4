"""pandapower JSON: the same power flow as pandapower's own, and what is refused."""

import copy
import json
from pathlib import Path

import numpy as np
import pytest

from viavolta.engines.grid.flow import prepare
from viavolta.formats.grids import read_default_loads, read_grid
from viavolta.model.errors import InputError
from viavolta.model.grid import BranchKind, NodeKind

GOLDEN = Path(__file__).parents[2] / "golden" / "grids"
FILE = GOLDEN / "features_pandapower.json"
NOON = np.array(["2025-06-01T12:00:00"], dtype="datetime64[s]")


def test_voltages_and_loadings_are_those_of_pandapower():
    """Taps on both sides, parallel systems, derating, switches of all kinds, open ends."""
    grid, repairs, _ = read_grid(FILE)
    loads = read_default_loads(FILE, grid).constant(NOON, step_s=900)
    flow = prepare(grid).solve(loads)
    expected = json.loads((GOLDEN / "features_expected.json").read_text(encoding="utf-8"))
    u_pu = dict(zip(grid.node_id, flow.u_pu[0], strict=True))
    for name, value in expected["u_pu"].items():
        assert u_pu[name] == pytest.approx(value, abs=2e-7), name
    loading = dict(zip(grid.branch_id, flow.loading_share[0], strict=True))
    for name in ("A", "B", "C", "D", "overhead", "spare", "T1", "T2", "T3"):
        assert loading[name] == pytest.approx(expected["loading"][name], abs=2e-5), name
    assert flow.source_kw[0] == pytest.approx(expected["source_kw"], abs=0.01)
    assert [(r.code, r.count) for r in repairs] == [("grid-out-of-service-left-out", 1)]


def test_what_stands_in_the_file_is_told_by_its_names():
    """Names of elements, kinds of nodes, positions, an open end as a node behind a switch."""
    grid, _, _ = read_grid(FILE)
    kind = dict(zip(grid.node_id, grid.node_kind, strict=True))
    assert (kind["grid"], kind["bar A"]) == (NodeKind.SOURCE, NodeKind.BUSBAR)
    assert (kind["house"], kind["spare@far"]) == (NodeKind.CONNECTION, NodeKind.JOINT)
    assert (grid.lat[1], grid.lon[1]) == (52.1, 5.1)
    assert np.isnan(grid.lat[2])
    branch = {name: row for row, name in enumerate(grid.branch_id)}
    assert not grid.is_closed[branch["spare@far"]]
    assert grid.branch_kind[branch["overhead"]] is BranchKind.LINE
    assert grid.branch_kind[branch["fuse"]] is BranchKind.LINE  # it has an impedance
    assert grid.branch_kind[branch["coupler"]] is BranchKind.SWITCH
    assert (grid.n_parallel[branch["A"]], grid.n_parallel[branch["T1"]]) == (2, 2)
    assert (grid.tap_pos[branch["T1"]], grid.tap_min[branch["T1"]]) == (-2, -9)
    assert grid.sn_kva[branch["T2"]] == pytest.approx(320)
    assert grid.rated_to_kv[branch["T2"]] == pytest.approx(0.41)
    assert grid.r0_ohm[branch["B"]] == pytest.approx(1.2)
    assert grid.vector_group[branch["T1"]] == "YNd5"
    assert grid.vector_group[branch["T2"]] == "Dyn5"


def changed(folder: Path, change) -> Path:
    """The file with a change to its decoded tables."""
    document = json.loads(FILE.read_text(encoding="utf-8"))
    tables = {}
    for name, packed in document["_object"].items():
        if isinstance(packed, dict) and isinstance(packed.get("_object"), str):
            tables[name] = json.loads(packed["_object"])
    before = copy.deepcopy(tables)
    change(tables)
    for name, table in tables.items():
        if table != before.get(name):
            packed = document["_object"].setdefault(name, {"_class": "DataFrame"})
            packed["_object"] = json.dumps(table)
    path = folder / "grid.json"
    path.write_text(json.dumps(document), encoding="utf-8")
    return path


def cell(name, row, column, value):
    """A change of one cell; the column is made where there is none."""

    def change(tables):
        table = tables[name]
        if column not in table["columns"]:
            table["columns"].append(column)
            for cells in table["data"]:
                cells.append(None)
        table["data"][row][table["columns"].index(column)] = value

    return change


def added(table, **cells):
    """A table with one element in service."""

    def change(tables):
        tables[table] = {"columns": list(cells), "index": [7], "data": [list(cells.values())]}

    return change


BROKEN = [
    (cell("bus", 1, "vn_kv", None), "csv-value-missing", 1, "bus.vn_kv"),
    (cell("bus", 1, "vn_kv", -20), "grid-number-not-positive", 1, "bus.vn_kv"),
    (cell("bus", 1, "vn_kv", "high"), "csv-not-a-number", 1, "bus.vn_kv"),
    (cell("bus", 1, "vn_kv", 10**400), "csv-not-a-number", 1, "bus.vn_kv"),
    (cell("ext_grid", 0, "vm_pu", 110), "grid-number-out-of-range", 0, "ext_grid.vm_pu"),
    (cell("ext_grid", 0, "in_service", False), "grid-without-source", 0, "bus.type"),
    (cell("line", 0, "length_km", -1), "csv-number-too-small", 0, "line.length_km"),
    (cell("line", 0, "r_ohm_per_km", None), "csv-value-missing", 0, "line.r_ohm_per_km"),
    (cell("line", 0, "to_bus", 77), "grid-node-unknown", 0, "line.to_bus"),
    (cell("line", 0, "to_bus", 2), "grid-branch-to-itself", 0, "line.to_bus"),
    (cell("line", 0, "to_bus", 5), "grid-voltages-differ", 0, "line.to_bus"),
    (cell("line", 0, "length_km", 0), "grid-zero-impedance", 0, "line.r_ohm_per_km"),
    (cell("line", 0, "parallel", 0), "csv-number-too-small", 0, "line.parallel"),
    (cell("line", 0, "parallel", 1.5), "grid-number-not-whole", 0, "line.parallel"),
    (cell("line", 0, "df", 0), "grid-number-not-positive", 0, "line.df"),
    (cell("line", 0, "g_us_per_km", 3), "grid-element-unsupported", 0, "line.g_us_per_km"),
    (cell("trafo", 0, "sn_mva", 0), "grid-number-not-positive", 0, "trafo.sn_mva"),
    (cell("trafo", 0, "vkr_percent", 15), "grid-losses-above-impedance", 0, "trafo.vkr_percent"),
    (cell("trafo", 0, "vn_lv_kv", 0.4), "grid-rated-voltage-far", 0, "trafo.vn_lv_kv"),
    (cell("trafo", 0, "tap_pos", 99), "grid-tap-out-of-range", 0, "trafo.tap_pos"),
    (
        cell("trafo", 0, "tap_changer_type", "Ideal"),
        "grid-element-unsupported",
        0,
        "trafo.tap_pos",
    ),
    (cell("switch", 1, "closed", False), "grid-island", 7, "bus.name"),
    (added("trafo3w", name="big", in_service=True), "grid-element-unsupported", 7, "trafo3w.name"),
    (added("gen", name="mill", in_service=True), "grid-element-unsupported", 7, "gen.name"),
    (added("shunt", name="coil", in_service=True), "grid-element-unsupported", 7, "shunt.name"),
]


@pytest.mark.parametrize("broken", BROKEN, ids=[f"{c[1]}-{n}" for n, c in enumerate(BROKEN)])
def test_broken_files_are_refused_with_their_place(tmp_path, broken):
    """Code, number of the element, table and column, what was expected and what to do."""
    change, code, row, field = broken
    with pytest.raises(InputError) as caught:
        read_grid(changed(tmp_path, change))
    error = caught.value
    assert (error.code, error.where.file) == (code, "grid.json")
    assert (error.where.row, error.where.field) == (row, field)
    assert error.expected
    assert error.hint


BUS = b'{"_class": "pandapowerNet", "_object": {"bus": {"_class": "DataFrame", "_object": %b}}}'
SHAPES = [
    (b"", "grid-json-unreadable"),
    (b"{", "grid-json-unreadable"),
    (b"\xff\xfe\x00", "grid-json-unreadable"),
    (b"[" * 100_000, "grid-json-unreadable"),
    (b"[]", "grid-kind-not-known"),
    (b'{"bus": {}}', "grid-kind-not-known"),
    (b'{"_class": "pandapowerNet"}', "grid-json-unexpected"),
    (b'{"_class": "pandapowerNet", "_object": {}}', "grid-without-nodes"),
    (b'{"_class": "pandapowerNet", "_object": {"bus": 3}}', "grid-json-unexpected"),
    (BUS % b'"{"', "grid-json-unexpected"),
    (BUS % b'{"columns": ["a"], "index": [0], "data": [[1, 2]]}', "grid-json-unexpected"),
    (BUS % b'{"columns": ["a"], "index": ["x"], "data": [[1]]}', "grid-json-unexpected"),
    (BUS % b'{"a": [1, 2]}', "grid-json-unexpected"),
]


@pytest.mark.parametrize(("content", "code"), SHAPES, ids=range(len(SHAPES)))
def test_files_that_are_no_grid_are_refused(tmp_path, content, code):
    """Never a traceback, whatever the bytes."""
    (tmp_path / "grid.json").write_bytes(content)
    with pytest.raises(InputError) as caught:
        read_grid(tmp_path / "grid.json")
    assert caught.value.code == code
    assert caught.value.hint


def test_one_run_reports_every_bad_cell(tmp_path):
    """Slips in three tables: all are told at once, each with its place."""

    def change(tables):
        cell("bus", 3, "vn_kv", None)(tables)
        cell("line", 1, "length_km", -1)(tables)
        cell("trafo", 1, "pfe_kw", "x")(tables)

    with pytest.raises(InputError) as caught:
        read_grid(changed(tmp_path, change))
    assert caught.value.where.field == "bus.vn_kv"
    for place in ("row 1 line.length_km", "row 1 trafo.pfe_kw"):
        assert place in caught.value.hint


def test_without_names_elements_go_by_their_numbers(tmp_path):
    """A name that stands twice is no name; the number of the bus is what loads then say."""
    grid, _, _ = read_grid(changed(tmp_path, cell("bus", 3, "name", "far")))
    assert grid.node_id[:3] == ("0", "1", "2")


def test_a_tap_without_a_type_is_none_and_said(tmp_path):
    """As in pandapower 3, with a warning."""
    grid, _, warnings = read_grid(changed(tmp_path, cell("trafo", 0, "tap_changer_type", None)))
    assert grid.tap_pos[list(grid.branch_id).index("T1")] == 0
    assert "grid-tap-type-not-known" in {w.code for w in warnings}


def test_the_layout_of_older_files_is_read(tmp_path):
    """Tables column by column, as pandas writes them by default."""

    def change(tables):
        for name, table in tables.items():
            tables[name] = {
                column: {
                    str(n): row[c] for n, row in zip(table["index"], table["data"], strict=True)
                }
                for c, column in enumerate(table["columns"])
            }

    grid, _, _ = read_grid(changed(tmp_path, change))
    expected, _, _ = read_grid(FILE)
    assert grid.node_id == expected.node_id
    np.testing.assert_array_equal(grid.r_ohm, expected.r_ohm)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (cell("load", 0, "bus", 99), "grid-node-unknown"),
        (cell("load", 0, "p_mw", None), "csv-value-missing"),
        (cell("load", 0, "const_z_p_percent", 50), "grid-element-unsupported"),
    ],
)
def test_broken_loads_are_refused(tmp_path, change, code):
    """Loads of the file with no node, no power, or a power that follows the voltage."""
    path = changed(tmp_path, change)
    grid, _, _ = read_grid(path)
    with pytest.raises(InputError) as caught:
        read_default_loads(path, grid)
    assert caught.value.code == code
    assert caught.value.where.row == 0
