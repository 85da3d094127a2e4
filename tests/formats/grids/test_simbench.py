"""SimBench CSV folders: the same power flow as by pandapower, and what is refused."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from viavolta.engines.grid.flow import prepare
from viavolta.formats.grids import read_default_loads, read_grid
from viavolta.model.errors import InputError
from viavolta.model.grid import BranchKind

GOLDEN = Path(__file__).parents[2] / "golden" / "grids"
FOLDER = GOLDEN / "simbench_lv_rural1"
NOON = np.array(["2025-06-01T12:00:00"], dtype="datetime64[s]")


def test_voltages_are_those_of_pandapower():
    """28 switches and their auxiliary nodes change nothing."""
    grid, repairs, warnings = read_grid(FOLDER)
    assert (grid.n_nodes, grid.n_branches) == (43, 42)
    flow = prepare(grid).solve(read_default_loads(FOLDER, grid).constant(NOON, step_s=900))
    path = GOLDEN / "simbench_lv_rural1_expected.json"
    expected = json.loads(path.read_text(encoding="utf-8"))["u_pu"]
    u_pu = dict(zip(grid.node_id, flow.u_pu[0], strict=True))
    assert len(expected) == 15
    for name, value in expected.items():
        assert u_pu[name] == pytest.approx(value, abs=2e-7), name
    assert (repairs, warnings) == ((), ())


def test_loads_bring_their_profiles():
    """Power in kW, generation negative, the profile by its name."""
    grid, _, _ = read_grid(FOLDER)
    loads = read_default_loads(FOLDER, grid)
    assert len(loads) == 17
    assert loads.p_kw[loads.p_kw > 0].sum() == pytest.approx(80)
    assert loads.profile[loads.p_kw.tolist().index(-40)] == "PV5"


def folder_with(tmp_path: Path, file: str, old: str, new: str) -> Path:
    """The folder with one change of a file."""
    folder = tmp_path / "grid"
    shutil.copytree(FOLDER, folder)
    content = (folder / file).read_text(encoding="utf-8")
    assert old in content
    (folder / file).write_text(content.replace(old, new, 1), encoding="utf-8")
    return folder


def test_dead_ends_behind_open_switches_are_left_out(tmp_path):
    """An auxiliary node that nothing leads to goes, and is listed."""
    folder = folder_with(
        tmp_path,
        "Switch.csv",
        "LV1.101 Switch 1;",
        "spare;LV1.101 Bus 1;LV1.101 Bus 1_9;LS;0;NULL;LV1.101;7\nLV1.101 Switch 1;",
    )
    with (folder / "Node.csv").open("a", encoding="utf-8") as file:
        file.write("LV1.101 Bus 1_9;auxiliary;NULL;NULL;0.4;0.9;1.1;NULL;NULL;LV1.101;7\n")
    grid, repairs, _ = read_grid(folder)
    expected, _, _ = read_grid(FOLDER)
    assert grid.node_id == expected.node_id
    assert grid.branch_id == expected.branch_id
    assert [(r.code, r.count, r.example) for r in repairs] == [
        ("grid-dead-ends-left-out", 1, "LV1.101 Bus 1_9")
    ]


def test_a_tap_at_the_lower_voltage_raises_it(tmp_path):
    """One step of 2.5 % at the lower side is as much more voltage there."""
    folder = folder_with(tmp_path, "Transformer.csv", "SGB;0;0;", "SGB;1;0;")
    content = (folder / "TransformerType.csv").read_text(encoding="utf-8")
    (folder / "TransformerType.csv").write_text(content.replace(";HV;", ";LV;"), encoding="utf-8")
    grid, _, _ = read_grid(folder)
    row = grid.branch_kind.index(BranchKind.TRANSFORMER)
    assert grid.rated_to_kv[row] == pytest.approx(0.41)
    assert (grid.tap_pos[row], grid.tap_min[row], grid.tap_max[row]) == (0, -1, 3)


BROKEN = [
    ("Node.csv", ";0.4;", ";low;", "csv-not-a-number", 2, "vmr"),
    ("Node.csv", ";0.4;", ";-1;", "grid-number-not-positive", 2, "vmr"),
    ("Node.csv", ";0.4;", ";NULL;", "csv-value-missing", 2, "vmr"),
    ("Node.csv", "Bus 2;", "Bus 1;", "csv-duplicate-id", 3, "id"),
    ("Line.csv", "Bus 10_1;", "Bus 99;", "grid-node-unknown", 2, "nodea"),
    ("Line.csv", "0.0557667", "-0.05", "csv-number-too-small", 2, "length"),
    ("Line.csv", "0.0557667", "0", "grid-zero-impedance", 2, "type"),
    ("Line.csv", "NAYY 4x150SE 0.6/1kV", "COPPER", "grid-type-unknown", 2, "type"),
    ("LineType.csv", ";0.2067;", ";inf;", "csv-not-a-number", 2, "r"),
    ("Transformer.csv", "SGB;0;", "SGB;9;", "grid-tap-out-of-range", 2, "tappos"),
    ("ExternalNet.csv", ";vavm;", ";pq;", "grid-element-unsupported", 2, "calc_type"),
    ("ExternalNet.csv", "MV1.101 Bus 4;", "MV1.101 Bus 5;", "grid-node-unknown", 2, "node"),
    ("RES.csv", ";pq;", ";pvm;", "grid-element-unsupported", 2, "calc_type"),
]


@pytest.mark.parametrize("broken", BROKEN, ids=[f"{c[3]}-{n}" for n, c in enumerate(BROKEN)])
def test_broken_folders_are_refused_with_their_place(tmp_path, broken):
    """Code, file, line and column of what is wrong."""
    file, old, new, code, row, field = broken
    with pytest.raises(InputError) as caught:
        read_grid(folder_with(tmp_path, file, old, new))
    where = caught.value.where
    assert (caught.value.code, where.file, where.row, where.field) == (code, file, row, field)
    assert caught.value.expected
    assert caught.value.hint


def test_a_missing_table_is_named(tmp_path):
    """No external net: no grid."""
    folder = folder_with(tmp_path, "Line.csv", "Line 1;", "Line 1;")
    (folder / "ExternalNet.csv").unlink()
    with pytest.raises(InputError) as caught:
        read_grid(folder)
    assert (caught.value.code, caught.value.where.file) == ("grid-table-missing", "ExternalNet.csv")
