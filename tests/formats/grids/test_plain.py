"""The plain CSV pair: read right, refused with every place at once, written and read again."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from viavolta.formats.grids import read_grid, write_grid
from viavolta.model.errors import InputError, UsageError
from viavolta.model.grid import BranchKind, Grade, Grid, NodeKind

NODES = """node_id,kind,nominal_kv,lat,lon
feed,source,20,52.1,5.1
bar,busbar,0.4,,
joint,joint,0.4,,
home,connection,0.4,52.2,5.2
"""
BRANCHES = """branch_id,kind,from_node,to_node,length_km,r_ohm,x_ohm,c_nf,max_a,\
sn_kva,uk_percent,pk_kw,p0_kw,i0_percent,tap_pos,tap_step_percent,vector_group
t1,transformer,feed,bar,,,,,,250,4,3.25,0.6,0.3,1,2.5,Dyn5
c1,cable,bar,joint,0.1,0.0206,0.008,83,270,,,,,,,,
s1,switch,joint,home,,,,,,,,,,,,,
"""


def pair(folder: Path, *, nodes: str = NODES, branches: str = BRANCHES) -> Path:
    """Write the pair into a folder."""
    for name, content in (("nodes", nodes), ("branches", branches)):
        (folder / f"{name}.csv").write_text(content, encoding="utf-8")
    return folder


def same(one, other) -> bool:
    """Whether two grids are equal to the last bit."""
    for field in one.__slots__:
        a, b = getattr(one, field), getattr(other, field)
        if isinstance(a, np.ndarray):
            if not np.array_equal(a, b, equal_nan=a.dtype.kind == "f"):
                return False
        elif a != b:
            return False
    return True


def test_a_pair_is_read_with_its_defaults(tmp_path):
    """Sources are stiff at 1.0 pu, branches closed, a switch has no impedance."""
    grid, repairs, warnings = read_grid(pair(tmp_path))
    assert (grid.node_id, grid.branch_id) == (
        ("feed", "bar", "joint", "home"),
        ("t1", "c1", "s1"),
    )
    assert grid.node_kind[0] is NodeKind.SOURCE
    assert grid.branch_kind == (BranchKind.TRANSFORMER, BranchKind.CABLE, BranchKind.SWITCH)
    assert grid.u_ref_pu.tolist() == [1] * 4
    assert np.isinf(grid.sk_mva).all()
    assert grid.is_closed.all()
    assert grid.r_ohm[1:].tolist() == [0.0206, 0]
    assert np.isnan([grid.r_ohm[0], grid.r0_ohm[1], grid.sn_kva[1]]).all()
    assert grid.max_a[1] == 270
    assert np.isinf(grid.max_a[2])
    assert (grid.rated_from_kv[0], grid.rated_to_kv[0]) == (20, 0.4)
    assert (grid.tap_pos[0], grid.tap_min[0], grid.tap_max[0]) == (1, 0, 1)
    assert grid.vector_group == ("Dyn5", "", "")
    assert grid.grade is Grade.MODELLED
    assert (repairs, warnings) == ((), ())


def test_a_path_to_one_of_the_two_stands_for_the_folder(tmp_path):
    """nodes.csv or its folder: the same grid."""
    pair(tmp_path)
    assert same(read_grid(tmp_path / "nodes.csv")[0], read_grid(tmp_path)[0])


def test_a_spreadsheet_of_much_of_europe_is_read(tmp_path):
    """Semicolons between columns, commas in numbers."""
    expected, _, _ = read_grid(pair(tmp_path))
    nodes, branches = (content.replace(",", ";").replace(".", ",") for content in (NODES, BRANCHES))
    assert same(read_grid(pair(tmp_path, nodes=nodes, branches=branches))[0], expected)


def test_optional_columns_are_taken(tmp_path):
    """Zero sequence, systems side by side, open branches, a stated source, regulation, grade."""
    nodes = (
        "node_id,kind,nominal_kv,u_ref_pu,sk_mva,grade\n"
        "feed,source,20,1.02,150,B\nbar,busbar,0.4,,,c\nend,connection,0.4,,,\n"
    )
    branches = (
        "branch_id,kind,from_node,to_node,length_km,r_ohm,x_ohm,c_nf,max_a,r0_ohm,x0_ohm,c0_nf,"
        "n_parallel,is_closed,sn_kva,uk_percent,pk_kw,p0_kw,i0_percent,rated_from_kv,rated_to_kv,"
        "tap_min,tap_max,tap_pos,tap_step_percent,regulated_pu\n"
        "t1,transformer,feed,bar,,,,,,,,,,,250,4,3.25,0.6,0.3,21,0.42,-2,2,-1,2.5,1.01\n"
        "c1,cable,bar,end,1,1,2,3,100,4,5,6,2,yes,,,,,,,,,,,,\n"
        "c2,cable,bar,end,1,1,2,3,100,,,,,no,,,,,,,,,,,,\n"
    )
    grid, _, _ = read_grid(pair(tmp_path, nodes=nodes, branches=branches))
    assert (grid.u_ref_pu[0], grid.sk_mva[0], grid.sk_mva[1]) == (1.02, 150, np.inf)
    assert grid.grade is Grade.FILLED_IN
    assert (grid.r0_ohm[1], grid.x0_ohm[1], grid.c0_nf[1]) == (4, 5, 6)
    assert grid.n_parallel.tolist() == [1, 2, 1]
    assert grid.is_closed.tolist() == [True, True, False]
    assert (grid.rated_from_kv[0], grid.rated_to_kv[0]) == (21, 0.42)
    assert (grid.tap_min[0], grid.tap_pos[0], grid.tap_max[0]) == (-2, -1, 2)
    assert grid.regulated_pu[0] == 1.01


def test_a_transformer_with_the_higher_voltage_at_its_end_is_turned(tmp_path):
    """Listed as a repair; the grid is the same as if it had been written the other way."""
    expected, _, _ = read_grid(pair(tmp_path))
    grid, repairs, _ = read_grid(
        pair(tmp_path, branches=BRANCHES.replace("r,feed,bar", "r,bar,feed"))
    )
    assert same(grid, expected)
    assert [(r.code, r.count, r.example) for r in repairs] == [("grid-transformer-turned", 1, "t1")]


def test_what_is_filled_in_is_said(tmp_path):
    """A vector group, a capacitance, a rating that nobody knew."""
    branches = BRANCHES.replace("Dyn5", "").replace("83,270", ",")
    grid, repairs, warnings = read_grid(pair(tmp_path, branches=branches))
    assert grid.vector_group[0] == "Dyn5"
    assert grid.c_nf[1] == 0
    assert np.isinf(grid.max_a[1])
    assert [r.code for r in repairs] == ["grid-vector-group-filled-in"]
    assert {w.code for w in warnings} == {"grid-capacitance-not-known", "grid-current-not-known"}


def test_a_grid_is_the_same_after_writing_and_reading(tmp_path):
    """To the last bit, with thirds and blanks."""
    grid, _, _ = read_grid(pair(tmp_path, branches=BRANCHES.replace("0.0206", repr(1 / 3))))
    write_grid(tmp_path / "again", grid)
    again, repairs, warnings = read_grid(tmp_path / "again")
    assert same(again, grid)
    assert (repairs, warnings) == ((), ())


@st.composite
def grids(draw):
    """Radial grids of cables, switches and overhead lines below one transformer."""
    n_nodes = draw(st.integers(2, 12))
    size = st.floats(1e-6, 1e4)
    ends = [draw(st.integers(1, node - 1)) if node > 1 else 0 for node in range(1, n_nodes)]
    kinds = [
        draw(st.sampled_from([BranchKind.CABLE, BranchKind.LINE, BranchKind.SWITCH]))
        for _ in ends[1:]
    ]
    kinds = [BranchKind.TRANSFORMER, *kinds]
    is_line = [kind in (BranchKind.CABLE, BranchKind.LINE) for kind in kinds]

    def of_lines(otherwise):
        return [draw(size) if one else otherwise for one in is_line]

    rating = {
        name: [draw(size), *[np.nan] * (n_nodes - 2)] for name in ("sn_kva", "p0_kw", "i0_percent")
    }
    nothing = [np.nan] * (n_nodes - 1)
    rating["i0_percent"][0] = draw(st.floats(0, 99))
    return Grid(
        node_id=tuple(f"n{node}" for node in range(n_nodes)),
        node_kind=(NodeKind.SOURCE, *[NodeKind.CONNECTION] * (n_nodes - 1)),
        nominal_kv=[20.0, *[0.4] * (n_nodes - 1)],
        lat=np.nan,
        lon=np.nan,
        u_ref_pu=[draw(st.floats(0.9, 1.1)), *[1.0] * (n_nodes - 1)],
        sk_mva=[draw(st.sampled_from([np.inf, 100.0])), *[np.inf] * (n_nodes - 1)],
        branch_id=tuple(f"b{row}" for row in range(n_nodes - 1)),
        branch_kind=tuple(kinds),
        from_node=ends,
        to_node=range(1, n_nodes),
        is_closed=True,
        length_km=of_lines(0.0),
        r_ohm=[np.nan, *of_lines(0.0)[1:]],
        x_ohm=[np.nan, *of_lines(0.0)[1:]],
        c_nf=[np.nan, *of_lines(0.0)[1:]],
        r0_ohm=of_lines(np.nan),
        x0_ohm=nothing,
        c0_nf=nothing,
        max_a=[np.inf, *of_lines(np.inf)[1:]],
        n_parallel=[draw(st.integers(1, 5)) for _ in kinds],
        uk_percent=[4.0, *nothing[1:]],
        pk_kw=[rating["sn_kva"][0] * 0.01, *nothing[1:]],
        rated_from_kv=[21.0, *nothing[1:]],
        rated_to_kv=[0.41, *nothing[1:]],
        tap_pos=[draw(st.integers(-2, 2)), *[0] * (n_nodes - 2)],
        tap_step_percent=[2.5, *[0.0] * (n_nodes - 2)],
        tap_min=[-2, *[0] * (n_nodes - 2)],
        tap_max=[2, *[0] * (n_nodes - 2)],
        regulated_pu=nothing,
        vector_group=("Dyn11", *[""] * (n_nodes - 2)),
        grade=draw(st.sampled_from(Grade)),
        **rating,
    )


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(grid=grids(), seed=st.integers(0, 1000))
def test_any_grid_is_read_as_it_was_written_in_any_order(tmp_path_factory, grid, seed):
    """To the last bit; with its rows in another order it is the same grid in another order."""
    folder = tmp_path_factory.mktemp("grid")
    write_grid(folder, grid)
    again, repairs, _ = read_grid(folder)
    assert same(again, grid)
    assert repairs == ()
    mix = np.random.default_rng(seed)
    for name in ("nodes.csv", "branches.csv"):
        head, *rows = (folder / name).read_text(encoding="utf-8").splitlines()
        content = [head, *(rows[row] for row in mix.permutation(len(rows)))]
        (folder / name).write_text("\n".join(content), encoding="utf-8")
    mixed, _, _ = read_grid(folder)
    row_of = {name: row for row, name in enumerate(mixed.branch_id)}
    rows = [row_of[name] for name in grid.branch_id]
    np.testing.assert_array_equal(mixed.r_ohm[rows], grid.r_ohm)
    ends = [mixed.node_id[node] for node in mixed.to_node[rows]]
    assert ends == [grid.node_id[node] for node in grid.to_node]


def test_one_run_reports_every_bad_cell(tmp_path):
    """Four slips in two files: the first with its place, the others listed beside it."""
    nodes = NODES.replace("joint,joint,0.4", "joint,joint,0").replace("52.2", "152.2")
    branches = BRANCHES.replace("0.0206", "-0.0206").replace("250,4", "250,x")
    with pytest.raises(InputError) as caught:
        read_grid(pair(tmp_path, nodes=nodes, branches=branches))
    error = caught.value
    where = error.where
    assert (error.code, where.file, where.row, where.field, where.value) == (
        *("grid-number-not-positive", "nodes.csv"),
        *(4, "nominal_kv", "0"),
    )
    for place in ("nodes.csv row 5 lat", "row 2 uk_percent", "branches.csv row 3 r_ohm"):
        assert place in error.hint


def test_nothing_there_is_a_missing_path(tmp_path):
    """Neither a folder nor one of the two files."""
    with pytest.raises(UsageError) as caught:
        read_grid(tmp_path / "none")
    assert caught.value.code == "missing-path"
    (tmp_path / "nodes.csv").write_text(NODES, encoding="utf-8")
    with pytest.raises(UsageError) as caught:
        read_grid(tmp_path)
    assert (caught.value.code, caught.value.where.file) == ("missing-path", "branches.csv")


TRANSFORMER = "t1,transformer,feed,bar,,,,,,250,4,3.25,0.6,0.3,1,2.5,Dyn5"
BROKEN = [
    # file, what is written, in place of what, code, row, field
    ("nodes", "", NODES, "csv-empty", 1, None),
    ("nodes", "node_id,kind,nominal_kv\n", NODES, "csv-empty", 2, None),
    ("nodes", "node_id,kind,kv", "node_id,kind,nominal_kv", "csv-missing-column", 1, "nominal_kv"),
    ("nodes", "station", "busbar", "grid-word-unknown", 3, "kind"),
    ("nodes", "bar,,0.4", "bar,busbar,0.4", "csv-value-missing", 3, "kind"),
    ("nodes", ",busbar,0.4", "bar,busbar,0.4", "csv-value-missing", 3, "node_id"),
    ("nodes", "bar,busbar,", "bar,busbar,0.4", "csv-value-missing", 3, "nominal_kv"),
    ("nodes", "bar,busbar,400 V", "bar,busbar,0.4", "csv-not-a-number", 3, "nominal_kv"),
    ("nodes", "bar,busbar,NaN", "bar,busbar,0.4", "csv-not-a-number", 3, "nominal_kv"),
    ("nodes", "bar,busbar,inf", "bar,busbar,0.4", "csv-not-a-number", 3, "nominal_kv"),
    ("nodes", "bar,busbar,-0.4", "bar,busbar,0.4", "grid-number-not-positive", 3, "nominal_kv"),
    ("nodes", "home,joint,0.4", "joint,joint,0.4", "csv-duplicate-id", 5, "node_id"),
    ("nodes", "feed,busbar", "feed,source", "grid-without-source", 2, "kind"),
    ("nodes", "home,connection,20", "home,connection,0.4", "grid-voltages-differ", 4, "to_node"),
    ("nodes", "52.1,500", "52.1,5.1", "grid-number-out-of-range", 2, "lon"),
    ("nodes", NODES + "x,joint,0.4,,\ny,joint,0.4,,\n", NODES, "grid-island", 6, "node_id"),
    ("branches", "branch_id,kind,from_node\n", BRANCHES, "csv-missing-column", 1, "to_node"),
    ("branches", "fuse", "switch", "grid-word-unknown", 4, "kind"),
    ("branches", "t1,cable", "c1,cable", "csv-duplicate-id", 3, "branch_id"),
    ("branches", "cable,bar,nowhere", "cable,bar,joint", "grid-node-unknown", 3, "to_node"),
    ("branches", "cable,,joint", "cable,bar,joint", "csv-value-missing", 3, "from_node"),
    ("branches", "cable,bar,bar", "cable,bar,joint", "grid-branch-to-itself", 3, "to_node"),
    ("branches", "cable,bar,feed", "cable,bar,joint", "grid-voltages-differ", 3, "to_node"),
    ("branches", "joint,-0.1,0.02", "joint,0.1,0.02", "csv-number-too-small", 3, "length_km"),
    ("branches", "joint,,0.02", "joint,0.1,0.02", "csv-value-missing", 3, "length_km"),
    ("branches", "0.1,,0.008", "0.1,0.0206,0.008", "csv-value-missing", 3, "r_ohm"),
    ("branches", "0.1,-1,0.008", "0.1,0.0206,0.008", "csv-number-too-small", 3, "r_ohm"),
    ("branches", "0.1,0,0,", "0.1,0.0206,0.008,", "grid-zero-impedance", 3, "r_ohm"),
    ("branches", "1e999,0.008", "0.0206,0.008", "csv-not-a-number", 3, "r_ohm"),
    ("branches", "0.008,-83", "0.008,83", "csv-number-too-small", 3, "c_nf"),
    ("branches", "83,0", "83,270", "grid-number-not-positive", 3, "max_a"),
    ("branches", "83,-270", "83,270", "csv-number-too-small", 3, "max_a"),
    ("branches", ",0,4,3.25", ",250,4,3.25", "grid-number-not-positive", 2, "sn_kva"),
    ("branches", ",,4,3.25", ",250,4,3.25", "csv-value-missing", 2, "sn_kva"),
    ("branches", ",250,0,0", ",250,4,3.25", "grid-number-not-positive", 2, "uk_percent"),
    ("branches", ",250,400,3", ",250,4,3", "grid-number-out-of-range", 2, "uk_percent"),
    ("branches", ",250,4,11", ",250,4,3.25", "grid-losses-above-impedance", 2, "pk_kw"),
    ("branches", "0.3,1.5,", "0.3,1,", "grid-number-not-whole", 2, "tap_pos"),
    ("branches", "1,25,", "1,2.5,", "grid-number-out-of-range", 2, "tap_step_percent"),
    ("branches", "30,2.5,", "1,2.5,", "grid-number-out-of-range", 2, "tap_step_percent"),
    ("branches", "home,,,,,,,,,,,,,,,,", "home,,,,,,,,,,,,,", "csv-unreadable", None, None),
    (
        "branches",
        BRANCHES.splitlines()[0] + "\n" + TRANSFORMER + "\n",
        BRANCHES,
        "grid-island",
        4,
        "node_id",
    ),
]


@pytest.mark.parametrize(
    "broken", BROKEN, ids=[f"{case[0]}-{case[3]}-{n}" for n, case in enumerate(BROKEN)]
)
def test_broken_pairs_are_refused_with_their_place(tmp_path, broken):
    """Code, file, row and field of what is wrong, what was expected and what to do."""
    name, new, old, code, row, field = broken
    content = {"nodes": NODES, "branches": BRANCHES}
    assert old in content[name]
    content[name] = content[name].replace(old, new)
    with pytest.raises(InputError) as caught:
        read_grid(pair(tmp_path, **content))
    error = caught.value
    codes = f"{error.code} {error.hint}"
    assert error.expected
    assert error.hint
    assert code in codes
    assert (error.where.row, error.where.field) == (row, field)
