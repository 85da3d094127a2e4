"""OpenStreetMap files: what is read, and what is refused before it can do harm."""

import gzip
from pathlib import Path

import osmium
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from viavolta.formats import osm
from viavolta.formats.gtfs_write import plain_text
from viavolta.formats.osm import RouteExtract, read_routes
from viavolta.formats.osm_calls import directions_of
from viavolta.model.errors import InputError, UsageError

HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'


def node(ref: int, *, east: float, north: float = 0.0, **tags: str) -> str:
    """A node some steps of 0.001 degrees east and north of 46 N, 11 E."""
    place = f'lat="{46 + north / 1000:.7f}" lon="{11 + east / 1000:.7f}"'
    return f'<node id="{ref}" {place}>{_tags(tags)}</node>'


def way(ref: int, *nodes: int, **tags: str) -> str:
    inside = "".join(f'<nd ref="{n}"/>' for n in nodes)
    return f'<way id="{ref}">{inside}{_tags({"highway": "residential"} | tags)}</way>'


def route(number: int, *members: tuple[str, int, str], **tags: str) -> str:
    kinds = {"n": "node", "w": "way", "r": "relation"}
    inside = "".join(
        f'<member type="{kinds[kind]}" ref="{m}" role="{role}"/>' for kind, m, role in members
    )
    tags = {"type": "route", "route": "bus"} | tags
    return f'<relation id="{number}">{inside}{_tags(tags)}</relation>'


def _tags(tags: dict[str, str]) -> str:
    return "".join(f'<tag k="{key}" v="{value}"/>' for key, value in tags.items())


def document(*objects: str) -> str:
    return HEAD + '<osm version="0.6">' + "\n".join(objects) + "</osm>\n"


@pytest.fixture
def town() -> str:
    """Three stops on a road of two ways, one relation; a platform is an area's outline."""
    return document(
        *(node(i, east=2 * i) for i in range(1, 6)),
        node(11, east=2, name="West", public_transport="stop_position"),
        node(12, east=6, name="Middle", highway="bus_stop"),
        node(21, east=9.9, north=0.1),
        node(22, east=10.1, north=0.1),
        way(101, 1, 2, 3),
        way(102, 3, 4, 5),
        way(103, 21, 22, highway="platform", name="East"),
        way(104, 5, 99),
        route(1, ("n", 11, "stop"), ("n", 12, "stop"), ("w", 103, "platform"), ref="7"),
        route(2, ("r", 1, ""), type="route_master", ref="7"),
    )


def read(folder: Path, content: str, name: str = "town.osm") -> RouteExtract:
    path = folder / name
    path.write_text(content, encoding="utf-8")
    return read_routes(path)


def test_xml_gives_routes_with_points_and_ways(tmp_path: Path, town: str) -> None:
    """A route comes with its stops, ways and their nodes; nodes outside the file are absent."""
    extract = read(tmp_path, town)
    assert [r.id for r in extract.routes] == [1]
    assert extract.points["n", 11].tags["name"] == "West"
    assert extract.points["w", 103].lon == pytest.approx(11.010)
    assert extract.ways[104].nodes == (5,)
    assert extract.locations[3] == pytest.approx((46.0, 11.006))


def test_all_three_encodings_read_alike(tmp_path: Path, town: str) -> None:
    """The same town as .osm, .osm.gz and .osm.pbf gives the same extract, whatever the name."""
    plain = read(tmp_path, town)
    zipped, protobuf = tmp_path / "town.osm.gz", tmp_path / "town.osm.pbf"
    zipped.write_bytes(gzip.compress(town.encode()))
    with osmium.SimpleWriter(str(protobuf)) as writer:
        for obj in osmium.FileProcessor(str(tmp_path / "town.osm")):
            writer.add(obj)
    misnamed = tmp_path / "town.zip"
    misnamed.write_bytes(zipped.read_bytes())
    for path in (zipped, protobuf, misnamed):
        assert read_routes(path) == plain


def test_platform_relation_lies_in_the_middle_of_its_parts(tmp_path: Path) -> None:
    """A platform drawn as a relation is a stop at the middle of its members."""
    area = (
        '<relation id="9"><member type="node" ref="1" role=""/>'
        '<member type="node" ref="2" role=""/><tag k="public_transport" v="platform"/></relation>'
    )
    objects = (node(1, east=0), node(2, east=4), area, route(3, ("r", 9, "platform")))
    extract = read(tmp_path, document(*objects))
    assert extract.points["r", 9].lon == pytest.approx(11.002)


