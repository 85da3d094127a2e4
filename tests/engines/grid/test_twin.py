"""Twins: the number of households asked for, of parts that are those of the types."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from viavolta.catalogue.assumptions import catalogue_figures
from viavolta.engines.grid.twin import fill_zero_sequence, twin
from viavolta.formats.grids import read_grid, write_grid
from viavolta.formats.grids.structure import islands
from viavolta.formats.grids.twin_types import read_twin_types
from viavolta.model.grid import BranchKind, Grade, NodeKind
from viavolta.model.grid_twin import LoadClass, Settlement, TwinLevel, load_class
from viavolta.samples.grid_twins import twin_folders

TYPES = read_twin_types()
EXPECTED = json.loads(
    (Path(__file__).parents[2] / "golden" / "grids" / "twin_types_expected.json").read_text(
        encoding="utf-8"
    )
)


def made(settlement, level, **options):
    """A twin of the shipped types."""
    return twin(TYPES, settlement=Settlement(settlement), level=TwinLevel(level), **options)


def is_fed(grid) -> bool:
    """Whether every node has a path of closed branches to a source."""
    closed = grid.is_closed
    island = islands(grid.n_nodes, grid.from_node[closed], grid.to_node[closed])
    return set(island) == set(island[grid.is_kind(NodeKind.SOURCE)])


@pytest.mark.parametrize(
    ("settlement", "name"),
    [("urban", "lv-urban6"), ("suburban", "lv-semiurb5"), ("rural", "lv-rural2")],
)
def test_without_a_number_the_type_is_taken_as_it_is(settlement, name):
    """Node for node and ohm for ohm, but without its positions, which are nowhere."""
    got, of_type = made(settlement, "lv"), TYPES[name]
    assert got.types == (name,)
    assert got.grid.node_id == of_type.grid.node_id
    assert np.array_equal(got.grid.r_ohm, of_type.grid.r_ohm, equal_nan=True)
    assert np.isnan(got.grid.lat).all()
    assert got.customers.profile == of_type.customers.profile
    assert got.grid.grade is Grade.TWIN


@settings(max_examples=40, deadline=None)
@given(
    settlement=st.sampled_from(Settlement),
    level=st.sampled_from([TwinLevel.LV, TwinLevel.BOTH]),
    n_households=st.integers(1, 3000),
)
def test_a_twin_has_the_households_asked_for_and_no_island(settlement, level, n_households):
    """Exactly so many, at nodes of customers, all with a path to a source."""
    got = twin(TYPES, settlement=settlement, level=level, n_households=n_households)
    assert got.n_households == n_households
    assert got.customers.is_class(LoadClass.HOUSEHOLD).sum() == n_households
    assert not got.customers.is_class(LoadClass.LV_GRID).any()
    assert is_fed(got.grid)
    kinds = {got.grid.node_kind[node] for node in got.customers.node}
    assert kinds <= {NodeKind.CONNECTION, NodeKind.BUSBAR}
    assert got.grid.grade is Grade.TWIN
    assert len(got.type_counts) <= len(TYPES)


@settings(max_examples=20, deadline=None)
@given(settlement=st.sampled_from(Settlement), n_households=st.integers(1, 20_000))
def test_a_twin_of_medium_voltage_has_whole_stations(settlement, n_households):
    """At least the number, and one station less would have been too few."""
    got = twin(TYPES, settlement=settlement, level=TwinLevel.MV, n_households=n_households)
    sizes = got.customers.n_households
    assert n_households <= got.n_households < n_households + sizes.max()
    assert is_fed(got.grid)


def test_lines_are_those_of_the_types():
    """A cut and repeated grid has no other resistance per kilometre than its type."""
    for n_households in (20, 150):
        got = made("urban", "lv", n_households=n_households)
        is_line = got.grid.is_kind(BranchKind.CABLE)
        per_km = got.grid.r_ohm[is_line] / got.grid.length_km[is_line]
        np.testing.assert_allclose(per_km, 0.1267, rtol=1e-5)
        assert len(set(got.grid.branch_id)) == got.grid.n_branches


def test_the_households_nearest_to_the_transformer_stay():
    """Half a grid is no longer than the whole one, and its transformer is of a smaller size."""
    half, whole = (made("urban", "lv", n_households=n) for n in (51, 102))
    assert half.grid.length_km.sum() < whole.grid.length_km.sum()
    assert half.grid.sn_kva[0] == 400
    assert whole.grid.sn_kva[0] == 630
    double = made("rural", "lv", n_households=165)
    assert double.types == ("lv-rural3",)
    assert double.grid.sn_kva[0] == 630


def test_the_type_is_the_nearest_that_need_not_grow_much():
    """Thirty rural households are a third of a village, not ten hamlets of three."""
    assert made("rural", "lv", n_households=30).types == ("lv-rural2",)
    assert made("rural", "lv", n_households=3).types == ("lv-rural1",)
    assert made("suburban", "lv", n_households=40).types == ("lv-semiurb4",)


def test_stations_carry_the_grids_they_stand_for():
    """Each grid of low voltage hangs at a node of medium voltage by one transformer of its type."""
    got = made("rural", "both", n_households=600)
    grid = got.grid
    is_station = grid.is_kind(BranchKind.TRANSFORMER) & (grid.rated_to_kv < 1)
    assert is_station.sum() == len(got.types) - 1
    assert set(grid.nominal_kv[grid.from_node[is_station]]) == {20}
    stations = {grid.node_id[node] for node in grid.from_node[is_station]}
    assert stations == set(got.area) - {""}
    assert {grid.node_kind[node] for node in grid.from_node[is_station]} <= {NodeKind.BUSBAR}
    medium = made("rural", "mv", n_households=600)
    assert set(medium.grid.node_id) <= set(grid.node_id)


def test_an_urban_station_takes_the_voltage_there():
    """The town's medium voltage is 10 kV; transformers of 20 kV types are rated for it."""
    got = made("urban", "both", n_households=200)
    is_station = got.grid.is_kind(BranchKind.TRANSFORMER) & (got.grid.rated_to_kv < 1)
    assert set(got.grid.rated_from_kv[is_station]) == {10}


