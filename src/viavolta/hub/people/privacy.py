"""What the hub holds of a person: exported for her, erased at her wish.

Each app tells with `holds` what it keeps of a person; export and erasure go through all of them.
"""

import io
import json
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.core.exceptions import ValidationError
from django.core.serializers.json import DjangoJSONEncoder
from django.db import transaction
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from viavolta.hub.frame.events import record
from viavolta.hub.frame.models import Event
from viavolta.hub.people.models import (
    ApiToken,
    Consent,
    Invitation,
    Membership,
    Report,
    User,
)
from viavolta.hub.people.queries import sole_owner_of
from viavolta.hub.people.verbs import Verb


def _no_files(user: User) -> Mapping[str, bytes]:  # noqa: ARG001 - the signature of files
    return {}


def _nothing(user: User) -> None:
    """Leave what is kept without the person as it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Holding:
    """What one app keeps of a person.

    `export` gives plain data for the JSON, `files` what goes beside it; `erase` removes or
    anonymises what would otherwise stay; `kept` says what stays afterwards and why.
    """

    name: str
    export: Callable[[User], Any]
    files: Callable[[User], Mapping[str, bytes]] = field(default=_no_files)
    erase: Callable[[User], None] = field(default=_nothing)
    kept: str | Promise = ""


_holdings: list[Holding] = []


def holds(holding: Holding) -> None:
    """Say what an app keeps of a person, in its AppConfig.ready()."""
    _holdings.append(holding)


def what_is_kept() -> list[str]:
    """What stays after an account is erased, and why."""
    return [str(holding.kept) for holding in _holdings if holding.kept]


@transaction.atomic
def export_of(user: User) -> bytes:
    """Everything held of a person: a zip with one JSON per app, and the files."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for holding in _holdings:
            text = json.dumps(
                holding.export(user), cls=DjangoJSONEncoder, ensure_ascii=False, indent=2
            )
            archive.writestr(f"{holding.name}.json", text)
            for name, content in holding.files(user).items():
                archive.writestr(f"{holding.name}/{name}", content)
    record(Verb.DATA_EXPORTED, actor=user, subject=user)
    return out.getvalue()


@transaction.atomic
def erase(user: User) -> None:
    """Erase a person; her organisations stay with their other owners, events lose her name.

    Raises
    ------
    ValidationError: an organisation would be without an owner.
    """
    alone = list(sole_owner_of(user).order_by("name"))
    if alone:
        names = ", ".join(organisation.name for organisation in alone)
        raise ValidationError(
            _("Hand over or delete first: %(names)s") % {"names": names}, code="sole-owner"
        )
    for holding in _holdings:
        holding.erase(user)
    record(Verb.ACCOUNT_ERASED)
    user.delete()


def _account(user: User) -> dict[str, Any]:
    return {
        "email": user.email,
        "name": user.name,
        "language": user.language,
        "joined_at": user.joined_at,
        "last_login": user.last_login,
        "email_addresses": list(
            EmailAddress.objects.filter(user=user).values("email", "verified", "primary")
        ),
        "consents": list(
            Consent.objects.filter(user=user).values("document", "document_version", "at")
        ),
        "ways_to_sign_in": list(
            Authenticator.objects.filter(user=user).values("type", "created_at", "last_used_at")
        ),
        "sessions": list(
            UserSession.objects.filter(user=user).values(
                "created_at", "ip", "last_seen_at", "user_agent"
            )
        ),
        "organisations": list(
            Membership.objects.filter(user=user).values("organisation__name", "role", "since")
        ),
        "invitations_sent": list(
            Invitation.objects.filter(invited_by=user).values("email", "role", "created_at")
        ),
        "tokens_made": list(ApiToken.objects.filter(created_by=user).values("name", "created_at")),
        "reports": list(
            Report.objects.filter(reporter=user).values("title", "reason", "text", "at")
        ),
        "events": list(Event.objects.filter(actor=user).values("at", "verb", "subject_kind")),
    }


def _rows_elsewhere(user: User) -> dict[str, Any]:
    """Every row of another app that names the person, by kind and by what she is in it."""
    rows = {}
    for relation in User._meta.related_objects:
        model = relation.related_model
        if not model.__module__.startswith("viavolta.hub.") or model._meta.app_label == "people":
            continue
        names = [
            field.attname
            for field in model._meta.concrete_fields
            if field.name not in _NOT_EXPORTED
        ]
        found = model._default_manager.filter(**{relation.field.name: user}).values(*names)
        if found:
            rows[f"{model._meta.label}.{relation.field.name}"] = list(found)
    return rows


_NOT_EXPORTED = frozenset({"link_token", "secret_hash", "token", "vector"})


def _end_sessions(user: User) -> None:
    keys = UserSession.objects.filter(user=user).values_list("session_key", flat=True)
    Session.objects.filter(session_key__in=list(keys)).delete()
    Invitation.objects.filter(email__iexact=user.email).delete()


ACCOUNT = Holding(
    name="account",
    export=_account,
    erase=_end_sessions,
    kept=gettext_lazy(
        "The log of what happened, without your name: it is needed against misuse and for the "
        "indicators. What your organisation published stays with it."
    ),
)
ELSEWHERE = Holding(name="what-i-made", export=_rows_elsewhere)
