"""What is recorded of running stations."""

from enum import StrEnum


class Verb(StrEnum):
    """What people did with stations and what belongs to them."""

    STATION_ADDED = "station.added"
    STATION_CHANGED = "station.changed"
    STATION_KEY_MADE = "station.key-made"
    STATION_REMOVED = "station.removed"
    COMMAND_ASKED = "station.asked"
    ENROLMENT_OPENED = "enrolment.opened"
    ENROLMENT_CLOSED = "enrolment.closed"
    STATION_ADOPTED = "station.adopted"
    STATION_REFUSED = "station.refused"
    LIMIT_ADDED = "limit.added"
    LIMIT_CHANGED = "limit.changed"
    LIMIT_REMOVED = "limit.removed"
    LIMIT_SET = "limit.set"
    LIMIT_RELEASED = "limit.released"
    PRICES_LOADED = "prices.loaded"
    TOKEN_ADDED = "charging-token.added"  # noqa: S105 - a verb
    TOKEN_CHANGED = "charging-token.changed"  # noqa: S105 - a verb
    CERTIFICATE_TRUSTED = "certificate.trusted"
    CERTIFICATE_REMOVED = "certificate.removed"
    POOL_SET = "contract-pool.set"
