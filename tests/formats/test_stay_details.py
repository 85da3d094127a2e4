"""Charging curves, losses, ageing, phases and trip chains as people write them."""

from pathlib import Path

import numpy as np
import pytest

from viavolta.formats.limits import read_limits
from viavolta.formats.signals import read_signals
from viavolta.formats.stays import StaysRead, read_stays, stays_frame
from viavolta.model.errors import InputError
from viavolta.model.limit import one_limit

SIGNALS = """start,buy_eur_per_kwh,sell_eur_per_kwh
2025-03-30T00:00:00Z,0.30,0.10
2025-03-30T12:00:00Z,0.20,0.10
"""
PLAIN = {
    "stay_id": "a",
    "arrival": "2025-03-30T00:00:00Z",
    "departure": "2025-03-30T04:00:00Z",
    "energy_kwh": 10,
    "max_kw": 11,
    "capacity_kwh": 60,
    "soc_arrival_kwh": 20,
}
LATER = {
    "stay_id": "b",
    "arrival": "2025-03-30T08:00:00Z",
    "departure": "2025-03-30T12:00:00Z",
    "soc_arrival_kwh": 25,
}


def read(folder: Path, *rows: dict[str, object]) -> StaysRead:
    """Read stays that differ from the plain one in what is given."""
    names = list(dict.fromkeys(name for row in (PLAIN, *rows) for name in row))
    lines = [",".join(str({**PLAIN, **row}.get(name, "")) for name in names) for row in rows]
    (folder / "stays.csv").write_text("\n".join([",".join(names), *lines]) + "\n")
    (folder / "signals.csv").write_text(SIGNALS)
    signals = read_signals(folder / "signals.csv")
    limits = one_limit("root", 100.0, n_steps=signals.n_steps)
    return read_stays(folder / "stays.csv", limits, signals=signals)


def test_details_are_read(tmp_path):
    """Every column lands in its field."""
    stays = read(
        tmp_path,
        {
            "vehicle_id": "v",
            "charge_efficiency": 0.95,
            "knee_kw": 7,
            "efficiency_above_knee": 0.9,
            "charging_loss_kw": 0.2,
            "standing_loss_kw": 0.05,
            "ageing_soc": 0.6,
            "ageing_eur_per_kwh_h": 0.0005,
            "phase": "L2",
        },
        {"stay_id": "b", "taper_soc": 0.8, "phase": "any"},
    ).stays
    assert stays.vehicle_id == ("v", "")
    assert stays.knee_kw.tolist() == [7, np.inf]
    assert stays.efficiency_above_knee.tolist() == [0.9, 1.0]
    assert stays.charging_loss_kw.tolist() == [0.2, 0]
    assert stays.standing_loss_kw.tolist() == [0.05, 0]
    assert stays.ageing_soc.tolist() == [0.6, 1]
    assert stays.ageing_eur_per_kwh_h.tolist() == [0.0005, 0]
    assert stays.taper_soc.tolist() == [1, 0.8]
    assert stays.phase.tolist() == [2, -1]


def test_absent_and_empty_columns_change_nothing(tmp_path):
    """A stay without details, or with empty cells, is a plain stay."""
    empty = dict.fromkeys(
        ("vehicle_id", "knee_kw", "efficiency_above_knee", "taper_soc", "ageing_soc", "phase"), ""
    )
    for row in ({}, empty):
        stays = read(tmp_path, {**row, "charge_efficiency": 0.9}).stays
        assert not stays.has_details
        assert stays.vehicle_id == ()
        assert stays.phase.tolist() == [0]
        assert stays.efficiency_above_knee.tolist() == [0.9]


@pytest.mark.parametrize(
    ("phase", "number"),
    [("", 0), ("L123", 0), ("l1", 1), ("L2", 2), ("L3", 3), ("any", -1), ("Any", -1)],
)
def test_phases_are_text(tmp_path, phase, number):
    """In capitals or not."""
    assert read(tmp_path, {"phase": phase}).stays.phase.tolist() == [number]


