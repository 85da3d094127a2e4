"""Writing down what happened, within the transaction in which it happens."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.db.models import Model
from django.utils import timezone

from viavolta.hub.frame.models import Event


def record(
    verb: StrEnum,
    *,
    actor: Any = None,
    organisation: Model | None = None,
    subject: Model | None = None,
    detail: Mapping[str, Any] | None = None,
) -> Event:
    """Append one event; `detail` holds plain JSON and no personal data."""
    return Event.objects.create(
        at=timezone.now(),
        actor=None if isinstance(actor, AnonymousUser) else actor,
        organisation_id=None if organisation is None else organisation.pk,
        verb=str(verb),
        subject_kind="" if subject is None else subject._meta.label_lower,
        subject_id="" if subject is None else str(subject.pk),
        detail=dict(detail or {}),
    )
