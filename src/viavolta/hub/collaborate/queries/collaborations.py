"""Collaborations: who works with whom on what; messages for members alone."""

from typing import TYPE_CHECKING

from django.db.models import Count, Prefetch, Q, QuerySet

from viavolta.hub.collaborate.models import Collaboration, Message, Partner, Project
from viavolta.hub.collaborate.models.collaborations import PartnerState
from viavolta.hub.collaborate.queries.activity import SUBJECT_KIND, with_last_activity
from viavolta.hub.frame.models import Event
from viavolta.hub.people.access import organisations_of
from viavolta.hub.people.models import Organisation, Role, User

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser


def listed() -> QuerySet[Collaboration]:
    """Collaborations that everybody sees, with their members."""
    members = Partner.objects.filter(
        state=PartnerState.MEMBER, organisation__hidden=False
    ).select_related("organisation")
    rows = Collaboration.objects.filter(hidden=False).prefetch_related(
        Prefetch("partners", members, to_attr="members_shown")
    )
    counted = with_last_activity(rows).annotate(
        n_members=Count("partners", filter=Q(partners__state=PartnerState.MEMBER), distinct=True),
        n_projects=Count("projects", distinct=True),
    )
    return counted.order_by("-created_at", "-id")  # grouping drops the usual order


def members_of(collaboration: Collaboration) -> list[Partner]:
    """Members of a collaboration read by `listed`."""
    return list(getattr(collaboration, "members_shown"))  # noqa: B009 - Django prefetches it to there


def my_places(user: "User | AnonymousUser", collaboration: Collaboration) -> QuerySet[Partner]:
    """Places of the person's organisations, where she is an editor, in a collaboration."""
    return collaboration.partners.filter(
        organisation__in=organisations_of(user, Role.EDITOR)
    ).select_related("organisation")


def is_member(user: "User | AnonymousUser", collaboration: Collaboration) -> bool:
    """Whether the person belongs, in any role, to an organisation that takes part."""
    return collaboration.partners.filter(
        state=PartnerState.MEMBER, organisation__in=organisations_of(user)
    ).exists()


def messages_for(user: "User | AnonymousUser", collaboration: Collaboration) -> QuerySet[Message]:
    """What members wrote; nothing for others."""
    if not is_member(user, collaboration):
        return Message.objects.none()
    return collaboration.messages.select_related("organisation", "author")


def projects() -> QuerySet[Project]:
    """Projects of collaborations that everybody sees."""
    return (
        Project.objects.filter(collaboration__hidden=False)
        .select_related("collaboration")
        .prefetch_related("partners")
    )


def log_of(collaboration: Collaboration) -> QuerySet[Event]:
    """What was recorded of a collaboration, newest first."""
    return Event.objects.filter(subject_kind=SUBJECT_KIND, subject_id=str(collaboration.pk))


def open_invitations(user: User) -> QuerySet[Partner]:
    """Invitations to collaborations that wait for this person's answer."""
    return Partner.objects.filter(
        state=PartnerState.INVITED,
        collaboration__hidden=False,
        organisation__in=organisations_of(user, Role.EDITOR),
    ).select_related("collaboration", "organisation")


def can_be_invited(collaboration: Collaboration) -> QuerySet[Organisation]:
    """Organisations that are neither members nor invited."""
    taken = collaboration.partners.filter(state__in=(PartnerState.MEMBER, PartnerState.INVITED))
    return Organisation.objects.filter(hidden=False).exclude(pk__in=taken.values("organisation_id"))
