"""Setting the baseline date."""

from datetime import date
from enum import StrEnum

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from viavolta.hub.frame.events import record
from viavolta.hub.frame.refusals import RefusedError
from viavolta.hub.kpis.models import Baseline
from viavolta.hub.people.models import User


class Verb(StrEnum):
    """What is recorded of indicators."""

    BASELINE_SET = "baseline.set"


@transaction.atomic
def set_baseline(user: User, *, on: date, note: str) -> Baseline:
    """Set the date from which growth is measured; earlier ones stay on record.

    Raises
    ------
    PermissionDenied: the person is no moderator.
    RefusedError: the date lies ahead.
    """
    if not user.is_moderator:
        raise PermissionDenied
    if on > timezone.now().date():
        raise RefusedError(_("A baseline lies in the past."))
    baseline = Baseline.objects.create(on=on, note=note, set_by=user)
    record(Verb.BASELINE_SET, actor=user, subject=baseline, detail={"on": on.isoformat()})
    return baseline
