"""Room on an organisation's page for apps above; people know none of them by name."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.utils.functional import Promise

from viavolta.hub.people.models import Organisation


@dataclass(frozen=True, slots=True, kw_only=True)
class OrganisationAction:
    """A link beside an organisation's name; without an address it is left out."""

    label: str | Promise
    order: int
    url: Callable[[HttpRequest, Organisation], str | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class OrganisationSection:
    """A part of an organisation's page: a template, and what it needs (None leaves it out)."""

    template: str
    order: int
    context: Callable[[HttpRequest, Organisation], dict[str, Any] | None]


_actions: list[OrganisationAction] = []
_sections: list[OrganisationSection] = []


def add_organisation_action(action: OrganisationAction) -> None:
    """Offer something to do on every organisation's page, in an AppConfig.ready()."""
    _actions.append(action)


def organisation_actions(request: HttpRequest, row: Organisation) -> list[tuple[str, str]]:
    """Labels and addresses of what this visitor can do here, in order."""
    offered = [(a.label, a.url(request, row)) for a in sorted(_actions, key=lambda a: a.order)]
    return [(str(label), url) for label, url in offered if url]


def add_organisation_section(section: OrganisationSection) -> None:
    """Add a part to every organisation's page, in an AppConfig.ready()."""
    _sections.append(section)


def organisation_sections(
    request: HttpRequest, row: Organisation
) -> list[tuple[str, dict[str, Any]]]:
    """Templates and contexts of the parts this visitor sees here, in order."""
    parts = [
        (s.template, s.context(request, row)) for s in sorted(_sections, key=lambda s: s.order)
    ]
    return [(template, context) for template, context in parts if context is not None]
