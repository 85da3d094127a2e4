"""Charging profiles from a study: a golden case by hand, and studies that are none."""

import datetime as dt
import io
import json

import polars as pl
import pytest

from viavolta.engines.profiles.staircase import Keep
from viavolta.model.errors import InputError, PeerError, UsageError
from viavolta.model.progress import silent
from viavolta.protocols.ocpp.charging_profile import Purpose, RateUnit, violation
from viavolta.protocols.ocpp.schemas import Version
from viavolta.services import charging_profiles as under_test
from viavolta.services.charging_profiles import ProfilesRequest, charging_profiles

MOMENT = pl.Datetime("us", "UTC")
META = {
    "kind": "charge",
    "title": "A night",
    "viavolta": "0.1.0",
    "seed": 5,
    "effort": "low",
    "service_date": None,
    "timezone": "UTC",
    "inputs": [],
    "assumptions": [],
    "repairs": [],
    "warnings": [],
    "summary": {"step_s": 900},
    "timings_s": {},
    "files": [],
}


def at(clock: str) -> dt.datetime:
    """A time of the day of the study, in UTC."""
    return dt.datetime.fromisoformat(f"2025-03-30T{clock}+00:00")


# The first stay comes five minutes after a step began: its 11 kW are 7.333 on the mean. It waits at
# 10:30. The second gives back for half an hour; the third never charges.
STAYS = pl.DataFrame(
    {
        "stay_id": ["van", "v2g", "idle"],
        "arrival": [at("10:05"), at("10:00"), at("10:00")],
        "departure": [at("11:30"), at("11:00"), at("10:40")],
        "min_kw": [1.4, 0.0, None],
        "phase": ["", "any", "L2"],
        "phase_used": ["L123", "L3", "L2"],
    },
    schema_overrides={"arrival": MOMENT, "departure": MOMENT},
)
SCHEDULE = pl.DataFrame(
    [
        ("v2g", at("10:30"), -5.0),
        ("v2g", at("10:45"), -5.0),
        ("van", at("10:00"), 22 / 3),
        ("van", at("10:15"), 11.0),
        ("van", at("10:45"), 5.5),
        ("van", at("11:00"), 3.7),
        ("van", at("11:15"), 7.4),
        ("v2g", at("10:00"), 2.3),
    ],
    schema={"stay_id": pl.String, "start": MOMENT, "power_kw": pl.Float64},
    orient="row",
)


def parquet(table):
    """A table as the bytes of its file."""
    buffer = io.BytesIO()
    table.write_parquet(buffer)
    return buffer.getvalue()


def request(version=Version.V16, *, stays=STAYS, schedule=SCHEDULE, meta=META, **options):
    """What is asked for the small study."""
    files = {
        "study.json": json.dumps(meta).encode(),
        "stays.parquet": parquet(stays),
        "schedule.parquet": parquet(schedule),
    }
    return ProfilesRequest(files=files, version=version, **{"max_periods": 3, **options})


def made(*args, **options):
    """The study, and the profiles by stay."""
    result = charging_profiles(request(*args, **options), progress=silent, clock=lambda: 0.0)
    lines = [json.loads(line) for line in result.files["profiles.jsonl"].splitlines()]
    return result.study, {line["stay_id"]: line["profile"] for line in lines}


def steps(profile):
    """Begin and limit of each period, from either version's shape."""
    schedule = profile["chargingSchedule"]
    schedule = schedule[0] if isinstance(schedule, list) else schedule
    return [(p["startPeriod"], p["limit"]) for p in schedule["chargingSchedulePeriod"]]


def loss_of(study, stay):
    """The row of a stay in the table loss."""
    return study.tables["loss"].row(by_predicate=pl.col("stay_id") == stay, named=True)


