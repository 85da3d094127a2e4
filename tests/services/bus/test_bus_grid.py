"""Bus plans on a grid: nodes of depots, connections it bears, what smart charging avoids."""

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import polars as pl
import pytest
from assess_grids import make_grid

from viavolta.checks.bus_grid import check_bus_grid
from viavolta.cli.check import read_folder
from viavolta.formats.grids import write_grid
from viavolta.model.errors import InputError, NoSolutionError
from viavolta.model.grid import BranchKind
from viavolta.model.grid_prices import Region
from viavolta.model.study import Study
from viavolta.reports.files import bus_files
from viavolta.samples import monaco
from viavolta.services.bus.grid_limits import grid_limits, within_grid
from viavolta.services.bus.grid_sites import DepotGrid, read_depot_grid
from viavolta.services.bus.request import BusRequest
from viavolta.services.bus_config import DepotSetting
from viavolta.services.check_study import check_study
from viavolta.services.demo import prepare_demo
from viavolta.services.plan_bus import plan_bus
from viavolta.storage.stage_folder import StageFolder
from viavolta.storage.study_folder import write_study

LAT, LON = 43.7283, 7.4140
CABLE, TRANSFORMER = BranchKind.CABLE, BranchKind.TRANSFORMER


def grid_folder(folder: Path, sn_kva: float, **more: Any) -> Path:
    """20 kV to a station at the depot (n2) and one a kilometre north (n4); n0 is the source."""
    nan = np.nan
    grid = make_grid(
        [20, 20, 0.4, 20, 0.4],
        [(0, 1), (1, 2), (1, 3), (3, 4)],
        kinds=[CABLE, TRANSFORMER, CABLE, TRANSFORMER],
        **{
            "lat": np.array([nan, nan, LAT, nan, LAT + 0.01]),
            "lon": np.array([nan, nan, LON, nan, LON]),
            "sn_kva": np.array([nan, sn_kva, nan, sn_kva]),
            **more,
        },
    )
    write_grid(folder, grid)
    return folder


def network(*depots: DepotSetting) -> Any:
    """As much of a network as the nodes of depots need: one stop, and the depots."""
    places = SimpleNamespace(
        place_id=("stop", *(f"depot:{one.name}" for one in depots)),
        name=("Central", *(one.name for one in depots)),
        lat=np.array([LAT, *(one.lat for one in depots)]),
        lon=np.array([LON, *(one.lon for one in depots)]),
    )
    rows = np.arange(1, len(depots) + 1)
    at = tuple(SimpleNamespace(name=one.name, node=k) for k, one in enumerate(depots))
    return SimpleNamespace(depots=depots, places=places, nodes=rows, sites=at)


NORTH = DepotSetting(name="North", lat=LAT + 0.01, lon=LON)
SOUTH = DepotSetting(name="South", lat=LAT, lon=LON)
FAR = DepotSetting(name="Far", lat=LAT + 0.2, lon=LON)


def sites(
    folder: Path, *depots: DepotSetting, nodes: dict[str, str] | None = None, most_m: float = 500
) -> DepotGrid:
    """Depots on a grid."""
    settings: Any = SimpleNamespace(grid_nodes=nodes or {}, grid_region=Region.URBAN, terminals=())
    return read_depot_grid(folder, network(*depots), settings, config=Path("c.toml"), most_m=most_m)


def test_a_depot_without_a_line_takes_the_nearest_node(tmp_path: Path) -> None:
    """Others have the node that the configuration names, by name or by place_id; it is said."""
    folder = grid_folder(tmp_path / "grid", 400)
    at = sites(folder, SOUTH, NORTH, nodes={"depot:South": "n3"})
    assert [at.node_id(k) for k in (0, 1)] == ["n3", "n4"]
    assert np.isnan(at.distance_m[0])
    assert at.distance_m[1] == pytest.approx(0.0, abs=1.0)
    codes = [note.code for note in at.warnings]
    assert codes.count("grid-nearest-node") == 1
    assert {"grid-without-base-load", "grid-is-a-twin"} <= set(codes)


