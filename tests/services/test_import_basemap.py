"""A basemap of an extract: complete, the same again, refused where it cannot be made."""

from pathlib import Path

import pytest

from viavolta.formats.pmtiles import read_header
from viavolta.model.errors import PlatformError
from viavolta.model.progress import silent
from viavolta.samples import monaco_osm
from viavolta.services.import_basemap import import_basemap


def test_the_sample_city_has_a_basemap(tmp_path: Path) -> None:
    """Small, with sea and buildings, around the city, and the same bytes again."""
    summary = import_basemap(monaco_osm(), tmp_path / "a.pmtiles", force=False, progress=silent)
    again = import_basemap(monaco_osm(), tmp_path / "b.pmtiles", force=False, progress=silent)
    assert summary["sha256"] == again["sha256"]
    assert summary["bytes"] < 200_000
    assert summary["shapes"]["buildings"] > 900
    assert summary["shapes"]["water"] >= 1
    header = read_header(tmp_path / "a.pmtiles")
    assert header is not None
    assert header.west < 7.42 < header.east
    assert header.south < 43.73 < header.north


@pytest.mark.parametrize(
    ("content", "name", "code"),
    [
        (b"<osm version='0.6'></osm>", "a.pmtiles", "basemap-without-roads"),
        (b"<osm version='0.6'></osm>", "a.mbtiles", "basemap-suffix"),
        (b"no map", "a.pmtiles", "osm-not-osm"),
        (None, "a.pmtiles", "input-missing"),
    ],
)
def test_what_cannot_be_drawn_is_refused(
    tmp_path: Path, content: bytes | None, name: str, code: str
) -> None:
    """The error says what is wrong, and nothing is written."""
    source = tmp_path / "a.osm"
    if content is not None:
        source.write_bytes(content)
    with pytest.raises(PlatformError) as caught:
        import_basemap(source, tmp_path / name, force=False, progress=silent)
    assert caught.value.code == code
    assert not (tmp_path / name).exists()
