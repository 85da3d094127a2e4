"""Scenarios that were deleted longer ago than they can be brought back for go, with their files."""

from datetime import datetime
from pathlib import Path

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from viavolta.hub.frame.deletion import KEPT_AFTER_DELETION
from viavolta.hub.studies.models import Scenario
from viavolta.hub.studies.running import remove_study


def remove_expired(now: datetime | None = None) -> int:
    """Remove scenarios whose time is over, and results that no other has; how many went."""
    before = (now or timezone.now()) - KEPT_AFTER_DELETION
    with transaction.atomic():
        gone = Scenario.every.filter(deleted_at__lt=before)
        folders = set(gone.exclude(result_folder="").values_list("result_folder", flat=True))
        n = gone.count()
        gone.delete()
        kept = Scenario.every.filter(result_folder__in=folders)
        folders -= set(kept.values_list("result_folder", flat=True))
    for folder in folders:
        remove_study(Path(settings.CONFIG.data) / folder)
    return n
