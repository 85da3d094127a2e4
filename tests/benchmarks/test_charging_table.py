"""The table of the charging benchmark: its verdicts, its peers, and what make bench runs."""

from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

Script = Callable[[str], ModuleType]
ROOT = Path(__file__).parents[2]
OURS = {"seconds": 0.5, "bound_eur": 99.0, "cost_eur": 100.0}


def test_every_benchmark_can_be_run_alone(script: Script) -> None:
    """What make bench runs are scripts, and its list of parts names only files that exist."""
    run = script("run")
    assert "charging" in {path.stem for path in run.benchmarks()}
    for path in run.benchmarks():
        assert 'if __name__ == "__main__":' in path.read_text(), path.name
    assert all((ROOT / "benchmarks" / f"{name}.py").is_file() for name in run.PARTS)


def test_an_aim_says_whether_it_is_reached(script: Script) -> None:
    """A figure at the aim reaches it, one above does not."""
    table = script("charging")
    aim = table.Aim(name="scheduled in", most=0.1, unit="s", measured=0.1)
    assert str(aim) == "scheduled in 0.1 s (aim 0.1 s: reached)"
    late = table.Aim(name="scheduled in", most=0.1, unit="s", measured=0.11)
    assert "NOT REACHED" in str(late)


@pytest.mark.parametrize(("cost_eur", "agrees"), [(98.9, False), (99.5, True), (100.1, False)])
def test_a_peer_that_contradicts_the_proof_fails_the_benchmark(
    script: Script,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    *,
    cost_eur: float,
    agrees: bool,
) -> None:
    """An optimum outside bound and cost is said and counts as a miss; the ratio is printed."""
    table = script("charging")
    answer = {"peer": "P 1", "seconds": 5.0, "build_s": 0.1, "columns": 7, "cost_eur": cost_eur}
    monkeypatch.setattr(table, "own", lambda *_: {})
    monkeypatch.setattr(table, "peers_answer", lambda *_, **__: answer)
    case = table.CASES[0]
    assert table.agrees("highs", case, OURS, folder=Path()) is agrees
    printed = capsys.readouterr().out
    assert "ratio 10.0" in printed
    assert ("CONTRADICTS" in printed) is not agrees


def test_a_peer_that_is_not_installed_says_how_to_get_it(script: Script) -> None:
    """No environment, no figure: the line names the make target."""
    table = script("charging")
    assert "make .venv-peers/nobody/.made" in table.peers_answer("nobody", [], limit_s=1)


def test_a_peer_that_takes_too_long_is_stopped(
    script: Script, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """After its limit a peer is ended, and the table says so."""
    table = script("charging")
    python = tmp_path / "slow" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text("#!/bin/sh\nexec tail -f /dev/null\n")
    python.chmod(0o755)
    monkeypatch.setattr(table, "PEERS", tmp_path)
    assert table.peers_answer("slow", [], limit_s=0.2) == "slow did not finish in 0.2 s"


@pytest.mark.parametrize("peer", ["acnportal", "highs", "linopy"])
def test_locks_of_peers_name_no_index(peer: str) -> None:
    """Every package has a version and a hash, and no address says where it comes from."""
    lock = (ROOT / "requirements" / f"peers-{peer}.txt").read_text()
    packages = [line for line in lock.splitlines() if line and not line.startswith((" ", "#"))]
    assert packages
    assert all("==" in line and line.endswith("\\") for line in packages)
    assert "--hash=sha256:" in lock
    assert "://" not in lock
