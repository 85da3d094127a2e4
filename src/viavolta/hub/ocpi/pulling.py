"""Objects of partners read from them: all at first, then what changed, as their lists tell it.

Each module of each partner is read by one process at a time, which holds its lease. An object that
is not as OCPI wants it, or not the partner's to tell, is left out and counted; the others are kept.
"""

import logging
import random
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode, urlsplit

from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from viavolta.hub.ocpi.asking import ask, odd
from viavolta.hub.ocpi.foreign_objects import ConflictError, take_object
from viavolta.hub.ocpi.foreign_tokens import TakenError, take_token
from viavolta.hub.ocpi.models import Module, Partner, Party, Pull
from viavolta.hub.ocpi.offered import SENDER
from viavolta.hub.ocpi.own.keeping import KINDS
from viavolta.model.errors import PlatformError
from viavolta.protocols.ocpi.envelope import next_address
from viavolta.protocols.ocpi.objects import as_date_time, findings
from viavolta.storage.outgoing import wait_s

LOG = logging.getLogger(__name__)
LEASE = timedelta(minutes=30)
"""Longer than reading all pages may take; a killed process keeps others out no longer."""
EVERY = timedelta(hours=1)
OVERLAP = timedelta(minutes=5)
PAGE = 100
MOST_PAGES = 500
_FIRST_SESSIONS = timedelta(days=90)
_CHANCE = random.Random()  # noqa: S311 - spreads retries, protects nothing
_READ = {
    "CPO": (Module.LOCATIONS, Module.TARIFFS, Module.SESSIONS, Module.CDRS),
    "EMSP": (Module.TOKENS,),
}
"""What is read of a partner with a role, where we have the other one."""


def read_due(now: datetime) -> int:
    """Read every list that is due; how many."""
    free = Q(lease_until=None) | Q(lease_until__lt=now)
    due = Pull.objects.filter(
        free,
        due_at__lte=now,
        partner__state=Partner.State.REGISTERED,
        partner__is_suspended=False,
    )
    n_read = 0
    for key in list(due.values_list("pk", flat=True)):
        if Pull.objects.filter(free, pk=key, due_at__lte=now).update(lease_until=now + LEASE):
            read(Pull.objects.select_related("partner").get(pk=key))
            n_read += 1
    return n_read


def read(pull: Pull) -> None:
    """Read one list of a partner, from where the last reading began."""
    begun, error, n_kept, n_odd = timezone.now(), "", 0, 0
    try:
        for content in _all(pull) if _is_wanted(pull) else ():
            if _is_kept(pull.partner, Module(pull.module), content):
                n_kept += 1
            else:
                n_odd += 1
        if n_odd:
            error = _("%(n)s objects are not as OCPI wants them, or not its own") % {"n": n_odd}
    except (PlatformError, ValueError) as problem:
        error = str(problem)
        pull.failures += 1
        wait = timedelta(seconds=wait_s(pull.failures, rng=_CHANCE))
        Pull.objects.filter(pk=pull.pk).update(
            error=error[:255],
            failures=pull.failures,
            due_at=timezone.now() + wait,
            lease_until=None,
        )
        return
    Pull.objects.filter(pk=pull.pk).update(
        error=error[:255],
        failures=0,
        n_objects=n_kept,
        looked_at=timezone.now(),
        read_until=begun,
        due_at=timezone.now() + EVERY,
        lease_until=None,
    )


def _is_wanted(pull: Pull) -> bool:
    """Whether our role and the partner's fit the module."""
    ours = Party.objects.filter(organisation=pull.partner.organisation_id).first()
    if ours is None:
        return False
    theirs = {role["role"] for role in pull.partner.roles}
    return (ours.is_emsp and "CPO" in theirs and pull.module in _READ["CPO"]) or (
        ours.is_cpo and "EMSP" in theirs and pull.module in _READ["EMSP"]
    )


def _all(pull: Pull) -> Iterator[Any]:
    """All objects of a list, page by page; the next page lies where the first one does.

    Raises
    ------
    PeerError: the partner does not answer as it should.
    """
    base = pull.partner.endpoint(pull.module, SENDER)
    if not base:
        raise odd(_("it has no such module"))
    url = f"{base}?{urlencode(_words(pull), safe=':')}"
    for _page in range(MOST_PAGES):
        told = ask(pull.partner, "GET", url, what=pull.module)
        if not isinstance(told.data, list):
            raise odd(_("a list was expected"))
        yield from told.data
        url = next_address(told.headers.get("link", ""))
        if not url:
            return
        if urlsplit(url)[:2] != urlsplit(base)[:2]:
            raise odd(_("its next page lies elsewhere"))
    raise odd(_("it has more than we read"))


def _words(pull: Pull) -> dict[str, str | int]:
    """What is asked for: sessions need a begin, whatever else."""
    words: dict[str, str | int] = {"offset": 0, "limit": PAGE}
    since = pull.read_until - OVERLAP if pull.read_until else None
    if since is None and pull.module == Module.SESSIONS:
        since = timezone.now() - _FIRST_SESSIONS
    return words | ({} if since is None else {"date_from": as_date_time(since)})


def _is_kept(partner: Partner, module: Module, content: Any) -> bool:
    """Keep an object; whether it is as it should be, and the partner's to tell."""
    found = findings(KINDS[module], content)
    if found:
        LOG.warning("object not kept", extra={"kind": str(module), "why": str(found[0])})
        return False
    role = "EMSP" if module is Module.TOKENS else "CPO"
    if not partner.is_party(content["country_code"], content["party_id"], role):
        return False
    try:
        if module is Module.TOKENS:
            take_token(partner, content)
        else:
            take_object(partner, module, content)
    except (TakenError, ConflictError):
        return False
    return True
