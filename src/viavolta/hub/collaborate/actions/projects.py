"""Projects that come out of a collaboration."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db import transaction

from viavolta.hub.collaborate.actions.collaborations import require_member
from viavolta.hub.collaborate.models import Collaboration, Project
from viavolta.hub.collaborate.models.collaborations import PartnerState
from viavolta.hub.collaborate.verbs import Verb
from viavolta.hub.frame.events import record
from viavolta.hub.frame.versions import save_version
from viavolta.hub.people.models import Organisation, User


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectFacts:
    """What a project says of itself."""

    title: str
    about: str = ""
    funder: str = ""
    funding_eur: Decimal | None = None
    starts_on: date | None = None
    ends_on: date | None = None
    partners: tuple[Organisation, ...] = ()


@transaction.atomic
def add_project(user: User, collaboration: Collaboration, facts: ProjectFacts) -> Project:
    """Add a project that came out of the collaboration; its partners are members of it.

    Raises
    ------
    PermissionDenied: the person belongs to no member, as editor or owner.
    """
    organisation = require_member(user, collaboration)
    project = Project(collaboration=collaboration, created_by=user)
    _fill(project, facts)
    project.save()
    project.partners.set(_members_among(collaboration, facts.partners))
    record(
        Verb.PROJECT_ADDED,
        actor=user,
        organisation=organisation,
        subject=collaboration,
        detail={"project": project.pk},
    )
    return project


@transaction.atomic
def change_project(user: User, project: Project, facts: ProjectFacts, *, seen: int) -> None:
    """Change a project.

    Raises
    ------
    PermissionDenied: the person belongs to no member, as editor or owner.
    StaleEditError: somebody else saved it in the meantime.
    """
    organisation = require_member(user, project.collaboration)
    _fill(project, facts)
    save_version(project, seen=seen)
    project.partners.set(_members_among(project.collaboration, facts.partners))
    record(
        Verb.PROJECT_CHANGED,
        actor=user,
        organisation=organisation,
        subject=project.collaboration,
        detail={"project": project.pk},
    )


def _fill(project: Project, facts: ProjectFacts) -> None:
    project.title = facts.title
    project.about = facts.about
    project.funder = facts.funder
    project.funding_eur = facts.funding_eur
    project.starts_on = facts.starts_on
    project.ends_on = facts.ends_on


def _members_among(
    collaboration: Collaboration, organisations: Iterable[Organisation]
) -> list[Organisation]:
    members = set(
        collaboration.partners.filter(state=PartnerState.MEMBER).values_list(
            "organisation_id", flat=True
        )
    )
    return [one for one in organisations if one.pk in members]
