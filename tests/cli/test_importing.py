"""`viavolta import osm-lines` and `viavolta demo` as a user meets them."""

import json
import sys
import types
import zipfile
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from viavolta.cli import demo as demo_module
from viavolta.cli.importing import app as import_app
from viavolta.model.errors import UsageError
from viavolta.samples import monaco, monaco_osm

cli = typer.Typer()
cli.add_typer(import_app, name="import")
cli.command("demo")(demo_module.demo)


def run(*arguments: str | Path) -> Any:
    return CliRunner().invoke(cli, [str(a) for a in arguments])


def test_table_shows_lines_and_label(tmp_path: Path) -> None:
    """People see the label, each line with its figures, the licence and where the feed is."""
    feed = tmp_path / "feed.zip"
    result = run("import", "osm-lines", monaco_osm(), "--headway", "20", "-o", feed)
    assert result.exit_code == 0, result.output
    assert "not the operator's" in result.stdout
    assert "Fontvieille - Larvotto (Plages)" in result.stdout
    assert "5 lines, 65 stops, 480 trips" in result.stdout
    assert "ODbL 1.0" in result.stdout
    assert "reading monaco.osm.gz" not in result.stdout
    assert zipfile.is_zipfile(feed)


def test_json_is_one_document(tmp_path: Path) -> None:
    """With --json stdout is the summary and nothing else."""
    feed = tmp_path / "feed.zip"
    options = ("--headway", "1=20", "--timezone", "Europe/Monaco", "--json", "-o", feed)
    result = run("import", "osm-lines", monaco_osm(), *options)
    summary = json.loads(result.stdout)
    assert summary["out"] == str(feed)
    assert [line["ref"] for line in summary["lines"]] == ["1"]
    assert {one["code"] for one in summary["refused"]} == {"no-headway"}


@pytest.mark.parametrize(
    ("content", "options", "code", "status"),
    [
        ("<osm version='0.6'></osm>", (), "osm-no-lines", 5),
        ("no map", (), "osm-not-osm", 5),
        (None, (), "input-missing", 2),
        ("<osm></osm>", ("--headway", "ten"), "bad-headway", 2),
        ("<osm></osm>", ("--timezone", "Nowhere"), "unknown-timezone", 2),
        ("<osm></osm>", ("--lang", "xx"), "unknown-language", 2),
    ],
)
def test_failures_have_code_and_status(
    tmp_path: Path, content: str | None, options: tuple[str, ...], code: str, status: int
) -> None:
    """Each failure is one JSON error with the contract's exit code, and leaves no file."""
    town = tmp_path / "town.osm"
    if content is not None:
        town.write_text(content, encoding="utf-8")
    result = run("import", "osm-lines", town, *options, "--json", "-o", tmp_path / "feed.zip")
    assert result.exit_code == status
    assert json.loads(result.stdout)["error"]["code"] == code
    assert {p.name for p in tmp_path.iterdir()} <= {"town.osm"}


def test_bad_headway_reads_as_a_sentence(tmp_path: Path) -> None:
    """The person gets an example of what would be right."""
    result = run("import", "osm-lines", monaco_osm(), "--headway", "8:10", "-o", tmp_path / "f.zip")
    assert result.exit_code == 2
    assert "for instance --headway 10" in result.stderr


def demo_study(folder: Path, title: str) -> Path:
    folder.mkdir()
    (folder / "study.json").write_text(json.dumps({"title": title}), encoding="utf-8")
    return folder


def test_demo_replaces_only_its_own_study(tmp_path: Path) -> None:
    """An absent or empty folder and an earlier demo are fine; anything else is not touched."""
    (tmp_path / "empty").mkdir()
    check = demo_module.check_demo_folder
    assert not check(tmp_path / "absent", title="demo")
    assert not check(tmp_path / "empty", title="demo")
    assert check(demo_study(tmp_path / "mine", "demo"), title="demo")
    others = [demo_study(tmp_path / "other", "my city"), tmp_path / "text", tmp_path / "broken"]
    others[1].mkdir()
    (others[1] / "letter.txt").write_text("dear")
    others[2].mkdir()
    (others[2] / "study.json").write_text("[" * 100_000)
    for folder in (*others, others[1] / "letter.txt"):
        with pytest.raises(UsageError) as caught:
            check(folder, title="demo")
        assert caught.value.code == "demo-folder-taken"


@pytest.fixture
def planner(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """A stand-in for the planner that keeps what it was asked for."""
    asked: list[dict[str, Any]] = []

    def plan_bus_to_folder(feed: Path, out: Path, **options: Any) -> dict[str, Any]:
        asked.append({"trips": zipfile.ZipFile(feed).read("trips.txt"), "out": out, **options})
        return {"out": str(out), "report": str(out / "report.html")}

    module = types.ModuleType("viavolta.cli.plan")
    module.plan_bus_to_folder = plan_bus_to_folder  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "viavolta.cli.plan", module)
    return asked


def test_demo_plans_the_generated_feed(tmp_path: Path, planner: list[dict[str, Any]]) -> None:
    """The demo hands the planner a feed, a depot and slopes, and ends with the ready line."""
    out = tmp_path / "demo"
    result = run("demo", "--out", out, "--effort", "low", "--seed", "3")
    assert result.exit_code == 0, result.output
    assert result.stdout.strip() == f"viavolta is ready: {out / 'report.html'}"
    (asked,) = planner
    assert asked["trips"].count(b"osm2207095-0-1-") > 50
    assert asked["depots"] == ["FONTVIEILLE=43.7283,7.4140"]
    assert asked["elevation"][0].name == "N43E007.hgt.zip"
    assert (asked["seed"], asked["effort"], asked["force"]) == (3, "low", False)
    assert monaco().label in asked["title"]


def test_demo_keeps_foreign_folders(tmp_path: Path, planner: list[dict[str, Any]]) -> None:
    """A folder that holds something else stops the demo before any work."""
    (tmp_path / "letter.txt").write_text("dear")
    result = run("demo", "--out", tmp_path)
    assert result.exit_code == 2
    assert "demo-folder-taken" in result.stderr
    assert planner == []


def test_demo_opens_no_browser_without_a_screen(
    tmp_path: Path, planner: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A browser opens only where a person sits before a terminal with a display."""
    opened: list[str] = []
    monkeypatch.setattr("webbrowser.open", opened.append)
    monkeypatch.setenv("DISPLAY", ":0")
    run("demo", "--out", tmp_path / "a")
    assert opened == []
    monkeypatch.setattr(demo_module, "_has_display", lambda: True)
    run("demo", "--out", tmp_path / "b")
    assert opened == [(tmp_path / "b" / "report.html").as_uri()]
    assert len(planner) == 2
