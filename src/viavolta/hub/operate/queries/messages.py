"""What stations said besides sessions and states, with personal data masked."""

from typing import Any

from django.db.models import QuerySet

from viavolta.hub.people.models import Organisation
from viavolta.storage.tables.notices import Notice

MASK = "***"
_PERSONAL = frozenset(
    {
        *("idToken", "idTag", "parentIdTag", "groupIdToken", "additionalIdToken", "emaid"),
        *("customerIdentifier", "evccId", "personalMessage", "vehicleId", "pnc", "vatNumber"),
    }
)
"""Names of fields that tell of a person or her vehicle, in any version."""

_WHOLE = frozenset({"NotifyCustomerInformation"})
"""Messages whose `data` is about a customer, whatever it holds."""


def messages_of(tenant: Organisation) -> QuerySet[Notice]:
    """What a tenant's stations said, newest first."""
    return Notice.objects.filter(station__tenant_id=tenant.pk).select_related("station")


def masked(notice: Notice) -> dict[str, Any]:
    """A message's payload without what tells of a person."""
    content: dict[str, Any] = _masked(notice.payload)
    if notice.action in _WHOLE and "data" in content:
        content["data"] = MASK
    return content


def _masked(part: Any) -> Any:
    if isinstance(part, list):
        return [_masked(one) for one in part]
    if not isinstance(part, dict):
        return part
    return {key: MASK if key in _PERSONAL else _masked(value) for key, value in part.items()}
