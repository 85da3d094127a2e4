"""Fixed words of working together, with their labels."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from viavolta.model.facets import Segment

SEGMENTS = (
    (Segment.FLEETS, _("fleets of electric vehicles")),
    (Segment.LOGISTICS, _("urban logistics")),
    (Segment.PUBLIC_TRANSPORT, _("public transport")),
    (Segment.INFRASTRUCTURE, _("charging and energy infrastructure")),
    (Segment.MULTIMODAL, _("multimodal mobility")),
)
"""The five market segments of EV4SCC."""


class Skill(models.TextChoices):
    """What an organisation can bring to a consortium."""

    FLEET_PLANNING = "fleet-planning", _("planning of fleets and timetables")
    VEHICLES = "vehicles", _("vehicles")
    CHARGERS = "chargers", _("charging equipment")
    CHARGING_OPERATION = "charging-operation", _("operation of charging")
    SMART_CHARGING = "smart-charging", _("smart charging and V2G")
    GRID_PLANNING = "grid-planning", _("grid planning")
    RENEWABLES = "renewables", _("renewable energy and storage")
    SOFTWARE = "software", _("software and data")
    PROCUREMENT = "procurement", _("procurement")
    FINANCE = "finance", _("finance and business models")
    COORDINATION = "coordination", _("coordination of funded projects")
    PARTICIPATION = "participation", _("participation of citizens")
    TRAINING = "training", _("training")
    EVALUATION = "evaluation", _("evaluation and research")
    COMMUNICATION = "communication", _("communication")
    PILOT_SITE = "pilot-site", _("pilot site")
