"""Bills of partners' sessions as charge detail records: each told once, corrections as credits.

A record is never changed. Where a bill was corrected, a credit record takes the old one back and a
new one follows with the new figures (mod_cdrs, "Credit CDRs").
"""

from datetime import datetime, timedelta
from typing import Any

from django.db.models import Exists, OuterRef, QuerySet

from viavolta.hub.ocpi.models import ForeignToken, Module, OwnObject, Party, Place, Plug
from viavolta.hub.ocpi.own.keeping import Draft, keep
from viavolta.hub.ocpi.own.plugs import Connector, address_of, connector_at, evse_id
from viavolta.hub.ocpi.own.sessions import authorised, cdr_token, foreign_token_of
from viavolta.hub.ocpi.own.tariffs import tariff_content, tariff_id
from viavolta.protocols.ocpi.objects import as_date_time
from viavolta.services.billing.payment import PaymentMode
from viavolta.services.billing.price import Use
from viavolta.services.billing.session_use import use_of
from viavolta.services.roaming.records import costs_of, no_costs, periods_of, totals_of
from viavolta.storage.session_rows import events_of_session
from viavolta.storage.tables.billing import Bill, Correction, Payment
from viavolta.storage.tables.live import Wish

LOOK_BACK = timedelta(days=90)
MOST_AT_ONCE = 200


def refresh_cdrs(party: Party, now: datetime) -> None:
    """Make the records of bills, and of their corrections, that have none yet."""
    for bill in _without(party.organisation_id, now):
        token = foreign_token_of(bill.session)
        at = connector_at(bill.session)
        if token is None or at is None:
            continue
        drafts = _records(party, bill, token, at, now)
        known = set(
            OwnObject.objects.filter(
                organisation=party.organisation_id, module=Module.CDRS, object_id__in=list(drafts)
            ).values_list("object_id", flat=True)
        )
        fresh = {name: draft for name, draft in drafts.items() if name not in known}
        keep(party, Module.CDRS, fresh, now)


def _without(tenant_id: int, now: datetime) -> QuerySet[Bill]:
    """Bills of partners' sessions at published sites, with corrections, not told in full yet."""
    known = ForeignToken.objects.filter(partner__organisation=tenant_id).exclude(token=None)
    mine = Bill.objects.filter(tenant_id=tenant_id, made_at__gt=now - LOOK_BACK).filter(
        session__token__in=known.values("token__token")
    )
    published = Place.objects.filter(organisation=tenant_id).values("site")
    described = Plug.objects.filter(station=OuterRef("session__station"))
    mine = mine.filter(Exists(described), session__station__site__in=published)
    told = OwnObject.objects.filter(correction=OuterRef("pk"))
    new_figures = Correction.objects.filter(bill=OuterRef("pk")).exclude(Exists(told))
    untold = ~Exists(OwnObject.objects.filter(bill=OuterRef("pk"), correction=None))
    return (
        mine.filter(untold | Exists(new_figures))
        .select_related("session__station", "tariff")
        .prefetch_related("corrections", "session__station__outlets", "session__station__plugs")
        .order_by("pk")[:MOST_AT_ONCE]
    )


def _records(
    party: Party, bill: Bill, token: ForeignToken, at: Connector, now: datetime
) -> dict[str, Draft]:
    """All records of a bill in their order, each with the rows that it comes from."""
    common = _common(party, bill, token, at, now)
    figures: Bill | Correction = bill
    name = str(bill.number)
    found = {name: _draft(common, name, figures, bill, token)}
    for correction in bill.corrections.all():
        credit, after = f"{name}-C", str(correction.number)
        taken_back = {"credit": True, "credit_reference_id": name}
        found[credit] = _draft(common | taken_back, credit, figures, bill, token, correction, -1)
        found[after] = _draft(common, after, correction, bill, token, correction)
        figures, name = correction, after
    return found


def _draft(  # noqa: PLR0917 - the rows that a record comes from
    common: dict[str, Any],
    name: str,
    figures: Bill | Correction,
    bill: Bill,
    token: ForeignToken,
    correction: Correction | None = None,
    sign: int = 1,
) -> Draft:
    is_free = _was_free(bill)
    costs = (
        no_costs()
        if is_free
        else costs_of(figures.lines, cents=figures.cents, vat_cents=figures.vat_cents, sign=sign)
    )
    content = {**common, "id": name, **costs, **totals_of(_use(bill), figures.energy_wh)}
    if figures.doubts:
        content["remark"] = ("open: " + ", ".join(str(one) for one in figures.doubts))[:255]
    sources = {"bill": bill} | ({"correction": correction} if correction else {})
    return Draft(content=content, partner=token.partner, sources=sources)


def _was_free(bill: Bill) -> bool:
    """Whether the operator gave it away when the bill was closed."""
    return Payment.objects.filter(bill=bill, correction=None, mode=PaymentMode.FREE).exists()


def _use(bill: Bill) -> Use:
    boosted = Wish.objects.filter(session=bill.session, is_boosted=True).exists()
    return use_of(events_of_session(bill.session), is_boosted=boosted)


def _common(
    party: Party, bill: Bill, token: ForeignToken, at: Connector, now: datetime
) -> dict[str, Any]:
    use = _use(bill)
    named = "" if bill.tariff is None else tariff_id(bill.tariff)
    content: dict[str, Any] = {
        "country_code": party.country_code,
        "party_id": party.party_id,
        "start_date_time": as_date_time(use.started_at),
        "end_date_time": as_date_time(use.ended_at),
        "session_id": str(bill.session_id),
        "cdr_token": cdr_token(token),
        **authorised(bill.session, token),
        "cdr_location": address_of(at.place)
        | {
            "evse_uid": at.evse_uid,
            "evse_id": evse_id(party, at.station.pk, at.evse),
            "connector_id": str(at.connector),
            "connector_standard": at.plug.standard,
            "connector_format": at.plug.format,
            "connector_power_type": at.plug.power_type,
        },
        "currency": "EUR",
        "charging_periods": periods_of(use, tariff_id=named),
        "invoice_reference_id": str(bill.number),
    }
    if bill.tariff is not None:
        tariff = tariff_content(party, bill.tariff) | {"last_updated": as_date_time(now)}
        content["tariffs"] = [tariff]
    return content
