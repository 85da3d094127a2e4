"""Pages whose commands are run once, for all tests of this folder."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
LIMIT_S = 300


def blocks(page: Path, language: str) -> list[str]:
    """The fenced blocks of a page in one language, in order."""
    fence = rf"^```{language}\n(.*?)^```$"
    return re.findall(fence, page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)


def named_tables(page: Path) -> dict[str, str]:
    """The csv blocks of a page by file name: the last `name.csv` that stands before the block."""
    text = page.read_text(encoding="utf-8")
    tables = {}
    for block in re.finditer(r"^```csv\n(.*?)^```$", text, flags=re.MULTILINE | re.DOTALL):
        *_, name = re.findall(r"`([a-z-]+\.csv)`", text[: block.start()])
        assert name not in tables, name
        tables[name] = block[1]
    return tables


def run_page(page: Path, folder: Path) -> str:
    """Run a page's `sh` blocks as one script, as a reader would, and give what they print."""
    script = "set -eu\n" + "\n".join(blocks(page, "sh"))
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    done = subprocess.run(
        ["bash", "-c", script],
        cwd=folder,
        env={**os.environ, "PATH": path},
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
        check=False,
    )
    assert done.returncode == 0, f"{page.name}: {done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.fixture(scope="session")
def tutorial(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """The folder in which the tutorial was followed, and what its commands printed."""
    folder = tmp_path_factory.mktemp("tutorial")
    (folder / "src").symlink_to(ROOT / "src")
    return folder, run_page(DOCS / "tutorial" / "first-plan.md", folder)


@pytest.fixture(scope="session")
def charging(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """The folder in which the guide to charging was followed, and what its commands printed."""
    folder, page = tmp_path_factory.mktemp("charging"), DOCS / "howto" / "charge.md"
    for name, content in named_tables(page).items():
        (folder / name).write_text(content, encoding="utf-8")
    return folder, run_page(page, folder)


@pytest.fixture(scope="session")
def grid_guide(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """The folder in which the guide to grids was followed, and what its commands printed."""
    folder, page = tmp_path_factory.mktemp("grid"), DOCS / "howto" / "grid.md"
    for name, content in named_tables(page).items():
        (folder / name).write_text(content, encoding="utf-8")
    return folder, run_page(page, folder)
