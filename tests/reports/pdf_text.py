"""Reads the text of a PDF that typst made: enough of the format for the tests, and no more."""

import re
import zlib

_OBJECT = re.compile(rb"(\d+) 0 obj\n(.*?)endobj", re.DOTALL)
_TOKEN = re.compile(rb"/(\w+) [\d.]+ Tf|\((?:[^()\\]|\\.|\((?:[^()\\]|\\.)*\))*\)", re.DOTALL)
"""A change of font, or a string, in which balanced brackets may stand as they are."""
_ESCAPES = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"\b", b"f": b"\f"}


def pdf_text(made: bytes) -> str:
    """All texts of pages and pictures, in the order of the file, without any white space."""
    objects = {int(m[1]): m[2] for m in _OBJECT.finditer(made)}
    found = []
    for body in objects.values():
        resources = re.search(rb"/Resources (\d+) 0 R", body)
        if resources is None:
            continue
        contents = re.search(rb"/Contents (\d+) 0 R", body)
        stream = _stream(objects[int(contents[1])] if contents else body)
        found.append(_words(stream, _fonts(objects, objects[int(resources[1])])))
    return squeezed("".join(found))


def squeezed(words: str) -> str:
    """A text without white space, as lines may break anywhere; zero-width spaces go, too."""
    return "".join(words.replace("\u200b", "").split())


def _stream(body: bytes) -> bytes:
    head, _, rest = body.partition(b"stream\n")
    data = rest[: rest.rindex(b"\nendstream")]
    return zlib.decompress(data) if b"FlateDecode" in head else data


def _fonts(objects: dict[int, bytes], resources: bytes) -> dict[bytes, dict[int, str]]:
    """Characters by glyph, for each font of a page."""
    fonts = re.search(rb"/Font<<(.*?)>>", resources)
    found = {}
    for name, number in re.findall(rb"/(\w+) (\d+) 0 R", fonts[1] if fonts else b""):
        table = re.search(rb"/ToUnicode (\d+) 0 R", objects[int(number)])
        assert table is not None
        found[name] = {
            int(glyph, 16): bytes.fromhex(code.decode()).decode("utf-16-be")
            for glyph, code in re.findall(
                rb"<([0-9A-F]{4})> <([0-9A-F]+)>\n", _stream(objects[int(table[1])])
            )
        }
    return found


def _words(stream: bytes, fonts: dict[bytes, dict[int, str]]) -> str:
    found = []
    font: dict[int, str] = {}
    for match in _TOKEN.finditer(re.sub(rb"/Lang\([^)]*\)", b"", stream)):
        if match[1] is not None:
            font = fonts[match[1]]
        else:
            glyphs = _bytes(match[0][1:-1])
            found += [
                font.get(int.from_bytes(glyphs[i : i + 2]), "?") for i in range(0, len(glyphs), 2)
            ]
    return "".join(found)


def _bytes(literal: bytes) -> bytes:
    """A literal string of a PDF without its escapes."""
    pattern = re.compile(rb"\\([0-7]{1,3}|.)", re.DOTALL)

    def plain(match: re.Match[bytes]) -> bytes:
        code = match[1]
        return bytes([int(code, 8)]) if code.isdigit() else _ESCAPES.get(code, code)

    return pattern.sub(plain, literal)
