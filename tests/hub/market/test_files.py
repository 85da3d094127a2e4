"""Pictures and documents are looked into before they are kept."""

import io
import struct
import zlib

import pytest
from django.core.exceptions import ValidationError
from PIL import Image

from viavolta.hub.market.documents import document_path, store_document
from viavolta.hub.market.pictures import picture_path, store_picture

PDF = (
    b"%PDF-1.7\n1 0 obj\n<< /Type /Catalog >>\nendobj\n"
    b"trailer\n<< /Root 1 0 R >>\nstartxref\n9\n%%EOF\n"
)


def _jpeg(width: int, height: int, exif: Image.Exif | None = None) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (width, height), "teal").save(out, "JPEG", exif=exif or Image.Exif())
    return out.getvalue()


def _png_that_claims(width: int, height: int) -> bytes:
    """A PNG of a few bytes that says it is huge."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", b"") + chunk(b"IEND", b"")


def test_a_picture_is_written_anew_without_what_the_camera_said() -> None:
    """Place and camera are gone, the picture stands upright, in widths up to its own."""
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by 90 degrees
    exif[0x010F] = "a camera"
    stored = store_picture(_jpeg(1000, 600, exif))
    assert (stored.width, stored.height) == (600, 1000)
    assert stored.widths == (320, 600)
    with Image.open(picture_path(stored.sha256, 320)) as small:
        assert small.size == (320, 533)
        assert small.format == "WEBP"
        assert not small.getexif()
    assert b"a camera" not in picture_path(stored.sha256, 600).read_bytes()


@pytest.mark.parametrize(
    "data",
    [
        b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>',
        b"<html><script>alert(1)</script></html>",
        b"",
        _jpeg(640, 400)[:300],
        b"GIF89a" + bytes(500),
    ],
    ids=["svg", "html", "empty", "cut off", "gif"],
)
def test_what_is_no_picture_is_refused(data: bytes) -> None:
    """A name or a content type makes no picture: only what can be decoded is taken."""
    with pytest.raises(ValidationError):
        store_picture(data)


@pytest.mark.parametrize("side", [20_000, 60_000])
def test_a_picture_that_unfolds_to_gigabytes_is_refused_unopened(side: int) -> None:
    """Size is read from the head of the file, before anything is decoded."""
    with pytest.raises(ValidationError):
        store_picture(_png_that_claims(side, side))


def test_a_tiny_picture_is_refused() -> None:
    """A picture of a pixel shows nothing and counts visitors."""
    with pytest.raises(ValidationError, match="200 pixels"):
        store_picture(_jpeg(1, 1))


def test_a_pdf_is_kept_as_it_is() -> None:
    """What was checked is what is handed out."""
    stored = store_document(PDF)
    assert document_path(stored.sha256).read_bytes() == PDF
    assert stored.size_bytes == len(PDF)


def _with_objects(inner: bytes) -> bytes:
    packed = zlib.compress(inner)
    stream = b"2 0 obj\n<< /Type /ObjStm /Filter /FlateDecode >>\nstream\n" + packed
    return PDF.replace(b"trailer", stream + b"\nendstream\nendobj\ntrailer")


@pytest.mark.parametrize(
    "data",
    [
        b"<html>%PDF-1.7 startxref</html>",
        PDF.replace(b"startxref", b""),
        PDF.replace(b"/Catalog", b"/Catalog /OpenAction << /S /JavaScript /JS (x) >>"),
        PDF.replace(b"/Catalog", b"/Catalog /OpenAction << /S /J#61vaScript >>"),
        PDF.replace(b"/Catalog", b"/Catalog /Names << /EmbeddedFiles 3 0 R >>"),
        _with_objects(b"1 0 << /S /Launch >>"),
        _with_objects(bytes(70_000_000)),
    ],
    ids=["html", "no end", "script", "hidden name", "files inside", "packed", "bomb"],
)
def test_a_pdf_with_more_than_pages_is_refused(data: bytes) -> None:
    """Scripts, programs and files inside are found, packed and escaped ones too."""
    with pytest.raises(ValidationError):
        store_document(data)


def test_words_within_a_page_are_no_script() -> None:
    """A page whose content happens to hold `/JS` is a page."""
    page = PDF.replace(b"trailer", b"2 0 obj <<>> stream\nq /JS Q\nendstream endobj\ntrailer")
    assert store_document(page).size_bytes == len(page)
