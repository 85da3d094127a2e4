"""Who a process is, and whether it still is."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from viavolta.storage import processes

pytestmark = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="reads /proc")


def test_a_process_is_lost_when_it_has_ended() -> None:
    """Not before, and not where its number belongs to another by now."""
    show = "from viavolta.storage.processes import identity; print(identity())"
    done = subprocess.run([sys.executable, "-c", show], check=True, capture_output=True, text=True)
    theirs, mine = done.stdout.strip(), processes.identity()
    assert processes.is_lost(theirs)
    assert not processes.is_lost(mine)
    machine, pid, started = mine.rsplit(" ", 2)
    assert processes.is_lost(f"{machine} {pid} {int(started) + 1}")


def test_what_cannot_be_known_is_not_lost() -> None:
    """Processes of other machines and other containers are left to their lease."""
    _, pid, started = processes.identity().rsplit(" ", 2)
    for name in (f"elsewhere 1-2 {pid} {started}", "elsewhere 1 2", "w", "", "a b c"):
        assert not processes.is_lost(name)


def test_memory_of_a_group_is_that_of_its_processes() -> None:
    """Our own group holds at least what Python needs, and less than the machine has."""
    held = processes.group_memory_bytes(os.getpgid(0))
    assert 10_000_000 < held < processes.machine_memory_bytes()
    assert processes.group_memory_bytes(2**22 + 1) == 0
