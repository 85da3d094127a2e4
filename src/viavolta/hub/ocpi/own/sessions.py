"""Sessions of partners' tokens at our stations, as the partner whose token it is sees them."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import Q, QuerySet

from viavolta.hub.ocpi.models import ForeignToken, Module, OwnObject, PartnerCommand, Party
from viavolta.hub.ocpi.own.keeping import Draft, keep
from viavolta.hub.ocpi.own.plugs import connector_at
from viavolta.protocols.ocpi.objects import as_date_time
from viavolta.services.billing.payment import PaymentMode
from viavolta.services.billing.session_use import use_of
from viavolta.services.roaming.records import costs_of, no_costs, periods_of, shown
from viavolta.storage.billing import standing_of, terms_of
from viavolta.storage.session_rows import events_of_session
from viavolta.storage.tables.billing import Bill
from viavolta.storage.tables.stations import Session

LOOK_BACK = timedelta(days=3)
EVERY = timedelta(seconds=60)
"""A session under way is told no more often than that."""
TIE_BEFORE = timedelta(minutes=5)
"""A session may begin so long before the command that asked for it: clocks of stations differ."""


def refresh_sessions(party: Party, now: datetime) -> None:
    """Bring the sessions up to date that are under way or changed lately."""
    drafts = {}
    fresh = set(
        OwnObject.objects.filter(
            organisation=party.organisation_id,
            module=Module.SESSIONS,
            last_updated__gt=now - EVERY,
        ).values_list("object_id", flat=True)
    )
    for session in sessions_of_partners(party.organisation_id, now):
        if session.ended_at is None and str(session.pk) in fresh:
            continue
        token = foreign_token_of(session)
        content = None if token is None else session_content(party, session, token, now)
        if token is not None and content is not None:
            drafts[str(session.pk)] = Draft(content=content, partner=token.partner)
    keep(party, Module.SESSIONS, drafts, now)


def sessions_of_partners(tenant_id: int, now: datetime) -> QuerySet[Session]:
    """Sessions with a partner's token, under way or changed within the last days."""
    known = ForeignToken.objects.filter(partner__organisation=tenant_id).exclude(token=None)
    recent = Q(ended_at=None) | Q(updated_at__gt=now - LOOK_BACK)
    return (
        Session.objects.filter(recent, station__tenant_id=tenant_id)
        .filter(token__in=known.values("token__token"))
        .select_related("station")
        .prefetch_related("station__outlets", "station__plugs")
    )


def foreign_token_of(session: Session) -> ForeignToken | None:
    """The partner's token of a session; None for one of our own."""
    return (
        ForeignToken.objects.select_related("partner", "token")
        .filter(token__token=session.token, token__tenant_id=session.station.tenant_id)
        .first()
    )


def session_content(
    party: Party, session: Session, token: ForeignToken, now: datetime
) -> dict[str, Any] | None:
    """A session in the words of OCPI; None where its connector is not published."""
    at = connector_at(session)
    if at is None:
        return None
    events = events_of_session(session)
    use = use_of(events, is_boosted=False, until=max(now, session.started_at)) if events else None
    bill = Bill.objects.filter(session=session).first()
    content: dict[str, Any] = {
        "country_code": party.country_code,
        "party_id": party.party_id,
        "id": str(session.pk),
        "start_date_time": as_date_time(session.started_at),
        "kwh": shown(Decimal(repr(session.energy_wh or 0.0)) / 1000),
        "cdr_token": cdr_token(token),
        **authorised(session, token),
        "location_id": at.place.location_id,
        "evse_uid": at.evse_uid,
        "connector_id": str(at.connector),
        "currency": "EUR",
        "status": "ACTIVE" if session.ended_at is None else "COMPLETED",
    }
    if session.ended_at is not None:
        content["end_date_time"] = as_date_time(session.ended_at)
        if use is not None:
            content["charging_periods"] = periods_of(use)
    if bill is not None:
        content["total_cost"] = _cost(bill)
    return content


def cdr_token(token: ForeignToken) -> dict[str, str]:
    """Whose session it is."""
    told = token.content
    return {name: told[name] for name in ("country_code", "party_id", "uid", "type", "contract_id")}


def authorised(session: Session, token: ForeignToken) -> dict[str, str]:
    """How it was allowed: by a command of the partner, which is tied to it then, or by its list."""
    command = PartnerCommand.objects.filter(session=session).first() or _tie(session, token)
    if command is None:
        return {"auth_method": "WHITELIST"}
    reference = command.authorization_reference
    return {"auth_method": "COMMAND"} | (
        {"authorization_reference": reference} if reference else {}
    )


def _tie(session: Session, token: ForeignToken) -> PartnerCommand | None:
    """Tie the newest START_SESSION that asked for this session and has none yet."""
    if OwnObject.objects.filter(
        organisation=token.partner.organisation_id,
        module=Module.SESSIONS,
        object_id=str(session.pk),
    ).exists():
        return None
    row = (
        PartnerCommand.objects.filter(
            partner=token.partner,
            kind="START_SESSION",
            station=session.station,
            token=token,
            session=None,
            asked_at__lte=session.started_at + TIE_BEFORE,
            asked_at__gte=session.started_at - timedelta(hours=1),
        )
        .order_by("-pk")
        .first()
    )
    if row is not None:
        row.session = session
        row.save(update_fields=["session"])
    return row


def _cost(bill: Bill) -> dict[str, Any]:
    if terms_of(bill.tenant_id).payment == PaymentMode.FREE:
        return dict(no_costs()["total_cost"])
    figures = standing_of(bill)
    found = costs_of(figures.lines, cents=figures.cents, vat_cents=figures.vat_cents)
    return dict(found["total_cost"])
