"""Our tariffs, version by version."""

from datetime import datetime
from typing import Any

from django.db.models import Q

from viavolta.hub.ocpi.models import Module, OwnObject, Party
from viavolta.hub.ocpi.own.keeping import Draft, keep, take_away
from viavolta.protocols.ocpi.objects import as_date_time
from viavolta.services.billing.payment import PaymentMode
from viavolta.services.billing.tariff import tariff_of
from viavolta.services.roaming.tariffs import FREE, elements_of
from viavolta.storage.billing import tariff_at, terms_of
from viavolta.storage.tables.billing import Tariff
from viavolta.storage.tables.stations import Station

_LONGEST_TEXT = 512


def tariff_id(row: Tariff) -> str:
    """The name of a version of a tariff on the wire."""
    return f"T{row.pk}"


def tariff_id_at(station: Station, moment: datetime) -> str:
    """The tariff that holds at a station; empty without one."""
    row = tariff_at(station, moment)
    return "" if row is None else tariff_id(row)


def refresh_tariffs(party: Party, now: datetime) -> None:
    """Bring the tariffs up to date: those that hold now or later; those that are over go."""
    rows = list(_current(party.organisation_id, now))
    drafts = {tariff_id(row): Draft(content=tariff_content(party, row)) for row in rows}
    keep(party, Module.TARIFFS, drafts, now)
    over = OwnObject.objects.filter(
        organisation=party.organisation_id, module=Module.TARIFFS
    ).exclude(object_id__in=list(drafts))
    take_away(party, Module.TARIFFS, list(over.values_list("object_id", flat=True)))


def tariff_content(party: Party, row: Tariff) -> dict[str, Any]:
    """A version of a tariff in the words of OCPI; what is given away costs nothing."""
    is_free = terms_of(row.tenant_id).payment == PaymentMode.FREE
    said = FREE if is_free else elements_of(tariff_of(row.content))
    content: dict[str, Any] = {
        "country_code": party.country_code,
        "party_id": party.party_id,
        "id": tariff_id(row),
        "currency": "EUR",
        "type": "REGULAR",
        "elements": said.elements,
        "start_date_time": as_date_time(row.valid_from),
    }
    if said.unsaid:
        text = " ".join(said.unsaid)[:_LONGEST_TEXT]
        content["tariff_alt_text"] = [{"language": "en", "text": text}]
    after = _next(row)
    return content | ({"end_date_time": as_date_time(after.valid_from)} if after else {})


def _current(tenant_id: int, now: datetime) -> list[Tariff]:
    rows = Tariff.objects.filter(tenant_id=tenant_id)
    return [
        row
        for row in rows
        if row.valid_from > now or (after := _next(row)) is None or after.valid_from > now
    ]


def _next(row: Tariff) -> Tariff | None:
    """The version that follows one; of two from the same moment on the higher one counts."""
    later = Q(valid_from__gt=row.valid_from) | Q(valid_from=row.valid_from, version__gt=row.version)
    rows = Tariff.objects.filter(later, tenant_id=row.tenant_id, site=row.site)
    return rows.order_by("valid_from", "version").first()
