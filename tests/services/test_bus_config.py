"""Configuration files of a bus study: what they set, and what is refused."""

import datetime as dt
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from viavolta.cli.config import bus_config_text
from viavolta.model.errors import InputError, UsageError
from viavolta.model.grid_prices import Region
from viavolta.services.bus_config import MAX_BYTES, BusSettings, DepotSetting, bus_assumptions

NOTHING_SET = BusSettings(
    vehicle_types=(),
    depots=(),
    service_date=None,
    min_layover_s=120,
    deadhead_kmh=None,
    country=None,
    grid_nodes={},
    grid_region=Region.URBAN,
)
FULL = """
[fleet]
vehicle_types = ["bus_12m_350", "bus_18m_588", "bus_12m_350"]

[[depots]]
name = "North"
lat = 43.73
lon = 7.42
connection_kw = 1500
max_points = 40

[[depots]]
name = "Süd & <b>"
lat = -43
lon = -7.5

[service]
date = 2025-02-10

[operation]
min_layover_s = 180
deadhead_kmh = 22.5

[tariff]
country = "EL"

[grid]
region = "rural"

[grid.nodes]
North = "node-1"

[costs]
interest_share = 0.05
[costs.connection_mv]
fixed_eur = 70000
[buses.bus_12m_350]
capacity_kwh = 360
[buses.all]
heating = "electric"
"""


@pytest.fixture
def written(tmp_path: Path) -> Path:
    return tmp_path / "own.toml"


def read(path: Path, content: str) -> InputError | BusSettings:
    path.write_text(content, encoding="utf-8")
    try:
        return bus_assumptions(path)[1]
    except InputError as error:
        return error


def test_without_a_file_all_is_the_catalogue() -> None:
    """No configuration is a valid configuration."""
    assumptions, own = bus_assumptions(None)
    assert own == NOTHING_SET
    assert assumptions.number("planning.min_layover_s") == 120


def test_settings_and_figures_are_taken(written: Path) -> None:
    """Every setting arrives, and figures are marked as the user's."""
    written.write_text(FULL, encoding="utf-8")
    assumptions, own = bus_assumptions(written)
    assert own == BusSettings(
        vehicle_types=("bus_12m_350", "bus_18m_588"),
        depots=(
            DepotSetting(name="North", lat=43.73, lon=7.42, connection_kw=1500, max_points=40),
            DepotSetting(name="Süd & <b>", lat=-43, lon=-7.5),
        ),
        service_date=dt.date(2025, 2, 10),
        min_layover_s=180,
        deadhead_kmh=22.5,
        country="gr",
        grid_nodes={"North": "node-1"},
        grid_region=Region.RURAL,
    )
    for key, value in {
        "costs.interest_share": 0.05,
        "costs.connection_mv.fixed_eur": 70_000,
        "buses.bus_12m_350.capacity_kwh": 360,
        "buses.all.heating": "electric",
        "planning.min_layover_s": 180,
    }.items():
        figure = assumptions.figure(key)
        assert figure.value == value
        assert figure.status == "user"
        assert figure.source == "set in own.toml"
    assert assumptions.figure("costs.bus_life_years").status != "user"


def test_the_printed_file_changes_nothing(written: Path) -> None:
    """Feeding the default configuration back leaves every figure with its source."""
    written.write_text(bus_config_text(), encoding="utf-8")
    assumptions, own = bus_assumptions(written)
    plain, _ = bus_assumptions(None)
    assert own == NOTHING_SET
    assert [assumptions.figure(key) for key in assumptions.keys()] == [  # noqa: SIM118 - not a mapping
        plain.figure(key)
        for key in plain.keys()  # noqa: SIM118 - not a mapping
    ]


def test_the_commented_settings_are_valid(written: Path) -> None:
    """Taking away the "# " of the example settings gives a file that is accepted."""
    text = bus_config_text()
    start, end = text.index("# [fleet]"), text.index("# Figures:")
    example = "\n".join(line.removeprefix("# ") for line in text[start:end].splitlines())
    own = read(written, example)
    assert isinstance(own, BusSettings)
    assert own.depots[0].max_points == 40
    assert len(own.vehicle_types) == 6
    assert own.grid_nodes == {"North": "node-1"}


def test_a_byte_order_mark_and_a_date_in_quotes_are_accepted(written: Path) -> None:
    """As editors on Windows write them."""
    own = read(written, '\ufeff[service]\ndate = "2025-02-10"\n')
    assert isinstance(own, BusSettings)
    assert own.service_date == dt.date(2025, 2, 10)


DEPOT = '[[depots]]\nname = "A"\n'

