"""Broken and hostile feeds taken the whole way: a study that says so, or a clear error."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from viavolta.cli.app import app

MakeFeed = Callable[..., Path]
SCRIPT = "<script>alert(1)</script>"


def _plan(feed: Path, out: Path) -> Result:
    command = ["plan", "bus", str(feed), "--out", str(out), "--effort", "low", "--json"]
    return CliRunner().invoke(app, command)


def test_a_script_in_a_name_stays_a_name(make_feed: MakeFeed, tmp_path: Path) -> None:
    """Markup in stop, route and agency names reaches the report only escaped."""
    feed = make_feed(
        {
            "agency.txt": f'agency_name,agency_timezone\n"{SCRIPT}",Europe/Rome\n',
            "stops.txt": "stop_id,stop_name,stop_lat,stop_lon\n"
            f"A,{SCRIPT},46.07,11.12\nB,=1+1,46.075,11.125\n"
            "C,+cmd,46.08,11.13\nD,@x,46.09,11.14\n",
        }
    )
    result = _plan(feed, tmp_path / "study")
    assert result.exit_code == 0, result.output
    report = (tmp_path / "study" / "report.html").read_text(encoding="utf-8")
    assert SCRIPT not in report
    assert "alert(1)" in report


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"stop_times.txt": None}, "missing-table"),
        ({"trips.txt": None}, "missing-table"),
        ({"stops.txt": "stop_id,stop_name\nA,x\n"}, "missing-column"),
        ({"stop_times.txt": ""}, "empty-table"),
        ({"calendar.txt": None}, "missing-table"),
    ],
)
def test_what_cannot_be_repaired_is_an_error_with_its_place(
    changes: dict[str, str | None], code: str, make_feed: MakeFeed, tmp_path: Path
) -> None:
    """Exit 5 names file and hint; no study and no traceback."""
    result = _plan(make_feed(changes), tmp_path / "study")
    assert result.exit_code == 5
    error = json.loads(result.stdout)["error"]
    assert error["code"] == code
    assert error["file"]
    assert error["hint"]
    assert not (tmp_path / "study").exists()


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("T1,08:05:00,08:06:00,B,2", "T1,08:06:00,08:05:00,B,2", "negative-dwell"),
        ("T1,08:05:00,08:06:00,B,2", "T1,25:61:00,25:61:00,B,2", "bad-time"),
        ("T1,08:00:00,08:00:00,A,1", "T1,,,A,1", "untimed-end"),
        ("T3,10:00:00,10:00:00,A,1\n", "", "trip-without-stops"),
    ],
)
def test_a_repaired_feed_is_planned_and_the_study_lists_the_repair(
    old: str, new: str, code: str, make_feed: MakeFeed, tmp_path: Path
) -> None:
    """Exit 0; study.json counts the repair with an example."""
    feed = make_feed()
    import zipfile  # noqa: PLC0415 - one use

    with zipfile.ZipFile(feed) as archive:
        stop_times = archive.read("stop_times.txt").decode()
    assert old in stop_times
    result = _plan(make_feed({"stop_times.txt": stop_times.replace(old, new)}), tmp_path / "study")
    assert result.exit_code == 0, result.output
    study = json.loads((tmp_path / "study" / "study.json").read_text(encoding="utf-8"))
    repairs = {repair["code"]: repair for repair in study["repairs"]}
    assert repairs[code]["count"] >= 1
    assert repairs[code]["example"]


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04broken", b"not a zip at all"])
def test_a_file_that_is_no_feed_is_an_error(content: bytes, tmp_path: Path) -> None:
    """Exit 5, whatever the bytes."""
    feed = tmp_path / "feed.zip"
    feed.write_bytes(content)
    result = _plan(feed, tmp_path / "study")
    assert result.exit_code == 5
    assert json.loads(result.stdout)["error"]["file"] == "feed.zip"
