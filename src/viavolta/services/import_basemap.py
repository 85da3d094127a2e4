"""The story of `viavolta import basemap`: an OpenStreetMap extract becomes tiles for maps."""

import hashlib
from pathlib import Path
from typing import Any

from viavolta.formats.gtfs_write import check_target, write_whole
from viavolta.formats.osm_shapes import read_shapes
from viavolta.formats.vector_tiles import tile_archive
from viavolta.model.errors import InputError, UsageError, Where
from viavolta.model.messages import text
from viavolta.model.progress import Progress

CREDIT = "© OpenStreetMap contributors, ODbL 1.0"


def import_basemap(
    source: Path, output: Path, *, force: bool, progress: Progress
) -> dict[str, Any]:
    """Make a basemap (PMTiles) of an extract; the same extract gives the same bytes.

    Raises
    ------
    UsageError: a missing file, or a place that may not be written.
    InputError: the extract cannot be read, or holds no road.
    """
    if output.suffix != ".pmtiles":
        raise UsageError(
            code="basemap-suffix",
            message=text("{file} does not end in .pmtiles", file=str(output)),
            where=Where(field="--output", value=str(output)[:200]),
            hint=text("the hub shows the files *.pmtiles in the folder basemaps of its data"),
        )
    check_target(output, force=force)
    progress(text("reading {file}", file=source.name), 0.0)
    shapes = read_shapes(source)
    if not shapes.layers.get("roads") and not shapes.layers.get("streets"):
        raise InputError(
            code="basemap-without-roads",
            message=text("{file} holds no road", file=source.name),
            where=Where(file=source.name),
            hint=text("take an extract that is not filtered"),
        )

    def drawn(share: float) -> None:
        progress(text("drawing tiles"), share)

    content = tile_archive(shapes.layers, box=shapes.box, credit=CREDIT, progress=drawn)
    write_whole(output, content)
    return {
        "out": str(output),
        "licence": CREDIT,
        "bounds": [round(value, 6) for value in shapes.box],
        "shapes": {layer: len(found) for layer, found in sorted(shapes.layers.items())},
        "bytes": len(content),
        "sha256": hashlib.sha256(content).hexdigest(),
    }