BAD = [
    ("[costs]\ninterest_share = -0.01", "config-out-of-range", "costs.interest_share", 2),
    ("[costs]\ninterest_share = nan", "config-out-of-range", "costs.interest_share", 2),
    ("[costs]\ninterest_share = inf", "config-out-of-range", "costs.interest_share", 2),
    ("[costs]\ninterest_share = 4", "config-out-of-range", "costs.interest_share", 2),
    ('[costs]\ninterest_share = "4 %"', "config-wrong-kind", "costs.interest_share", 2),
    ("[costs]\ninterest_share = true", "config-wrong-kind", "costs.interest_share", 2),
    ("[costs]\ninterest_share = [1]", "config-wrong-kind", "costs.interest_share", 2),
    ("[costs]\ninterest_share = 2020-01-01", "config-wrong-kind", "costs.interest_share", 2),
    ("[costs]\nbus_life_years = 0", "config-out-of-range", "costs.bus_life_years", 2),
    ("[costs]\nbus_life_years = 1e300", "config-out-of-range", "costs.bus_life_years", 2),
    (f"[costs]\nbus_life_years = 1{'0' * 400}", "config-out-of-range", None, 2),
    ("[costs]\ninterst_share = 0.05", "config-unknown-key", "costs.interst_share", 2),
    ("[costs.interest_share]\nx = 1", "config-unknown-key", "costs.interest_share.x", 2),
    ("[cost]\ninterest_share = 0.05", "config-unknown-key", "cost", 1),
    ("x = 1", "config-unknown-key", "x", 1),
    ("costs = 3", "config-unknown-key", "costs", 1),
    ("[buses.all]\nheating = 3", "config-wrong-kind", "buses.all.heating", 2),
    ("[buses.all]\ncharge_efficiency = 1.1", "config-out-of-range", None, 2),
    ("[carbon]\ngrid_losses_share = 1", "config-out-of-range", "carbon.grid_losses_share", 2),
    ("[climates.helsinki]\nlat = 91", "config-out-of-range", "climates.helsinki.lat", 2),
    ("[climates.helsinki]\nmean_c = -273", "config-out-of-range", None, 2),
    ("[climates.helsinki]\ndays_mean = -1", "config-out-of-range", None, 2),
    ("[planning]\nstep_s = 0", "config-out-of-range", "planning.step_s", 2),
    ("[planning]\nstep_s = 700", "config-out-of-range", "planning.step_s", 2),
    ('[fleet]\nvehicle_types = ["bus_12m_360"]', "config-unknown-type", None, 2),
    ('[fleet]\nvehicle_types = "bus_12m_350"', "config-wrong-kind", "fleet.vehicle_types", 2),
    ("[fleet]\nvehicle_types = [3]", "config-wrong-kind", "fleet.vehicle_types", 2),
    ("[fleet]\nvehicle_type = []", "config-unknown-key", "fleet.vehicle_type", 2),
    ("fleet = 3", "config-wrong-kind", "fleet", 1),
    ("[depots]\nname = 'A'", "config-wrong-kind", "depots", 1),
    ("depots = [3]", "config-wrong-kind", "depots[1]", None),
    ("[[depots]]\nlat = 1\nlon = 1", "config-missing-key", "depots[1].name", None),
    (DEPOT + "lat = 91\nlon = 1", "config-out-of-range", "depots[1].lat", 3),
    (DEPOT + "lat = 1\nlon = -180.1", "config-out-of-range", "depots[1].lon", 4),
    (DEPOT + "lat = nan\nlon = 1", "config-out-of-range", "depots[1].lat", 3),
    (DEPOT + "lat = '1'\nlon = 1", "config-wrong-kind", "depots[1].lat", 3),
    (DEPOT + "lat = 1\nlon = 1\nmax_points = 1.5", "config-wrong-kind", None, 5),
    (DEPOT + "lat = 1\nlon = 1\nmax_points = 0", "config-out-of-range", None, 5),
    (DEPOT + "lat = 1\nlon = 1\nconnection_kw = -5", "config-out-of-range", None, 5),
    (DEPOT + "lat = 1\nlon = 1\nlatt = 5", "config-unknown-key", "depots[1].latt", 5),
    ((DEPOT + "lat = 1\nlon = 1\n") * 2, "config-conflict", "depots[2].name", 6),
    ("[[depots]]\nname = ' '\nlat = 1\nlon = 1", "config-out-of-range", "depots[1].name", 2),
    ('[[depots]]\nname = "a\\u0007"\nlat = 1\nlon = 1', "config-out-of-range", None, 2),
    (f"[[depots]]\nname = '{'a' * 201}'\nlat = 1\nlon = 1", "config-out-of-range", None, 2),
    ("[[depots]]\n" * 201, "config-out-of-range", "depots", None),
    ("[service]\ndate = '10.2.2025'", "config-wrong-kind", "service.date", 2),
    ("[service]\ndate = 20250210", "config-wrong-kind", "service.date", 2),
    ("[service]\ndate = 2025-02-10T00:00:00", "config-wrong-kind", "service.date", 2),
    ("[fleet]\nmax_vehicles = 0", "config-out-of-range", "fleet.max_vehicles", 2),
    ("[fleet]\nmax_vehicles = 2.5", "config-wrong-kind", "fleet.max_vehicles", 2),
    ("[operation]\nmin_layover_s = -1", "config-out-of-range", "operation.min_layover_s", 2),
    ("[operation]\nmin_layover_s = 1.5", "config-wrong-kind", "operation.min_layover_s", 2),
    ("[operation]\ndeadhead_kmh = 0", "config-out-of-range", "operation.deadhead_kmh", 2),
    ("[operation]\ndeadhead_kmh = 61", "config-out-of-range", "operation.deadhead_kmh", 2),
    (
        "[operation]\nmin_layover_s = 60\n[planning]\nmin_layover_s = 90",
        "config-conflict",
        "operation.min_layover_s",
        2,
    ),
    ("[tariff]\ncountry = 'XX'", "unknown-country", "tariff.country", None),
    ("[tariff]\ncountry = 3", "config-wrong-kind", "tariff.country", 2),
    ("[grid]\nnodes = []", "config-wrong-kind", "grid.nodes", 2),
    ("[grid.nodes]\nNorth = 3", "config-wrong-kind", "grid.nodes.North", 2),
    ("[grid]\nnode = 3", "config-unknown-key", "grid.node", 2),
    ('[grid]\nregion = "moon"', "config-out-of-range", "grid.region", 2),
    ("[costs", "config-not-toml", None, None),
    ("a = " + "[" * 20_000, "config-not-toml", None, None),
    ("[costs]\nbus_life_years = 1\nbus_life_years = 2", "config-not-toml", None, None),
]


