"""How much trips and ways climb, from the heights that were given."""

from dataclasses import replace

import numpy as np

from viavolta.engines.bus.road_graph import Longs
from viavolta.engines.bus.road_search import Line
from viavolta.engines.bus.road_ways import Climbs
from viavolta.engines.bus.shapes import ShapeProfiles
from viavolta.engines.energy.climb import climb_descent_m, points_along
from viavolta.formats.elevation import Elevation
from viavolta.model.messages import text
from viavolta.model.notices import StudyWarning
from viavolta.model.trip import DeadheadTable, Floats, PlaceTable


def trip_climbs(
    profiles: ShapeProfiles, elevation: Elevation | None, noise_m: float
) -> tuple[Floats, Floats, tuple[StudyWarning, ...]]:
    """Climb and descent per trip, NaN where unknown; a missing tile never counts as flat."""
    n_patterns = len(profiles.offset) - 1
    climb, descent = np.full(n_patterns, np.nan), np.full(n_patterns, np.nan)
    if elevation is not None:
        for q in range(n_patterns):
            part = slice(int(profiles.offset[q]), int(profiles.offset[q + 1]))
            along, lat, lon = points_along(
                profiles.along_m[part], profiles.lat[part], profiles.lon[part]
            )
            climb[q], descent[q] = climb_descent_m(along, elevation.height_m(lat, lon), noise_m)
    unknown = int(np.isnan(climb[profiles.pattern_of_trip]).sum())
    notes: tuple[StudyWarning, ...] = ()
    if unknown:
        message = text("no elevation for {n} trips: their slopes are not counted", n=unknown)
        if elevation is None:
            message = text("no elevation: the energy of slopes is not counted")
        elif unknown == profiles.pattern_of_trip.size:
            message = text("no elevation: the files given do not cover the network")
        notes = (StudyWarning(code="no-elevation", file=None, message=message),)
    return climb[profiles.pattern_of_trip], descent[profiles.pattern_of_trip], notes


def way_climbs(
    straight: DeadheadTable,
    places: PlaceTable,
    nodes: Longs,
    elevation: Elevation | None,
    noise_m: float,
) -> tuple[DeadheadTable, Climbs | None, tuple[StudyWarning, ...]]:
    """Straight ways that rise from end to end, and what ways along roads climb.

    Either every end has a height, or all ways are flat: so a day's ups and downs always cancel.
    """
    if elevation is None:
        return straight, None, ()
    height_m = elevation.height_m(places.lat[nodes], places.lon[nodes])
    n_unknown = int(np.isnan(height_m).sum())
    if n_unknown:
        message = text(
            "no elevation at {n} terminals or depots: ways without passengers count as flat",
            n=n_unknown,
        )
        return straight, None, (StudyWarning(code="ways-flat", file=None, message=message),)

    def climbs(line: Line) -> tuple[float, float]:
        along, lat, lon = points_along(line.along_m, line.lat, line.lon)
        return climb_descent_m(along, elevation.height_m(lat, lon), noise_m)

    rise_m = height_m[None, :] - height_m[:, None]
    risen = replace(straight, climb_m=np.maximum(rise_m, 0.0), descent_m=np.maximum(-rise_m, 0.0))
    return risen, climbs, ()
