"""What every template finds."""

from typing import Any

from django.http import HttpRequest

from viavolta.hub.frame.registry import navigation


def frame(request: HttpRequest) -> dict[str, Any]:
    """The navigation as this visitor sees it."""
    return {"navigation": navigation(request)}
