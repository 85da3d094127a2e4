"""Forgetting what the terms of its tenant say is no longer kept."""

import datetime as dt

from django.db import transaction
from django.db.models import Q, TextField
from django.db.models.functions import Cast

from viavolta.protocols.ocpp import personal
from viavolta.storage.billing import terms_of
from viavolta.storage.driver_tokens import VISIT_PREFIX
from viavolta.storage.session_rows import forget_tokens
from viavolta.storage.tables.billing import (
    Bill,
    CardLink,
    ChargingTerms,
    Correction,
    DriverPreference,
    Payment,
    Visit,
)
from viavolta.storage.tables.fleets import Departure
from viavolta.storage.tables.live import VehicleNeeds
from viavolta.storage.tables.notices import Notice
from viavolta.storage.tables.payments import TerminalPayment
from viavolta.storage.tables.stations import Command, Session, Station, Token

MOST_AT_ONCE = 500
"""Sessions of a tenant that one round forgets; the next round goes on."""

NEVER_CAME = dt.timedelta(days=1)
"""A visit without a session is kept so long."""


def forget(now: dt.datetime) -> None:
    """Delete visits, preferences, links, cards, departures and bills whose time is over.

    With a bill its session goes, readings and all: it must not be billed again.
    """
    Visit.objects.filter(session=None, made_at__lt=now - NEVER_CAME).delete()
    Token.objects.filter(token__startswith=VISIT_PREFIX, expires_at__lt=now - NEVER_CAME).delete()
    CardLink.objects.filter(expires_at__lt=now).delete()
    usual = ChargingTerms()
    DriverPreference.objects.filter(
        issuer_id=None, used_at__lt=now - dt.timedelta(days=usual.keep_preferences_days)
    ).delete()
    for tenant in _tenants():
        _forget_of(tenant, now)


def _tenants() -> set[int]:
    found = set(Station.objects.values_list("tenant_id", flat=True).distinct())
    issuers = DriverPreference.objects.exclude(issuer_id=None)
    return found | {i for i in issuers.values_list("issuer_id", flat=True).distinct() if i}


@transaction.atomic
def _forget_of(tenant_id: int, now: dt.datetime) -> None:
    terms = terms_of(tenant_id)
    old_visit = now - dt.timedelta(days=terms.keep_visits_days)
    Visit.objects.filter(station__tenant_id=tenant_id, session__ended_at__lt=old_visit).delete()
    unused = now - dt.timedelta(days=terms.keep_preferences_days)
    DriverPreference.objects.filter(issuer_id=tenant_id, used_at__lt=unused).delete()
    old_card = now - dt.timedelta(days=terms.keep_cards_days)
    of_tenant = Session.objects.filter(station__tenant_id=tenant_id)
    forget_tokens(list(of_tenant.filter(ended_at__lt=old_card).exclude(token="")[:MOST_AT_ONCE]))
    paid = TerminalPayment.objects.filter(station__tenant_id=tenant_id)
    paid.filter(told_at__lt=old_card).exclude(card="").update(card="")
    Departure.objects.filter(vehicle__tenant_id=tenant_id, leaves_at__lt=old_card).delete()
    _forget_messages(tenant_id, old_card)
    old_bill = now - dt.timedelta(days=366 * terms.keep_bills_years)
    paid.filter(told_at__lt=old_bill).delete()
    over = list(of_tenant.filter(ended_at__lt=old_bill).values_list("pk", flat=True)[:MOST_AT_ONCE])
    bills = Bill.objects.filter(session__in=over)
    Payment.objects.filter(Q(bill__in=bills) | Q(correction__bill__in=bills)).delete()
    Correction.objects.filter(bill__in=bills).delete()
    bills.delete()
    Session.objects.filter(pk__in=over).delete()


def _forget_messages(tenant_id: int, before: dt.datetime) -> None:
    """What stations said, and of what was asked of them the cards and names that stand in it."""
    Notice.objects.filter(station__tenant_id=tenant_id, received_at__lt=before).delete()
    VehicleNeeds.objects.filter(station__tenant_id=tenant_id, told_at__lt=before).delete()
    old = Command.objects.filter(station__tenant_id=tenant_id, asked_at__lt=before)
    tells = Q()
    for name in sorted(personal.FIELDS):
        tells |= Q(text__contains=f'"{name}"')
    told = old.annotate(text=Cast("payload", TextField())).filter(tells)[:MOST_AT_ONCE]
    rows = list(told)
    for row in rows:
        row.payload = personal.without(row.payload)
    Command.objects.bulk_update(rows, ("payload",))
