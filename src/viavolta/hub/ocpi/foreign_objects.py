"""Objects that partners tell: kept as they come, the newest counts, whatever order they come in."""

from typing import Any

from django.db import transaction
from django.utils import timezone

from viavolta.hub.ocpi.models import ForeignObject, Module, Partner
from viavolta.protocols.ocpi.objects import moment_of


class ConflictError(Exception):
    """A charge detail record of this id was told before, with other content."""


def object_of(
    partner: Partner, module: Module, country_code: str, party_id: str, object_id: str
) -> ForeignObject | None:
    """An object that a partner told."""
    return ForeignObject.objects.filter(
        partner=partner,
        module=module,
        country_code=country_code.upper(),
        party_id=party_id.upper(),
        object_id__iexact=object_id,
    ).first()


@transaction.atomic
def take_object(partner: Partner, module: Module, content: dict[str, Any]) -> ForeignObject:
    """Keep an object; one that is older than what is known changes nothing.

    Raises
    ------
    ConflictError: another charge detail record of this id; those are never changed.
    """
    names = (str(content["country_code"]), str(content["party_id"]), str(content["id"]))
    Partner.objects.select_for_update().get(pk=partner.pk)  # one at a time: no double, no race
    row = object_of(partner, module, *names)
    told_at = moment_of(content["last_updated"]) or timezone.now()
    if row is not None and module is Module.CDRS:
        if _without_time(row.content) != _without_time(content):
            raise ConflictError
        return row
    if row is not None and row.last_updated > told_at:
        return row
    if row is None:
        row = ForeignObject(
            partner=partner,
            module=module,
            country_code=names[0].upper(),
            party_id=names[1].upper(),
            object_id=names[2],
        )
    row.content, row.last_updated, row.received_at = content, told_at, timezone.now()
    row.save()
    return row


def patched(content: dict[str, Any], patch: dict[str, Any]) -> dict[str, Any]:
    """An object with some properties changed; null takes a property away."""
    whole = {**content, **patch}
    return {key: value for key, value in whole.items() if value is not None}


def _without_time(content: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in content.items() if key != "last_updated"}