def test_missing_file_is_bad_usage(tmp_path: Path) -> None:
    """A path without a file is a bad option, not bad content."""
    with pytest.raises(UsageError) as caught:
        read_routes(tmp_path / "nowhere.osm")
    assert caught.value.code == "input-missing"


BOMB = (
    '<!DOCTYPE osm [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>'
    '<osm version="0.6"><node id="1" lat="1" lon="1"><tag k="name" v="&b;"/></node></osm>'
)


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (HEAD + BOMB, "osm-entities"),
        ("<!-- <osm > -->" + BOMB, "osm-entities"),
        ((HEAD + BOMB).encode("utf-16"), "osm-not-osm"),
        ('<!DOCTYPE osm SYSTEM "file:///etc/passwd"><osm/>', "osm-entities"),
        ("", "osm-not-osm"),
        ("<html><osm></osm></html>", "osm-not-osm"),
        ("<osmChange version='0.6'/>", "osm-not-osm"),
        (" " * 100_000, "osm-not-osm"),
        (b"PK\x03\x04" + b"\x00" * 100, "osm-not-osm"),
        (bytes(range(256)) * 20, "osm-not-osm"),
        (HEAD + '<osm version="0.6"><node id="1" lat="46"', "osm-unreadable"),
        (HEAD + '<osm version="0.6"><node id="x" lat="46" lon="11"/></osm>', "osm-unreadable"),
        (
            HEAD + f'<osm version="0.6"><relation id="1"><tag k="route" v="bus"/>'
            f'<tag k="name" v="{"x" * 10_000_000}"/></relation></osm>',
            "osm-unreadable",
        ),
        (
            HEAD.encode() + b'<osm version="0.6"><relation id="1"><tag k="route" v="bus"/>'
            b'<tag k="name" v="\xff\xfe"/></relation></osm>',
            "osm-unreadable",
        ),
    ],
)
def test_hostile_content_is_refused(tmp_path: Path, content: str | bytes, code: str) -> None:
    """Bombs, other formats and damaged files end in one error that names the file."""
    path = tmp_path / "bad.osm"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    for file in (path, tmp_path / "bad.osm.gz"):
        if file != path:
            file.write_bytes(gzip.compress(path.read_bytes()))
        with pytest.raises(InputError) as caught:
            read_routes(file)
        assert caught.value.code == code
        assert caught.value.where.file == file.name
        assert len(caught.value.message) < 400


