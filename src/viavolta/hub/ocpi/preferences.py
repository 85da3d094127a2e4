"""What a partner's driver wants of her session (mod_sessions, PUT charging_preferences)."""

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from viavolta.hub.ocpi.callers import CPO, body_of, for_partners, told
from viavolta.hub.ocpi.models import Partner
from viavolta.hub.ocpi.refusals import missing
from viavolta.hub.ocpi.station_asks import session_of
from viavolta.protocols.ocpi.objects import moment_of
from viavolta.storage.tables.live import Wish
from viavolta.storage.tables.stations import Session

_MODES = {
    "CHEAP": Wish.Mode.SMART,
    "REGULAR": Wish.Mode.SMART,
    "FAST": Wish.Mode.NOW,
}
"""GREEN is not among them: planning goes by prices and limits, carbon only where prices hold it."""


@for_partners("PUT", role=CPO)
def charging_preferences(request: HttpRequest, partner: Partner, object_id: str) -> HttpResponse:
    """Keep them as a wish, which planning goes by; the last one counts."""
    session = session_of(partner, object_id)
    if session is None:
        msg = "session"
        raise missing(msg)
    content = body_of(request, "ChargingPreferences")
    if session.ended_at is not None or session.evse is None:
        return told("NOT_POSSIBLE")
    mode = _MODES.get(content["profile_type"])
    if mode is None:
        return told("PROFILE_TYPE_NOT_SUPPORTED")
    ready_at = moment_of(content.get("departure_time"))
    need = content.get("energy_need")
    if ready_at is not None and ready_at <= timezone.now():
        return told("NOT_POSSIBLE")
    if need is not None and need < 0:
        return told("NOT_POSSIBLE")
    with transaction.atomic():
        Session.objects.select_for_update().get(pk=session.pk)
        Wish.objects.filter(session=session, given_by=Wish.Giver.PARTNER).update(is_withdrawn=True)
        Wish.objects.create(
            tenant_id=session.station.tenant_id,
            station=session.station,
            evse=session.evse,
            session=session,
            token=session.token,
            ready_at=ready_at,
            energy_kwh=need,
            mode=mode,
            may_discharge=bool(content.get("discharge_allowed")),
            given_by=Wish.Giver.PARTNER,
        )
    return told("ACCEPTED")