@pytest.mark.parametrize(("content", "code", "field", "row"), BAD)
def test_bad_configurations_are_refused(
    written: Path, content: str, code: str, field: str | None, row: int | None
) -> None:
    """With file, row, field, value and what was expected; never a traceback."""
    error = read(written, content)
    assert isinstance(error, InputError)
    assert error.code == code
    assert error.where.file == "own.toml"
    assert error.expected or error.hint
    assert len(error.where.value or "") <= 200
    if field is not None:
        assert error.where.field == field
    if row is not None:
        assert error.where.row == row


def test_a_number_too_long_for_python_is_refused(written: Path) -> None:
    """Whole numbers of thousands of digits are no traceback either."""
    error = read(written, f"[costs]\nbus_life_years = {'9' * 5000}")
    assert isinstance(error, InputError)


@pytest.mark.parametrize(
    ("content", "near"),
    [
        ("[costs]\ninterst_share = 0.05", "costs.interest_share"),
        ("[cost]\ninterest_share = 0.05", "costs"),
        ('[fleet]\nvehicle_types = ["bus_12m_360"]', "bus_12m_350"),
        (DEPOT + "latt = 5", "lat"),
        ("[operation]\nmin_layover = 60", "min_layover_s"),
    ],
)
def test_the_hint_names_the_nearest_word(written: Path, content: str, near: str) -> None:
    """A slip of the pen is recognised."""
    error = read(written, content)
    assert isinstance(error, InputError)
    assert error.hint == f"did you mean {near}?"


def test_a_file_that_is_not_text_is_refused(written: Path) -> None:
    """Bytes that are no UTF-8."""
    written.write_bytes(b"\xff\xfe\x00[costs]")
    with pytest.raises(InputError) as caught:
        bus_assumptions(written)
    assert caught.value.code == "config-not-toml"


def test_a_huge_file_is_refused_unread(written: Path) -> None:
    """A megabyte is no configuration."""
    written.write_bytes(b"#" * (MAX_BYTES + 1))
    with pytest.raises(InputError) as caught:
        bus_assumptions(written)
    assert caught.value.code == "config-too-large"


def test_a_missing_file_is_an_error_of_use(tmp_path: Path) -> None:
    """A path that is not there, or a folder, ends with exit code 2."""
    for path in (tmp_path / "none.toml", tmp_path):
        with pytest.raises(UsageError) as caught:
            bus_assumptions(path)
        assert caught.value.code == "missing-path"


def test_a_value_equal_to_the_default_keeps_its_source(written: Path) -> None:
    """Confirming a figure does not make it the user's own."""
    written.write_text("[costs]\nbus_life_years = 14\n", encoding="utf-8")
    assumptions, _ = bus_assumptions(written)
    assert assumptions.figure("costs.bus_life_years").status != "user"


def test_prices_may_be_negative(written: Path) -> None:
    """At the exchange they are, on sunny Sundays."""
    written.write_text("[prices.summer]\nh13_eur_per_kwh = -0.02\n", encoding="utf-8")
    assumptions, _ = bus_assumptions(written)
    assert assumptions.number("prices.summer.h13_eur_per_kwh") == -0.02


@given(st.text(max_size=200))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
def test_no_text_is_a_traceback(tmp_path: Path, content: str) -> None:
    """Whatever stands in the file is read or refused."""
    path = tmp_path / "any.toml"
    path.write_bytes(content.encode("utf-8", "surrogatepass"))
    outcome = ""
    try:
        bus_assumptions(path)
    except InputError as error:
        outcome = error.code
    assert outcome == "" or outcome.startswith("config-")
