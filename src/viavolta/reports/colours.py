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


def styled(svg: str, subject: str) -> str:
    """Write the rules that the style sheet has under a subject, such as map, into a picture."""
    return re.sub(r"(<svg [^>]*>)", lambda found: f"{found[1]}{_rules(subject)}", svg, count=1)


@functools.cache
def _rules(subject: str) -> str:
    """The rules that stand in the style sheet below a comment, but those of the pointer."""
    _, _, below = _sheet().partition(f"/* {subject} */")
    rules = re.findall(r"[^{}]+\{[^}]*\}", below.partition("/*")[0])
    return f"<style>{''.join(rule for rule in rules if ':hover' not in rule)}</style>"


@functools.cache
def _light() -> dict[str, str]:
    sheet = _sheet()
    first = sheet[sheet.index(":root {") : sheet.index("}")]
    return dict(re.findall(r"(--[\w-]+):\s*(#[0-9a-f]{3,8})", first))


@functools.cache
def _sheet() -> str:
    return resources.files("viavolta.reports").joinpath("report.css").read_text(encoding="utf-8")
