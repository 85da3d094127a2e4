"""Which kind of file a grid is in, and its reader."""

from pathlib import Path

from viavolta.formats.grids.assemble import GridRead
from viavolta.formats.grids.json_file import check_there, read_json
from viavolta.formats.grids.pandapower import read_pandapower
from viavolta.formats.grids.pandapower_file import is_pandapower
from viavolta.formats.grids.plain import BRANCHES, NODES, read_plain
from viavolta.formats.grids.power_grid_model import is_power_grid_model, read_power_grid_model
from viavolta.formats.grids.simbench import read_simbench
from viavolta.formats.grids.simbench_file import is_simbench
from viavolta.model.errors import InputError, Where
from viavolta.model.messages import text


def read_grid(path: Path) -> GridRead:
    """Read a grid of any known kind, with what was mended and what to know about it.

    A folder with nodes.csv and branches.csv, a SimBench CSV folder, a pandapower JSON, or a
    power-grid-model JSON. The path of nodes.csv or branches.csv stands for its folder.

    Raises
    ------
    UsageError: nothing there.
    InputError: no known kind, or the first of all findings, with file, row, field, value and hint.
    """
    check_there(path)
    folder = path.parent if path.name in (NODES, BRANCHES) else path
    if folder.is_dir() and ((folder / NODES).exists() or (folder / BRANCHES).exists()):
        return read_plain(folder)
    if folder.is_dir() and is_simbench(folder):
        return read_simbench(folder)
    if path.is_file() and path.suffix.lower() == ".json":
        document = read_json(path)
        if is_pandapower(document):
            return read_pandapower(path, document)
        if is_power_grid_model(document):
            return read_power_grid_model(path, document)
    raise InputError(
        code="grid-kind-not-known",
        message=text("{file} is no grid of a known kind", file=path.name),
        where=Where(file=path.name),
        expected=text(
            "a folder with nodes.csv and branches.csv, a SimBench CSV folder, "
            "a pandapower JSON or a power-grid-model JSON"
        ),
        hint=text("export the grid as one of these, or fill in the two tables by hand"),
    )
