"""From a grid to a study of what it takes: told, queried, drawn on a map, the same each time."""

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pyogrio
import pytest
from hosting_grids import START, STEP_S, street
from typer.testing import CliRunner

from viavolta.cli.app import app
from viavolta.formats.grids import write_grid
from viavolta.model.errors import InputError, UsageError
from viavolta.model.grid import Grid
from viavolta.model.progress import silent
from viavolta.model.study import Study
from viavolta.services.host_vehicles import host_vehicles, hosting_at, hosting_map
from viavolta.services.hosting.managed import largest
from viavolta.services.hosting.request import CapacityRequest

N_STEPS = 10 * 96


def read(folder: Path) -> Mapping[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


def clock() -> float:
    return 0.0


def written(folder: Path, grid: Grid, *, phase: str = "abc") -> CapacityRequest:
    """Write a grid and ten days of load; ask for few draws."""
    write_grid(folder / "street", grid)
    start = START + np.arange(N_STEPS) * np.timedelta64(STEP_S, "s")
    houses = [name for name in grid.node_id if name[0] in "ab" and name != "bar"]
    load = 1.5 + np.sin(np.arange(N_STEPS) * 2 * np.pi / 96 - 2.0)
    pl.concat(
        [
            pl.DataFrame(
                {
                    "node_id": [house] * N_STEPS,
                    "start": np.datetime_as_string(start, timezone="UTC"),
                    "p_kw": load,
                    "q_kvar": 0.1 * load,
                    "phase": [phase] * N_STEPS,
                }
            )
            for house in houses
        ]
    ).write_csv(folder / "loads.csv")
    return CapacityRequest(
        grid=folder / "street",
        loads=folder / "loads.csv",
        n_draws=6,
        n_managed=2,
        effort="low",
    )


@pytest.fixture(scope="module")
def request_(tmp_path_factory: pytest.TempPathFactory) -> CapacityRequest:
    """A street with a transformer of 50 kVA."""
    return written(tmp_path_factory.mktemp("capacity"), street(sn_kva=50.0))


@pytest.fixture(scope="module")
def study(request_: CapacityRequest) -> Study:
    """The street's study."""
    return host_vehicles(request_, read=read, progress=silent, clock=clock)


def test_the_study_says_how_many(study: Study) -> None:
    """Ranges in order, managed charging never below unmanaged in the same draw, all verified."""
    summary = study.summary
    assert summary["question"] == "capacity"
    assert summary["draws"] == 6
    assert summary["draws_verified"] == 2
    assert summary["grade"] == "C"
    for found in (*summary["n_vehicles"].values(), *summary["plugs_kw"].values()):
        assert found["p05"] <= found["p50"] <= found["p95"]
    draws = study.tables["hosting_draws"]
    by_strategy = {
        name: draws.filter((pl.col("strategy") == name) & (pl.col("draw") < 2))["n_vehicles"]
        for name in ("unmanaged", "smart", "v2x")
    }
    assert (by_strategy["smart"] >= by_strategy["unmanaged"]).all()
    assert (by_strategy["v2x"] >= by_strategy["unmanaged"]).all()
    assert (by_strategy["smart"] > by_strategy["unmanaged"]).any()
    assert not [w for w in study.warnings if w.code == "hosting-managed-breaks"]
    assert all(share <= 0.05 for share in summary["managed_unmet_share"].values())


def test_areas_are_those_of_the_draws(study: Study) -> None:
    """Quantiles and shares follow from the table of draws alone."""
    draws = study.tables["hosting_draws"]
    for row in study.tables["hosting_areas"].iter_rows(named=True):
        mine = draws.filter(
            (pl.col("area_id") == row["area_id"]) & (pl.col("strategy") == row["strategy"])
        )
        assert mine.height == row["n_draws"]
        counts = sorted(mine["n_vehicles"].to_list())
        assert row["n_vehicles_p50"] == counts[-(-len(counts) // 2) - 1]
        assert row["full_share"] == pytest.approx(mine["is_full"].mean())
        assert row["n_vehicles_p95"] <= 2 * row["households"]


def test_a_node_is_queried(study: Study) -> None:
    """Firm power, vehicles by strategy; more vehicles elsewhere leave less; unknown is None."""
    hosting = study.tables["hosting"]
    alone = hosting_at(hosting, "a3")
    later = hosting_at(hosting, "a3", share=0.3)
    smart = hosting_at(hosting, "a3", strategy="smart")
    assert alone is not None
    assert later is not None
    assert smart is not None
    assert 0 < later.firm_p50_kw < alone.firm_p50_kw
    assert later.n_vehicles_p50 <= alone.n_vehicles_p50 <= smart.n_vehicles_p50
    assert alone.grade == "C"
    assert hosting_at(hosting, "nowhere") is None
    assert hosting_at(hosting, "a3", strategy="smart", share=0.3) is None


def test_the_map_has_every_row_with_its_place(study: Study, tmp_path: Path) -> None:
    """Where nodes have coordinates; none where no node has."""
    content = hosting_map(study.tables)
    assert content is not None
    (tmp_path / "hosting.gpkg").write_bytes(content)
    assert pyogrio.read_info(tmp_path / "hosting.gpkg")["features"] == (
        study.tables["hosting"].height
    )
    lost = study.tables["hosting_nodes"].with_columns(lat=pl.lit(None, pl.Float64))
    assert hosting_map({**study.tables, "hosting_nodes": lost}) is None


def test_the_same_seed_gives_the_same_tables_on_any_cores(
    request_: CapacityRequest, study: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One thread or two; another seed gives others."""
    monkeypatch.setenv("VIAVOLTA_THREADS", "1")
    again = host_vehicles(request_, read=read, progress=silent, clock=clock)
    for name, table in study.tables.items():
        assert table.equals(again.tables[name]), name
    unmanaged = replace(request_, strategies=("unmanaged",), seed=2, shares=(0.0,))
    other = host_vehicles(unmanaged, read=read, progress=silent, clock=clock)
    assert other.summary["strategies"] == ["unmanaged"]
    assert not other.tables["hosting_draws"].equals(
        study.tables["hosting_draws"].filter(pl.col("strategy") == "unmanaged")
    )


def test_a_time_limit_leaves_fewer_draws(request_: CapacityRequest) -> None:
    """Those of the first round at least, and a warning."""
    ticks = iter(range(10_000))
    study = host_vehicles(
        replace(request_, n_draws=40, strategies=("unmanaged",), time_limit_s=0.5),
        read=read,
        progress=silent,
        clock=lambda: float(next(ticks)),
    )
    assert 1 <= study.summary["draws"] < 40
    assert "hosting-cut-short" in {warning.code for warning in study.warnings}


def test_a_grid_alone_has_a_household_at_each_connection(request_: CapacityRequest) -> None:
    """Or as many as asked for, spread evenly."""
    for asked, expected in ((None, 5), (12, 12)):
        study = host_vehicles(
            replace(
                request_,
                loads=None,
                households=asked,
                strategies=("unmanaged",),
                n_draws=1,
                step_s=3600,
            ),
            read=read,
            progress=silent,
            clock=clock,
        )
        assert study.summary["households"] == expected
        assert study.summary["steps"] == 8760
        spread = study.tables["hosting_nodes"]["households"]
        assert spread.filter(spread > 0).max() == -(-expected // 5)


def test_loads_on_single_phases_are_refused(tmp_path: Path) -> None:
    """They would need phases of vehicles too."""
    request = written(tmp_path, street(), phase="a")
    with pytest.raises(InputError) as caught:
        host_vehicles(request, read=read, progress=silent, clock=clock)
    assert caught.value.code == "hosting-needs-three-phases"


@pytest.mark.parametrize(
    "wrong", [{"n_draws": 0}, {"households": 0}, {"shares": (3.0,)}, {"n_managed": -1}]
)
def test_options_that_make_no_sense_are_refused(
    request_: CapacityRequest, wrong: dict[str, object]
) -> None:
    """Before anything is read."""
    with pytest.raises(UsageError) as caught:
        host_vehicles(
            replace(request_, **wrong),  # type: ignore[arg-type] # wrong on purpose
            read=read,
            progress=silent,
            clock=clock,
        )
    assert caught.value.code == "option-out-of-range"


def test_the_largest_number_is_bisected() -> None:
    """To one up to a hundred, to two per cent above."""
    assert largest(lambda n: n <= 37, 5, 90) == 37
    assert largest(lambda n: n > 0, 5, 90) == 90
    assert largest(lambda n: n < 0, 5, 90) == 5
    assert 0.98 * 700 <= largest(lambda n: n <= 700, 0, 1000) <= 700


def test_the_command_writes_a_study(request_: CapacityRequest, tmp_path: Path) -> None:
    """Tables, report and map; a word that is no strategy is refused."""
    out = tmp_path / "out"
    words = ["grid", "capacity", str(request_.grid), "--loads", str(request_.loads)]
    words += ["--draws", "2", "--managed-draws", "0", "--effort", "low", "--json"]
    done = CliRunner().invoke(app, [*words, "--out", str(out)])
    assert done.exit_code == 0, done.output
    summary = json.loads(done.stdout)
    assert summary["draws"] == 2
    assert summary["strategies"] == ["unmanaged"]
    names = {path.name for path in out.iterdir()}
    assert {"study.json", "hosting.parquet", "hosting.gpkg", "report.html"} <= names
    refused = CliRunner().invoke(app, [*words, "--strategies", "magic", "--out", str(out)])
    assert refused.exit_code == 2