def test_details_survive_the_table_of_the_study(tmp_path):
    """The stays of a study, written as CSV, are the same stays."""
    first = read(
        tmp_path,
        {"vehicle_id": "v", "knee_kw": 7, "efficiency_above_knee": 0.9, "phase": "L3"},
        {"stay_id": "b", "taper_soc": 0.8, "phase": "any", "standing_loss_kw": 0.01},
        {"stay_id": "c", "capacity_kwh": "", "soc_arrival_kwh": ""},
    ).stays
    signals = read_signals(tmp_path / "signals.csv")
    limits = one_limit("root", 100.0, n_steps=signals.n_steps)
    frame = stays_frame(first, limits)
    assert frame["knee_kw"].to_list() == [7, None, None]
    frame.write_parquet(tmp_path / "again.parquet")
    again = read_stays(tmp_path / "again.parquet", limits, signals=signals).stays
    for field in first.__slots__:
        np.testing.assert_array_equal(getattr(first, field), getattr(again, field), err_msg=field)


def test_a_vehicle_with_two_plugs_is_a_chain(tmp_path):
    """In any order of rows; rounding of a hundredth of a Wh is no gain on the way."""
    stays = read(
        tmp_path,
        {**LATER, "vehicle_id": "v", "soc_arrival_kwh": 30.00000001},
        {"vehicle_id": "v"},
        {"stay_id": "c", "vehicle_id": "w"},
    ).stays
    assert stays.vehicle_id == ("v", "v", "w")


