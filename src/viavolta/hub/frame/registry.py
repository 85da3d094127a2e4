"""Entries that apps add to pages of the frame, each in its AppConfig.ready()."""

from collections.abc import Callable
from dataclasses import dataclass

from django.http import HttpRequest
from django.utils.functional import Promise


def _everybody(request: HttpRequest) -> bool:  # noqa: ARG001 - the signature of a rule
    return True


@dataclass(frozen=True, slots=True, kw_only=True)
class NavEntry:
    """One entry of the main navigation; `order` sorts, `is_for` says who sees it."""

    label: str | Promise
    url_name: str
    order: int
    is_for: Callable[[HttpRequest], bool] = _everybody


_entries: list[NavEntry] = []


def add_to_navigation(entry: NavEntry) -> None:
    """Add an entry to the main navigation."""
    _entries.append(entry)


def navigation(request: HttpRequest) -> list[NavEntry]:
    """The entries this visitor sees, in order."""
    return sorted((e for e in _entries if e.is_for(request)), key=lambda e: e.order)
