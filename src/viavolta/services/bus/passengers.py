"""How many people are on board of each trip, where somebody has counted."""

from pathlib import Path

import numpy as np

from viavolta.formats.passenger_loads import read_passenger_loads
from viavolta.model.errors import InputError, Where
from viavolta.model.messages import text
from viavolta.model.notices import StudyWarning
from viavolta.model.trip import Floats, TripTable


def trip_passengers(
    load: Path | None, trips: TripTable
) -> tuple[Floats | None, tuple[StudyWarning, ...]]:
    """Mean passengers of each trip (N,), NaN where the file does not tell; None without a file.

    Raises
    ------
    UsageError: there is no such file. InputError: it cannot be read, or counts no trip of the day.
    """
    if load is None:
        return None, ()
    loads = read_passenger_loads(load)
    rows = zip(trips.trip_id, trips.route_id, trips.start_s.tolist(), strict=True)
    passengers = np.array([loads.of(*row) for row in rows], dtype=np.float64)
    n_unknown = int(np.isnan(passengers).sum())
    if n_unknown == len(trips):
        raise InputError(
            code="load-of-other-trips",
            message=text("{file} counts the passengers of no trip of the day", file=load.name),
            where=Where(file=load.name, field="trip_id"),
            expected=text("trip_id or route_id as in the feed, such as {id}", id=trips.trip_id[0]),
            hint=text("is it a file of another feed?"),
        )
    if not n_unknown:
        return passengers, ()
    message = text(
        "{n} trips have no passengers in {file}: the bus type's usual number is on board",
        n=n_unknown,
        file=load.name,
    )
    return passengers, (StudyWarning(code="load-incomplete", file=load.name, message=message),)
