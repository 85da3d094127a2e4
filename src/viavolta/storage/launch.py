"""Start a program that ends with its parent: `python -m viavolta.storage.launch PID WORD ...`.

Runs in the child, before the program takes its place: it may be interrupted even where the parent
ignores that, leaves no core dump, and is the first to go where the machine runs out of memory.
"""

import os
import signal
import sys
from pathlib import Path

from viavolta.storage.processes import end_with_parent

_EXPENDABLE = "500"


def main() -> None:
    """Become the program."""
    end_with_parent(int(sys.argv[1]))
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    score = Path("/proc/self/oom_score_adj")
    if score.exists():
        score.write_text(_EXPENDABLE, encoding="ascii")
    if sys.platform != "win32":
        import resource  # noqa: PLC0415 - not on Windows

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    os.execv(sys.argv[2], sys.argv[2:])  # noqa: S606 - the words come from the worker alone


if __name__ == "__main__":
    main()
