"""`viavolta plan bus` from feed to checked study, as a user would run it."""

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from viavolta.cli.app import app
from viavolta.cli.check import read_folder
from viavolta.samples import monaco
from viavolta.services.check_study import check_study
from viavolta.services.demo import prepare_demo

TAMPER_FOLDER = str(Path(__file__).parent.parent / "checks")
if TAMPER_FOLDER not in sys.path:
    sys.path.append(TAMPER_FOLDER)

import tamper  # noqa: E402 - found by the path above


def _command(feed: Path, out: Path, *more: str) -> list[str]:
    city = monaco()
    options = [f"--depot={depot}" for depot in city.depots]
    options += ["--elevation", str(city.elevation), "--effort", "low", "--json"]
    program = [sys.executable, "-m", "viavolta", "plan", "bus", str(feed)]
    return [*program, "--out", str(out), *options, *more]


@pytest.fixture(scope="session")
def monaco_feed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample city's generated feed."""
    return prepare_demo(tmp_path_factory.mktemp("feed"), progress=lambda *_: None).feed


@pytest.fixture(scope="session")
def planned(
    monaco_feed: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, dict[str, Any]]:
    """A study of the sample city and what the command printed."""
    out = tmp_path_factory.mktemp("plan") / "study"
    done = subprocess.run(
        _command(monaco_feed, out), check=True, capture_output=True, text=True, encoding="utf-8"
    )
    return out, json.loads(done.stdout)


def test_the_summary_is_one_document_and_names_the_folder(
    planned: tuple[Path, dict[str, Any]],
) -> None:
    """With --json stdout is the summary plus `out`."""
    out, summary = planned
    assert Path(summary["out"]) == out
    assert summary["trips"] == 796
    assert summary["vehicles"] >= summary["vehicles_lower_bound"] > 10
    assert (out / "report.html").is_file()


def test_the_plan_obeys_every_rule(planned: tuple[Path, dict[str, Any]]) -> None:
    """The independent check finds nothing, from the tables alone."""
    result = check_study(planned[0], read_folder)
    assert result.is_ok, result.findings[:5]


def test_operators_get_the_blocks_of_the_plan(
    planned: tuple[Path, dict[str, Any]], monaco_feed: Path, foreign_client: Callable[[str], Path]
) -> None:
    """The validator of the standard accepts the overlay of a whole city beside its own feed."""
    program = foreign_client("tods-validate").with_name("tods-validate")
    command = [program, "validate", planned[0] / "tods", "--gtfs", monaco_feed]
    options = ["--fail-on", "warning", "--enable", "coverage"]
    done = subprocess.run(
        [*command, *options], capture_output=True, text=True, encoding="utf-8", check=False
    )
    assert done.returncode == 0, done.stdout
    assert "0 error(s), 0 warning(s)" in done.stdout


def test_managed_charging_is_lower_and_cheaper_than_charging_at_once(
    planned: tuple[Path, dict[str, Any]],
) -> None:
    """Peak and energy cost fall; bounds stand below their values."""
    summary = planned[1]
    assert summary["peak_kw_managed"] < summary["peak_kw_unmanaged"]
    assert summary["energy_cost_eur_managed"] <= summary["energy_cost_eur_unmanaged"]
    assert 0 < summary["cost_lower_bound_eur"] <= summary["cost_eur_per_year"]
    assert summary["co2_t_per_year"] < summary["diesel_co2_t_per_year"]


def test_one_core_and_another_hash_seed_give_the_same_bytes(
    planned: tuple[Path, dict[str, Any]], monaco_feed: Path, tmp_path: Path
) -> None:
    """Same seed and effort: every table and the report are identical."""
    one_core = None
    if hasattr(os, "sched_setaffinity"):

        def one_core() -> None:
            os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})

    again = tmp_path / "study"
    subprocess.run(
        _command(monaco_feed, again),
        check=True,
        capture_output=True,
        env={**os.environ, "PYTHONHASHSEED": "7"},
        preexec_fn=one_core,
    )
    for name, content in read_folder(planned[0]).items():
        if name != "study.json":
            assert (again / name).read_bytes() == content, name


