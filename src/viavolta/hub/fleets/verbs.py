"""What is recorded of fleets."""

from enum import StrEnum


class Verb(StrEnum):
    """What people did with vehicles and departures."""

    VEHICLE_ADDED = "fleet-vehicle.added"
    VEHICLE_CHANGED = "fleet-vehicle.changed"
    VEHICLE_REMOVED = "fleet-vehicle.removed"
    DEPARTURE_SET = "fleet-departure.set"
    DEPARTURE_REMOVED = "fleet-departure.removed"
    DEPARTURES_LOADED = "fleet-departures.loaded"
