"""Room on a need's or solution's page for apps above: actions beside it, sections below it.

An app adds its own in its AppConfig.ready(); the market knows none of them by name.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.utils.functional import Promise

from viavolta.hub.market.models import Entry


@dataclass(frozen=True, slots=True, kw_only=True)
class PageAction:
    """A link beside an entry's title, such as "contact"; without an address it is left out."""

    label: str | Promise
    order: int
    url: Callable[[HttpRequest, Entry], str | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class PageSection:
    """A part at the end of an entry's page: a template, and what it needs (None leaves it out)."""

    template: str
    order: int
    context: Callable[[HttpRequest, Entry], dict[str, Any] | None]


_actions: list[PageAction] = []
_sections: list[PageSection] = []


def add_page_action(action: PageAction) -> None:
    """Offer something to do on every need's and solution's page."""
    _actions.append(action)


def add_page_section(section: PageSection) -> None:
    """Add a part to every need's and solution's page."""
    _sections.append(section)


def page_actions(request: HttpRequest, entry: Entry) -> list[tuple[str, str]]:
    """Labels and addresses of what this visitor can do here, in order."""
    offered = [(a.label, a.url(request, entry)) for a in sorted(_actions, key=lambda a: a.order)]
    return [(str(label), url) for label, url in offered if url]


def page_sections(request: HttpRequest, entry: Entry) -> list[tuple[str, dict[str, Any]]]:
    """Templates and contexts of the parts this visitor sees here, in order."""
    parts = [
        (s.template, s.context(request, entry)) for s in sorted(_sections, key=lambda s: s.order)
    ]
    return [(template, context) for template, context in parts if context is not None]
