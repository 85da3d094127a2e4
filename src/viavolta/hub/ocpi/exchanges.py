"""What was exchanged with a partner, for its page: kept short, without contents."""

import json
from datetime import datetime, timedelta

from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from viavolta.hub.ocpi.models import Exchange, Module, Partner, Push
from viavolta.protocols.ocpi.envelope import VERSION

KEEP = timedelta(days=30)
_COMMON = ("ocpi", "cpo", "emsp", VERSION)
_OK = 1000


def note(partner: Partner, request: HttpRequest, answer: HttpResponse) -> None:
    """Keep that a partner asked something, and what it was told."""
    now = timezone.now()
    try:
        told = json.loads(answer.content)
    except ValueError:  # an empty answer
        told = {}
    status = told.get("status_code")
    Exchange.objects.create(
        partner=partner,
        is_ours=False,
        at=now,
        method=(request.method or "")[:6],
        what=what_of(request.path)[:120],
        http_status=answer.status_code,
        status=status,
        request_id=answer.headers["X-Request-ID"],
        error="" if status == _OK else str(told.get("status_message") or "")[:255],
    )
    Partner.objects.filter(pk=partner.pk).update(heard_at=now)


def what_of(path: str) -> str:
    """An address as it is shown: module and object, but for tokens: those are people's cards."""
    parts = [part for part in path.split("/") if part and part not in _COMMON]
    if Module.TOKENS in parts[:1]:
        parts = [part for part in parts if part in {Module.TOKENS, "authorize"}]
    return " ".join(parts)


def forget_old(now: datetime) -> None:
    """Forget what was exchanged, and told, long ago."""
    Exchange.objects.filter(at__lt=now - KEEP).delete()
    Push.objects.filter(sent_at__lt=now - KEEP).delete()
