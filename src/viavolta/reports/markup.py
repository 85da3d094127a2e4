"""HTML that is safe by construction: plain text is escaped, only `Html` passes as it is."""

import html
import json
from collections.abc import Iterable

MAX_TEXT = 300
"""Longest text from outside that a page shows, characters; the tables hold the whole."""


_VOID = frozenset(("input", "link", "meta"))
"""Elements without content, which have no end tag."""


class Html(str):
    """Markup that was made here; everything else is text and gets escaped."""

    __slots__ = ()

    def __add__(self, other: str) -> "Html":
        """Join; plain text on the right is escaped."""
        return Html(str.__add__(self, esc(other)))


Content = str | None
"""What an element may hold: `Html` as it is, other text escaped, None left out."""


def esc(value: object) -> Html:
    """Escape a value for an element or a quoted attribute; `Html` passes unchanged."""
    return value if isinstance(value, Html) else Html(html.escape(str(value), quote=True))


def clip(value: object, longest: int = MAX_TEXT) -> str:
    """Cut a text from outside to what a page can show; control characters become spaces."""
    words = "".join(c if c.isprintable() else " " for c in str(value)[: longest + 1])
    return words if len(words) <= longest else words[: longest - 1] + "\N{HORIZONTAL ELLIPSIS}"


def fill(message: str, /, **values: object) -> Html:
    """Put values into a translated message: `fill(text("{n} buses"), n=strong(...))`."""
    return Html(esc(message).format(**{name: esc(value) for name, value in values.items()}))


def join(parts: Iterable[Content], between: str = "") -> Html:
    """Join pieces of content, leaving out None."""
    return Html(esc(between).join(esc(part) for part in parts if part is not None))


def tag(name: str, /, *content: Content, **attributes: object) -> Html:
    """One element; `class_` and `data_x` become `class` and `data-x`, None leaves one out."""
    words = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{esc(value)}"'
        for key, value in attributes.items()
        if value is not None
    )
    end = "" if name in _VOID else f"</{name}>"
    return Html(f"<{name}{words}>{join(content)}{end}")


def json_block(identifier: str, value: object) -> Html:
    """Give data for the page's own script, in a block that nothing inside it can close."""
    packed = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    for character in "<>&\u2028\u2029":
        packed = packed.replace(character, f"\\u{ord(character):04x}")
    return Html(f'<script type="application/json" id="{esc(identifier)}">{packed}</script>')
