"""Documents: PDF only, looked into before they are kept, and handed out as downloads only."""

import hashlib
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from viavolta.hub.market.files import write_whole

MAX_BYTES = 20_000_000
_MAX_UNFOLDED_BYTES = 60_000_000
_ACTIVE = re.compile(rb"/(JavaScript|JS|Launch|EmbeddedFiles?|RichMedia|XFA)(?![A-Za-z0-9])")
_ESCAPE = re.compile(rb"#([0-9A-Fa-f]{2})")


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredDocument:
    """A document as it was written."""

    sha256: str
    size_bytes: int


def store_document(data: bytes) -> StoredDocument:
    """Check a PDF by its content and write it below the media folder.

    Raises
    ------
    ValidationError: no PDF, too large, or with scripts or files inside.
    """
    if len(data) > MAX_BYTES:
        raise ValidationError(_("A document may have up to 20 MB."))
    if not re.match(rb"%PDF-[12]\.\d", data) or b"startxref" not in data[-2048:]:
        raise ValidationError(_("This is not a PDF, or its end is missing."))
    if any(_ACTIVE.search(_plain_names(part)) for part in _structure(data)):
        raise ValidationError(
            _("This PDF holds scripts, forms with code or other files. Please print it to a PDF.")
        )
    sha256 = hashlib.sha256(data).hexdigest()
    write_whole(document_path(sha256), data)
    return StoredDocument(sha256=sha256, size_bytes=len(data))


def document_path(sha256: str) -> Path:
    """Where a document lies."""
    return Path(settings.MEDIA_ROOT) / "market" / "documents" / sha256[:2] / f"{sha256}.pdf"


def _structure(data: bytes) -> Iterator[bytes]:
    """What describes the document: all outside its streams, and the streams that hold objects."""
    end, unfolded = 0, 0
    for start, stop, is_objects in _streams(data):
        yield data[end:start]
        end = stop
        if is_objects:
            try:
                part = zlib.decompressobj().decompress(
                    data[start:stop].lstrip(b"\r\n"), _MAX_UNFOLDED_BYTES - unfolded + 1
                )
            except zlib.error:
                part = data[start:stop]
            unfolded += len(part)
            if unfolded > _MAX_UNFOLDED_BYTES:
                raise ValidationError(_("This is not a PDF we can read."))
            yield part
    yield data[end:]


def _streams(data: bytes) -> Iterator[tuple[int, int, bool]]:
    """Each stream: where it begins and ends, and whether it holds objects."""
    position = 0
    while (start := data.find(b"stream", position)) >= 0:
        stop = data.find(b"endstream", start + 6)
        if stop < 0:
            return
        head = data[max(data.rfind(b"obj", position, start), position) : start]
        yield start + 6, stop, b"/ObjStm" in _plain_names(head)
        position = stop + 9


def _plain_names(part: bytes) -> bytes:
    """A name may be written with escapes (`/J#53`)."""
    return _ESCAPE.sub(lambda found: bytes([int(found[1], 16)]), part)
