"""STAYS, LIMITS and SIGNALS as people write them: read right, or refused with the place."""

from pathlib import Path

import numpy as np
import pytest

from viavolta.formats.limits import read_limits
from viavolta.formats.signals import read_signals
from viavolta.formats.stays import read_stays, stays_frame
from viavolta.model.errors import InputError, UsageError

STAYS = """stay_id,arrival,departure,energy_kwh,max_kw,limit_id
a,2025-03-30T00:00:00Z,2025-03-30T02:00:00Z,10,11,site
b,2025-03-30T00:30:00Z,2025-03-30T01:30:00Z,5,7.4,
"""
LIMITS = """limit_id,parent_id,import_kw,export_kw,peak_eur_per_kw
root,,100,50,
site,root,40,0,3.5
"""
SIGNALS = """start,buy_eur_per_kwh,sell_eur_per_kwh
2025-03-30T00:00:00Z,0.30,0.10
2025-03-30T01:00:00Z,0.20,0.10
"""
HOUR = np.timedelta64(3600, "s")
FILES = {"stays": STAYS, "limits": LIMITS, "signals": SIGNALS}


def read(folder: Path, *, step_s=900, **texts):
    """Write the files, the given ones in place of the usual, and read them all."""
    for name, content in {**FILES, **texts}.items():
        data = content if isinstance(content, bytes) else content.encode()
        (folder / f"{name}.csv").write_bytes(data)
    signals = read_signals(folder / "signals.csv", step_s=step_s)
    optional = {name: folder / f"{name}.csv" for name in ("profile", "base_load") if name in texts}
    limits = read_limits(folder / "limits.csv", signals, **optional)
    return read_stays(folder / "stays.csv", limits, signals=signals), limits, signals


def test_files_are_read_with_their_defaults(tmp_path):
    """Optional columns take the contract's defaults; an empty limit is the root."""
    got, limits, signals = read(tmp_path)
    stays = got.stays
    assert stays.stay_id == ("a", "b")
    assert stays.max_kw.tolist() == [11, 7.4]
    assert stays.limit.tolist() == [1, 0]
    assert stays.charge_efficiency.tolist() == [1, 1]
    assert np.isnan(stays.capacity_kwh).all()
    assert limits.parent.tolist() == [-1, 0]
    assert limits.peak_eur_per_kw.tolist() == [0, 3.5]
    assert signals.n_steps == 8
    assert signals.buy_eur_per_kwh[0].tolist() == [0.3] * 4 + [0.2] * 4
    assert stays_frame(stays, limits)["limit_id"].to_list() == ["site", "root"]
    assert got.warnings == ()


def test_the_spring_day_has_23_hours(tmp_path):
    """Local times on both sides of the change of clocks are 23 hours of steps."""
    rows = ["start,buy_eur_per_kwh,sell_eur_per_kwh"]
    rows += [
        f"2025-03-30T{h:02d}:00:00+0{1 if h < 2 else 2}:00,0.2,0.1" for h in (0, 1, *range(3, 24))
    ]
    stays = (
        "stay_id,arrival,departure,energy_kwh,max_kw\n"
        "a,2025-03-30T01:00:00+01:00,2025-03-30T03:00:00+02:00,5,11\n"
    )
    got, _, signals = read(tmp_path, signals="\n".join(rows), stays=stays)
    assert signals.n_steps == 23 * 4
    assert got.stays.departure[0] - got.stays.arrival[0] == np.timedelta64(3600, "s")


def test_the_autumn_day_has_25_hours(tmp_path):
    """The hour that comes twice is told apart by its offset, in prices and in stays."""
    hours = [(h, 2) for h in (0, 1, 2)] + [(h, 1) for h in range(2, 24)]
    rows = [
        f"2025-10-26T{h:02d}:00:00+0{offset}:00,0.{n + 10},0.1"
        for n, (h, offset) in enumerate(hours)
    ]
    stays = (
        "stay_id,arrival,departure,energy_kwh,max_kw\n"
        "a,2025-10-26T02:00:00+02:00,2025-10-26T03:00:00+01:00,5,11\n"
        "b,2025-10-26T02:30:00+02:00,2025-10-26T02:30:00+01:00,5,11\n"
    )
    signals = "\n".join(["start,buy_eur_per_kwh,sell_eur_per_kwh", *rows])
    got, _, table = read(tmp_path, signals=signals, stays=stays)
    assert table.n_steps == 25 * 4
    assert table.buy_eur_per_kwh[0, [8, 12]].tolist() == [0.12, 0.13]
    assert ((got.stays.departure - got.stays.arrival) / HOUR).tolist() == [2, 1]


