"""What every template finds."""

from typing import Any

from django.http import HttpRequest
from django.urls import reverse

from viavolta.hub.frame.registry import Area, NavEntry, navigation

THEMES = ("auto", "light", "dark")


def frame(request: HttpRequest) -> dict[str, Any]:
    """The navigation as this visitor sees it, and the theme this browser asked for."""
    return {
        "navigation": [_link(request, e) for e in navigation(request)],
        "account_menu": [_link(request, e) for e in navigation(request, Area.ACCOUNT)],
        "foot_menu": [_link(request, e) for e in navigation(request, Area.FOOT)],
        "theme": theme(request),
    }


def theme(request: HttpRequest) -> str:
    """The theme kept in the cookie; `auto` follows the system."""
    wanted = request.COOKIES.get("theme", "auto")
    return wanted if wanted in THEMES else "auto"


def _link(request: HttpRequest, entry: NavEntry) -> dict[str, Any]:
    url = reverse(entry.url_name)
    beginnings = (*entry.beyond, *([] if url == "/" else [url]))
    here = request.path == url or request.path.startswith(beginnings)
    return {
        "label": entry.label,
        "url": url,
        "is_current": here,
        "count": entry.count(request) if entry.count else 0,
    }
