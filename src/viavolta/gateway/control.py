"""The control loop's process: plans of all tenants, made anew after every event and in between.

It looks at the tables whenever something may have changed, plans the tenants for which it did, and
has the stations told. A lease per tenant sees to it that one process plans for it, of however many
gateways. What keeps one tenant from being planned is told, and holds up nobody else.
"""

import asyncio
import contextlib
import datetime as dt
import logging
import math
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from django.db import Error, close_old_connections
from django.utils import timezone

from viavolta.model.errors import PlatformError
from viavolta.protocols.ocpp.schemas import Version
from viavolta.services.live.control import decide
from viavolta.services.live.facts import (
    AtPlug,
    LimitFacts,
    NeedsFacts,
    TenantFacts,
    WishFacts,
)
from viavolta.services.live.figures import LiveFigures, live_figures
from viavolta.services.live.plan import LivePlan
from viavolta.storage import leases, wake
from viavolta.storage.live_changes import Seen, look
from viavolta.storage.live_defaults import Defaults
from viavolta.storage.live_facts import LiveReader
from viavolta.storage.live_orders import carry_out, judge_promises, tie_wishes

PLAN_EVERY = dt.timedelta(minutes=5)
SETTLE_S = 0.1
"""What comes together is planned together: so long is waited after the first sign."""

LONGEST_S, AT_ONCE_S = 15.0, 1.0
"""A search ends after so long with the best plan found so far: at once where a limit has changed.
Then a better one is looked for soon."""

BETTER_AFTER = dt.timedelta(seconds=5)
ASK_AGAIN = dt.timedelta(seconds=5)
"""So often is looked whether a tenant of another process is free."""


AFTER_TROUBLE_S = 10.0
MOST_REST_S, REST_SHARE = 60.0, 3.0
"""Plans take a quarter of a core at most, unless limits change."""

log = logging.getLogger(__name__)


@dataclass(slots=True, kw_only=True)
class _Tenant:
    """What the loop remembers of a tenant between two plans.

    `rests_until_s`: a plan that took long is followed by a long rest, unless limits change.
    """

    seen: Seen = field(default_factory=Seen)
    plan: LivePlan | None = None
    next_at: dt.datetime | None = None
    rests_until_s: float = 0.0


