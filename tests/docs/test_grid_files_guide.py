"""The guide to grid files: its tables are read, its columns are those of the reader, it runs."""

import re
from pathlib import Path

from viavolta.formats.grids import read_grid, read_loads, write_grid
from viavolta.formats.grids.write import branches_frame, nodes_frame
from viavolta.model.grid import Grade

GUIDE = Path(__file__).parents[2] / "docs" / "howto" / "grid-files.md"


def blocks(language: str) -> list[str]:
    """Fenced blocks of the guide in one language."""
    page = GUIDE.read_text(encoding="utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```$", page, flags=re.MULTILINE | re.DOTALL)


def test_the_tables_of_the_guide_are_read(tmp_path):
    """A grid by hand and its loads, without repairs or warnings; the worst grade counts."""
    for name, content in zip(("nodes", "branches", "loads"), blocks("csv"), strict=True):
        (tmp_path / f"{name}.csv").write_text(content, encoding="utf-8")
    grid, repairs, warnings = read_grid(tmp_path)
    assert (grid.n_nodes, grid.n_branches, grid.grade) == (3, 2, Grade.FILLED_IN)
    assert (repairs, warnings) == ((), ())
    loads = read_loads(tmp_path / "loads.csv", grid)
    assert loads.p_kw.tolist() == [[2.5, 3.1]]


def test_every_column_is_in_the_guide(tmp_path):
    """What is written, and so what is read, is explained."""
    for name, content in zip(("nodes", "branches"), blocks("csv")[:2], strict=True):
        (tmp_path / f"{name}.csv").write_text(content, encoding="utf-8")
    grid, _, _ = read_grid(tmp_path)
    page = GUIDE.read_text(encoding="utf-8")
    rows = "".join(line.split("|")[1] for line in page.splitlines() if line.startswith("| `"))
    told = set(re.findall(r"`([a-z0-9_]+)`", rows))
    assert told == {*nodes_frame(grid).columns, *branches_frame(grid).columns}


def test_the_twin_of_the_guide_is_made(tmp_path):
    """As many households as it says, and a grid that can be written."""
    scope: dict[str, object] = {}
    exec("\n".join(blocks("python")), scope)  # noqa: S102 - the guide's own example
    village = scope["village"]
    assert village.n_households == 600
    write_grid(tmp_path, village.grid)
    assert read_grid(tmp_path)[0].grade is Grade.TWIN
