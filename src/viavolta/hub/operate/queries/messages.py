"""What stations said besides sessions and states, with personal data masked."""

from typing import Any

from django.db.models import QuerySet

from viavolta.hub.people.models import Organisation
from viavolta.protocols.ocpp import personal
from viavolta.storage.tables.notices import Notice

_WHOLE = frozenset({"NotifyCustomerInformation"})
"""Messages whose `data` is about a customer, whatever it holds."""


def messages_of(tenant: Organisation) -> QuerySet[Notice]:
    """What a tenant's stations said, newest first."""
    return Notice.objects.filter(station__tenant_id=tenant.pk).select_related("station")


def masked(notice: Notice) -> dict[str, Any]:
    """A message's payload without what tells of a person."""
    content: dict[str, Any] = personal.masked(notice.payload)
    if notice.action in _WHOLE and "data" in content:
        content["data"] = personal.MASK
    return content