def test_cut_short_files_are_refused(tmp_path: Path, town: str) -> None:
    """A download that broke off is damaged, compressed or not."""
    (tmp_path / "town.osm").write_text(town, encoding="utf-8")
    protobuf = tmp_path / "town.osm.pbf"
    with osmium.SimpleWriter(str(protobuf)) as writer:
        for obj in osmium.FileProcessor(str(tmp_path / "town.osm")):
            writer.add(obj)
    cut = tmp_path / "cut.osm"
    for whole in (gzip.compress(town.encode()), protobuf.read_bytes(), town.encode()):
        cut.write_bytes(whole[: len(whole) * 3 // 4])
        with pytest.raises(InputError) as caught:
            read_routes(cut)
        assert caught.value.code == "osm-unreadable"


def test_unpacking_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A small file that unpacks to more than the limit is refused while unpacking."""
    monkeypatch.setattr(osm, "MAX_XML_BYTES", 3_000_000)
    path = tmp_path / "bomb.osm.gz"
    path.write_bytes(gzip.compress((HEAD + "<osm>" + " " * 10_000_000 + "</osm>").encode()))
    with pytest.raises(InputError) as caught:
        read_routes(path)
    assert caught.value.code == "osm-too-large"


def test_large_file_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file beyond the limit is refused before it is read."""
    monkeypatch.setattr(osm, "MAX_FILE_BYTES", 10)
    path = tmp_path / "large.osm"
    path.write_text(document(), encoding="utf-8")
    with pytest.raises(InputError) as caught:
        read_routes(path)
    assert caught.value.code == "osm-too-large"


def test_impossible_places_count_as_outside(tmp_path: Path) -> None:
    """Latitude 91 is no place: the stop is treated as one that the extract does not hold."""
    bad = '<node id="1" lat="91.0" lon="11.0"><tag k="name" v="Pole"/></node>'
    content = document(bad, node(2, east=1), route(3, ("n", 1, "stop"), ("n", 2, "stop")))
    (calls,) = directions_of(read(tmp_path, content).routes[0], read(tmp_path, content))
    assert (len(calls.calls), calls.n_outside) == (1, 1)


def test_ids_below_zero_do_no_harm(tmp_path: Path) -> None:
    """Ids of a file that was never uploaded are below zero: such members count as outside."""
    content = document(node(1, east=0), route(3, ("n", -1, "stop"), ("n", 1, "stop")))
    extract = read(tmp_path, content)
    assert [c.n_outside for c in directions_of(extract.routes[0], extract)] == [1]


def names(folder: Path, *objects: str) -> list[list[str]]:
    extract = read(folder, document(*objects))
    return [[c.name for c in one.calls] for one in directions_of(extract.routes[0], extract)]


STOPS = [node(i, east=3 * i, name=f"S{i}", highway="bus_stop") for i in range(1, 5)]
PLATFORMS = [node(10 + i, east=3 * i, north=0.1, name=f"P{i}") for i in range(1, 5)]


def test_old_schema_has_two_directions(tmp_path: Path) -> None:
    """forward_stop and backward_stop make two call lists; shared stops stand in both."""
    members = [("n", 1, "stop"), ("n", 2, "forward_stop"), ("n", 12, "backward_stop")]
    members += [("n", 3, "forward:stop:3"), ("n", 13, "backward_stop_2"), ("n", 4, "stop")]
    found = names(tmp_path, *STOPS, *PLATFORMS, route(1, *members))
    assert found == [["S1", "S2", "S3", "S4"], ["S4", "P3", "P2", "S1"]]


def test_backward_stops_may_be_listed_either_way(tmp_path: Path) -> None:
    """Backward stops run against the forward ones, in whichever order they were listed."""
    forward = [("n", i, "forward_stop") for i in (1, 2, 3, 4)]
    for listed in ((11, 12, 13, 14), (14, 13, 12, 11)):
        backward = [("n", i, "backward_stop") for i in listed]
        found = names(tmp_path, *STOPS, *PLATFORMS, route(1, *forward, *backward))
        assert found[1] == ["P4", "P3", "P2", "P1"]


@pytest.mark.parametrize("is_paired", [True, False])
def test_stop_and_platform_are_one_call(tmp_path: Path, is_paired: bool) -> None:
    """New schema: a stop and its platform are one call, listed pairwise or one kind at a time."""
    stops = [node(i, east=3 * i) for i in range(1, 4)]
    pairs = [(("n", i, "stop"), ("n", 10 + i, "platform")) for i in (1, 2, 3)]
    listed = (
        [m for pair in pairs for m in pair]
        if is_paired
        else [m for k in (0, 1) for m in (pair[k] for pair in pairs)]
    )
    assert names(tmp_path, *stops, *PLATFORMS[:3], route(1, *listed)) == [["P1", "P2", "P3"]]


def test_members_without_role_are_stops_if_tagged_so(tmp_path: Path) -> None:
    """Early relations give stops no role; other nodes and roles are no stops."""
    signal = node(9, east=5, highway="traffic_signals")
    members = [("n", 1, ""), ("n", 9, ""), ("n", 2, "guidepost"), ("n", 3, ""), ("n", 4, "")]
    assert names(tmp_path, *STOPS, signal, route(1, *members)) == [["S1", "S3", "S4"]]


def test_entry_and_exit_only_stops_count(tmp_path: Path) -> None:
    """stop_entry_only and platform_exit_only are stops like others."""
    members = [("n", 1, "stop_entry_only"), ("n", 2, "platform"), ("n", 3, "platform_exit_only")]
    assert names(tmp_path, *STOPS, route(1, *members)) == [["S1", "S2", "S3"]]


@given(st.text(max_size=400))
@settings(max_examples=200, deadline=None)
def test_plain_text_is_harmless(value: str) -> None:
    """Any text becomes one printable line of bounded length that no spreadsheet computes."""
    clean = plain_text(value)
    assert clean == plain_text(clean)
    assert clean.isprintable()
    assert len(clean) <= 256
    assert not clean.startswith(("=", "+", "-", "@"))
