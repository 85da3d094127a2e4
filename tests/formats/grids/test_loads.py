"""Loads at nodes: held from row to row, on equal steps, refused with every place at once."""

import datetime as dt
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from viavolta.formats.grids import read_grid, read_loads
from viavolta.formats.grids.loads import read_loads as read_with_step
from viavolta.model.errors import InputError, UsageError
from viavolta.model.grid import Phase

NODES = "node_id,kind,nominal_kv\nfeed,source,0.4\nhome,connection,0.4\nshop,connection,0.4\n"
BRANCHES = (
    "branch_id,kind,from_node,to_node,length_km,r_ohm,x_ohm,c_nf,max_a\n"
    "c1,cable,feed,home,0.1,0.02,0.01,83,270\nc2,cable,home,shop,0.1,0.02,0.01,83,270\n"
)
LOADS = """node_id,start,p_kw,q_kvar,phase
home,2025-03-30T00:00:00Z,1,0.2,
home,2025-03-30T01:00:00Z,2,0.4,
shop,2025-03-30T00:00:00Z,-3,,a
home,2025-03-30T02:00:00Z,4,0.8,
"""


@pytest.fixture
def grid(tmp_path):
    """Two customers in a row."""
    (tmp_path / "nodes.csv").write_text(NODES, encoding="utf-8")
    (tmp_path / "branches.csv").write_text(BRANCHES, encoding="utf-8")
    return read_grid(tmp_path)[0]


def read(folder, grid, content, **options):
    """Write a loads file and read it."""
    path = folder / "loads.csv"
    path.write_text(content, encoding="utf-8")
    return read_with_step(path, grid, **options)


def test_a_row_holds_until_the_next_of_the_same_node(tmp_path, grid):
    """The last as long as the one before it; feed-in negative, blanks are 0 kvar on all phases."""
    loads = read(tmp_path, grid, LOADS)
    assert (loads.step_s, loads.n_steps) == (3600, 3)
    assert loads.start[0] == np.datetime64("2025-03-30T00:00:00")
    assert loads.node.tolist() == [1, 2]
    assert loads.phase == (Phase.ABC, Phase.A)
    assert loads.p_kw.tolist() == [[1, 2, 4], [-3, -3, -3]]
    assert loads.q_kvar.tolist() == [[0.2, 0.4, 0.8], [0, 0, 0]]


def test_a_step_is_as_long_as_the_rows_allow_or_as_asked(tmp_path, grid):
    """A quarter of an hour between two rows makes quarters of all."""
    content = LOADS.replace("T01:00", "T01:15")
    assert read(tmp_path, grid, content).step_s == 900
    loads = read(tmp_path, grid, LOADS, step_s=900)
    assert loads.p_kw[0].tolist() == [1] * 4 + [2] * 4 + [4] * 4


def test_rows_at_one_moment_are_one_step(tmp_path, grid):
    """A snapshot: who needs a year repeats it."""
    content = "node_id,start,p_kw\nhome,2025-01-01T00:00:00Z,5\nshop,2025-01-01T00:00:00Z,6\n"
    loads = read(tmp_path, grid, content)
    assert (loads.n_steps, loads.step_s) == (1, 900)
    assert loads.p_kw.tolist() == [[5], [6]]


def test_three_phases_of_a_node_are_three_loads(tmp_path, grid):
    """Each holds to its own next row."""
    rows = [
        f"home,2025-01-01T0{h}:00:00Z,{h + n},0,{p}" for h in (0, 1) for n, p in enumerate("abc")
    ]
    loads = read(tmp_path, grid, "\n".join(["node_id,start,p_kw,q_kvar,phase", *rows]))
    assert loads.phase == (Phase.A, Phase.B, Phase.C)
    assert loads.p_kw.tolist() == [[0, 1], [1, 2], [2, 3]]


def profile(day: dt.datetime, offsets_h: list[int], node="home"):
    """Rows of local hours with their offsets."""
    rows = ["node_id,start,p_kw"]
    moment = day
    for offset in offsets_h:
        local = moment + dt.timedelta(hours=offset)
        rows.append(f"{node},{local:%Y-%m-%dT%H:%M:%S}+0{offset}:00,1")
        moment += dt.timedelta(hours=1)
    return rows


def test_days_of_23_and_25_hours_are_whole(tmp_path, grid):
    """Offsets tell the hour that comes twice from its twin."""
    spring = profile(dt.datetime(2025, 3, 29, 23, tzinfo=dt.UTC), [1] * 2 + [2] * 21)
    autumn = profile(dt.datetime(2025, 10, 25, 22, tzinfo=dt.UTC), [2] * 3 + [1] * 22)
    assert read(tmp_path, grid, "\n".join(spring)).n_steps == 23
    assert read(tmp_path, grid, "\n".join(autumn)).n_steps == 25


def test_a_parquet_file_is_read_alike(tmp_path, grid):
    """Timestamps with a zone."""
    frame = pl.read_csv((tmp_path / "x.csv").write_text(LOADS) and tmp_path / "x.csv")
    frame = frame.with_columns(pl.col("start").str.to_datetime(time_zone="UTC"))
    frame.write_parquet(tmp_path / "loads.parquet")
    got = read_loads(tmp_path / "loads.parquet", grid)
    assert got.p_kw.tolist() == read(tmp_path, grid, LOADS).p_kw.tolist()


