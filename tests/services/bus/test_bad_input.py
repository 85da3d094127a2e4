"""What a city may get wrong about its fleet and depots, and how it is told."""

import itertools
import json
import zipfile
from pathlib import Path

import pytest
from typer.testing import CliRunner

from viavolta.cli.app import app
from viavolta.engines.bus.blocks import Activity, Block, Kind
from viavolta.model.errors import NoSolutionError, PlatformError
from viavolta.services.bus.fleet_size import most_at_once, require_fleet
from viavolta.services.bus.request import BusRequest
from viavolta.services.plan_bus import plan_bus

HOUR = 3600.0


def block(begin_h: float, end_h: float) -> Block:
    """A vehicle's day from one hour to another."""
    row = Activity(
        kind=Kind.TRIP,
        trip=0,
        from_node=0,
        to_node=0,
        start_s=begin_h * HOUR,
        end_s=end_h * HOUR,
        energy_kwh=1.0,
        charged_kwh=0.0,
        soc_start_kwh=100.0,
        soc_end_kwh=99.0,
    )
    return Block(depot=0, activities=(row,), stays=(), lost_kwh=0.0)


DAY = [block(6.2, 9.0), block(7.1, 12.0), block(7.5, 7.9), block(9.0, 25.5), block(25.0, 26.0)]


def test_the_hour_with_most_vehicles_is_found() -> None:
    """Three at once from 7:30; who comes back at nine and who leaves at nine do not meet."""
    assert most_at_once(DAY) == (7, 3)
    assert most_at_once(DAY[3:]) == (25, 2)
    assert most_at_once([block(6, 7), block(7, 8)]) == (6, 1)


def test_a_fleet_that_is_large_enough_passes() -> None:
    """No limit, and a limit that is met exactly."""
    require_fleet(DAY, None, vehicles_without_energy_limit=3)
    require_fleet(DAY, 5, vehicles_without_energy_limit=3)


@pytest.mark.parametrize(
    ("limit", "words", "hint"),
    [
        (2, ("1 buses are missing between 07:00 and 08:00", "3 are at work", "5 in all"), "leave"),
        (4, ("takes 5 buses, 1 too many", "no more than 3", "07:00 and 08:00"), "larger battery"),
    ],
)
def test_a_fleet_too_small_says_which_hour_lacks_how_many(
    limit: int, words: tuple[str, ...], hint: str
) -> None:
    """The hour and the number; else that batteries, not the road, take more."""
    with pytest.raises(NoSolutionError) as caught:
        require_fleet(DAY, limit, vehicles_without_energy_limit=3)
    error = caught.value
    assert (error.code, error.where.field, error.where.value) == (
        "fleet-too-small",
        "fleet.max_vehicles",
        str(limit),
    )
    assert all(word in error.message for word in words)
    assert hint in (error.hint or "")
    assert "3 buses" in (error.hint or "")


STOPS = {"A": (46.0, 11.0), "B": (46.05, 11.0), "FAR": (49.6, 11.0)}


def feed_of(folder: Path, trips: list[tuple[str, str, str, str]]) -> Path:
    """A GTFS feed of one day with trips (from, to, start, end)."""
    stops = [f"{name},{name},{lat},{lon}" for name, (lat, lon) in STOPS.items()]
    times = [
        f"t{k},{time},{time},{stop},{n}"
        for k, (a, b, start, end) in enumerate(trips)
        for n, (stop, time) in enumerate(((a, start), (b, end)))
    ]
    tables = {
        "agency": [
            "agency_id,agency_name,agency_url,agency_timezone",
            "1,Bus,http://x,Europe/Rome",
        ],
        "stops": ["stop_id,stop_name,stop_lat,stop_lon", *stops],
        "routes": ["route_id,route_short_name,route_type", "r,1,3"],
        "calendar_dates": ["service_id,date,exception_type", "s,20250210,1"],
        "trips": ["route_id,service_id,trip_id", *(f"r,s,t{k}" for k in range(len(trips)))],
        "stop_times": ["trip_id,arrival_time,departure_time,stop_id,stop_sequence", *times],
    }
    path = folder / "feed.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name, lines in tables.items():
            archive.writestr(f"{name}.txt", "\n".join(lines) + "\n")
    return path


def plan(folder: Path, trips: list[tuple[str, str, str, str]], config: str = "", **options):
    """The study of a feed with a depot at A, where nothing else is said."""
    (folder / "config.toml").write_text(config)
    request = BusRequest(
        feed=feed_of(folder, trips),
        config=folder / "config.toml",
        depots=options.pop("depots", ("Nord=46.0,11.001",)),
        effort="low",
        **options,
    )
    return plan_bus(request, clock=itertools.count(0.0).__next__)


MORNING = [
    ("A", "B", "07:00:00", "07:20:00"),
    ("A", "B", "07:05:00", "07:25:00"),
    ("B", "A", "08:00:00", "08:20:00"),
]


