"""Parts of a gateway killed under load: a small run of benchmarks/ocpp_crash.py."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = Path(__file__).parents[2] / "benchmarks" / "ocpp_crash.py"


@pytest.mark.skipif(not Path("/proc/net/tcp").exists(), reason="reads /proc")
def test_nothing_is_lost_billed_twice_or_hidden(postgres_url: str) -> None:
    """Whatever is killed, every acknowledged event stands in the tables, each session has one bill
    at most, each gap is told."""
    others = ("DATABASE_URL", "DJANGO_SETTINGS_MODULE", "VIAVOLTA_DATA", "VIAVOLTA_ORIGIN")
    kept = {name: value for name, value in os.environ.items() if name not in others}
    size = ["--kills", "4", "--stations", "24", "--rate", "40", "--seed", "6"]
    ran = subprocess.run(
        [sys.executable, str(PROGRAM), *size, "--any-time", "--database", postgres_url],
        env=kept,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "4 kills under load" in ran.stdout
