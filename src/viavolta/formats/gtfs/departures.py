"""Every departure of a feed's buses, which of them are twins, and how many each date has."""

import datetime as dt

import numpy as np
import polars as pl
from numpy.typing import NDArray

from viavolta.formats.gtfs.calendar import span

TRIPS_PER_DAY = {"date": pl.Date, "trips": pl.UInt32, "overlapping_trips": pl.UInt32}

Counts = NDArray[np.int64]


def all_departures(
    trips: pl.DataFrame, stop_times: pl.DataFrame, frequencies: pl.DataFrame
) -> pl.DataFrame:
    """List the departures of all trips that have stop times, whatever the date.

    Returns
    -------
    pl.DataFrame
        trip (UInt32), service_id, start_s, end_s (Int32), shift_s (Int32: seconds to add to the
        trip's stop times), by_headway (Boolean), sorted by trip and start.
    """
    ends = stop_times.group_by("trip", maintain_order=True).agg(
        first_s=pl.col("departure_s").first(), last_s=pl.col("arrival_s").last()
    )
    services = trips.select("service_id").with_row_index("trip")
    base = ends.join(services, on="trip", how="inner", maintain_order="left")
    fixed = base.join(frequencies, on="trip", how="anti", maintain_order="left").with_columns(
        start_s="first_s", by_headway=pl.lit(value=False)
    )
    repeated = base.join(frequencies, on="trip", how="inner", maintain_order="left").with_columns(
        by_headway=pl.lit(value=True)
    )
    columns = ["trip", "service_id", "start_s", "first_s", "last_s", "by_headway"]
    departures = pl.concat([fixed.select(columns), repeated.select(columns)])
    shift = pl.col("start_s") - pl.col("first_s")
    return departures.select(
        "trip",
        "service_id",
        "start_s",
        end_s=pl.col("last_s") + shift,
        shift_s=shift,
        by_headway="by_headway",
    ).sort("trip", "start_s")


def with_twins(
    departures: pl.DataFrame, trips: pl.DataFrame, stop_times: pl.DataFrame
) -> pl.DataFrame:
    """Add `twin` (UInt32): one number for departures alike in all but their service; else null.

    Alike: same route, stops, times and block_id (or none). Two buses that run at the same time on
    purpose have different blocks, and are no twins.
    """
    shape = stop_times.group_by("trip").agg(
        from_stop=pl.col("stop").first(), to_stop=pl.col("stop").last(), n_stops=pl.len()
    )
    about = trips.select("route_id", "block_id").with_row_index("trip")
    rough = ["route_id", "block_id", "from_stop", "to_stop", "n_stops", "start_s", "end_s"]
    candidates = (
        departures.with_row_index("departure")
        .join(about, on="trip", how="left")
        .join(shape, on="trip", how="left")
        .filter(pl.len().over(rough) > 1)
    )
    if candidates.is_empty():
        return departures.with_columns(twin=pl.lit(None, dtype=pl.UInt32))
    patterns = _patterns(stop_times)
    exact = [*rough, "pattern"]
    twins = (
        candidates.join(patterns, on="trip", how="left")
        .filter(pl.len().over(exact) > 1)
        .sort("departure")
        .with_columns(twin=(pl.col("departure").min().over(exact)))
        .select("departure", "twin")
    )
    return (
        departures.with_row_index("departure")
        .join(twins, on="departure", how="left", maintain_order="left")
        .drop("departure")
    )


def _patterns(stop_times: pl.DataFrame) -> pl.DataFrame:
    """Give each trip a 64-bit fingerprint of its stops and of its times since its start.

    Two trips of one route, first and last stop, number of stops, start and end that differ only
    between have the same one with a chance of 1 in 10^19.
    """
    trip = stop_times["trip"].to_numpy()
    firsts = np.flatnonzero(np.diff(trip, prepend=-1))
    n_stops = np.diff(firsts, append=len(trip))
    arrival_s = stop_times["arrival_s"].to_numpy().astype(np.uint64)
    departure_s = stop_times["departure_s"].to_numpy().astype(np.uint64)
    start_s = np.repeat(departure_s[firsts], n_stops)
    seq = np.arange(len(trip)) - np.repeat(firsts, n_stops)
    call = _mixed(stop_times["stop"].to_numpy().astype(np.uint64))
    for part in (arrival_s - start_s, departure_s - start_s, seq.astype(np.uint64)):
        call = _mixed(call ^ part)
    return pl.DataFrame({"trip": trip[firsts], "pattern": np.add.reduceat(call, firsts)})


