"""Tags and filters for every page: icons, numbers with units, addresses with changed parameters."""

import json
from typing import Any

from django import template
from django.http import HttpRequest
from django.templatetags.static import static
from django.utils.html import format_html, json_script
from django.utils.safestring import SafeString, mark_safe

from viavolta.hub.frame.icons import ICONS
from viavolta.hub.frame.numbers import shown_number, shown_percent
from viavolta.hub.frame.registry import modules
from viavolta.hub.frame.words import words

register = template.Library()

_MODULES = {
    "maplibre-gl": "vendor/maplibre-gl.mjs",
    "maplibre-gl/worker": "vendor/maplibre-gl-worker.mjs",
    "pmtiles": "vendor/pmtiles.js",
    "fflate": "vendor/fflate.js",
    "uplot": "vendor/uplot.js",
    "viavolta/words": "frame/words.js",
    "viavolta/theme": "frame/theme.js",
    "uplot/sheet": "vendor/uplot.css",
    "maplibre-gl/sheet": "vendor/maplibre-gl.css",
    "viavolta/chart": "frame/chart.js",
    "viavolta/gantt": "frame/gantt.js",
    "viavolta/live": "frame/live.js",
    "viavolta/map": "frame/map.js",
    "viavolta/map-style": "frame/map-style.js",
    "viavolta/page": "frame/page.js",
    "viavolta/tags": "frame/tags.js",
}


@register.simple_tag
def icon(name: str) -> SafeString:
    """A small picture beside a word; screen readers skip it."""
    return format_html(
        '<svg class="icon" viewBox="0 0 24 24" width="20" height="20" fill="none" '
        'stroke="currentColor" stroke-width="1.8" stroke-linecap="round" stroke-linejoin="round" '
        'aria-hidden="true" focusable="false">{}</svg>',
        mark_safe(ICONS[name]),  # noqa: S308 - our own drawings
    )


@register.simple_tag
def import_map() -> SafeString:
    """Where the ES modules are, by name: the JSON of the page's import map."""
    places = {name: static(path) for name, path in (_MODULES | modules()).items()}
    text = json.dumps({"imports": places}, separators=(",", ":"))
    return mark_safe(text.replace("<", "\\u003c"))  # noqa: S308 - static paths only


@register.simple_tag
def script_words() -> SafeString:
    """The words that scripts say, as a block of data."""
    return json_script(words(), "words")


@register.simple_tag(takes_context=True)
def address_with(context: dict[str, Any], **changes: Any) -> str:
    """The page's address with some query parameters changed; None or "" takes one out."""
    request: HttpRequest = context["request"]
    query = request.GET.copy()
    for name, value in changes.items():
        query.pop(name, None)
        if value not in {None, ""}:
            query[name] = str(value)
    return f"{request.path}?{query.urlencode()}" if query else request.path


@register.filter
def number(value: Any, digits: int = 0) -> str:
    """A number as the reader's language writes it, with `digits` after the point."""
    return shown_number(value, digits=digits)


@register.filter
def percent(share: Any, digits: int = 0) -> str:
    """A share of 0..1 as a percentage."""
    return shown_percent(share, digits=digits)


@register.filter
def undo_address(tags: str) -> str:
    """The address a notice's undo button posts to; empty if it has none."""
    return next((tag[5:] for tag in (tags or "").split() if tag.startswith("undo:")), "")


@register.filter
def sheets(names: str) -> list[str]:
    """Paths of the frame's style sheets, by their names."""
    return [f"frame/{name}.css" for name in names.split()]
