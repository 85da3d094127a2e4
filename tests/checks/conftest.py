"""Puts the helpers beside the tests on the import path, and makes a small valid study."""

import shutil
import sys
from pathlib import Path

import pytest

HERE = str(Path(__file__).parent)
if HERE not in sys.path:
    sys.path.append(HERE)


@pytest.fixture(scope="session")
def small_study_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A valid bus study on disk that nobody changes."""
    from small_bus_study import write_small_study  # noqa: PLC0415 - found by the path above

    return write_small_study(tmp_path_factory.mktemp("bus") / "study")


@pytest.fixture
def small_study(small_study_once: Path, tmp_path: Path) -> Path:
    """A valid bus study on disk, new for each test."""
    return Path(shutil.copytree(small_study_once, tmp_path / "study"))
