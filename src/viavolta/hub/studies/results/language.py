"""Sentences of the reports in the reader's language, times in the study's zone."""

from collections.abc import Iterator
from contextlib import contextmanager
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.utils import timezone
from django.utils.translation import get_language

from viavolta.model.messages import LANGUAGES, language_in_use, use_language


@contextmanager
def reader_of(zone: str) -> Iterator[None]:
    """Speak the reader's language and show times in this zone, until the page is made."""
    before = language_in_use()
    wanted = (get_language() or "en").split("-")[0]
    use_language(wanted if wanted in LANGUAGES else "en")
    try:
        with timezone.override(_zone(zone)):
            yield
    finally:
        use_language(before)


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("UTC")