def test_a_repeated_hour_without_its_offset_is_refused(tmp_path):
    """The second 02:00 with the offset of summer is the first one again; the hint says so."""
    hours = [(0, 2), (1, 2), (2, 2), (2, 2), (3, 1)]
    rows = [f"2025-10-26T0{h}:00:00+0{offset}:00,0.2,0.1" for h, offset in hours]
    with pytest.raises(InputError) as caught:
        read(tmp_path, signals="\n".join(["start,buy_eur_per_kwh,sell_eur_per_kwh", *rows]))
    assert (caught.value.code, caught.value.where.row) == ("signals-not-ordered", 5)
    assert "offset" in (caught.value.hint or "")


def test_profiles_hold_from_row_to_row(tmp_path):
    """A row replaces the constant from its start on; a row before the horizon counts too."""
    profile = (
        "limit_id,start,import_kw,export_kw\n"
        "site,2025-03-30T00:30:00Z,20,1\n"
        "site,2025-03-30T01:00:00Z,30,2\n"
        "site,2025-04-01T00:00:00Z,99,99\n"
    )
    base_load = (
        "limit_id,start,load_kw\nroot,2025-03-29T00:00:00Z,5\nroot,2025-03-30T01:30:00Z,-3\n"
    )
    _, limits, _ = read(tmp_path, profile=profile, base_load=base_load)
    assert limits.import_kw[1].tolist() == [40, 40, 20, 20, 30, 30, 30, 30]
    assert limits.export_kw[1].tolist() == [0, 0, 1, 1, 2, 2, 2, 2]
    assert limits.base_load_kw[0].tolist() == [5] * 6 + [-3] * 2
    assert limits.base_load_kw[1].tolist() == [0] * 8


def test_marks_blank_lines_and_capitals_do_no_harm(tmp_path):
    """A byte-order mark, spaces, empty lines, capitals in column names."""
    stays = "\ufeff" + STAYS.replace("stay_id,", " Stay_ID ,").replace("b,2025", "\n\nb , 2025")
    got, _, _ = read(tmp_path, stays=stays.replace("b , ", "b, "))
    assert got.stays.stay_id == ("a", "b")


def test_a_battery_that_is_half_known_is_not_used_and_said(tmp_path):
    """Discharging needs capacity and charge on arrival."""
    stays = (
        "stay_id,arrival,departure,energy_kwh,max_kw,max_discharge_kw,capacity_kwh\n"
        "a,2025-03-30T00:00:00Z,2025-03-30T02:00:00Z,10,11,11,60\n"
    )
    got, _, _ = read(tmp_path, stays=stays)
    assert got.stays.max_discharge_kw.tolist() == [0]
    assert [w.code for w in got.warnings] == [
        "stays-half-known-battery",
        "stays-discharge-without-battery",
    ]


def test_zones_are_read_side_by_side(tmp_path):
    """Two zones with the same times, in any order of rows; a root names its own."""
    signals = (
        "start,buy_eur_per_kwh,sell_eur_per_kwh,zone,co2_g_per_kwh\n"
        "2025-03-30T00:00:00Z,0.3,0.1,n,100\n"
        "2025-03-30T00:00:00Z,0.5,0.1,s,200\n"
        "2025-03-30T01:00:00Z,0.2,0.1,n,100\n"
        "2025-03-30T01:00:00Z,0.4,0.1,s,200\n"
    )
    limits = "limit_id,parent_id,import_kw,export_kw,zone\nroot,,9,9,s\nsite,root,9,9,\n"
    _, tree, table = read(tmp_path, signals=signals, limits=limits)
    assert table.zone == ("n", "s")
    assert table.buy_eur_per_kwh[1, [0, -1]].tolist() == [0.5, 0.4]
    assert table.co2_g_per_kwh[1, 0] == 200
    assert tree.zone[0] == "s"


def stays_row(row: str, header="stay_id,arrival,departure,energy_kwh,max_kw") -> str:
    """A STAYS.csv with one row."""
    return f"{header}\n{row}\n"


