"""What is in a file is told by its content, and hostile files are refused in plain words."""

import io
import json
import zipfile
from importlib import resources
from pathlib import Path

import pytest
from typer.testing import CliRunner

from viavolta.cli.app import app
from viavolta.model.errors import InputError
from viavolta.samples import monaco_elevation
from viavolta.services.inspect_file import FileKind, inspect_file

FEED = {
    "agency.txt": "agency_name,agency_timezone\nTown buses,Europe/Vienna\n",
    "stops.txt": "stop_id,stop_name,stop_lat,stop_lon\nA,Station,47.07,15.43\n"
    "B,Hospital,47.09,15.46\nC,Nowhere,,\n",
    "routes.txt": "route_id,route_short_name,route_type\nR,1,3\n",
    "trips.txt": "trip_id,route_id,service_id\n" + "".join(f"T{n},R,S\n" for n in range(8)),
    "calendar.txt": "service_id,monday,tuesday,wednesday,thursday,friday,saturday,sunday,"
    "start_date,end_date\nS,1,1,1,1,1,0,0,20250203,20250228\n",
    "stop_times.txt": "trip_id,stop_id,stop_sequence,arrival_time,departure_time\n"
    + "".join(
        f"T{n},A,1,{6 + n:02}:00:00,{6 + n:02}:00:00\nT{n},B,2,{6 + n:02}:20:00,{6 + n:02}:20:00\n"
        for n in range(8)
    )
    + "T0,C,3,06:30:00,06:30:00\n",
}


def packed(path: Path, members: dict[str, str | bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


def test_a_feed_tells_its_day_its_lines_and_its_depots(tmp_path: Path) -> None:
    """Trips, lines, dates, bounds, a proposed depot and a map are known before a study."""
    found = inspect_file(packed(tmp_path / "feed.zip", FEED), FileKind.FEED)
    facts = found.facts
    assert (facts["trips"], facts["n_lines"], facts["stops"]) == (8, 1, 2)
    assert (facts["first_date"], facts["last_date"]) == ("2025-02-03", "2025-02-28")
    assert facts["days_with_service"] == 20
    assert facts["bounds"] == [15.43, 47.07, 15.46, 47.09]
    assert facts["depots"]
    assert facts["vehicles_at_least"] == 1
    assert found.geojson is not None
    kinds = {feature["geometry"]["type"] for feature in found.geojson["features"]}
    assert kinds == {"LineString", "Point"}


def test_rows_that_were_mended_can_be_mended_by_hand(tmp_path: Path) -> None:
    """Every row behind a repair is written out with its line number."""
    feed = packed(tmp_path / "feed.zip", FEED)
    out = tmp_path / "found"
    answer = CliRunner().invoke(app, ["inspect", str(feed), "--out", str(out), "--json"])
    assert answer.exit_code == 0, answer.output
    rows = (out / "bad_rows.csv").read_text(encoding="utf-8").splitlines()
    assert rows[0] == "file,row,field,value,code,action"
    assert any(line.startswith("stop_times.txt,18,stop_id,C,") for line in rows)
    assert json.loads((out / "findings.json").read_text(encoding="utf-8"))["bad_rows"] >= 1


def test_a_web_page_is_no_feed(tmp_path: Path) -> None:
    """A page saved under the name of a feed is told as what it is."""
    page = tmp_path / "feed.zip"
    page.write_bytes(b"\xef\xbb\xbf \n<!DOCTYPE html><html><body>sign in</body></html>")
    with pytest.raises(InputError) as caught:
        inspect_file(page, FileKind.FEED)
    assert caught.value.code == "file-is-web-page"
    assert caught.value.hint


def test_elevation_tells_where_it_lies_and_how_high() -> None:
    """A tile of elevation gives its bounds and heights."""
    facts = inspect_file(monaco_elevation(), FileKind.ELEVATION).facts
    assert facts["bounds"] == [7.0, 43.0, 8.0, 44.0]
    assert 1000 < facts["highest_m"] < 4000


def test_a_configuration_tells_what_it_changes(tmp_path: Path) -> None:
    """Only figures that differ from the catalogue count as the user's own."""
    config = tmp_path / "plan.toml"
    config.write_text("[costs]\ndriver_eur_per_h = 41.5\n", encoding="utf-8")
    facts = inspect_file(config, FileKind.CONFIG).facts
    assert [row["key"] for row in facts["changed"]] == ["costs.driver_eur_per_h"]


def nested() -> bytes:
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w") as archive:
        archive.writestr("nodes.csv", "node_id\n")
    return inner.getvalue()


@pytest.mark.parametrize(
    ("members", "code"),
    [
        ({"../../nodes.csv": "x"}, "zip-unsafe-member"),
        ({"/etc/nodes.csv": "x"}, "zip-unsafe-member"),
        ({"C:/nodes.csv": "x"}, "zip-unsafe-member"),
        ({"grid.zip": nested()}, "zip-in-zip"),
        ({f"{n}.csv": "x" for n in range(201)}, "grid-zip-too-large"),
        ({"nodes.csv": b"0" * 30_000_000}, "zip-bomb"),
        ({"readme.txt": "no grid"}, "grid-kind-not-known"),
    ],
)
def test_a_hostile_zip_is_refused(
    tmp_path: Path, members: dict[str, str | bytes], code: str
) -> None:
    """Paths that leave the folder, zips within zips, floods and bombs are refused by name."""
    with pytest.raises(InputError) as caught:
        inspect_file(packed(tmp_path / "grid.zip", members), FileKind.GRID)
    assert caught.value.code == code
    assert [path.name for path in tmp_path.iterdir()] == ["grid.zip"]


def test_a_link_in_a_zip_is_refused(tmp_path: Path) -> None:
    """A symbolic link in a zip is never followed or made."""
    link = zipfile.ZipInfo("nodes.csv")
    link.external_attr = 0o120777 << 16
    with zipfile.ZipFile(tmp_path / "grid.zip", "w") as archive:
        archive.writestr(link, "/etc/passwd")
    with pytest.raises(InputError) as caught:
        inspect_file(tmp_path / "grid.zip", FileKind.GRID)
    assert caught.value.code == "zip-unsafe-member"


def test_a_grid_in_a_folder_of_a_zip_is_read(tmp_path: Path) -> None:
    """A plain grid may lie in one folder inside the zip."""
    twin = resources.files("viavolta.samples.grid_twins").joinpath("lv-rural1")
    members = {
        f"my grid/{name}": twin.joinpath(name).read_text(encoding="utf-8")
        for name in ("nodes.csv", "branches.csv")
    }
    facts = inspect_file(packed(tmp_path / "grid.zip", dict(members)), FileKind.GRID).facts
    assert facts["nodes"] > 10
