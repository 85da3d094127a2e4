"""What is recorded of terms, tariffs and cards of drivers."""

from enum import StrEnum


class Verb(StrEnum):
    """What people did with them."""

    TERMS_CHANGED = "charging-terms.changed"
    TARIFF_ADDED = "charging-tariff.added"
    CARD_LINK_MADE = "card-link.made"
    CODES_TURNED_ON = "changing-codes.on"
    CODES_TURNED_OFF = "changing-codes.off"
