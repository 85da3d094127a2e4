"""A process of its own that tries whether tables can be read, before the check reads them.

A crafted or damaged Parquet file can bring the reading library down with the whole process, or
unpack to more memory than there is. Here that costs a child, and the check says which file it was.
"""

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

MEMORY_BYTES = 8_000_000_000
"""Address space of the child: far more than the largest study needs."""


def first_unreadable(tables: Sequence[Path]) -> Path | None:
    """Read the tables in a child process; the first that cannot be read, or None."""
    if not tables:
        return None
    command = [sys.executable, "-P", "-m", "viavolta.cli.probe_tables", *map(str, tables)]
    child = subprocess.run(  # noqa: S603 - own interpreter, own module, names as arguments
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False
    )
    n_read = child.stdout.count(b"\n")
    return None if child.returncode == 0 else tables[min(n_read, len(tables) - 1)]


def main(names: Sequence[str]) -> None:
    """Read each table in turn and print a line after each; dies with the first bad one."""
    import polars as pl  # noqa: PLC0415 - only in the child

    _limit_memory()
    for name in names:
        pl.read_parquet(name)
        sys.stdout.write("read\n")
        sys.stdout.flush()


def _limit_memory() -> None:
    try:
        import resource  # noqa: PLC0415 - not on every system
    except ImportError:  # no such limit there; the size of the files is limited all the same
        return
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


if __name__ == "__main__":
    main(sys.argv[1:])