def test_lengths_meet_those_of_the_place():
    """Metres per household as asked for; medium voltage is left alone."""
    got = made("rural", "both", n_households=300, lv_m_per_household=30.0)
    plain = made("rural", "both", n_households=300)
    at_lv = got.grid.nominal_kv[got.grid.from_node] < 1
    assert got.grid.length_km[at_lv].sum() == pytest.approx(9.0)
    np.testing.assert_array_equal(got.grid.r_ohm[~at_lv], plain.grid.r_ohm[~at_lv])
    np.testing.assert_allclose(
        got.grid.r_ohm[at_lv], plain.grid.r_ohm[at_lv] * got.lv_length_factor
    )


def test_a_place_is_the_middle_of_its_twin():
    """Positions around it, no further than the type is wide."""
    got = made("suburban", "both", n_households=500, place=(52.1, 5.1))
    assert got.grid.lat.mean() == pytest.approx(52.1, abs=0.05)
    assert got.grid.lon.mean() == pytest.approx(5.1, abs=0.05)
    assert np.ptp(got.grid.lat) < 0.1


def test_a_twin_is_a_grid_like_any_other(tmp_path):
    """Written as a plain CSV pair and read again: the same, without repairs."""
    got = made("suburban", "both", n_households=400)
    write_grid(tmp_path, got.grid)
    again, repairs, warnings = read_grid(tmp_path)
    assert again.node_id == got.grid.node_id
    np.testing.assert_array_equal(again.x_ohm, got.grid.x_ohm)
    assert (repairs, warnings, again.grade) == ((), (), Grade.TWIN)


def test_zero_sequence_is_filled_in_where_it_is_not_known_only():
    """By the ratios of the catalogue; what is known stays, and the lines filled in are counted."""
    ratios = {
        name: catalogue_figures("grid_twins")[f"grid_twins.{name}_share"].value
        for name in ("r0_over_r", "x0_over_x", "c0_over_c")
    }
    grid = made("urban", "lv").grid
    filled, n_lines = fill_zero_sequence(grid, **ratios)
    is_line = grid.is_kind(BranchKind.CABLE)
    assert n_lines == is_line.sum()
    np.testing.assert_allclose(filled.r0_ohm[is_line], 4 * grid.r_ohm[is_line])
    assert np.isnan(filled.r0_ohm[~is_line]).all()
    again, n_lines = fill_zero_sequence(filled, **dict.fromkeys(ratios, 99.0))
    assert n_lines == 0
    np.testing.assert_array_equal(again.x0_ohm, filled.x0_ohm)


@pytest.mark.parametrize(
    "options",
    [{"n_households": 0}, {"n_households": -3}, {"lv_m_per_household": 0.0}],
)
def test_impossible_twins_are_refused(options):
    """No household, no length."""
    with pytest.raises(ValueError, match=r"household"):
        made("urban", "lv", **options)


@pytest.mark.parametrize(
    ("profile", "kind"),
    [
        ("H0-A", "h0"),
        ("G1-B", "g1"),
        ("G4-M", "g4"),
        ("G3-A", "g0"),
        ("L2-A", "l0"),
        ("BL-H", "flat"),
        ("PV8", "pv"),
        ("WP4", "wind"),
        ("BM1", "generation"),
        ("Hydro2", "generation"),
        ("lv_semiurb4", "lv"),
        ("RES_lv_rural2", "pv"),
    ],
)
def test_profiles_have_a_class(profile, kind):
    """What a customer is by the name that SimBench gives its profile."""
    assert load_class(profile).value == kind


def test_shipped_types_are_small():
    """All typical grids together stay below 400 kB."""
    folders = twin_folders().values()
    assert sum(file.stat().st_size for f in folders for file in f.iterdir()) < 400_000


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_types_are_those_of_simbench(name):
    """Elements and impedances as simbench gives them, to the digits that are kept."""
    grid, customers, expected = TYPES[name].grid, TYPES[name].customers, EXPECTED[name]
    is_line = grid.is_kind(BranchKind.LINE) | grid.is_kind(BranchKind.CABLE)
    is_transformer = grid.is_kind(BranchKind.TRANSFORMER)
    is_load = customers.peak_kw > 0
    counts = {
        "n_nodes": grid.n_nodes,
        "n_lines": is_line.sum(),
        "n_transformers": is_transformer.sum(),
        "n_open": (~grid.is_closed).sum(),
        "n_loads": is_load.sum(),
        "n_generators": (~is_load).sum(),
        "n_household_loads": customers.is_class(LoadClass.HOUSEHOLD).sum(),
    }
    sums = {
        **{c: getattr(grid, c)[is_line].sum() for c in ("length_km", "r_ohm", "x_ohm", "c_nf")},
        **{c: getattr(grid, c)[is_transformer].sum() for c in ("sn_kva", "pk_kw", "p0_kw")},
        "r_ohm_max": grid.r_ohm[is_line].max(),
        "max_a_sum": grid.max_a[is_line].sum(),
        "load_kw": customers.peak_kw[is_load].sum(),
        "generation_kw": -customers.peak_kw[~is_load].sum(),
    }
    assert counts == {key: expected[key] for key in counts}
    assert sums == pytest.approx({key: expected[key] for key in sums}, rel=2e-6)
    assert np.isnan(grid.r0_ohm).all()