def _mixed(values: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Scatter the bits (SplitMix64: Steele, Lea, Flood, OOPSLA 2014); overflow is meant."""
    mixed = values + np.uint64(0x9E3779B97F4A7C15)
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return mixed ^ (mixed >> np.uint64(31))


def trips_per_day(
    departures: pl.DataFrame,
    service_dates: pl.DataFrame,
    *,
    trips: pl.DataFrame,
    first_stop_names: pl.Series,
) -> pl.DataFrame:
    """Count the bus departures of each date between the first and the last with service.

    Parameters
    ----------
    departures : pl.DataFrame
        From `with_twins`.
    service_dates : pl.DataFrame
        service_id, date.
    first_stop_names : pl.Series
        Name of the first stop, per row of `departures`.

    Returns
    -------
    pl.DataFrame
        TRIPS_PER_DAY. `trips` counts twins once; `overlapping_trips` counts the departures that
        another service of that date offers too: same line names, first stop name and time.
    """
    running = service_dates.join(
        departures.select("service_id").unique(), on="service_id", how="semi"
    )
    if running.is_empty():
        return pl.DataFrame(schema=TRIPS_PER_DAY)
    services = running.select("service_id").unique().sort("service_id").with_row_index("service")
    known = departures.join(services, on="service_id", how="left", maintain_order="left")
    line = trips["line"].gather(known["trip"])
    offers = known.select("service", "start_s", line=line, stop=first_stop_names)
    active = _active_sets(running.join(services, on="service_id", how="left"))
    per_service = np.bincount(known["service"].to_numpy(), minlength=services.height)
    shared = _shared(offers, ["line", "stop", "start_s"])
    twins = _shared(known.filter(pl.col("twin").is_not_null()), ["twin"], within_service=True)
    counted: dict[bytes, tuple[int, int]] = {}
    rows = []
    for date, running_services in active.items():
        key = running_services.tobytes()
        if key not in counted:
            is_on = np.zeros(services.height, np.bool_)
            is_on[running_services] = True
            total = int(per_service[is_on].sum()) - _surplus(twins, is_on)
            counted[key] = (total, _in_several(shared, is_on))
        rows.append((date, *counted[key]))
    frame = pl.DataFrame(rows, schema=TRIPS_PER_DAY, orient="row")
    first, last = span(frame)
    days = pl.DataFrame({"date": pl.date_range(first, last, eager=True)})
    return days.join(frame, on="date", how="left", maintain_order="left").fill_null(0)


def _active_sets(running: pl.DataFrame) -> dict[dt.date, NDArray[np.uint32]]:
    """Give the services of each date, ascending."""
    sets = running.sort("date", "service").group_by("date", maintain_order=True).agg("service")
    return {date: np.array(services, np.uint32) for date, services in sets.iter_rows()}


def _shared(
    offers: pl.DataFrame, key: list[str], *, within_service: bool = False
) -> tuple[Counts, Counts, Counts]:
    """Count departures per (key, service) for keys that several services (or rows) share.

    Returns arrays of one length: number of the key, service, departures.
    """
    counts = offers.group_by([*key, "service"]).agg(n=pl.len())
    several = pl.len().over(key) > 1
    if within_service:
        several |= pl.col("n") > 1
    counts = counts.filter(several)
    number = counts.select(pl.struct(key).rank("dense").cast(pl.Int64) - 1).to_series()
    return (
        number.to_numpy(),
        counts["service"].cast(pl.Int64).to_numpy(),
        counts["n"].cast(pl.Int64).to_numpy(),
    )


def _in_several(shared: tuple[Counts, Counts, Counts], is_on: NDArray[np.bool_]) -> int:
    """Count the departures of active services whose key another active service has too."""
    key, service, n = shared
    on = is_on[service]
    n_services = np.bincount(key[on])
    n_departures = np.bincount(key[on], weights=n[on])
    return int(n_departures[n_services > 1].sum())


def _surplus(twins: tuple[Counts, Counts, Counts], is_on: NDArray[np.bool_]) -> int:
    """Count the departures of active services beyond the first of each twin number."""
    key, service, n = twins
    on = is_on[service]
    n_departures = np.bincount(key[on], weights=n[on])
    return int(np.maximum(n_departures - 1, 0).sum())
