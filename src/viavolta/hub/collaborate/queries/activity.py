"""When collaborations were last active, from the record of events."""

from datetime import datetime

from django.db.models import CharField, DateTimeField, Max, OuterRef, QuerySet, Subquery
from django.db.models.functions import Cast

from viavolta.hub.collaborate.models import Collaboration
from viavolta.hub.collaborate.verbs import ACTIVE_WITHIN, ACTIVITY
from viavolta.hub.frame.models import Event

SUBJECT_KIND = "collaborate.collaboration"


def activity_events() -> QuerySet[Event]:
    """Events that show members of a collaboration at work."""
    return Event.objects.filter(subject_kind=SUBJECT_KIND, verb__in=[str(v) for v in ACTIVITY])


def with_last_activity(collaborations: QuerySet[Collaboration]) -> QuerySet[Collaboration]:
    """The same collaborations, each with `last_activity`."""
    latest = (
        activity_events()
        .filter(subject_id=Cast(OuterRef("pk"), CharField()))
        .order_by()
        .values("subject_id")
        .annotate(latest=Max("at"))
        .values("latest")
    )
    return collaborations.annotate(last_activity=Subquery(latest, output_field=DateTimeField()))


def active_at(collaborations: QuerySet[Collaboration], moment: datetime) -> QuerySet[Collaboration]:
    """Those with an activity within 180 days before the moment."""
    active = activity_events().filter(at__gt=moment - ACTIVE_WITHIN, at__lte=moment)
    return collaborations.alias(key=Cast("pk", CharField())).filter(
        key__in=active.values("subject_id")
    )