def test_three_periods_by_hand():
    """11 kW to 10:30, nothing to 10:45, then the least of 5.5, 3.7 and 7.4.

    Planned 31,440 kW s = 8.7333 kWh. Joining the last three costs (1.8 + 3.7) x 900 = 4,950 kW s;
    every other way to make three of the five stretches costs more: joining the pause with a
    neighbour at least the same 4,950 (5.5 x 900) and then another join on top.
    """
    study, profiles = made()
    assert steps(profiles["van"]) == [(0, 11_000.0), (1500, 0.0), (2400, 3_700.0)]
    assert profiles["van"]["validFrom"] == "2025-03-30T10:05:00Z"
    assert profiles["van"]["chargingSchedule"]["startSchedule"] == "2025-03-30T10:05:00Z"
    assert profiles["van"]["validTo"] == "2025-03-30T11:30:00Z"
    assert profiles["van"]["chargingSchedule"]["duration"] == 5100
    assert profiles["van"]["chargingSchedule"]["minChargingRate"] == 1400.0
    loss = loss_of(study, "van")
    assert (loss["periods"], loss["periods_lossless"]) == (3, 5)
    assert loss["planned_kwh"] == pytest.approx(31_440 / 3600)
    assert loss["profile_kwh"] == pytest.approx((31_440 - 4_950) / 3600)
    assert loss["deviation_kwh"] == pytest.approx(4_950 / 3600)
    assert loss["excess_kw"] == 0


def test_the_mean_by_hand():
    """Keeping the energy, the last three become (5.5 + 3.7 + 7.4) / 3 = 5,533.3 W, rounded down.

    They differ from it by 0.0333, 1.8333 and 1.8667 kW for 900 s each: 0.9333 kWh.
    """
    study, profiles = made(keep=Keep.ENERGY)
    assert steps(profiles["van"]) == [(0, 11_000.0), (1500, 0.0), (2400, 5_533.3)]
    loss = loss_of(study, "van")
    assert loss["profile_kwh"] == pytest.approx(31_440 / 3600, abs=1e-4)
    assert loss["deviation_kwh"] == pytest.approx(0.93333, abs=1e-4)
    assert loss["excess_kw"] == pytest.approx(5.5333 - 3.7, abs=1e-4)


def test_amperes_by_hand():
    """11,000 W / (3 x 230 V) = 15.94 A and 3,700 W / 690 V = 5.36 A, rounded down; 230 V stated."""
    study, profiles = made(unit=RateUnit.AMPERE)
    assert steps(profiles["van"]) == [(0, 15.9), (1500, 0.0), (2400, 5.3)]
    periods = profiles["van"]["chargingSchedule"]["chargingSchedulePeriod"]
    assert {period["numberPhases"] for period in periods} == {3}
    (voltage,) = study.assumptions
    assert (voltage.key, voltage.value, voltage.unit) == ("profiles.phase_voltage_v", 230.0, "V")
    assert loss_of(study, "van")["profile_kwh"] == pytest.approx(
        0.69 * (15.9 * 1500 + 5.3 * 2700) / 3600
    )


def test_the_phase_that_was_chosen_is_used():
    """Only where the scheduler was free to choose; one phase counts 230 V, 2,300 W are 10 A."""
    _, profiles = made(Version.V201, unit=RateUnit.AMPERE)
    first = profiles["v2g"]["chargingSchedule"][0]["chargingSchedulePeriod"][0]
    assert first == {"startPeriod": 0, "limit": 10.0, "numberPhases": 1, "phaseToUse": 3}
    idle = profiles["idle"]["chargingSchedule"][0]["chargingSchedulePeriod"][0]
    assert idle == {"startPeriod": 0, "limit": 0.0, "numberPhases": 1}


def test_discharging_is_lost_before_21():
    """1.6 and 2.0.1 stand still instead; the energy is stated, with a warning."""
    for version in (Version.V16, Version.V201):
        study, profiles = made(version)
        assert steps(profiles["v2g"]) == [(0, 2_300.0), (900, 0.0)]
        loss = loss_of(study, "v2g")
        assert loss["lost_discharge_kwh"] == pytest.approx(2.5)
        assert loss["excess_kw"] == pytest.approx(5.0)
        assert study.summary["worst_excess_kw"] == pytest.approx(5.0)
        assert "profiles-discharge-lost" in [warning.code for warning in study.warnings]


