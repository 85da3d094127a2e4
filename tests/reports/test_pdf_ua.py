"""Documents on paper are fit for readers by voice: a checker of PDF/UA-1 says so."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from viavolta.model.study import Study
from viavolta.reports.files import bus_files


@pytest.fixture(scope="module")
def documents(study: Study) -> dict[str, bytes]:
    """The documents of the small bus study."""
    return {n: content for n, content in bus_files(study).items() if n.endswith(".pdf")}


def checked(python: Path, path: Path) -> subprocess.CompletedProcess[str]:
    """What the checker says of a file by the rules of the standard."""
    command = [python.with_name("outloud"), "--layer", "conformance", "--no-info", path]
    return subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=False)


def test_a_checker_of_the_standard_finds_no_error(
    documents: dict[str, bytes], foreign_client: Callable[[str], Path], tmp_path: Path
) -> None:
    """Neither in the report, nor in the sheets for a council and for the operator of the grid."""
    python = foreign_client("outloud")
    assert sorted(documents) == ["connection-request.pdf", "council.pdf", "report.pdf"]
    for name, content in documents.items():
        path = tmp_path / name
        path.write_bytes(content)
        done = checked(python, path)
        assert done.returncode == 0, done.stdout
        assert "0 error(s)" in done.stdout


def test_the_checker_finds_a_document_without_tags(
    documents: dict[str, bytes], foreign_client: Callable[[str], Path], tmp_path: Path
) -> None:
    """The same document that no longer says that it is tagged does not pass."""
    content = documents["council.pdf"]
    assert b"/MarkInfo" in content
    path = tmp_path / "council.pdf"
    path.write_bytes(content.replace(b"/MarkInfo", b"/MarkXnfo"))
    assert checked(foreign_client("outloud"), path).returncode != 0