def refused(folder: Path, *args, **options) -> PlatformError:
    """The error of a plan that cannot be."""
    with pytest.raises(PlatformError) as caught:
        plan(folder, *args, **options)
    return caught.value


def test_a_trip_longer_than_any_battery_is_listed_and_the_rest_is_planned(tmp_path: Path) -> None:
    """400 km without a stop: named with the reason, in a study with all other trips."""
    study = plan(tmp_path, [*MORNING, ("A", "FAR", "09:00:00", "16:00:00")])
    (infeasible,) = study.summary["infeasible_trips"]
    assert infeasible["trip_id"] == "t3"
    assert infeasible["reason"]
    assert set(study.tables["blocks"]["trip_id"].drop_nulls()) == {"t0", "t1", "t2"}


def test_where_no_trip_fits_a_battery_there_is_no_solution(tmp_path: Path) -> None:
    """Only the long trip: exit 3, nothing is left to plan."""
    error = refused(tmp_path, [("A", "FAR", "09:00:00", "16:00:00")])
    assert error.code == "no-trip-possible"
    assert error.hint


def test_a_fleet_too_small_for_the_morning_is_no_solution(tmp_path: Path) -> None:
    """Two trips at once with one bus: the hour after seven lacks one; with two there is a plan."""
    error = refused(tmp_path, MORNING, "[fleet]\nmax_vehicles = 1\n")
    assert isinstance(error, NoSolutionError)
    assert error.code == "fleet-too-small"
    assert "1 buses are missing between 07:00 and 08:00" in error.message


@pytest.mark.parametrize(
    ("depot", "km"),
    [("Sea=45.4,12.9", "162"), ("Swapped=11.0,46.0", "5,1"), ("Near=45.6,11.0", "44")],
)
def test_a_depot_far_from_every_stop_is_refused(tmp_path: Path, depot: str, km: str) -> None:
    """In the Adriatic, with latitude and longitude exchanged, or merely 40 km away."""
    error = refused(tmp_path, MORNING, depots=(depot,))
    assert error.code == "depot-far-away"
    assert f"lies {km}" in error.message
    assert "30 km" in (error.expected or "")


def test_a_depot_may_lie_farther_where_the_city_says_so(tmp_path: Path) -> None:
    """The limit is a figure like any other; 40 km are then no error of the input."""
    config = "[planning]\ndepot_most_km = 50\n[fleet]\nmax_vehicles = 1\n"
    assert refused(tmp_path, MORNING, config, depots=("Near=45.6,11.0",)).code == "fleet-too-small"


def test_a_charging_curve_that_rises_is_refused_with_its_field(tmp_path: Path) -> None:
    """Which field, which value, and between which charges."""
    config = '[buses]\nall.charge_curve = "0:0.5 0.4:0.9 1:0.05"\n'
    error = refused(tmp_path, MORNING, config)
    assert (error.code, error.where.field) == ("config-charge-curve", "buses.all.charge_curve")
    assert error.where.value == "0:0.5 0.4:0.9 1:0.05"
    assert "from soc 0 to 0.4" in error.message


@pytest.mark.parametrize("value", ["-1", "-120", "1.5"])
def test_a_negative_layover_is_refused(tmp_path: Path, value: str) -> None:
    """On the command line as in the configuration: exit 2, with the option's name."""
    feed = feed_of(tmp_path, MORNING)
    command = ["plan", "bus", str(feed), "--out", str(tmp_path / "out"), "--min-layover", value]
    result = CliRunner().invoke(app, command)
    assert result.exit_code == 2
    assert "--min-layover" in result.output
    assert not (tmp_path / "out").exists()


def test_a_negative_layover_of_the_configuration_names_its_line(tmp_path: Path) -> None:
    """Exit 5, with row and field."""
    error = refused(tmp_path, MORNING, "[operation]\nmin_layover_s = -60\n")
    assert (error.code, error.where.field, error.where.row) == (
        "config-out-of-range",
        "operation.min_layover_s",
        2,
    )


def test_the_command_ends_with_the_exit_codes_of_the_contract(tmp_path: Path) -> None:
    """3 where there is no solution, 5 for a configuration that cannot be; nothing is written."""
    feed, config, out = feed_of(tmp_path, MORNING), tmp_path / "c.toml", tmp_path / "out"
    for content, code, error in (
        ("[fleet]\nmax_vehicles = 1\n", 3, "fleet-too-small"),
        ("[fleet]\nmax_vehicles = 0\n", 5, "config-out-of-range"),
        ('[buses]\nall.charge_curve = "0:1 1:2"\n', 5, "config-charge-curve"),
    ):
        config.write_text(content)
        command = ["plan", "bus", str(feed), "--out", str(out), "--config", str(config), "--json"]
        result = CliRunner().invoke(app, [*command, "--effort", "low"])
        assert (result.exit_code, json.loads(result.stdout)["error"]["code"]) == (code, error)
        assert not out.exists()