def test_21_discharges():
    """The same stay loses nothing in 2.1."""
    study, profiles = made(Version.V21)
    periods = profiles["v2g"]["chargingSchedule"][0]["chargingSchedulePeriod"]
    assert [(p["startPeriod"], p["setpoint"]) for p in periods] == [
        (0, 2_300.0),
        (900, 0.0),
        (1800, -5_000.0),
    ]
    loss = loss_of(study, "v2g")
    assert loss["deviation_kwh"] == pytest.approx(0, abs=1e-9)
    assert loss["lost_discharge_kwh"] == 0
    assert "profiles-discharge-lost" not in [warning.code for warning in study.warnings]


@pytest.mark.parametrize("version", list(Version))
@pytest.mark.parametrize("unit", list(RateUnit))
@pytest.mark.parametrize("keep", list(Keep))
def test_every_profile_passes_the_official_schema(version, unit, keep):
    """Each version, unit and rule; one profile for each stay, also for one that never charges."""
    study, profiles = made(version, unit=unit, keep=keep, purpose=Purpose.TX)
    assert list(profiles) == ["van", "v2g", "idle"]
    assert [violation(version, profile) for profile in profiles.values()] == [None] * 3
    assert {profile["chargingProfilePurpose"] for profile in profiles.values()} == {"TxProfile"}
    assert study.summary["profiles"] == study.tables["loss"].height == 3


def test_enough_periods_lose_nothing():
    """With as many periods as the plan has stretches, watts follow it exactly."""
    study, _ = made(Version.V21, max_periods=5)
    assert study.summary["deviation_kwh"] == pytest.approx(0, abs=1e-9)
    assert study.summary["stays_simplified"] == 0
    assert study.warnings == ()


def test_one_stay_alone():
    """It keeps its identity, and stands in a file of its own, ready to send."""
    options = request(Version.V201, stay="v2g")
    result = charging_profiles(options, progress=silent, clock=lambda: 0.0)
    (line,) = result.files["profiles.jsonl"].splitlines()
    assert json.loads(line)["profile"] == json.loads(result.files["profile.json"])
    assert json.loads(line)["profile"]["id"] == 2
    assert made(Version.V201)[1]["v2g"] == json.loads(line)["profile"]


def test_a_stay_that_is_not_there():
    """The name is refused, shortened."""
    with pytest.raises(UsageError) as caught:
        charging_profiles(request(stay="x" * 500), progress=silent, clock=lambda: 0.0)
    assert caught.value.code == "profiles-unknown-stay"
    assert caught.value.where.value == "x" * 200


def test_hostile_names_stay_in_their_line():
    """Whatever a stay is called, a line is a line, in plain ASCII, and files keep their names."""
    name = '../../etc\n"}{\u2028\x00</script>é'
    stays = STAYS.with_columns(stay_id=pl.col("stay_id").replace("van", name))
    schedule = SCHEDULE.with_columns(stay_id=pl.col("stay_id").replace("van", name))
    options = request(stays=stays, schedule=schedule, stay=name)
    result = charging_profiles(options, progress=silent, clock=lambda: 0.0)
    assert set(result.files) == {"profiles.jsonl", "profile.json"}
    assert result.files["profiles.jsonl"].isascii()
    (line,) = result.files["profiles.jsonl"].decode("ascii").splitlines()
    assert json.loads(line)["stay_id"] == name


def test_same_input_same_bytes():
    """Twice the same, and whatever the order of the schedule's rows."""
    first, second, mixed = (
        charging_profiles(options, progress=silent, clock=lambda: 0.0)
        for options in (request(), request(), request(schedule=SCHEDULE.reverse()))
    )
    assert first.files == second.files == mixed.files
    assert parquet(first.study.tables["loss"]) == parquet(mixed.study.tables["loss"])


def test_old_tables_without_phases():
    """Studies without phases and minimum power are read as three phases without minimum."""
    plain = STAYS.drop("min_kw", "phase", "phase_used")
    _, profiles = made(Version.V201, stays=plain, unit=RateUnit.AMPERE)
    schedule = profiles["v2g"]["chargingSchedule"][0]
    assert "minChargingRate" not in schedule
    assert schedule["chargingSchedulePeriod"][0] == {
        "startPeriod": 0,
        "limit": 3.3,
        "numberPhases": 3,
    }


def test_no_stay_at_all():
    """A study without stays gives no line, and sums of zero."""
    study, profiles = made(stays=STAYS.head(0), schedule=SCHEDULE.head(0))
    assert profiles == {}
    assert (study.summary["profiles"], study.summary["worst_excess_kw"]) == (0, 0.0)