def _ended_at(stage: str, how: signal.Signals, command: list[str]) -> tuple[int, list[str]]:
    """Run a command until it tells a stage, end it there; its exit code and what it had told."""
    told: list[str] = []
    with subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, encoding="utf-8"
    ) as run:
        assert run.stderr is not None
        for line in run.stderr:
            if line.startswith("{"):
                line_told = json.loads(line)
                told.append(f"{line_told['stage']}: {line_told['message']}")
                if told[-1].startswith(stage):
                    run.send_signal(how)
                    break
        run.stderr.read()
    return run.returncode, told


@pytest.mark.skipif(os.name != "posix", reason="ends processes by POSIX signals")
def test_a_killed_run_goes_on_behind_its_last_stage(
    planned: tuple[Path, dict[str, Any]], monaco_feed: Path, tmp_path: Path
) -> None:
    """Killed in the middle and between stages, the plan is the same to the byte at the end."""
    out, work = tmp_path / "study", tmp_path / "work"
    command = _command(monaco_feed, out, "--work", str(work), "--progress", "json")
    for stage, first in (
        ("blocks: looking", "read: "),
        ("charging", "blocks: fewest"),
        ("tables", "charging"),
    ):
        code, told = _ended_at(stage, signal.SIGKILL, command)
        assert code == -signal.SIGKILL
        assert told[0].startswith(first)
        assert not out.exists()
    done = subprocess.run(command, check=True, capture_output=True, text=True, encoding="utf-8")
    assert "blocks" not in done.stderr
    assert json.loads(done.stdout)["vehicles"] == planned[1]["vehicles"]
    for name, content in read_folder(planned[0]).items():
        if name != "study.json":
            assert (out / name).read_bytes() == content, name
    ours, theirs = (json.loads((f / "study.json").read_text("utf-8")) for f in (out, planned[0]))
    assert ours["timings_s"].keys() == theirs["timings_s"].keys()
    assert {**ours, "timings_s": 0} == {**theirs, "timings_s": 0}
    assert list(work.iterdir()) == []


@pytest.mark.skipif(os.name != "posix", reason="ends processes by POSIX signals")
def test_an_interrupted_run_keeps_its_stages_and_writes_no_study(
    monaco_feed: Path, tmp_path: Path
) -> None:
    """Exit 130, no half study, and what was done is there for the next run."""
    out, work = tmp_path / "study", tmp_path / "work"
    command = _command(monaco_feed, out, "--work", str(work), "--progress", "json")
    code, _ = _ended_at("charging", signal.SIGINT, command)
    assert code == 130
    assert [path.name for path in tmp_path.iterdir()] == ["work"]
    assert (work / "read.stage").is_file()
    assert not list(work.glob(".*"))


def test_a_day_with_too_many_trips_is_refused(monaco_feed: Path, tmp_path: Path) -> None:
    """Where a limit of trips is given, a larger day ends before the search."""
    command = ["plan", "bus", str(monaco_feed), "--out", str(tmp_path / "study"), "--json"]
    result = CliRunner().invoke(app, [*command, "--max-trips", "795"])
    assert result.exit_code == 5
    error = json.loads(result.stdout)["error"]
    assert (error["code"], error["value"], error["expected"]) == (
        "day-too-large",
        "796",
        "at most 795",
    )


@pytest.mark.parametrize("name", sorted(tamper.TAMPERS)[::4])
def test_tampering_with_a_real_plan_is_found(
    name: str, planned: tuple[Path, dict[str, Any]], tmp_path: Path
) -> None:
    """Each kind of tampering breaks the rule that guards against it."""
    folder = Path(shutil.copytree(planned[0], tmp_path / "study"))
    tamper.TAMPERS[name](folder)
    rules = {finding.rule for finding in check_study(folder, read_folder).findings}
    assert tamper.RULES[name] in rules


