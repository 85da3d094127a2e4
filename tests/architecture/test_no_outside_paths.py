"""No file of the repository names a place of one person's machine."""

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
OUTSIDE = re.compile(rb"(?<![\w.~-])/(?:home|Users|work|root|mnt|opt|srv|tmp)/[\w.-]")
INDEX = re.compile(
    rb"(?m)^\s*(?:-i\b|--index-url|--extra-index-url|--find-links|-f\b)|@ (?:https?|file):"
)


def tracked() -> Iterator[Path]:
    """Files that belong to the repository, or would with the next commit."""
    done = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=True,
    )
    paths = (ROOT / name.decode() for name in done.stdout.split(b"\0") if name)
    yield from (path for path in paths if path.is_file() and path != Path(__file__))


@pytest.mark.usefixtures("git_checkout")
def test_no_file_names_a_place_outside() -> None:
    """No absolute path of a home or work folder stands in any text file."""
    found = [
        f"{path.relative_to(ROOT)}: {match.group()!r}"
        for path in tracked()
        for data in [path.read_bytes()]
        if b"\0" not in data[:8192]
        for match in OUTSIDE.finditer(data)
    ]
    assert found == []


def test_locks_name_no_index() -> None:
    """The locks hold versions and hashes only: where packages come from is the machine's matter."""
    for lock in sorted((ROOT / "requirements").glob("*.txt")):
        data = lock.read_bytes()
        assert b"://" not in data
        assert INDEX.search(data) is None
        assert data.count(b"--hash=sha256:") > data.count(b"==")
