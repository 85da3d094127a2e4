"""The indicators, their goals and their rules in words."""

from dataclasses import dataclass
from enum import StrEnum

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


class Indicator(StrEnum):
    """What is counted; the first four are EV4SCC's."""

    CITIES = "cities"
    SME_SHARE = "sme-share"
    ACTIVE_COLLABORATIONS = "active-collaborations"
    NEW_PROJECTS = "new-projects"
    REPLICATIONS = "replications"
    CO2 = "co2"
    GRID = "grid"


@dataclass(frozen=True, slots=True, kw_only=True)
class Meaning:
    """Name, unit, goal and rule of an indicator; the goal of a growth depends on its baseline."""

    name: str | Promise
    rule: str | Promise
    unit: str | Promise = ""
    goal: float | None = None
    is_share: bool = False


GROWTH_GOAL_SHARE = 0.5
"""Active collaborations should grow by this on the baseline date."""

MEANINGS: dict[Indicator, Meaning] = {
    Indicator.CITIES: Meaning(
        name=_("Cities joined"),
        rule=_("Organisations of the kind “city or region” that joined and are not hidden."),
        goal=50,
    ),
    Indicator.SME_SHARE: Meaning(
        name=_("SMEs among companies"),
        rule=_(
            "Organisations that declare themselves SMEs, divided by all companies: SMEs, large "
            "companies, operators of transport, logistics, grids and charging."
        ),
        goal=0.5,
        is_share=True,
    ),
    Indicator.ACTIVE_COLLABORATIONS: Meaning(
        name=_("Active collaborations"),
        rule=_(
            "Collaborations in which a member did something within the last 180 days: started, "
            "changed or joined it, wrote, met, or entered a project."
        ),
    ),
    Indicator.NEW_PROJECTS: Meaning(
        name=_("New projects"),
        rule=_("Projects that members entered in a collaboration."),
        goal=50,
    ),
    Indicator.REPLICATIONS: Meaning(
        name=_("Replications"),
        rule=_("Solutions whose study was computed anew for another place."),
    ),
    Indicator.CO2: Meaning(
        name=_("CO2 avoided in published studies"),
        rule=_("Diesel minus electric use phase of the baseline of each published study."),
        unit=_("t per year"),
    ),
    Indicator.GRID: Meaning(
        name=_("Grid reinforcement avoided in published studies"),
        rule=_(
            "Reinforcement with unmanaged minus with managed charging, in the baseline of each "
            "published study with a grid."
        ),
        unit="EUR",
    ),
}
