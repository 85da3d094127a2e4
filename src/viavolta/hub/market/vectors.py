"""Vectors of entries, computed by a worker: the one part of matching that takes its time."""

from collections.abc import Callable
from typing import Any

import numpy as np
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from viavolta.engines.matching.profiles import vectors_of_descriptions
from viavolta.hub.market.models import Entry, EntryWords
from viavolta.hub.market.words import description_of, digest_of, words_of
from viavolta.storage.runs.kinds import RunKind, register
from viavolta.storage.runs.queue import enqueue
from viavolta.storage.tables.models import Run, RunState

KIND = "market-vectors"
MOST_AT_ONCE = 2_000
"""Entries of one run: about a minute of work, then others have their turn."""
_BATCH = 32

Tell = Callable[[float], None]


def ask_for_vectors() -> None:
    """Have a worker compute what is missing, unless that is already waiting to be done."""
    if not Run.objects.filter(kind=KIND, state=RunState.QUEUED).exists():
        enqueue(KIND, owner_key="market", arguments={}, result_folder=f"runs/{KIND}")


def compute_vectors(tell: Tell) -> dict[str, Any]:
    """Compute missing and outdated words and vectors; how many, and how many are left."""
    _mend_words()
    missing = list(_without_vector().values_list("pk", flat=True)[:MOST_AT_ONCE])
    n_computed = 0
    for start in range(0, len(missing), _BATCH):
        n_computed += _compute(missing[start : start + _BATCH])
        tell((start + _BATCH) / max(len(missing), _BATCH))
    return {"computed": n_computed, "left": _without_vector().count()}


def _without_vector() -> Any:
    kept = EntryWords.objects.filter(vector=None, entry__deleted_at=None)
    return kept.order_by("-changed_at", "-pk")


def _mend_words() -> None:
    """Make words anew that an older glossary made, or that are missing."""
    entries = Entry.objects.filter(deleted_at=None).select_related("words").order_by("pk")
    for entry in entries.iterator(chunk_size=200):
        words = getattr(entry, "words", None)
        if words is None or words.digest != digest_of(entry):
            with transaction.atomic():
                now = Entry.objects.select_for_update().get(pk=entry.pk)
                made = words_of(now)
                EntryWords.objects.filter(pk=now.pk).delete()
                made.save(force_insert=True)


def _compute(entry_ids: list[int]) -> int:
    """Vectors of some entries; of one that was changed meanwhile none is kept."""
    words = list(EntryWords.objects.filter(pk__in=entry_ids).select_related("entry"))
    vectors = vectors_of_descriptions([description_of(one.entry) for one in words])
    n_kept = 0
    with transaction.atomic():
        for one, vector in zip(words, vectors, strict=True):
            unchanged = EntryWords.objects.filter(Q(pk=one.pk), Q(digest=one.digest))
            n_kept += unchanged.update(
                vector=vector.astype(np.float16).tobytes(), changed_at=timezone.now()
            )
    return n_kept


def _go_on(run: Run) -> None:
    """Ask again while some are left."""
    if run.state == RunState.DONE and _without_vector().exists():
        ask_for_vectors()


def register_kind() -> None:
    """Make the run known to hub and workers."""
    register(
        RunKind(
            name=KIND,
            command=lambda _run: ("vectors", "--json", "--progress", "json"),
            at_end=_go_on,
            is_quick=True,
            uses_database=True,
        )
    )