def row(stay="van", start="11:00", power_kw=1.0):
    """A row of a schedule."""
    return pl.DataFrame([(stay, at(start), power_kw)], schema=SCHEDULE.schema, orient="row")


def stays_with(**columns):
    """The stays with columns replaced."""
    return STAYS.with_columns(**columns)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"schedule": pl.concat([SCHEDULE, row()])}, "profiles-rows-contradict"),
        ({"schedule": pl.concat([SCHEDULE, row("nobody")])}, "profiles-rows-contradict"),
        ({"schedule": row(start="09:45")}, "profiles-rows-contradict"),
        ({"schedule": row(start="11:30")}, "profiles-rows-contradict"),
        ({"schedule": row(start="10:52")}, None),
        ({"schedule": pl.concat([row(start="10:52"), row()])}, "profiles-rows-contradict"),
        ({"schedule": row(power_kw=2e6)}, "profiles-rows-contradict"),
        ({"schedule": row(start="09:51", power_kw=9e5)}, "profiles-rows-contradict"),
        ({"schedule": row(power_kw=float("nan"))}, "profiles-table-invalid"),
        ({"schedule": row(power_kw=None)}, "profiles-table-invalid"),
        ({"schedule": SCHEDULE.drop("power_kw")}, "profiles-table-invalid"),
        ({"schedule": SCHEDULE.cast({"start": pl.String})}, "profiles-table-invalid"),
        ({"stays": stays_with(stay_id=pl.lit("van"))}, "profiles-rows-contradict"),
        ({"stays": stays_with(phase=pl.lit("L9"))}, "profiles-rows-contradict"),
        ({"stays": stays_with(departure=pl.col("arrival"))}, "profiles-stay-out-of-range"),
        (
            {"stays": stays_with(departure=pl.col("arrival").dt.offset_by("400d"))},
            "profiles-stay-out-of-range",
        ),
        (
            {"stays": stays_with(arrival=pl.col("arrival").dt.offset_by("-100y"))},
            "profiles-stay-out-of-range",
        ),
        ({"stays": stays_with(min_kw=pl.lit(-1.0))}, "profiles-stay-out-of-range"),
        ({"meta": {**META, "summary": {}}}, "profiles-no-schedule"),
        ({"meta": {**META, "summary": {"step_s": "900"}}}, "profiles-no-schedule"),
        ({"meta": {**META, "title": None}}, "not-a-study"),
        ({"meta": []}, "not-a-study"),
    ],
)
def test_tables_that_contradict_each_other(changes, code):
    """Each is an error of input with its place and a hint; what only looks odd is fine."""
    if code is None:
        assert made(**changes)[0].summary["profiles"] == 3
        return
    with pytest.raises(InputError) as caught:
        made(**changes)
    assert caught.value.code == code
    assert caught.value.where.file
    assert caught.value.hint


def test_files_that_are_not_there():
    """A study without stays or schedule says so; without study.json it is none."""
    for name, code in (
        ("stays.parquet", "profiles-no-schedule"),
        ("schedule.parquet", "profiles-no-schedule"),
        ("study.json", "not-a-study"),
    ):
        whole = request()
        files = {key: content for key, content in whole.files.items() if key != name}
        options = ProfilesRequest(files=files, version=Version.V16, max_periods=3)
        with pytest.raises(InputError) as caught:
            charging_profiles(options, progress=silent, clock=lambda: 0.0)
        assert caught.value.code == code


def test_a_power_that_never_rests(monkeypatch):
    """More changes than the search takes are refused with the stay's name."""
    monkeypatch.setattr(under_test, "MAX_RUNS", 2)
    with pytest.raises(InputError) as caught:
        made()
    assert caught.value.code == "profiles-too-many-changes"
    assert caught.value.where.value == "van"


def test_an_invalid_profile_is_never_written(monkeypatch):
    """What the official schema refuses ends the command."""
    monkeypatch.setattr(under_test, "profile_payload", lambda *_: {"id": 1})
    with pytest.raises(PeerError) as caught:
        made()
    assert caught.value.code == "profile-not-valid"
    assert caught.value.where.value == "van"
