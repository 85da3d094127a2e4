"""The five steps and their order."""

from enum import StrEnum

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


class Step(StrEnum):
    """A step of a new study."""

    PLACE = "place"
    FLEET = "fleet"
    SITES = "sites"
    GRID = "grid"
    PRICES = "prices"


ORDER = tuple(Step)
LABELS: dict[str, str | Promise] = {
    Step.PLACE: _("Place and timetable"),
    Step.FLEET: _("Buses"),
    Step.SITES: _("Depots"),
    Step.GRID: _("Grid"),
    Step.PRICES: _("Prices"),
}
SUMMARY = "summary"


def after(step: Step) -> str:
    """The page behind a step."""
    n = ORDER.index(step) + 1
    return ORDER[n].value if n < len(ORDER) else SUMMARY


def before(step: str) -> Step | None:
    """The step in front of a page, None before the first."""
    n = ORDER.index(Step(step)) if step != SUMMARY else len(ORDER)
    return ORDER[n - 1] if n else None
