"""Charging at terminals: planned, scheduled and checked, and refused where it cannot be."""

import zipfile
from pathlib import Path

import polars as pl
import pytest

from viavolta.checks.bus import check_bus
from viavolta.checks.bus_alternatives import check_alternatives
from viavolta.model.errors import InputError
from viavolta.model.study import Study
from viavolta.services.bus.request import BusRequest
from viavolta.services.plan_bus import plan_bus
from viavolta.storage.study_folder import study_document

SMALL = """
[fleet]
vehicle_types = ["bus_12m_350"]
[buses.bus_12m_350]
capacity_kwh = 150
"""
GIVEN = SMALL + '[charging]\nterminals = "given"\n'


def feed_of(folder: Path, n_buses: int = 2) -> Path:
    """A line of 12 km between two ends from 6 to 20 h: 30 minutes a trip, 10 minutes to turn."""
    trips, calls = [], []
    for bus in range(n_buses):
        for k in range(21):
            start = 6 * 60 + bus * 5 + 40 * k
            ends = ("A", "D") if (k + bus) % 2 == 0 else ("D", "A")
            name = f"T{bus}-{k}"
            trips.append(f"R1,WK,{name}\n")
            for seq, (stop, minute) in enumerate(zip(ends, (start, start + 30), strict=True), 1):
                clock = f"{minute // 60:02d}:{minute % 60:02d}:00"
                calls.append(f"{name},{clock},{clock},{stop},{seq}\n")
    tables = {
        "routes.txt": "route_id,route_short_name,route_type\nR1,1,3\n",
        "stops.txt": "stop_id,stop_name,stop_lat,stop_lon\n"
        "A,Station,46.07,11.12\nD,Harbour,46.15,11.14\nM,Middle,46.11,11.13\n",
        "calendar_dates.txt": "service_id,date,exception_type\nWK,20250210,1\n",
        "trips.txt": "route_id,service_id,trip_id\n" + "".join(trips),
        "stop_times.txt": "trip_id,arrival_time,departure_time,stop_id,stop_sequence\n"
        + "".join(calls),
    }
    path = folder / "feed.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in tables.items():
            archive.writestr(name, content)
    return path


def planned(folder: Path, config: str, *, n_buses: int = 2) -> Study:
    """A plan of the line, with its depot 20 km from the nearer end."""
    toml = folder / "own.toml"
    toml.write_text(config, encoding="utf-8")
    asked = BusRequest(
        feed=feed_of(folder, n_buses),
        config=toml,
        depots=("North=46.3000,11.2000",),
        effort="low",
        title="t",
    )
    return plan_bus(asked, clock=lambda: 0.0)


def require_right(study: Study) -> None:
    document = study_document(study, [])
    assert check_bus(document, study.tables) == []
    assert list(check_alternatives(document, study.tables)) == []


@pytest.fixture(scope="module")
def depot_only(tmp_path_factory: pytest.TempPathFactory) -> Study:
    return planned(tmp_path_factory.mktemp("none"), SMALL + '[charging]\nterminals = "none"\n')


@pytest.fixture(scope="module")
def at_harbour(tmp_path_factory: pytest.TempPathFactory) -> Study:
    config = GIVEN + '[[terminals]]\nname = "harbour"\npoint_kw = 250\n'
    return planned(tmp_path_factory.mktemp("given"), config)


def stays_at(study: Study, name: str) -> pl.DataFrame:
    place = study.tables["places"].filter(pl.col("name") == name)["place_id"][0]
    return study.tables["stays"].filter(pl.col("place_id") == place)


def test_a_terminal_saves_buses_that_the_battery_would_need(
    depot_only: Study, at_harbour: Study
) -> None:
    """Where a battery is too small for the day, points at the terminal keep the fleet small."""
    require_right(depot_only)
    require_right(at_harbour)
    assert depot_only.summary["vehicles"] > at_harbour.summary["vehicles"]
    assert set(depot_only.tables["chargers"]["place_id"]) == {"depot:North"}


def test_the_terminal_has_points_connection_and_cost(at_harbour: Study) -> None:
    """Points as many as buses charge at once, a connection that holds all of them, and a price."""
    stays = stays_at(at_harbour, "Harbour")
    chargers = at_harbour.tables["chargers"].filter(pl.col("place_id") == stays["place_id"][0])
    row = chargers.row(0, named=True)
    assert stays.height > 0
    assert row["point_kw"] == 250
    assert row["connection_kw"] == row["n_points"] * 250
    assert row["cost_eur"] > row["n_points"] * 250 * 877.5 + 269_774
    costs = at_harbour.tables["costs"]
    assert {"terminal_points", "terminal_works"} <= set(costs["item"])
    assert at_harbour.tables["power"].filter(pl.col("place_id") == row["place_id"]).height
    why = " ".join(at_harbour.tables["why"]["statement"])
    assert "Harbour needs" in why


