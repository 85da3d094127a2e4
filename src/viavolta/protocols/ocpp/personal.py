"""Which fields of messages tell of a person or her vehicle, in any version of OCPP."""

from typing import Any

MASK = "***"
FIELDS = frozenset(
    {
        *("idToken", "idTag", "parentIdTag", "groupIdToken", "additionalIdToken", "emaid"),
        *("customerIdentifier", "evccId", "personalMessage", "vehicleId", "pnc", "vatNumber"),
    }
)
"""Names of such fields."""


def masked(part: Any) -> Any:
    """A payload, or a part of one, whose personal fields hold a mask."""
    if isinstance(part, list):
        return [masked(one) for one in part]
    if not isinstance(part, dict):
        return part
    return {key: MASK if key in FIELDS else masked(value) for key, value in part.items()}


def without(part: Any) -> Any:
    """A payload, or a part of one, without its personal fields."""
    if isinstance(part, list):
        return [without(one) for one in part]
    if not isinstance(part, dict):
        return part
    return {key: without(value) for key, value in part.items() if key not in FIELDS}