DAY = "2025-03-30T00:00:00Z,2025-03-30T02:00:00Z"
WITH_BATTERY = (
    "stay_id,arrival,departure,energy_kwh,max_kw,capacity_kwh,soc_arrival_kwh,"
    "charge_efficiency,min_kw,max_discharge_kw,soc_min_kwh"
)
BROKEN = [
    # file, content, code, row, field
    ("stays", "", "csv-empty", 1, None),
    ("stays", "stay_id,arrival,departure,energy_kwh,max_kw\n", "csv-empty", 2, None),
    ("stays", "stay_id,arrival,departure,energy_kwh\na,b,c,1\n", "csv-missing-column", 1, "max_kw"),
    ("stays", b"stay_id,arrival\n\xff\xfe,1\n", "csv-unreadable", None, None),
    ("stays", "a,b\n1,2,3\n", "csv-unreadable", None, None),
    ("stays", b"\x00\x01\x02", "csv-missing-column", 1, "stay_id"),
    ("stays", 'stay_id,arrival\n"a,1\n', "csv-unreadable", None, None),
    (
        "stays",
        stays_row("a,2025-03-30T02:00:00Z,2025-03-30T01:00:00Z,1,11"),
        "stay-departs-before-arrival",
        2,
        "departure",
    ),
    (
        "stays",
        stays_row("a,2025-03-30T02:00:00+02:00,2025-03-30T00:00:00Z,1,11"),
        "stay-departs-before-arrival",
        2,
        "departure",
    ),
    (
        "stays",
        stays_row("a,2025-03-29T23:00:00Z,2025-03-30T01:00:00Z,1,11"),
        "stay-outside-signals",
        2,
        "arrival",
    ),
    (
        "stays",
        stays_row("a,2025-03-30T00:00:00Z,2025-03-30T02:00:01Z,1,11"),
        "stay-outside-signals",
        2,
        "departure",
    ),
    (
        "stays",
        stays_row("a,2025-03-30T00:00:00,2025-03-30T02:00:00Z,1,11"),
        "csv-time-without-offset",
        2,
        "arrival",
    ),
    ("stays", stays_row("a,30.03.2025 00:00,soon,1,11"), "csv-not-a-time", 2, "arrival"),
    ("stays", stays_row("a,,2025-03-30T02:00:00Z,1,11"), "csv-value-missing", 2, "arrival"),
    ("stays", stays_row(f"a,{DAY},much,11"), "csv-not-a-number", 2, "energy_kwh"),
    ("stays", stays_row(f"a,{DAY},NaN,11"), "csv-not-a-number", 2, "energy_kwh"),
    ("stays", stays_row(f"a,{DAY},1,inf"), "csv-not-a-number", 2, "max_kw"),
    ("stays", stays_row(f"a,{DAY},,11"), "csv-value-missing", 2, "energy_kwh"),
    ("stays", stays_row(f"a,{DAY},1,-11"), "csv-number-too-small", 2, "max_kw"),
    ("stays", stays_row(f"a,{DAY},1,11\na,{DAY},1,11"), "csv-duplicate-id", 3, "stay_id"),
    ("stays", stays_row(f",{DAY},1,11"), "csv-value-missing", 2, "stay_id"),
    (
        "stays",
        stays_row(f"a,{DAY},1,11,40,50,,,,", header=WITH_BATTERY),
        "stay-soc-above-capacity",
        2,
        "soc_arrival_kwh",
    ),
    (
        "stays",
        stays_row(f"a,{DAY},1,11,40,30,,,,45", header=WITH_BATTERY),
        "stay-soc-above-capacity",
        2,
        "soc_min_kwh",
    ),
    (
        "stays",
        stays_row(f"a,{DAY},1,11,40,30,92,,,", header=WITH_BATTERY),
        "stay-efficiency-out-of-range",
        2,
        "charge_efficiency",
    ),
    (
        "stays",
        stays_row(f"a,{DAY},1,11,40,30,0,,,", header=WITH_BATTERY),
        "stay-efficiency-out-of-range",
        2,
        "charge_efficiency",
    ),
    (
        "stays",
        stays_row(f"a,{DAY},1,11,40,30,,12,,", header=WITH_BATTERY),
        "stay-minimum-above-maximum",
        2,
        "min_kw",
    ),
    (
        "stays",
        stays_row(f"a,{DAY},1,11,40,30,,,-5,", header=WITH_BATTERY),
        "csv-number-too-small",
        2,
        "max_discharge_kw",
    ),
    ("stays", STAYS.replace("11,site", "11,nowhere"), "limit-unknown", 2, "limit_id"),
    (
        "stays",
        STAYS.replace("max_kw", "max_kw, MAX_KW")
        .replace("11,", "11,11,")
        .replace("7.4,", "7.4,7.4,"),
        "csv-duplicate-column",
        1,
        "max_kw",
    ),
    ("stays", STAYS.replace("limit_id", "max_kw"), "csv-duplicate-column", 1, "max_kw"),
    ("limits", LIMITS.replace("site,root", "site,attic"), "limit-unknown", 3, "parent_id"),
    ("limits", LIMITS.replace("root,,", "root,site,"), "limit-cycle", 2, "parent_id"),
    ("limits", LIMITS.replace("root,,", "root,root,"), "limit-cycle", 2, "parent_id"),
    ("limits", LIMITS + "site,,40,0,\n", "limit-two-parents", 4, "parent_id"),
    ("limits", LIMITS + "site,root,40,0,\n", "csv-duplicate-id", 4, "limit_id"),
    ("limits", LIMITS.replace(",100,", ",-1,"), "csv-number-too-small", 2, "import_kw"),
    ("limits", LIMITS.replace(",100,", ",,"), "csv-value-missing", 2, "import_kw"),
    ("limits", LIMITS + "other,,40,0,\n", "stay-without-limit", 3, "limit_id"),
    (
        "limits",
        "limit_id,parent_id,import_kw,export_kw,zone\nroot,,1,1,n\nsite,root,1,1,s\n",
        "limit-zone-differs",
        3,
        "zone",
    ),
    ("signals", SIGNALS.replace("01:00", "00:00"), "signals-not-ordered", 3, "start"),
    ("signals", SIGNALS.replace("T00:00", "T01:30"), "signals-not-ordered", 3, "start"),
    ("signals", SIGNALS.replace("0.20", ""), "csv-value-missing", 3, "buy_eur_per_kwh"),
    ("signals", SIGNALS.replace("0.20", "nan"), "csv-not-a-number", 3, "buy_eur_per_kwh"),
    ("signals", SIGNALS.replace("0.20", "0.05"), "signals-buy-below-sell", 3, "buy_eur_per_kwh"),
    ("signals", SIGNALS.replace("T01:00", "T01:07"), "signals-off-step", 3, "start"),
    ("signals", SIGNALS.replace("2025-03-30T01", "2925-03-30T01"), "signals-too-long", 3, "start"),
    ("signals", "\n".join(SIGNALS.splitlines()[:2]), "signals-too-short", 2, "start"),
    (
        "signals",
        """start,buy_eur_per_kwh,sell_eur_per_kwh,zone
2025-03-30T00:00:00Z,0.3,0.1,n
2025-03-30T01:00:00Z,0.3,0.1,n
2025-03-30T00:00:00Z,0.3,0.1,s
""",
        "signals-zones-differ",
        4,
        "zone",
    ),
    (
        "profile",
        "limit_id,start,import_kw,export_kw\nattic,2025-03-30T00:00:00Z,1,1\n",
        "limit-unknown",
        2,
        "limit_id",
    ),
    (
        "profile",
        """limit_id,start,import_kw,export_kw
site,2025-03-30T01:00:00Z,1,1
site,2025-03-30T00:00:00Z,1,1
""",
        "profile-not-ordered",
        3,
        "start",
    ),
    (
        "profile",
        "limit_id,start,import_kw,export_kw\nsite,2025-03-30T00:05:00Z,1,1\n",
        "profile-off-step",
        2,
        "start",
    ),
    (
        "base_load",
        "limit_id,start,load_kw\nsite,2025-03-30T01:00:00Z,1\n",
        "base-load-begins-late",
        2,
        "start",
    ),
]


