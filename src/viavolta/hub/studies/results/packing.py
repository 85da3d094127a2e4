"""A study folder as files by name, and files by name as a zip."""

import io
import json
import zipfile
from pathlib import Path

from viavolta.hub.studies.results.folder import Result
from viavolta.services.bus.operators_files import FEED_FILE

_DOCUMENT = "study.json"
_STAMP = (1980, 1, 1, 0, 0, 0)
"""The first moment a zip can hold: the same study, the same bytes."""


def study_files(result: Result, *, with_feed: bool) -> dict[str, bytes]:
    """Every file of a study folder by its name in it.

    The timetable with blocks in it is the operator's own: without it, `study.json` lists it not.
    """
    paths = sorted(p for p in result.folder.rglob("*") if p.is_file())
    files = {p.relative_to(result.folder).as_posix(): p.read_bytes() for p in paths}
    if not with_feed and files.pop(FEED_FILE, None) is not None:
        document = json.loads(files[_DOCUMENT])
        document["files"] = [one for one in document["files"] if one["name"] != FEED_FILE]
        files[_DOCUMENT] = (json.dumps(document, ensure_ascii=False, indent=1) + "\n").encode()
    return files


def zipped(files: dict[str, bytes]) -> bytes:
    """Files by name as a zip; what is compressed already is stored."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in sorted(files.items()):
            entry = zipfile.ZipInfo(name, date_time=_STAMP)
            entry.external_attr = 0o644 << 16
            is_packed = Path(name).suffix in {".parquet", ".zip", ".pdf"}
            entry.compress_type = zipfile.ZIP_STORED if is_packed else zipfile.ZIP_DEFLATED
            archive.writestr(entry, content)
    return buffer.getvalue()
