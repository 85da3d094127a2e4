"""Entries that apps add to pages of the frame, each in its AppConfig.ready()."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import Promise

from viavolta.hub.frame.figures import Figure


class Area(StrEnum):
    """Where an entry stands: the row on top, the menu of the account, or the foot of the page."""

    MAIN = "main"
    ACCOUNT = "account"
    FOOT = "foot"


def everybody(request: HttpRequest) -> bool:  # noqa: ARG001 - the signature of a rule
    """Show an entry to every visitor."""
    return True


def signed_in(request: HttpRequest) -> bool:
    """Show an entry to those who are signed in."""
    return request.user.is_authenticated


def moderators(request: HttpRequest) -> bool:
    """Show an entry to moderators only."""
    return bool(getattr(request.user, "is_moderator", False))


@dataclass(frozen=True, slots=True, kw_only=True)
class NavEntry:
    """One entry of the navigation; `order` sorts, `is_for` says who sees it.

    `count` gives a number to show beside the label, such as unread messages; 0 shows nothing.
    `beyond` are further beginnings of addresses that belong to it.
    """

    label: str | Promise
    url_name: str
    order: int
    is_for: Callable[[HttpRequest], bool] = everybody
    area: Area = Area.MAIN
    count: Callable[[HttpRequest], int] | None = None
    beyond: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class HomeSection:
    """A part of the signed-in home page: a template and what it needs; None leaves it out."""

    template: str
    order: int
    context: Callable[[HttpRequest], dict[str, object] | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """A way in for one role on the first page: who it is for, what they find, where it leads."""

    title: str | Promise
    text: str | Promise
    url_name: str
    order: int
    icon_name: str

    @property
    def url(self) -> str:
        """Where it leads."""
        return reverse(self.url_name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Showcase:
    """A finished study that answers the question of the first page, with its key figures."""

    title: str
    url: str
    figures: Sequence[Figure]
    is_sample: bool = True


_doors: list[Door] = []
_showcases: list[Callable[[HttpRequest], Showcase | None]] = []
_entries: list[NavEntry] = []
_sections: list[HomeSection] = []
_modules: dict[str, str] = {}


def add_to_navigation(entry: NavEntry) -> None:
    """Add an entry to the navigation."""
    _entries.append(entry)


def navigation(request: HttpRequest, area: Area = Area.MAIN) -> list[NavEntry]:
    """The entries this visitor sees in an area, in order."""
    return sorted(
        (e for e in _entries if e.area is area and e.is_for(request)), key=lambda e: e.order
    )


def add_to_home(section: HomeSection) -> None:
    """Add a part to the home page of those who are signed in."""
    _sections.append(section)


def home_sections(request: HttpRequest) -> list[tuple[str, dict[str, object]]]:
    """Template and context of each part this visitor's home page has, in order."""
    parts = ((s.template, s.context(request)) for s in sorted(_sections, key=lambda s: s.order))
    return [(template, context) for template, context in parts if context is not None]


def add_door(door: Door) -> None:
    """Add a way in to the first page."""
    _doors.append(door)


def doors() -> list[Door]:
    """The ways in, in order."""
    return sorted(_doors, key=lambda door: door.order)


def add_showcase(find: Callable[[HttpRequest], Showcase | None]) -> None:
    """Give the first page a study to show, or None if there is none yet."""
    _showcases.append(find)


def showcase(request: HttpRequest) -> Showcase | None:
    """The study the first page shows."""
    return next((found for find in _showcases if (found := find(request))), None)


def add_module(name: str, path: str) -> None:
    """Name an ES module: `add_module("viavolta/wizard", "studies/wizard.js")`."""
    _modules[name] = path


def modules() -> dict[str, str]:
    """Names of the apps' own ES modules and their static paths."""
    return dict(_modules)