@pytest.mark.parametrize(
    "broken",
    BROKEN,
    ids=[f"{name}-{code}-{n}" for n, (name, _, code, _, _) in enumerate(BROKEN)],
)
def test_broken_files_are_refused_with_their_place(tmp_path, broken):
    """Code, file, row and field of what is wrong, and what was expected."""
    name, content, code, row, field = broken
    with pytest.raises(InputError) as caught:
        read(tmp_path, **{name: content})
    error = caught.value
    assert (error.code, error.where.file) == (
        code,
        f"{name}.csv" if code != "stay-without-limit" else "stays.csv",
    )
    assert (error.where.row, error.where.field) == (row, field)
    assert error.expected
    assert error.hint
    assert error.exit_code == 5
    has_cell = row is not None and row > 1 and field is not None
    assert (
        (error.where.value is not None) == has_cell
        or code == "csv-unreadable"
        or is_absent(field, content)
    )


def is_absent(field: str, content: str | bytes) -> bool:
    """Whether the file has no such column at all."""
    return isinstance(content, str) and field not in content.splitlines()[0]


def test_a_root_in_a_zone_without_prices_is_refused(tmp_path):
    """The signals know one zone, the root names another."""
    signals = SIGNALS.replace("sell_eur_per_kwh", "sell_eur_per_kwh,zone").replace(
        ",0.10", ",0.10,n"
    )
    limits = "limit_id,parent_id,import_kw,export_kw,zone\nsite,,1,1,s\n"
    with pytest.raises(InputError) as caught:
        read(tmp_path, signals=signals, limits=limits)
    assert caught.value.code == "limit-zone-unknown"
    assert (caught.value.where.file, caught.value.where.row) == ("limits.csv", 2)
    _, tree, _ = read(tmp_path, signals=signals)  # roots that name no zone take the only one
    assert tree.zone == ("", "")


