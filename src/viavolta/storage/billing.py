"""Bills from ended sessions: each session once, whoever asks how often, in whatever order.

A bill is closed under the lock of its tenant's numbers, in one transaction with the number that it
takes, so that two processes close it once and no number is left out. News of a session after that
never changes the bill: where it changes the figures, a correction follows, with a number of its
own. Decision: docs/decisions/0011-bills-by-rounds.md.
"""

import dataclasses
import datetime as dt
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q, QuerySet

from viavolta.services.billing.flexible import Said
from viavolta.services.billing.payment import PaymentMode, PaymentState, provider_of
from viavolta.services.billing.price import Account, Use, account_of
from viavolta.services.billing.session_use import use_of
from viavolta.services.billing.tariff import Tariff as Prices
from viavolta.services.billing.tariff import tariff_of
from viavolta.services.billing.terminals import Terminals, TerminalState, payment_state
from viavolta.storage.session_rows import events_of_session
from viavolta.storage.tables import billing as tables
from viavolta.storage.tables.live import Wish
from viavolta.storage.tables.payments import TerminalPayment
from viavolta.storage.tables.stations import Session, Station
from viavolta.storage.terminal_payments import MODE, terminal_of

SETTLE = dt.timedelta(hours=1)
"""How long an ended session with missing events waits for them; an offline station sends late."""

MOST_AT_ONCE = 200

FREE = Prices(zone="UTC", components=())
"""What counts where a tenant has no tariff."""


def terms_of(tenant_id: int) -> tables.ChargingTerms:
    """A tenant's terms; those that count without a word are not stored."""
    found = tables.ChargingTerms.objects.filter(tenant_id=tenant_id).first()
    return found or tables.ChargingTerms(tenant_id=tenant_id)


def tariff_at(station: Station, moment: dt.datetime) -> tables.Tariff | None:
    """The version of the tariff that holds at a station: the site's own before the tenant's."""
    valid = tables.Tariff.objects.filter(tenant_id=station.tenant_id, valid_from__lte=moment)
    for site in dict.fromkeys((station.site, "")):
        found = valid.filter(site=site).order_by("-valid_from", "-version").first()
        if found is not None:
            return found
    return None


def prices_of(tariff: tables.Tariff | None) -> Prices:
    """What is paid under a version of a tariff; nothing without one."""
    return FREE if tariff is None else tariff_of(tariff.content)


def due(now: dt.datetime) -> QuerySet[Session]:
    """Sessions to look at: ended without a bill, or changed since their bill was looked at.

    Those of tenants who chose the test provider wait until it is allowed.
    """
    open_ones = Q(bill=None) & (Q(is_complete=True) | Q(updated_at__lte=now - SETTLE))
    news = Q(bill__looked_at__lt=F("updated_at"))
    ended = Session.objects.filter(ended_at__isnull=False).filter(open_ones | news).order_by("pk")
    if settings.TEST_PAYMENTS:
        return ended
    in_test = tables.ChargingTerms.objects.filter(payment=PaymentMode.TEST.value)
    return ended.exclude(station__tenant_id__in=in_test.values("tenant_id"))


def close_bills(now: dt.datetime, *, most: int = MOST_AT_ONCE) -> int:
    """Close what is due, at most so many; how many sessions were looked at."""
    keys = list(due(now).values_list("pk", flat=True)[:most])
    for key in keys:
        close_bill(key, now)
    return len(keys)


@transaction.atomic
def close_bill(session_id: int, now: dt.datetime) -> tables.Bill | None:
    """The bill of a session, closed or corrected if need be; None while it is under way."""
    session = Session.objects.select_related("station").get(pk=session_id)
    numbers = _numbers(session.station.tenant_id)
    session.refresh_from_db()  # what another process wrote while this one waited for the numbers
    if session.ended_at is None:
        return None
    tariff = tariff_at(session.station, session.started_at)
    use = use_of_session(session)
    bill = tables.Bill.objects.filter(session=session).select_related("tariff").first()
    if bill is None:
        figures = _figures(session, account_of(prices_of(tariff), use), use.discharged_wh)
        bill = tables.Bill.objects.create(
            session=session,
            tenant_id=session.station.tenant_id,
            number=_take(numbers),
            tariff=tariff,
            started_at=use.started_at,
            ended_at=use.ended_at,
            made_at=now,
            looked_at=session.updated_at,
            **figures,
        )
        _pay(bill, None, bill.cents - bill.reward_cents)
        return bill
    account = account_of(prices_of(bill.tariff), use)
    _correct(bill, _figures(session, account, use.discharged_wh), numbers, now)
    bill.looked_at = session.updated_at
    bill.save(update_fields=["looked_at"])
    return bill


