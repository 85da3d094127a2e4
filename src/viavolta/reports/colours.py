"""The colours of the style sheet, for pictures that leave the page."""

import functools
import re
from importlib import resources


def colour(name: str) -> str:
    """Give a colour of the light theme by its custom property, such as `--ink`."""
    return _light()[name]


def on_paper(svg: str) -> str:
    """Write the colours of the light theme into a picture in place of the page's properties."""
    return re.sub(r"var\((--[\w-]+)\)", lambda found: _light().get(found[1], found[0]), svg)


@functools.cache
def _light() -> dict[str, str]:
    sheet = resources.files("viavolta.reports").joinpath("report.css").read_text(encoding="utf-8")
    first = sheet[sheet.index(":root {") : sheet.index("}")]
    return dict(re.findall(r"(--[\w-]+):\s*(#[0-9a-f]{3,8})", first))
