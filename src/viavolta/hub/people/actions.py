"""What changes accounts and organisations. Each function is one transaction."""

from collections.abc import Mapping
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils.text import slugify
from django.utils.translation import gettext as _

from viavolta.hub.frame.events import record
from viavolta.hub.frame.versions import save_version
from viavolta.hub.people.access import require
from viavolta.hub.people.documents import VERSIONS
from viavolta.hub.people.logos import keep_logo, remove_logo
from viavolta.hub.people.models import Consent, Membership, Organisation, Role, User
from viavolta.hub.people.verbs import Verb


@transaction.atomic
def open_account(user: User, *, name: str, language: str) -> None:
    """Complete a new account with what the sign-up form says; agreeing was required there."""
    user.name = name
    user.language = language
    user.save(update_fields=["name", "language"])
    record(Verb.ACCOUNT_OPENED, actor=user, subject=user)
    give_consent(user)


@transaction.atomic
def give_consent(user: User) -> None:
    """Keep that a person agrees to the current documents."""
    for document, version in VERSIONS.items():
        Consent.objects.create(user=user, document=document, document_version=version)
    record(
        Verb.CONSENT_GIVEN,
        actor=user,
        subject=user,
        detail={str(document): version for document, version in VERSIONS.items()},
    )


@transaction.atomic
def change_account(user: User, *, name: str, language: str) -> None:
    """Change a person's own name and language."""
    user.name = name
    user.language = language
    user.save(update_fields=["name", "language"])


@transaction.atomic
def create_organisation(user: User, fields: Mapping[str, Any]) -> Organisation:
    """Let an organisation join; the person becomes its owner.

    Raises
    ------
    ValidationError: a field is not as the model wants it.
    """
    if not user.is_authenticated or user.is_machine:
        raise PermissionDenied
    organisation = Organisation(**fields)
    organisation.slug = _free_slug(organisation.name)
    organisation.full_clean()
    organisation.save()
    Membership.objects.create(organisation=organisation, user=user, role=Role.OWNER)
    record(
        Verb.ORGANISATION_JOINED,
        actor=user,
        organisation=organisation,
        subject=organisation,
        detail={"kind": organisation.kind, "country": organisation.country},
    )
    return organisation


@transaction.atomic
def change_organisation(
    user: User, organisation: Organisation, fields: Mapping[str, Any], *, seen: int
) -> None:
    """Change what an organisation says of itself, unless somebody else did since version `seen`.

    Raises
    ------
    StaleEditError: somebody else saved it in the meantime.
    ValidationError: a field is not as the model wants it.
    """
    require(user, organisation, Role.OWNER)
    for name, value in fields.items():
        setattr(organisation, name, value)
    organisation.full_clean()
    save_version(organisation, seen=seen)
    record(
        Verb.ORGANISATION_CHANGED,
        actor=user,
        organisation=organisation,
        subject=organisation,
        detail={"fields": sorted(fields)},
    )


@transaction.atomic
def change_logo(user: User, organisation: Organisation, file: Any | None) -> None:
    """Replace the logo by a re-encoded picture, or take it away.

    Raises
    ------
    ValidationError: the file is no picture.
    """
    require(user, organisation, Role.OWNER)
    before = organisation.logo
    organisation.logo = "" if file is None else keep_logo(file)
    organisation.save(update_fields=["logo"])
    if before != organisation.logo:
        transaction.on_commit(lambda: remove_logo(before))
    record(
        Verb.ORGANISATION_CHANGED,
        actor=user,
        organisation=organisation,
        subject=organisation,
        detail={"fields": ["logo"]},
    )


@transaction.atomic
def delete_organisation(user: User, organisation: Organisation) -> None:
    """Delete an organisation with all that belongs to it; the log keeps that it was there."""
    require(user, organisation, Role.OWNER)
    record(
        Verb.ORGANISATION_DELETED,
        actor=user,
        organisation=organisation,
        subject=organisation,
        detail={"name": organisation.name},
    )
    User.objects.filter(is_machine=True, api_token__organisation=organisation).delete()
    logo = organisation.logo
    organisation.delete()
    transaction.on_commit(lambda: remove_logo(logo))


@transaction.atomic
def change_role(user: User, membership: Membership, role: Role) -> None:
    """Give a member another role.

    Raises
    ------
    ValidationError: the last owner would be gone.
    """
    organisation = _locked(membership.organisation)
    require(user, organisation, Role.OWNER)
    if membership.role == Role.OWNER and role != Role.OWNER:
        _keep_an_owner(organisation, without=membership)
    before, membership.role = membership.role, role
    membership.save(update_fields=["role"])
    record(
        Verb.ROLE_CHANGED,
        actor=user,
        organisation=organisation,
        subject=membership,
        detail={"from": str(before), "to": str(role)},
    )


@transaction.atomic
def end_membership(user: User, membership: Membership) -> None:
    """Leave an organisation, or, as its owner, take a member out.

    Raises
    ------
    ValidationError: the last owner would be gone.
    """
    organisation = _locked(membership.organisation)
    leaves = membership.user_id == user.pk
    if not leaves:
        require(user, organisation, Role.OWNER)
    if membership.role == Role.OWNER:
        _keep_an_owner(organisation, without=membership)
    record(
        Verb.MEMBER_LEFT if leaves else Verb.MEMBER_REMOVED,
        actor=user,
        organisation=organisation,
        subject=membership,
    )
    membership.delete()


def _locked(organisation: Organisation) -> Organisation:
    """The organisation, held until the transaction ends: two owners cannot both leave."""
    return Organisation.objects.select_for_update().get(pk=organisation.pk)


def _keep_an_owner(organisation: Organisation, *, without: Membership) -> None:
    others = Membership.objects.filter(organisation=organisation, role=Role.OWNER)
    if not others.exclude(pk=without.pk).exists():
        raise ValidationError(
            _("An organisation needs an owner: make somebody else owner first."), code="last-owner"
        )


def _free_slug(name: str) -> str:
    """A short address nobody has: the name, with a number if need be."""
    stem = slugify(name)[:160] or "organisation"
    slug, n = stem, 1
    while Organisation.objects.filter(slug=slug).exists() or slug in RESERVED_SLUGS:
        n += 1
        slug = f"{stem}-{n}"
    return slug


RESERVED_SLUGS = frozenset({"new", "export"})
