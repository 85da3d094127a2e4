"""The page around a report: one file, strict about what it may load, nothing from outside."""

import base64
import hashlib
import re
from collections.abc import Sequence
from importlib import resources

from viavolta.model.messages import language_in_use, text
from viavolta.reports.markup import Html, tag


def page(*, title: str, opening: Html, sections: Sequence[Html]) -> bytes:
    """Join opening and sections (each a `<section id>` with an `<h2>`) into an HTML file."""
    style, script = _own_file("report.css"), _own_file("report.js")
    head = (
        tag("title", title)
        + Html('<meta name="viewport" content="width=device-width, initial-scale=1">')
        + Html('<meta name="color-scheme" content="light dark">')
        + Html('<meta name="referrer" content="no-referrer">')
        + Html('<link rel="icon" href="data:,">')
        + Html(f"<style>{style}</style>")
    )
    body = (
        tag("a", text("Skip to the content"), href="#main", class_="skip")
        + _contents(sections)
        + tag("main", opening, *sections, id="main")
        + Html(f"<script>{script}</script>")
    )
    policy = content_security_policy(style, script)
    return (
        f'<!doctype html>\n<html lang="{language_in_use()}"><head><meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        f"{head}</head>\n<body>{body}</body></html>\n"
    ).encode()


def content_security_policy(style: str, script: str) -> str:
    """Allow this one style sheet and this one script, by hash, and images inside the file."""
    return (
        f"default-src 'none'; style-src '{_hash(style)}'; script-src '{_hash(script)}'; "
        "img-src data:; base-uri 'none'; form-action 'none'"
    )


def _hash(content: str) -> str:
    digest = hashlib.sha256(content.encode()).digest()
    return f"sha256-{base64.b64encode(digest).decode()}"


def _own_file(name: str) -> str:
    content = resources.files("viavolta.reports").joinpath(name).read_text(encoding="utf-8")
    return "\n" + content.replace("\r\n", "\n")


def _contents(sections: Sequence[Html]) -> Html:
    """Links to the sections, from their own ids and headings."""
    links = []
    for section in sections:
        found = re.match(r'<section id="([\w-]+)"><h2>(.*?)</h2>', section)
        if found is None:
            msg = f"a section starts with {section[:60]!r}, not with its id and heading"
            raise ValueError(msg)
        links.append(tag("li", tag("a", Html(found[2]), href=f"#{found[1]}")))
    return tag(
        "nav",
        tag("p", tag("a", "viavolta", href="#answer"), class_="brand"),
        tag("ul", tag("li", tag("a", text("The answer"), href="#answer")), *links),
        aria_label=text("Contents"),
    )
