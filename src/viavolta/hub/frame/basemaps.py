"""Basemaps at hand: PMTiles files in the data folder and of the sample cities, served in ranges."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.urls import reverse

from viavolta.formats.pmtiles import Header, read_header

_PORTION = 64 * 1024
_RANGE = re.compile(r"bytes=(\d+)-(\d*)$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Basemap:
    """A file of tiles, what it covers, and whom to credit."""

    name: str
    path: Path
    header: Header

    def as_dict(self) -> dict[str, Any]:
        """What the script needs to draw it."""
        head = self.header
        return {
            "name": self.name,
            # the address changes with the file, so that browsers may keep what they read
            "url": f"{reverse('basemap', args=[self.name])}?v={int(self.path.stat().st_mtime)}",
            "bounds": [head.west, head.south, head.east, head.north],
            "minzoom": head.min_zoom,
            "maxzoom": head.max_zoom,
        }


_known: dict[tuple[str, int], Header] = {}


def basemaps() -> list[Basemap]:
    """All basemaps, by name; a file that is no PMTiles archive is left out."""
    found: dict[str, Basemap] = {}
    for folder in settings.BASEMAP_FOLDERS:
        for path in sorted(Path(folder).glob("*.pmtiles")):
            if path.stem not in found and (header := _header(path)):
                found[path.stem] = Basemap(name=path.stem, path=path, header=header)
    return list(found.values())


def _header(path: Path) -> Header | None:
    key = (str(path), path.stat().st_mtime_ns)
    if key not in _known:
        header = read_header(path)
        if header is None:
            return None
        _known[key] = header
    return _known[key]


def basemap_answer(request: HttpRequest, name: str) -> HttpResponse | StreamingHttpResponse:
    """The part of a basemap that a browser asks for.

    Raises
    ------
    Http404: there is no basemap of that name.
    """
    base = next((b for b in basemaps() if b.name == name), None)
    if base is None:
        raise Http404
    size = base.path.stat().st_size
    wanted = _RANGE.match(request.headers.get("Range", ""))
    start = int(wanted[1]) if wanted else 0
    end = min(int(wanted[2]) if wanted and wanted[2] else size - 1, size - 1)
    if start > end:
        refused = HttpResponse(status=416)
        refused["Content-Range"] = f"bytes */{size}"
        return refused
    answer = StreamingHttpResponse(
        _portions(base.path.open("rb"), start, end + 1),
        status=206 if wanted else 200,
        content_type="application/octet-stream",
    )
    answer["Accept-Ranges"] = "bytes"
    answer["Content-Length"] = str(end + 1 - start)
    answer["Cache-Control"] = "public, max-age=86400"
    answer["ETag"] = f'"{size:x}-{base.path.stat().st_mtime_ns:x}"'
    if wanted:
        answer["Content-Range"] = f"bytes {start}-{end}/{size}"
    return answer


def _portions(file: BinaryIO, start: int, end: int) -> Iterator[bytes]:
    with file:
        file.seek(start)
        left = end - start
        while left > 0 and (portion := file.read(min(left, _PORTION))):
            left -= len(portion)
            yield portion