def test_a_connection_too_small_for_the_fleet_is_no_solution(
    monaco_feed: Path, tmp_path: Path
) -> None:
    """Exit 3 names the depot and what to relax; nothing is written."""
    config = tmp_path / "config.toml"
    config.write_text(
        '[[depots]]\nname = "Fontvieille"\nlat = 43.7283\nlon = 7.414\nconnection_kw = 50\n'
    )
    out = tmp_path / "study"
    command = ["plan", "bus", str(monaco_feed), "--out", str(out), "--config", str(config)]
    result = CliRunner().invoke(app, [*command, "--effort", "low", "--json"])
    assert result.exit_code == 3
    error = json.loads(result.stdout)["error"]
    assert error["code"] == "connection-too-small"
    assert "Fontvieille" in error["message"]
    assert not out.exists()


@pytest.mark.parametrize(
    ("options", "code"),
    [
        (["--depot", "nowhere"], "bad-depot"),
        (["--depot", "Pole=91,0"], "bad-depot"),
        (["--depot", "Swapped=7.4140,43.7283"], "depot-far-away"),
        (["--deadhead-kmh", "0"], "deadhead-speed-out-of-range"),
        (["--date", "2026-13-01"], "bad-date"),
        (["--osm", "roads.osm"], "missing-path"),
        (["--grid", "no-grid"], "missing-path"),
        (["--effort", "heroic"], "unknown-effort"),
        (["--lang", "tlh"], "unknown-language"),
        (["--progress", "loud"], "unknown-progress"),
        (["--work", "study/work"], "work-in-out"),
        (["--config", "missing.toml"], "missing-path"),
        (["--weather", "missing.epw"], "missing-path"),
    ],
)
def test_a_bad_option_is_said_so(
    options: list[str], code: str, monaco_feed: Path, tmp_path: Path
) -> None:
    """Exit 2 with a stable code, before any work."""
    out = tmp_path / "study"
    options = [str(tmp_path / word) if word == "study/work" else word for word in options]
    command = ["plan", "bus", str(monaco_feed), "--out", str(out), "--json", *options]
    result = CliRunner().invoke(app, command)
    assert result.exit_code == 2
    assert json.loads(result.stdout)["error"]["code"] == code
    assert not out.exists()


@pytest.mark.parametrize("words", [["plan", "bus"], ["plan", "bus", "x.zip", "--seed", "abc"]])
def test_a_wrong_command_line_is_one_json_document_too(words: list[str]) -> None:
    """Exit 2 with the error on stdout where --json is asked for."""
    command = [sys.executable, "-m", "viavolta", *words, "--json"]
    done = subprocess.run(command, check=False, capture_output=True, text=True, encoding="utf-8")
    assert done.returncode == 2
    assert json.loads(done.stdout)["error"]["code"] == "wrong-usage"


def test_a_folder_that_is_not_a_study_is_never_replaced(monaco_feed: Path, tmp_path: Path) -> None:
    """Even with --force, files that are no study stay."""
    out = tmp_path / "holiday"
    out.mkdir()
    (out / "picture.jpg").write_bytes(b"x")
    for extra in ([], ["--force"]):
        command = ["plan", "bus", str(monaco_feed), "--out", str(out), "--json", *extra]
        result = CliRunner().invoke(app, command)
        assert result.exit_code == 2
    assert (out / "picture.jpg").read_bytes() == b"x"


@pytest.mark.bench_data
def test_trento_is_planned_and_obeys_every_rule(bench_data: Path, tmp_path: Path) -> None:
    """A real city's school week: all trips served, no more than 3 % above the bound."""
    out = tmp_path / "trento"
    feed = bench_data / "gtfs" / "trento_2025-02-10_week_bus.zip"
    command = ["plan", "bus", str(feed), "--out", str(out), "--effort", "low", "--json"]
    result = CliRunner().invoke(app, command)
    assert result.exit_code == 0
    summary = json.loads(result.stdout)
    assert summary["trips"] in range(1842, 1847)
    assert summary["infeasible_trips"] == []
    assert summary["vehicles"] <= 1.03 * summary["vehicles_lower_bound"]
    assert check_study(out, read_folder).is_ok