def test_sparse_rows_are_no_holes(tmp_path, grid):
    """A load that changes now and then has a row at each change."""
    times = ["00:00", "00:15", "01:00", "06:30", "07:00", "22:00"]
    rows = [f"home,2025-01-0{d}T{t}:00Z,1" for d in range(1, 7) for t in times]
    loads = read(tmp_path, grid, "\n".join(["node_id,start,p_kw", *rows]))
    assert loads.step_s == 900


HEAD = "node_id,start,p_kw,q_kvar,phase"
DAY = [f"home,2025-01-01T{h:02d}:{m:02d}:00Z,1,0," for h in range(24) for m in (0, 15, 30, 45)]
SHOP = [row.replace("home", "shop") for row in DAY]


def table(*rows):
    """A loads file of rows."""
    return "\n".join([HEAD, *rows]) + "\n"


BROKEN = [
    ("", "csv-empty", 1, None),
    (HEAD, "csv-empty", 2, None),
    ("node_id,start\nhome,2025-01-01T00:00:00Z\n", "csv-missing-column", 1, "p_kw"),
    (LOADS.replace("shop", "attic"), "grid-node-unknown", 4, "node_id"),
    (LOADS.replace("shop", ""), "csv-value-missing", 4, "node_id"),
    (LOADS.replace("Z,1,", ",1,"), "csv-time-without-offset", 2, "start"),
    (LOADS.replace("2025-03-30T01", "30.3.2025 1"), "csv-not-a-time", 3, "start"),
    (LOADS.replace("2025-03-30T00:00:00Z,1", ",1"), "csv-value-missing", 2, "start"),
    (LOADS.replace("Z,2,", "Z,,"), "csv-value-missing", 3, "p_kw"),
    (LOADS.replace("Z,2,", "Z,NaN,"), "csv-not-a-number", 3, "p_kw"),
    (LOADS.replace("Z,2,", "Z,2 kW,"), "csv-not-a-number", 3, "p_kw"),
    (LOADS.replace(",0.4,", ",inf,"), "csv-not-a-number", 3, "q_kvar"),
    (LOADS.replace(",a", ",L1"), "grid-word-unknown", 4, "phase"),
    (LOADS.replace("T01:00", "T00:00"), "loads-not-ordered", 3, "start"),
    (LOADS.replace("T01:00", "T02:00"), "loads-not-ordered", 5, "start"),
    (LOADS.replace("T01:00:00", "T01:00:07"), "loads-off-step", 3, "start"),
    (LOADS.replace("shop,2025-03-30T00", "shop,2025-03-30T01"), "loads-begin-late", 4, "start"),
    (table(*DAY[:50], *DAY[51:]), "loads-hole", 51, "start"),
    (table(*DAY, *SHOP[:-4]), "loads-hole", 189, "start"),
    (table(*DAY[:8], *DAY[12:]), "loads-hole", 9, "start"),  # the hour that spring leaves out
    (table(*DAY[:12], *DAY[8:]), "loads-not-ordered", 14, "start"),  # that comes twice
    (
        table(*DAY, "home,9999-01-01T00:00:00Z,1,0,", *SHOP),
        "loads-hole",
        97,
        "start",
    ),
    (
        table("home,2025-01-01T00:00:00Z,1,0,", "home,9025-01-01T00:01:00Z,1,0,"),
        "loads-too-large",
        None,
        None,
    ),
]


@pytest.mark.parametrize("broken", BROKEN, ids=[f"{c[1]}-{n}" for n, c in enumerate(BROKEN)])
def test_broken_loads_are_refused_with_their_place(tmp_path, grid, broken):
    """Code, row and field of what is wrong, what was expected and what to do."""
    content, code, row, field = broken
    with pytest.raises(InputError) as caught:
        read(tmp_path, grid, content)
    error = caught.value
    assert (error.code, error.where.file) == (code, "loads.csv")
    assert (error.where.row, error.where.field) == (row, field)
    assert error.expected
    assert error.hint


def test_one_run_reports_every_bad_cell(tmp_path, grid):
    """Three slips: the first with its place, the others beside it."""
    content = LOADS.replace("shop", "attic").replace("Z,2,", "Z,x,").replace(",0.8,", ",y,")
    with pytest.raises(InputError) as caught:
        read(tmp_path, grid, content)
    assert (caught.value.where.row, caught.value.where.field) == (3, "p_kw")
    assert "2 more" in caught.value.hint
    assert "row 4 node_id" in caught.value.hint
    assert "row 5 q_kvar" in caught.value.hint


@pytest.mark.parametrize("step_s", [0, -900, 420, 7200])
def test_steps_that_do_not_divide_an_hour_are_a_bad_option(tmp_path, grid, step_s):
    """Exit code 2: the file is not to blame."""
    with pytest.raises(UsageError) as caught:
        read(tmp_path, grid, LOADS, step_s=step_s)
    assert caught.value.code == "step-does-not-divide-hour"


def test_a_grid_file_brings_its_own_loads():
    """One step with the loads that the file describes."""
    file = Path(__file__).parents[2] / "golden" / "grids" / "features_pandapower.json"
    grid, _, _ = read_grid(file)
    loads = read_loads(file, grid)
    assert loads.n_steps == 1
    assert loads.p_kw.sum() == pytest.approx(2500 + 30 + 20 - 30 + 5)


def test_a_grid_without_loads_is_no_loads(tmp_path, grid):
    """A plain CSV pair has none."""
    with pytest.raises(InputError) as caught:
        read_loads(tmp_path, grid)
    assert caught.value.code == "loads-not-in-grid"
    with pytest.raises(UsageError) as missing:
        read_loads(tmp_path / "none.json", grid)
    assert missing.value.code == "missing-path"
