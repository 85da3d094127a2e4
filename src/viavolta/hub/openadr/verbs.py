"""What is recorded of grid signals."""

from enum import StrEnum


class Verb(StrEnum):
    """What people and clients did."""

    CLIENT_MADE = "openadr.client-made"
    CLIENT_REVOKED = "openadr.client-revoked"
    CONNECTION_MADE = "openadr.connection-made"
    CONNECTION_CHANGED = "openadr.connection-changed"
    CONNECTION_ENDED = "openadr.connection-ended"
    EVENT_LEFT = "openadr.event-left"
    EVENT_FOLLOWED = "openadr.event-followed"