def test_a_bus_leaves_the_point_when_it_is_full(at_harbour: Study) -> None:
    """No stay at a terminal lasts longer than its energy takes at the planned power."""
    for stay in stays_at(at_harbour, "Harbour").to_dicts():
        length_s = (stay["departure"] - stay["arrival"]).total_seconds()
        planned_kw = 0.8 * stay["max_kw"] * stay["charge_efficiency"]
        assert length_s <= 120 + stay["energy_kwh"] / planned_kw * 3600 + 2


@pytest.mark.parametrize("limit", ["max_points = 1", "connection_kw = 260"])
def test_what_finds_no_point_goes_back_to_the_planner(tmp_path: Path, limit: str) -> None:
    """With room for one bus at a time no two charge at once, and the limit that binds is named."""
    config = GIVEN + f'[[terminals]]\nname = "Harbour"\npoint_kw = 250\n{limit}\n'
    study = planned(tmp_path, config, n_buses=6)
    require_right(study)
    place = stays_at(study, "Harbour")["place_id"][0]
    row = study.tables["chargers"].filter(pl.col("place_id") == place).row(0, named=True)
    assert row["n_points"] == 1
    why = study.tables["why"].filter(pl.col("statement").str.contains("Harbour needs"))["binds"][0]
    assert "went back to the planner" in why
    assert ("room for 1" in why) == (limit == "max_points = 1")


@pytest.mark.parametrize(
    ("terminal", "code"),
    [
        ('name = "Harbor"', "terminal-unknown"),
        ('name = "Middle"', "terminal-unknown"),
        ("lat = 45.2\nlon = 13.4", "terminal-far-away"),
        ("lat = 46.07", "config-missing-key"),
        ("point_kw = 100", "config-missing-key"),
        ('name = "Station"\nmax_points = 0', "config-out-of-range"),
        ('name = "Station"\nconnection_kw = 0', "config-out-of-range"),
        ('name = "Station"\n[[terminals]]\nlat = 46.0701\nlon = 11.1201', "config-conflict"),
        ('name = "Station"\npower = 5', "config-unknown-key"),
    ],
)
def test_a_terminal_that_cannot_be_is_refused(tmp_path: Path, terminal: str, code: str) -> None:
    """The error names the terminal, and what to write instead."""
    with pytest.raises(InputError) as caught:
        planned(tmp_path, GIVEN + f"[[terminals]]\n{terminal}\n")
    assert caught.value.code == code
    assert caught.value.where.field.startswith("terminals[")
    assert caught.value.expected


def test_given_terminals_must_be_given(tmp_path: Path) -> None:
    """The setting alone is a contradiction; so is another word."""
    for word, code in (("given", "config-missing-key"), ("always", "config-out-of-range")):
        with pytest.raises(InputError) as caught:
            planned(tmp_path, SMALL + f'[charging]\nterminals = "{word}"\n')
        assert caught.value.code == code


def alternatives(study: Study) -> dict[str, dict[str, object]]:
    return {row["alternative"]: row for row in study.tables["alternatives"].to_dicts()}


def test_the_cheapest_plan_is_chosen_and_the_others_are_priced(
    depot_only: Study, tmp_path: Path
) -> None:
    """Where terminals save buses they win, found by the planner alone; why is told in words."""
    study = planned(tmp_path, SMALL)
    require_right(study)
    rows = alternatives(study)
    assert set(rows) == {"depot_only", "with_terminals"}
    depots, terminals = rows["depot_only"], rows["with_terminals"]
    assert terminals["is_chosen"]
    assert terminals["vehicles"] < depots["vehicles"]
    assert terminals["eur_per_year"] < depots["eur_per_year"]
    assert depots["eur_per_year"] == pytest.approx(depot_only.summary["cost_eur_per_year"])
    assert study.summary["alternative"] == "with_terminals"
    why = study.tables["why"].filter(pl.col("figure") == "alternative")["statement"].to_list()
    assert "cheapest of 2 plans" in why[0]
    assert "EUR a year more" in why[1]


def test_allowed_terminals_never_cost_more(tmp_path: Path) -> None:
    """However dear terminals are, the choice includes the plan without them."""
    dear = SMALL + "[costs]\nterminal_works_eur = 500000000\n"
    allowed = '[[terminals]]\nname = "Harbour"\n[[terminals]]\nname = "Station"\n'
    study = planned(tmp_path, dear + allowed)
    require_right(study)
    rows = alternatives(study)
    assert rows["depot_only"]["is_chosen"]
    assert rows["depot_only"]["eur_per_year"] < rows["with_terminals"]["eur_per_year"]
    assert set(study.tables["chargers"]["place_id"]) == {"depot:North"}


def test_a_given_terminal_is_the_plan_whatever_it_costs(at_harbour: Study) -> None:
    """The other plans stand beside it, and say so where they are cheaper."""
    rows = alternatives(at_harbour)
    assert rows["with_terminals"]["is_chosen"]
    assert rows["with_terminals"]["is_given"]
    assert rows["with_terminals"]["terminals"] == 1
