"""Opening calls, and saying which skills one has."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.core.exceptions import PermissionDenied
from django.db import transaction

from viavolta.hub.collaborate.models import Call, CallPart, DeclaredSkill
from viavolta.hub.collaborate.models.calls import PartKind
from viavolta.hub.collaborate.slugs import free_slug
from viavolta.hub.collaborate.verbs import Verb
from viavolta.hub.collaborate.words import Skill
from viavolta.hub.frame.events import record
from viavolta.hub.frame.versions import save_version
from viavolta.hub.people.access import require
from viavolta.hub.people.models import Organisation, OrganisationKind, Role, User


@dataclass(frozen=True, slots=True, kw_only=True)
class CallFacts:
    """What a call says of itself; roles are kinds of organisations."""

    title: str
    segment: str
    deadline: datetime
    zone: str
    about: str = ""
    funder: str = ""
    link: str = ""
    roles: tuple[str, ...] = ()
    skills: tuple[str, ...] = ()


@transaction.atomic
def open_call(
    user: User, organisation: Organisation | None, facts: CallFacts, *, is_sample: bool = False
) -> Call:
    """Open a call with the roles and skills it needs; moderators may do so for the platform.

    Raises
    ------
    PermissionDenied: the person is no editor of the organisation, or no moderator.
    """
    require_caller(user, organisation)
    call = Call(
        organisation=organisation,
        slug=free_slug(Call, facts.title, "call"),
        is_sample=is_sample,
        created_by=user,
    )
    _fill(call, facts)
    call.save()
    _set_parts(call, facts)
    record(Verb.CALL_OPENED, actor=user, organisation=organisation, subject=call)
    return call


@transaction.atomic
def change_call(user: User, call: Call, facts: CallFacts, *, seen: int) -> None:
    """Change a call; parts that stay keep those who cover them.

    Raises
    ------
    PermissionDenied: the person is no editor of the organisation, or no moderator.
    StaleEditError: somebody else saved it in the meantime.
    """
    require_caller(user, call.organisation)
    _fill(call, facts)
    save_version(call, seen=seen)
    _set_parts(call, facts)
    record(Verb.CALL_CHANGED, actor=user, organisation=call.organisation, subject=call)


@transaction.atomic
def declare_skills(user: User, organisation: Organisation, skills: Iterable[str]) -> None:
    """Say which skills an organisation has, in place of what it said before.

    Raises
    ------
    PermissionDenied: the person is no editor of the organisation.
    """
    require(user, organisation, Role.EDITOR)
    wanted = {Skill(skill).value for skill in skills}
    declared = DeclaredSkill.objects.filter(organisation=organisation)
    declared.exclude(skill__in=wanted).delete()
    had = set(declared.values_list("skill", flat=True))
    DeclaredSkill.objects.bulk_create(
        DeclaredSkill(organisation=organisation, skill=skill) for skill in sorted(wanted - had)
    )
    record(Verb.SKILLS_DECLARED, actor=user, organisation=organisation, subject=organisation)


def require_caller(user: User, organisation: Organisation | None) -> None:
    """Pass an editor of the organisation, or for the platform's calls a moderator.

    Raises
    ------
    PermissionDenied: everybody else.
    """
    if organisation is not None:
        require(user, organisation, Role.EDITOR)
    elif not user.is_moderator:
        raise PermissionDenied


def _fill(call: Call, facts: CallFacts) -> None:
    call.title = facts.title
    call.segment = facts.segment
    call.deadline = facts.deadline
    call.zone = facts.zone
    call.about = facts.about
    call.funder = facts.funder
    call.link = facts.link


def _set_parts(call: Call, facts: CallFacts) -> None:
    wanted = [(PartKind.ROLE, OrganisationKind(role).value) for role in facts.roles]
    wanted += [(PartKind.SKILL, Skill(skill).value) for skill in facts.skills]
    for part in call.parts.all():
        if (part.kind, part.key) not in wanted:
            part.delete()
    for kind, key in wanted:
        CallPart.objects.get_or_create(call=call, kind=kind, key=key)