@pytest.mark.parametrize(
    ("nodes", "code", "field", "hint"),
    [
        ({"South": "n7"}, "grid-node-unknown", "grid.nodes.South", "n"),
        ({"South": ""}, "grid-node-unknown", "grid.nodes.South", "correct"),
        ({"Suoth": "n2"}, "grid-depot-unknown", "grid.nodes.Suoth", "South"),
        ({"South": "n2", "depot:South": "n4"}, "config-conflict", "grid.nodes.depot:South", "both"),
        ({"Far": "n2", "'; DROP": "n2"}, "grid-depot-unknown", "grid.nodes.'; DROP", "[[depots]]"),
    ],
)
def test_a_hostile_mapping_names_its_line(
    nodes: dict[str, str], code: str, field: str, hint: str, tmp_path: Path
) -> None:
    """Unknown nodes and places, and two nodes for one depot, are errors with a hint."""
    folder = grid_folder(tmp_path / "grid", 400)
    with pytest.raises(InputError) as caught:
        sites(folder, SOUTH, FAR, nodes=nodes, most_m=1e6)
    assert caught.value.code == code
    assert caught.value.where.field == field
    assert hint in str(caught.value.hint)


def test_a_depot_without_any_node_says_what_to_write(tmp_path: Path) -> None:
    """The error names the depot, the nearest node and the line of the configuration."""
    folder = grid_folder(tmp_path / "grid", 400)
    with pytest.raises(InputError, match="Far has no node") as caught:
        sites(folder, SOUTH, FAR)
    assert caught.value.code == "grid-depot-without-node"
    assert '"Far" = "NODE"' in str(caught.value.hint)
    assert "n4" in caught.value.message


def test_a_node_without_supply_is_refused(tmp_path: Path) -> None:
    """A grid with a node behind an open branch is refused before any depot is put on it."""
    folder = grid_folder(tmp_path / "grid", 400, is_closed=np.array([True, True, True, False]))
    with pytest.raises(InputError, match="no path to a source"):
        sites(folder, SOUTH)


def test_a_stop_in_the_mapping_is_not_used(tmp_path: Path) -> None:
    """Buses charge at depots alone, which a warning says."""
    at = sites(grid_folder(tmp_path / "grid", 400), SOUTH, nodes={"Central": "n4"})
    assert "grid-place-unused" in [note.code for note in at.warnings]


def charging(*kw: float) -> Any:
    """As much of the depots' charging as their limits need."""
    return tuple(SimpleNamespace(connection_kw=one) for one in kw)


def test_only_what_does_not_fit_is_limited(tmp_path: Path) -> None:
    """A depot gets what its transformer bears; the other, behind its own, what it asks for."""
    at = sites(grid_folder(tmp_path / "grid", 400), SOUTH, NORTH)
    fine = grid_limits(at, charging(300, 300))
    assert not fine.binds_any
    limits = grid_limits(at, charging(900, 200))
    assert limits.limit_kw[0] == pytest.approx(394, abs=3)
    assert np.isnan(limits.limit_kw[1])
    assert limits.binds == ("b1", "")
    planner: Any = plan_stub(SOUTH, NORTH)
    depots = within_grid(planner, at, limits).network.depots
    assert depots[0].connection_kw == limits.limit_kw[0]
    assert depots[1].connection_kw is None


def plan_stub(*depots: DepotSetting) -> Any:
    """A planner of depots alone."""
    from dataclasses import make_dataclass  # noqa: PLC0415 - stands in for two large records

    network_type = make_dataclass("Network", ["depots", "sites", "terminals"])
    return make_dataclass("Planner", ["network"])(network_type(depots, depots, ()))


def test_a_full_node_is_no_solution(tmp_path: Path) -> None:
    """A node that takes nothing ends the plan with the element that binds."""
    folder = grid_folder(tmp_path / "grid", 400, max_a=np.array([270, np.inf, 0.01, np.inf]))
    at = sites(folder, NORTH)
    limits = grid_limits(at, charging(100))
    with pytest.raises(NoSolutionError, match="takes nothing for North: b2") as caught:
        within_grid(plan_stub(NORTH), at, limits)
    assert caught.value.code == "grid-node-full"


@pytest.fixture(scope="module")
def plan(tmp_path_factory: pytest.TempPathFactory) -> Callable[[float], Study]:
    """Plans of the sample city with a station of so many kVA at its depot, each made anew from
    its kept stages too."""
    feed = prepare_demo(tmp_path_factory.mktemp("feed"), progress=lambda *_: None).feed
    made: dict[float, Study] = {}

    def planned(sn_kva: float) -> Study:
        if sn_kva not in made:
            folder = grid_folder(tmp_path_factory.mktemp("grid") / "grid", sn_kva)
            request = BusRequest(feed=feed, depots=monaco().depots, grid=folder, effort="low")
            store = StageFolder(folder.parent / "work")
            made[sn_kva] = plan_bus(request, clock=lambda: 0.0, store=store)
            (folder.parent / "work" / "tables.stage").unlink()
            again = plan_bus(request, clock=lambda: 0.0, store=store)
            assert again.summary == made[sn_kva].summary
            assert again.assumptions == made[sn_kva].assumptions
            assert all(again.tables[name].equals(t) for name, t in made[sn_kva].tables.items())
        return made[sn_kva]

    return planned


