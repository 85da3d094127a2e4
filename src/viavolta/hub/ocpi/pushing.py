"""Partners told of what changed: each in its order, tried again, a refusal set aside.

A partner that does not answer keeps its own queue waiting and no other's. What a partner refuses is
not tried again by itself, and the next is told. The id of a request stays the same through all its
tries, so that a partner knows a repeat for what it is.
"""

import random
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Min, Q
from django.utils import timezone

from viavolta.hub.ocpi.asking import PartnerRefusesError, Question, question
from viavolta.hub.ocpi.models import Module, Partner, Push
from viavolta.hub.ocpi.offered import RECEIVER
from viavolta.hub.ocpi.station_asks import RESULT
from viavolta.model.errors import PlatformError
from viavolta.storage.outgoing import wait_s

HELD = timedelta(seconds=120)
"""How long one that sends keeps others from sending the same; longer than a request may take."""
MOST_ROUNDS = 200
MOST_RESULT_TRIES = 6
"""After that nobody waits for the result of a command any more."""
_AT_A_TIME, _AT_ONCE = 50, 8
_CHANCE = random.Random()  # noqa: S311 - spreads retries, protects nothing


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of telling; `error` is empty where it went well."""

    error: str = ""
    is_refused: bool = False


def send_due(now: datetime) -> int:
    """Tell what is due, each partner's in its order; how many were tried."""
    tried = 0
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        for _ in range(MOST_ROUNDS):
            heads = [row for row in _heads(now) if _is_taken(row, now)]
            if not heads:
                break
            asked = [_question(row) for row in heads]
            for row, one, outcome in zip(heads, asked, pool.map(_sent, asked), strict=True):
                if isinstance(one, Question):
                    one.row.save()
                _note(row, outcome)
            tried += len(heads)
    return tried


def _heads(now: datetime) -> list[Push]:
    """The first thing that each partner waits for, where it is due; and results, which wait for
    nothing: a driver stands at the station.
    """  # noqa: D205
    waiting = Push.objects.filter(
        sent_at=None,
        refused_at=None,
        partner__state=Partner.State.REGISTERED,
        partner__is_suspended=False,
    )
    in_order = waiting.exclude(module=RESULT)
    first = in_order.values("partner").annotate(first=Min("pk")).values("first")
    due = waiting.filter(Q(pk__in=first) | Q(module=RESULT), due_at__lte=now)
    return list(due.select_related("partner")[:_AT_A_TIME])


def _is_taken(row: Push, now: datetime) -> bool:
    """Take it, unless another process was faster."""
    mine = Push.objects.filter(pk=row.pk, tries=row.tries, sent_at=None)
    is_taken = bool(mine.update(tries=row.tries + 1, due_at=now + HELD))
    row.tries += is_taken
    return is_taken


def _question(row: Push) -> Question | Outcome:
    """What is to be sent, or why nothing can be."""
    is_result = row.module == RESULT
    base = row.path if is_result else row.partner.endpoint(row.module, RECEIVER)
    if not base:
        return Outcome(error="the partner has no such module", is_refused=True)
    what = row.module if row.module == Module.TOKENS else f"{row.module} {row.object_id}"
    url = f"{base.rstrip('/')}/{row.path}" if row.path and not is_result else base
    try:
        return question(
            row.partner, row.method, url, row.content, what=what, request_id=row.request_id
        )
    except ValueError as error:
        return Outcome(error=str(error))


def _sent(asked: Question | Outcome) -> Outcome:
    """Send it, without touching the tables."""
    if isinstance(asked, Outcome):
        return asked
    try:
        asked.sent()
    except PartnerRefusesError as error:
        return Outcome(error=str(error), is_refused=True)
    except PlatformError as error:
        return Outcome(error=str(error))
    return Outcome()


def _note(row: Push, outcome: Outcome) -> None:
    now = timezone.now()
    row.error = outcome.error[:255]
    if not outcome.error:
        row.sent_at = now
    elif outcome.is_refused or (row.module == RESULT and row.tries >= MOST_RESULT_TRIES):
        row.refused_at = now
    else:
        row.due_at = now + timedelta(seconds=wait_s(row.tries, rng=_CHANCE))
    row.save(update_fields=["sent_at", "refused_at", "due_at", "error"])
    shown = "" if outcome.is_refused else row.error
    Partner.objects.filter(pk=row.partner_id).exclude(error=shown).update(error=shown)