def use_of_session(session: Session, *, until: dt.datetime | None = None) -> Use:
    """What a session used, by its events and wishes; with `until`, one under way by then.

    Raises
    ------
    ValueError: it has no event, or has not ended.
    """
    wishes = list(Wish.objects.filter(session=session).order_by("pk"))
    return use_of(
        events_of_session(session),
        is_boosted=any(wish.is_boosted for wish in wishes),
        said=[
            Said(
                at=wish.given_at,
                is_flexible=wish.mode == Wish.Mode.SMART
                and not (wish.is_boosted or wish.has_priority),
            )
            for wish in wishes
            if not wish.is_withdrawn
        ],
        until=until,
    )


def standing_of(bill: tables.Bill) -> "tables.Bill | tables.Correction":
    """The figures that count: of the last correction, else of the bill."""
    return max(bill.corrections.all(), key=lambda one: one.pk, default=None) or bill


def _numbers(tenant_id: int) -> tables.BillNumber:
    tables.BillNumber.objects.get_or_create(tenant_id=tenant_id)
    return tables.BillNumber.objects.select_for_update().get(tenant_id=tenant_id)


def _take(numbers: tables.BillNumber) -> int:
    number = numbers.next_number
    numbers.next_number = number + 1
    numbers.save(update_fields=["next_number"])
    return number


_MONEY = ("lines", "cents", "vat_cents", "reward_cents")


def _correct(
    bill: tables.Bill, figures: dict[str, Any], numbers: tables.BillNumber, now: dt.datetime
) -> None:
    before = standing_of(bill)
    if all(getattr(before, name) == figures[name] for name in _MONEY):
        return
    credit = (before.cents - before.reward_cents) - (figures["cents"] - figures["reward_cents"])
    correction = tables.Correction.objects.create(
        bill=bill, number=_take(numbers), credit_cents=credit, made_at=now, **figures
    )
    _pay(bill, correction, -credit)


def _figures(session: Session, account: Account, discharged_wh: float) -> dict[str, Any]:
    return {
        "lines": [
            {
                "per": line.component.per.value,
                "eur": str(line.component.eur),
                "from_min": line.component.from_min,
                "until_min": line.component.until_min,
                "weekdays": list(line.component.weekdays),
                "quantity": str(line.quantity),
                "cents": line.cents,
            }
            for line in account.lines
        ],
        "energy_wh": account.energy_wh,
        "discharged_wh": discharged_wh,
        "cents": account.cents,
        "vat_cents": account.vat_cents,
        "reward_cents": account.reward_cents,
        "reward_lines": [
            {
                "earned": line.earned.value,
                "eur": str(line.eur),
                "quantity": str(line.quantity),
                "cents": line.cents,
            }
            for line in account.reward_lines
        ],
        "flexible_wh": account.flexible_wh,
        "flexible_s": account.flexible_s,
        "doubts": session.doubts,
    }


def _pay(bill: tables.Bill, correction: tables.Correction | None, cents: int) -> None:
    """Have the amount taken, or given back; the reference makes asking twice harmless."""
    terms = terms_of(bill.tenant_id)
    at_terminal = terminal_of(bill.session) if terms.terminals == Terminals.STATION else None
    if at_terminal is not None:
        _pay_at_terminal(bill, correction, cents, at_terminal)
        return
    mode = PaymentMode(terms.payment)
    number = bill.number if correction is None else correction.number
    provider = provider_of(mode, is_test_allowed=settings.TEST_PAYMENTS)
    paid = provider.take(f"{bill.tenant_id}-{number}", cents)
    tables.Payment.objects.create(
        bill=bill, correction=correction, mode=mode.value, cents=cents, **dataclasses.asdict(paid)
    )


def _pay_at_terminal(
    bill: tables.Bill,
    correction: tables.Correction | None,
    cents: int,
    row: TerminalPayment,
) -> None:
    """Note what the terminal took, or is to take: nobody else takes it.

    What a correction changes, no terminal takes or gives back any more.
    """
    state = payment_state(TerminalState(row.state), cents=cents)
    if correction is not None:
        state = PaymentState.UNSETTLED
    tables.Payment.objects.create(
        bill=bill,
        correction=correction,
        mode=MODE,
        cents=cents,
        state=state.value,
        reference=row.psp_ref[:80],
    )
