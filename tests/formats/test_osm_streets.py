"""Which streets and turns of an OpenStreetMap file are a bus's."""

from pathlib import Path

import pytest

from viavolta.catalogue import Assumptions
from viavolta.formats.osm_access import DRIVABLE, is_bollard, is_for_buses, may_drive, speed_kmh
from viavolta.formats.osm_streets import read_streets
from viavolta.model.errors import InputError
from viavolta.model.streets import StreetMap

BOX = (45.9, 10.9, 46.1, 11.1)
KMH = {"residential": 25.0, "primary": 65.0, "other": 15.0}

HEAD = '<?xml version="1.0" encoding="UTF-8"?><osm version="0.6">'
NODES = "".join(
    f'<node id="{n}" lat="46.0" lon="{11 + n / 1000}">{{{n}}}</node>' for n in range(1, 6)
)


def tags(**words: str) -> str:
    return "".join(
        f'<tag k="{key.replace("__", ":")}" v="{value}"/>' for key, value in words.items()
    )


def way(ref: int, *nodes: int, **words: str) -> str:
    inside = "".join(f'<nd ref="{n}"/>' for n in nodes)
    return f'<way id="{ref}">{inside}{tags(**({"highway": "residential"} | words))}</way>'


def rule(ref: int, *members: tuple[str, str, int], **words: str) -> str:
    inside = "".join(
        f'<member type="{kind}" ref="{m}" role="{role}"/>' for role, kind, m in members
    )
    return f'<relation id="{ref}">{inside}{tags(**({"type": "restriction"} | words))}</relation>'


def read(folder: Path, *objects: str, **of_nodes: str) -> StreetMap:
    nodes = NODES
    for n in range(1, 6):
        nodes = nodes.replace(f"{{{n}}}", of_nodes.get(f"n{n}", ""))
    path = folder / "town.osm"
    path.write_text(HEAD + nodes + "".join(objects) + "</osm>", encoding="utf-8")
    return read_streets(path, box=BOX, class_kmh=KMH)


@pytest.mark.parametrize(
    ("words", "is_open"),
    [
        ({"highway": "residential"}, True),
        ({"highway": "busway"}, True),
        ({"highway": "bus_guideway"}, True),
        ({"highway": "service", "access": "no", "bus": "yes"}, True),
        ({"highway": "pedestrian", "psv": "designated"}, True),
        ({"highway": "primary", "access": "destination"}, True),
        ({"highway": "service", "access": "private"}, False),
        ({"highway": "primary", "motor_vehicle": "no"}, False),
        ({"highway": "primary", "motor_vehicle": "no", "psv": "yes"}, True),
        ({"highway": "primary", "psv": "yes", "bus": "no"}, True),
        ({"highway": "primary", "bus": "no"}, False),
        ({"highway": "service", "service": "parking_aisle"}, False),
        ({"highway": "pedestrian"}, False),
        ({"highway": "footway"}, False),
        ({"highway": "steps", "bus": "yes"}, False),
        ({"highway": "construction"}, False),
        ({"route": "ferry"}, False),
    ],
)
def test_what_a_bus_may_use(words: dict[str, str], is_open: bool) -> None:
    """The most special tag on access counts; ferries are no road."""
    assert is_for_buses(words) is is_open


@pytest.mark.parametrize(
    ("words", "along", "against"),
    [
        ({}, True, True),
        ({"oneway": "yes"}, True, False),
        ({"oneway": "-1"}, False, True),
        ({"oneway": "yes", "oneway:bus": "no"}, True, True),
        ({"oneway": "yes", "oneway:psv": "no"}, True, True),
        ({"oneway": "yes", "busway": "opposite_lane"}, True, True),
        ({"oneway": "yes", "bus:backward": "designated"}, True, True),
        ({"oneway": "yes", "lanes:psv:backward": "1"}, True, True),
        ({"oneway": "yes", "lanes:psv:backward": "0"}, True, False),
        ({"oneway:bus": "yes"}, True, False),
        ({"junction": "roundabout"}, True, False),
        ({"highway": "motorway"}, True, False),
    ],
)
def test_in_which_direction(words: dict[str, str], along: bool, against: bool) -> None:
    """One-way streets, and the exceptions that buses have."""
    assert (may_drive(words, forward=True), may_drive(words, forward=False)) == (along, against)


@pytest.mark.parametrize(
    ("words", "kmh"),
    [
        ({"highway": "primary"}, 65.0),
        ({"highway": "primary", "maxspeed": "50"}, 50.0),
        ({"highway": "primary", "maxspeed": "30 mph"}, 48.28032),
        ({"highway": "primary", "maxspeed": "80", "maxspeed:bus": "60"}, 60.0),
        ({"highway": "primary", "maxspeed": "walk"}, 7.0),
        ({"highway": "primary", "maxspeed": "none"}, 65.0),
        ({"highway": "primary", "maxspeed": "0"}, 65.0),
        ({"highway": "pedestrian"}, 15.0),
    ],
)
def test_how_fast(words: dict[str, str], kmh: float) -> None:
    """The signed limit, else the usual speed of the class."""
    assert speed_kmh(words, KMH) == pytest.approx(kmh)


def test_the_catalogue_has_a_speed_for_every_class() -> None:
    """Every class that a bus drives on, and one for the rest."""
    keys = set(Assumptions(["roads"]).keys())
    assert {f"roads.{name}_kmh" for name in (*DRIVABLE - {"road"}, "other")} <= keys


def test_streets_bollards_and_rules_are_read(tmp_path: Path) -> None:
    """A rule keeps its turn; one that excepts buses, or leads over a way, does not."""
    over = ("via", "node", 2)
    turn = (("from", "way", 11), over, ("to", "way", 12))
    found = read(
        tmp_path,
        way(11, 1, 2),
        way(12, 2, 3, oneway="yes"),
        way(13, 2, 4, highway="service", access="no", bus="yes"),
        way(14, 4, 5, motor_vehicle="no"),
        rule(21, *turn, restriction="no_left_turn"),
        rule(22, *turn, restriction="only_straight_on", **{"except": "bicycle;psv"}),
        rule(23, *turn, restriction__bus="only_right_turn"),
        rule(24, turn[0], ("via", "way", 13), turn[2], restriction="no_u_turn"),
        n3=tags(barrier="bollard"),
        n2=tags(barrier="bollard", bus="yes"),
    )
    assert [s.id for s in found.streets] == [11, 12, 13]
    assert [s.is_open_against for s in found.streets] == [True, False, True]
    assert [(r.from_street, r.via_node, r.to_street, r.is_only) for r in found.rules] == [
        (11, 2, 12, False),
        (11, 2, 12, True),
    ]
    assert found.closed_nodes == {3}
    assert found.n_rules_left_out == 1
    assert is_bollard({"barrier": "gate"}) is False


def test_an_extract_of_another_place_is_an_error(tmp_path: Path) -> None:
    """Nothing lies where the stops are."""
    path = tmp_path / "town.osm"
    path.write_text(HEAD + NODES.replace("{1}", "") + way(11, 1, 2) + "</osm>", encoding="utf-8")
    with pytest.raises(InputError) as caught:
        read_streets(path, box=(0.0, 0.0, 1.0, 1.0), class_kmh=KMH)
    assert caught.value.code == "osm-no-streets"
