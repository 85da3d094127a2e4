"""Same task and seed, same bytes, with any number of threads and any order of hashes."""

import os
import subprocess
import sys
from pathlib import Path

PRINTER = Path(__file__).with_name("print_fingerprint.py")


def _fingerprint(*, n_threads: int, hash_seed: int) -> str:
    environment = {
        **os.environ,
        "VIAVOLTA_THREADS": str(n_threads),
        "NUMBA_NUM_THREADS": str(n_threads),
        "PYTHONHASHSEED": str(hash_seed),
    }
    done = subprocess.run(
        [sys.executable, str(PRINTER)],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_one_and_two_threads_give_the_same_bytes() -> None:
    """Tasks of several parts, with every extension too, in processes of their own."""
    alone = _fingerprint(n_threads=1, hash_seed=1)
    assert len(alone.split()) == 9
    assert _fingerprint(n_threads=2, hash_seed=2) == alone
