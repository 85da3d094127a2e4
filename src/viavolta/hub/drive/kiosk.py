"""A terminal that stands by itself: somebody has paid there for a point of a station (2.1 C24)."""

import secrets
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from viavolta.hub.frame.refusals import RefusedError
from viavolta.hub.operate.actions.commands import ask_station
from viavolta.hub.people.access import require_member
from viavolta.hub.people.models import Organisation, Role, User
from viavolta.protocols.ocpp.schemas import Version
from viavolta.services.billing.terminals import Terminals
from viavolta.storage.billing import terms_of
from viavolta.storage.tables.live import Wish
from viavolta.storage.tables.payments import TerminalPayment
from viavolta.storage.tables.stations import Command, Station
from viavolta.storage.terminal_payments import KIND


@transaction.atomic
def paid_at_kiosk(
    user: User,
    tenant: Organisation,
    station: Station,
    *,
    evse: int,
    psp_ref: str,
    cents: int,
    card: str = "",
) -> Command:
    """Have a station start what somebody has paid for, up to the amount that is held (cents).

    A repeat under the same reference asks nothing new.

    Raises
    ------
    RefusedError: no payments at terminals are taken here, the station does not speak OCPP 2.1, or
    the reference stands for another amount.
    """
    require_member(user, tenant, Role.EDITOR)
    if terms_of(tenant.pk).terminals == Terminals.NONE:
        raise RefusedError(_("By its terms this operator takes no payments at terminals."))
    if station.ocpp_version != Version.V21:
        raise RefusedError(_("Payments at terminals need a station of OCPP 2.1."))
    token: dict[str, Any] = {"idToken": psp_ref, "type": KIND}
    if card:
        token["additionalInfo"] = [{"additionalIdToken": card, "type": "CardLast4Digits"}]
    known = TerminalPayment.objects.filter(station=station, psp_ref=psp_ref).first()
    if known is not None:
        if known.authorised_cents != cents:
            raise RefusedError(_("This reference stands for another payment."))
        asked = Command.objects.filter(station=station, action="RequestStartTransaction")
        same = [one for one in asked if one.payload.get("idToken") == token]
        if same:
            return same[0]
    TerminalPayment.objects.update_or_create(
        station=station, psp_ref=psp_ref, defaults={"card": card, "authorised_cents": cents}
    )
    Wish.objects.create(
        tenant_id=tenant.pk,
        station=station,
        evse=evse,
        token=psp_ref,
        most_cents=cents,
        given_at=timezone.now(),
    )
    payload = {"idToken": token, "remoteStartId": secrets.randbelow(2**31), "evseId": evse}
    return ask_station(user, tenant, station, "RequestStartTransaction", payload)
