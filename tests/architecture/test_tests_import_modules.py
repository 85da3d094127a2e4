"""What several tests share lies in modules with names of their own."""

from pathlib import Path

TESTS = Path(__file__).parents[1]


def test_no_test_imports_a_conftest() -> None:
    """There are many modules of that name, and which one is found depends on what ran before."""
    found = [
        path.relative_to(TESTS).as_posix()
        for path in TESTS.rglob("*.py")
        for line in path.read_text("utf-8").splitlines()
        if line.startswith(("from conftest import", "import conftest"))
    ]
    assert found == []