def test_managed_charging_avoids_reinforcement(plan: Callable[[float], Study]) -> None:
    """The station bears the managed depot; charging at once would need another transformer."""
    study = plan(620)
    grid = study.summary["grid"]
    assert grid["reinforcement_eur"]["managed"] == grid["reinforcement_eur"]["none"] == 0
    assert grid["reinforcement_eur"]["unmanaged"] > 10_000
    assert grid["avoided_share"] == {"managed": 1.0}
    assert grid["violation_hours"]["unmanaged"] > grid["violation_hours"]["managed"] == 0
    assert set(study.tables["measures"]["element"]) == {"b1"}
    assert study.summary["grid_nodes"] == {"depot:FONTVIEILLE": "n2"}
    assert study.summary["grade"] == grid["grade"] == "D"


def test_the_grid_caps_the_connection_and_the_plan_changes(plan: Callable[[float], Study]) -> None:
    """With less than the plan would have, charging is planned again within what the node takes."""
    roomy, tight = plan(620), plan(560)
    row = tight.tables["grid_connections"].row(0, named=True)
    assert row["is_limited"]
    assert row["asked_kw"] == roomy.tables["chargers"]["connection_kw"][0] == 600
    assert row["connection_kw"] <= row["node_kw"] < row["asked_kw"]
    assert tight.tables["chargers"]["connection_kw"][0] == row["connection_kw"]
    assert not tight.tables["blocks"].equals(roomy.tables["blocks"])
    codes = {note.code for note in tight.warnings}
    assert {"grid-limits-connection", "planned-with-less-power"} <= codes
    assert tight.summary["grid"]["limited_depots"] == ["depot:FONTVIEILLE"]


def test_the_study_is_checked_and_reported(plan: Callable[[float], Study], tmp_path: Path) -> None:
    """Every rule holds, and report and request speak of the node and the grade."""
    study = plan(620)
    files = bus_files(study)
    folder = write_study(tmp_path / "study", study, force=False, extra=files)
    result = check_study(folder, read_folder)
    assert result.is_ok, result.findings[:5]
    page = files["report.html"].decode()
    assert "What the grid takes, and what must be built" in page
    assert "Managed charging" in page
    assert "with managed charging for nothing" in page
    assert "Grade D" in page


def changed(study: Study, table: str, column: str, value: object) -> dict[str, pl.DataFrame]:
    """The tables of a study with one column changed."""
    old = study.tables[table]
    new = old.with_columns(pl.lit(value).cast(old[column].dtype).alias(column))
    return {**study.tables, table: new}


@pytest.mark.parametrize(
    ("rule", "table", "column", "value"),
    [
        ("grid-connection", "grid_connections", "connection_kw", 500.0),
        ("grid-node-capacity", "grid_connections", "node_kw", 1.0),
        ("grid-full-load", "nodes", "full_pu", 0.95),
        ("grid-limit", "branches", "reserve_percent", 20.0),
        ("grid-hours", "violations", "hours", 1.0),
        ("grid-measures", "measures", "cost_eur", 5.0),
        ("grid-reference", "branches", "to_node", "nowhere"),
    ],
)
def test_a_table_tampered_with_breaks_its_rule(
    rule: str, table: str, column: str, value: object, plan: Callable[[float], Study]
) -> None:
    """Each rule on tables is broken by some change."""
    study = plan(620)
    assert not check_bus_grid(study.summary, study.tables)
    findings = check_bus_grid(study.summary, changed(study, table, column, value))
    assert rule in {finding.rule for finding in findings}


@pytest.mark.parametrize(
    ("rule", "key", "value"),
    [
        ("grid-avoided", "avoided_share", {"managed": 0.5}),
        ("grid-avoided", "avoided_share", {}),
        ("grid-summary", "grade", "Z"),
        ("grid-summary", "violation_hours", {"none": 0}),
        ("grid-measures", "reinforcement_eur", {"none": 0.0, "unmanaged": 1.0, "managed": 0.0}),
    ],
)
def test_a_summary_tampered_with_breaks_its_rule(
    rule: str, key: str, value: object, plan: Callable[[float], Study]
) -> None:
    """Each rule on the summary is broken by some change."""
    study = plan(620)
    summary = {**study.summary, "grid": {**study.summary["grid"], key: value}}
    assert rule in {finding.rule for finding in check_bus_grid(summary, study.tables)}
    assert check_bus_grid({**summary, "grid": None}, study.tables)
