"""What is recorded of roaming."""

from enum import StrEnum


class Verb(StrEnum):
    """What people and partners did."""

    PARTY_CHANGED = "ocpi.party-changed"
    PARTNER_INVITED = "ocpi.partner-invited"
    PARTNER_REGISTERED = "ocpi.partner-registered"
    PARTNER_RENEWED = "ocpi.partner-renewed"
    PARTNER_LEFT = "ocpi.partner-left"
    PARTNER_SUSPENDED = "ocpi.partner-suspended"
    PARTNER_RESUMED = "ocpi.partner-resumed"
    PARTNER_ENDED = "ocpi.partner-ended"
    PLACE_CHANGED = "ocpi.place-changed"
    PLUG_CHANGED = "ocpi.plug-changed"