def test_the_first_finding_says_how_many_more_there_are(tmp_path):
    """Three bad rows: the first in the file is shown, two more are counted."""
    stays = stays_row(f"a,{DAY},1,x\nb,{DAY},y,11\na,{DAY},1,11")
    with pytest.raises(InputError) as caught:
        read(tmp_path, stays=stays)
    assert caught.value.where.row == 2
    assert "2 more" in (caught.value.hint or "")


def test_a_file_of_nothing_but_errors_is_refused_at_once(tmp_path):
    """A hundred thousand rows with six errors each: the first is shown, the others are counted."""
    row = "a,2025-03-30T02:00:00Z,2025-03-30T01:00:00Z,x,-1,attic"
    stays = "\n".join([STAYS.splitlines()[0], *[row] * 100_000])
    with pytest.raises(InputError) as caught:
        read(tmp_path, stays=stays)
    assert caught.value.code == "stay-departs-before-arrival"
    assert "599998 more" in (caught.value.hint or "")


def test_values_in_errors_are_cut(tmp_path):
    """A cell of a megabyte does not end up on the screen."""
    with pytest.raises(InputError) as caught:
        read(tmp_path, stays=stays_row(f"a,{DAY},{'x' * 1_000_000},11"))
    assert len(caught.value.where.value or "") == 200


@pytest.mark.parametrize("step_s", [0, -900, 420, 7200])
def test_steps_that_do_not_divide_an_hour_are_a_bad_option(tmp_path, step_s):
    """Exit code 2 rather than 5: the files are not to blame."""
    with pytest.raises(UsageError) as caught:
        read(tmp_path, step_s=step_s)
    assert caught.value.code == "step-does-not-divide-hour"
    assert caught.value.hint


def test_tall_and_long_trees_are_read_in_no_time(tmp_path):
    """Twenty thousand limits above one another, and a profile for each."""
    names = [f"l{row}" for row in range(20_000)]
    rows = [f"{name},{above},9,9," for name, above in zip(names, ["", *names[:-1]], strict=True)]
    loads = [f"{name},2025-03-30T00:00:00Z,{row}" for row, name in enumerate(names)]
    limits = "\n".join([LIMITS.splitlines()[0], *rows])
    base_load = "\n".join(["limit_id,start,load_kw", *loads])
    stays = STAYS.replace(",site", ",l19999")
    got, tree, _ = read(tmp_path, limits=limits, base_load=base_load, stays=stays)
    assert got.stays.limit.tolist() == [19999, 0]
    assert tree.parent[[0, 1, 19999]].tolist() == [-1, 0, 19998]
    assert tree.base_load_kw[19999].tolist() == [19999] * 8


def test_many_zones_over_a_long_time_are_refused(tmp_path):
    """A small file cannot ask for more cells than fit into memory."""
    rows = [
        f"{time},0.3,0.1,z{zone}"
        for time in ("2025-01-01T00:00:00Z", "2033-01-01T00:00:00Z")
        for zone in range(400)
    ]
    signals = "\n".join(["start,buy_eur_per_kwh,sell_eur_per_kwh,zone", *rows])
    with pytest.raises(InputError) as caught:
        read(tmp_path, signals=signals)
    assert caught.value.code == "signals-too-long"


def test_a_missing_file_is_a_missing_path(tmp_path):
    """Nothing to read."""
    with pytest.raises(UsageError) as caught:
        read_signals(tmp_path / "none.csv")
    assert caught.value.code == "missing-path"
