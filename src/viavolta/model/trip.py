"""Trips between places, and the ways between places without passengers (deadheads)."""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int32]


class DistanceSource(StrEnum):
    """Where a distance comes from, best first."""

    SHAPE = "shape"
    NETWORK = "network"
    STRAIGHT = "straight"


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceTable:
    """Places: stops merged into what a scheduler calls one location. Shapes: all (P,)."""

    place_id: tuple[str, ...]
    name: tuple[str, ...]
    lat: Floats
    lon: Floats
    is_terminal: NDArray[np.bool_]
    merged_stop_ids: tuple[tuple[str, ...], ...]

    def __len__(self) -> int:
        return len(self.place_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class TripTable:
    """Trips of the day as planners see them. Shapes: all (N,).

    from_place, to_place are rows of the PlaceTable; climb_m, descent_m are NaN without elevation;
    n_stops counts the stops between which the bus drives, both ends included.
    """

    trip_id: tuple[str, ...]
    route_id: tuple[str, ...]
    route_name: tuple[str, ...]
    from_place: Ints
    to_place: Ints
    start_s: Ints
    end_s: Ints
    distance_km: Floats
    distance_source: tuple[DistanceSource, ...]
    climb_m: Floats
    descent_m: Floats
    n_stops: Ints

    def __len__(self) -> int:
        return len(self.trip_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadheadTable:
    """Ways between places without passengers. Shapes (P, P); the diagonal is zero.

    climb_m, descent_m are zero where no heights are known.
    """

    duration_s: Ints
    distance_km: Floats
    climb_m: Floats
    descent_m: Floats