class ControlLoop:
    """Plans tenants, one after the other; blocking, in a thread of its own.

    Parameters
    ----------
    holder
        A name of this process that no other has.
    seconds
        A clock that never jumps.
    """

    def __init__(self, holder: str, *, seconds: Callable[[], float] = time.monotonic) -> None:
        self._holder, self._seconds = holder, seconds
        self._figures: LiveFigures = live_figures()
        self._reader = LiveReader(last_past=self._figures.last_past)
        self._tenants: dict[int, _Tenant] = {}
        self._defaults = Defaults()

    def once(self) -> int:
        """Look once, and plan where something has changed or it is time; how many tenants."""
        close_old_connections()
        n_planned = 0
        try:
            found = look(timezone.now())
        except Error as error:  # busy or away
            log.warning("tables not read", extra={"why": str(error)[:200]})
            return 0
        for tenant_id, seen in found.items():
            if self._is_due(tenant_id, seen):
                n_planned += self._plan_if_mine(tenant_id, seen)
        for gone in set(self._tenants) - set(found):
            del self._tenants[gone]
        return n_planned

    def end(self) -> None:
        """Leave the tenants to others."""
        close_old_connections()
        leases.release(self._holder)

    def _is_due(self, tenant_id: int, seen: Seen) -> bool:
        tenant = self._tenants.setdefault(tenant_id, _Tenant())
        if tenant.next_at is None or timezone.now() >= tenant.next_at:
            return True
        if seen.urgent != tenant.seen.urgent:
            return True
        has_changed = seen.other != tenant.seen.other or seen.turned_down > 0
        return has_changed and self._seconds() >= tenant.rests_until_s

    def _plan_if_mine(self, tenant_id: int, seen: Seen) -> bool:
        """Plan a tenant unless another process does; whether it was planned."""
        tenant, began_s = self._tenants[tenant_id], self._seconds()
        is_urgent = seen.urgent != tenant.seen.urgent
        until_s = began_s + (AT_ONCE_S if is_urgent and tenant.plan is not None else LONGEST_S)
        try:
            if not leases.hold(tenant_id, self._holder):
                tenant.plan, tenant.seen = None, seen
                tenant.next_at = timezone.now() + ASK_AGAIN
                return False
            is_planned = self._plan(tenant_id, tenant, began_s, until_s)
        except (ValueError, LookupError, ArithmeticError, TypeError, PlatformError, Error) as error:
            log.exception("tenant not planned", extra={"tenant": tenant_id})
            tenant.plan = None
            tenant.rests_until_s = self._seconds() + AFTER_TROUBLE_S
            tenant.next_at = timezone.now() + dt.timedelta(seconds=AFTER_TROUBLE_S)
            tenant.seen = seen
            with contextlib.suppress(Error):  # then the log alone tells
                leases.note(tenant_id, trouble=f"{type(error).__name__}: {error}")
            return False
        tenant.seen = seen
        return is_planned

    def _plan(self, tenant_id: int, tenant: _Tenant, began_s: float, until_s: float) -> bool:
        now = timezone.now()
        tie_wishes(tenant_id)
        judge_promises(tenant_id)
        facts = self._reader.read(tenant_id, now)
        self._defaults.put(tenant_id, facts, now)
        decision = decide(
            facts,
            now=now,
            figures=self._figures,
            before=tenant.plan,
            stop=lambda: self._seconds() > until_s,
        )
        n_told = carry_out(tenant_id, decision, self._holder)
        if n_told is None:
            log.warning("another process plans this tenant", extra={"tenant": tenant_id})
            tenant.plan, tenant.next_at = None, now + ASK_AGAIN
            return False
        gap = None if decision.plan is None else decision.plan.schedule.gap
        leases.note(tenant_id, trouble="", n_sessions=len(decision.sessions), gap=gap)
        took_s = self._seconds() - began_s
        tenant.plan, tenant.next_at = decision.plan, _next_at(facts, now)
        if decision.plan is not None and decision.plan.schedule.was_stopped:
            tenant.next_at = min(tenant.next_at, now + BETTER_AFTER)
        tenant.rests_until_s = self._seconds() + min(REST_SHARE * took_s, MOST_REST_S)
        log.info(
            "tenant planned",
            extra={"tenant": tenant_id, "sessions": len(decision.sessions), "told": n_told},
        )
        return True

    def renew(self) -> None:
        """Keep the leases of the tenants that this process plans."""
        close_old_connections()
        with contextlib.suppress(Error):  # the next look takes them again
            leases.renew(self._holder)


def _next_at(facts: TenantFacts, now: dt.datetime) -> dt.datetime:
    """When to plan again though nothing is told: in five minutes, or when a limit changes."""
    turns = [t for span in facts.spans for t in (span.starts_at, span.ends_at) if t is not None]
    return min([now + PLAN_EVERY, *(turn for turn in turns if turn > now)])


def warm_up() -> None:
    """Plan two cars of nobody, so that the engine's kernels are compiled before the first one."""
    now = timezone.now()
    needs = NeedsFacts(
        energy_kwh=10.0, min_kw=4.0, max_kw=11.0, max_discharge_kw=10.0, capacity_kwh=60.0, soc=0.5
    )
    lends = WishFacts(may_discharge=True, ready_at=now + dt.timedelta(hours=3))
    cars = [
        AtPlug(
            session_id=str(k),
            station_id=k,
            evse=1,
            version=Version.V21,
            transaction="",
            limit_id="site",
            started_at=now,
            soc=0.5,
            needs=needs,
            wish=wish,
        )
        for k, wish in enumerate((lends, None))
    ]
    limits = (LimitFacts(limit_id="site", import_kw=12.0, export_kw=12.0),)
    decide(TenantFacts(sessions=tuple(cars), limits=limits), now=now, figures=live_figures())


async def run(holder: str) -> None:
    """Plan until cancelled."""
    loop = asyncio.get_running_loop()
    with ThreadPoolExecutor(1, thread_name_prefix="plans") as thread:
        control = await loop.run_in_executor(thread, ControlLoop, holder)
        renewed_s = -math.inf
        async with wake.listening() as woken:
            try:
                while True:
                    await loop.run_in_executor(thread, control.once)
                    if loop.time() - renewed_s > leases.HOLDS.total_seconds() / 4:
                        renewed_s = loop.time()
                        await loop.run_in_executor(thread, control.renew)
                    await woken()
                    await asyncio.sleep(SETTLE_S)
            finally:
                await loop.run_in_executor(thread, control.end)