NO_BATTERY = {"capacity_kwh": "", "soc_arrival_kwh": ""}
V, V_LATER = {"vehicle_id": "v"}, {**LATER, "vehicle_id": "v"}
BROKEN = {
    "taper above one": ([{"taper_soc": 1.2}], "stay-share-out-of-range", 2, "taper_soc"),
    "taper at nothing": ([{"taper_soc": 0}], "stay-share-out-of-range", 2, "taper_soc"),
    "ageing in percent": ([{"ageing_soc": 60}], "stay-share-out-of-range", 2, "ageing_soc"),
    "both curves": ([{"taper_soc": 0.8, "knee_kw": 7}], "stay-taper-with-knee", 2, "knee_kw"),
    "knee below zero": ([{"knee_kw": -1}], "csv-number-too-small", 2, "knee_kw"),
    "knee without number": ([{"knee_kw": "inf"}], "csv-not-a-number", 2, "knee_kw"),
    "efficiency rises": (
        [{"knee_kw": 7, "charge_efficiency": 0.9, "efficiency_above_knee": 0.91}],
        "stay-efficiency-rises",
        2,
        "efficiency_above_knee",
    ),
    "efficiency in percent": (
        [{"knee_kw": 7, "efficiency_above_knee": 90}],
        "stay-efficiency-out-of-range",
        2,
        "efficiency_above_knee",
    ),
    "loss below zero": ([{"charging_loss_kw": -0.1}], "csv-number-too-small", 2, None),
    "ageing pays": ([{"ageing_eur_per_kwh_h": -0.1}], "csv-number-too-small", 2, None),
    "taper, no battery": ([{**NO_BATTERY, "taper_soc": 0.8}], "stay-needs-battery", 2, "taper_soc"),
    "loss, no battery": (
        [{**NO_BATTERY, "standing_loss_kw": 0.1}],
        "stay-needs-battery",
        2,
        "standing_loss_kw",
    ),
    "ageing, no battery": (
        [{**NO_BATTERY, "ageing_eur_per_kwh_h": 0.1}],
        "stay-needs-battery",
        2,
        "ageing_eur_per_kwh_h",
    ),
    "loss empties": (
        [{}, {"stay_id": "b", "standing_loss_kw": 5.01}],
        "stay-loss-empties-battery",
        3,
        "standing_loss_kw",
    ),
    "unknown phase": ([{"phase": "L4"}], "stay-phase-unknown", 2, "phase"),
    "a number as phase": ([{"phase": "1"}], "stay-phase-unknown", 2, "phase"),
    "two plugs": (
        [V, {**V_LATER, "arrival": "2025-03-30T03:59:59Z"}],
        "vehicle-at-two-plugs",
        3,
        "arrival",
    ),
    "two batteries": (
        [V, {**V_LATER, "capacity_kwh": 61}],
        "vehicle-capacity-differs",
        3,
        "capacity_kwh",
    ),
    "target above capacity": (
        [{**V, "energy_kwh": 41}, V_LATER],
        "vehicle-target-above-capacity",
        2,
        "energy_kwh",
    ),
    "gain on the way": (
        [{**V_LATER, "soc_arrival_kwh": 30.1}, V],
        "vehicle-gains-on-the-way",
        2,
        "soc_arrival_kwh",
    ),
    "chain, no battery": ([{**V, **NO_BATTERY}, V_LATER], "stay-needs-battery", 2, "vehicle_id"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_impossible_details_are_refused_with_their_place(tmp_path, name):
    """Code, row, field, value, what was expected and what to do."""
    rows, code, row, field = BROKEN[name]
    with pytest.raises(InputError) as caught:
        read(tmp_path, *rows)
    error = caught.value
    assert (error.code, error.where.file, error.where.row) == (code, "stays.csv", row)
    assert error.where.field == field or field is None
    assert error.where.value
    assert error.expected
    assert error.hint
    assert error.exit_code == 5


def test_a_target_above_capacity_is_soft_at_the_last_plug(tmp_path):
    """Without a later stay nothing follows from it: what is missing is unmet."""
    read_ = read(tmp_path, V, {**V_LATER, "energy_kwh": 40})
    assert [w.code for w in read_.warnings] == ["stays-beyond-battery"]


def test_energy_beyond_power_and_time_is_a_warning(tmp_path):
    """4 hours of 11 kW at 90 % give 39.6 kWh; the message names the stay and what is missing."""
    read_ = read(
        tmp_path,
        {"energy_kwh": 39.5, "charge_efficiency": 0.9},
        {"stay_id": "b", "energy_kwh": 40, "charge_efficiency": 0.9, "soc_arrival_kwh": 10},
    )
    (warning,) = read_.warnings
    assert (warning.code, warning.file) == ("stays-beyond-power", "stays.csv")
    assert warning.message.startswith("1 stays")
    assert "b 0.4 kWh" in warning.message


def test_the_knee_and_losses_count_in_what_is_possible(tmp_path):
    """4 h x (0.9 x 7 + 0.8 x 4 - 0.5 - 0.1) kW = 35.6 kWh, by hand."""
    curve = {
        "knee_kw": 7,
        "charge_efficiency": 0.9,
        "efficiency_above_knee": 0.8,
        "charging_loss_kw": 0.5,
        "standing_loss_kw": 0.1,
    }
    assert read(tmp_path, {**curve, "energy_kwh": 35.6}).warnings == ()
    (warning,) = read(tmp_path, {**curve, "energy_kwh": 35.7}).warnings
    assert "a 0.1 kWh" in warning.message


def test_limits_on_phases_are_read(tmp_path):
    """Empty is no limit; below zero is refused."""
    (tmp_path / "signals.csv").write_text(SIGNALS)
    signals = read_signals(tmp_path / "signals.csv")
    limits = tmp_path / "limits.csv"
    limits.write_text("limit_id,parent_id,import_kw,export_kw,phase_kw\nr,,9,9,\ns,r,9,9,3.68\n")
    assert read_limits(limits, signals).phase_kw.tolist() == [np.inf, 3.68]
    limits.write_text("limit_id,parent_id,import_kw,export_kw,phase_kw\nr,,9,9,-1\n")
    with pytest.raises(InputError) as caught:
        read_limits(limits, signals)
    assert (caught.value.code, caught.value.where.field) == ("csv-number-too-small", "phase_kw")
