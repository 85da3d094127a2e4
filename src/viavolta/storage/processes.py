"""Processes that end with those that started them, and who they are.

Linux alone can promise the first; elsewhere a child that is orphaned runs to its end.
"""

import ctypes
import os
import signal
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

_SET_PARENT_DEATH_SIGNAL = 1  # PR_SET_PDEATHSIG of prctl(2)
_PROC = Path("/proc")
_GROUP_FIELD, _START_FIELD, _PAGES_FIELD = 2, 19, 21  # of /proc/PID/stat behind the name


def end_with_parent(parent_pid: int) -> None:
    """Have the system kill this process when its parent is gone, in whatever way that ends."""
    if not sys.platform.startswith("linux"):
        return
    ctypes.CDLL(None).prctl(_SET_PARENT_DEATH_SIGNAL, int(signal.SIGKILL))
    if os.getppid() != parent_pid:  # it was gone before we asked
        os.kill(os.getpid(), signal.SIGKILL)


def identity() -> str:
    """A name of this process that no other process has, and by which `is_lost` knows its end."""
    pid = os.getpid()
    return f"{_machine()} {pid} {_started(pid)}"[:120]


def same_machine(name: str, other: str) -> bool:
    """Whether two processes, by their `identity`, run on one machine since its last start."""
    return name.rsplit(" ", 2)[0] == other.rsplit(" ", 2)[0]


def is_lost(name: str) -> bool:
    """Whether a process of this machine has ended; False where that cannot be known."""
    machine, _, rest = name.rpartition(" ")[0].rpartition(" ")
    started = name.rpartition(" ")[2]
    if not started.isdigit() or started == "0" or machine != _machine() or not rest.isdigit():
        return False
    return _started(int(rest)) != int(started)


def group_memory_bytes(group: int) -> int:
    """Memory that a group of processes holds; 0 where that cannot be known."""
    page = os.sysconf("SC_PAGE_SIZE")
    return page * sum(
        int(fields[_PAGES_FIELD]) for fields in _stats() if int(fields[_GROUP_FIELD]) == group
    )


def machine_memory_bytes() -> int:
    """Memory of the machine, or of the container where that is less."""
    all_bytes = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    limit = _read(Path("/sys/fs/cgroup/memory.max")).strip()
    return min(all_bytes, int(limit)) if limit.isdigit() else all_bytes


def _machine() -> str:
    """Name the boot of this machine and the container in it: pids mean something within alone."""
    boot = _read(_PROC / "sys/kernel/random/boot_id").strip()
    try:
        container = str((_PROC / "self/ns/pid").stat().st_ino)
    except OSError:
        container = ""
    return f"{socket.gethostname()[:40]} {boot[:13]}{container}".strip().replace(" ", "-")


def _started(pid: int) -> int:
    """When a process began, in ticks since the machine's start; 0 if there is none."""
    fields = _stat(pid)
    return int(fields[_START_FIELD]) if fields and fields[0] not in {"Z", "X"} else 0


def _stats() -> Iterator[list[str]]:
    for entry in _PROC.iterdir() if _PROC.is_dir() else ():
        fields = _stat(int(entry.name)) if entry.name.isdigit() else None
        if fields:
            yield fields


def _stat(pid: int) -> list[str] | None:
    """The fields of /proc/PID/stat behind the name, which may hold anything."""
    fields = _read(_PROC / str(pid) / "stat").rpartition(")")[2].split()
    return fields or None


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
