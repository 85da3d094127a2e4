"""Rules on single values of a bus study: keys, references, words, ranges, batteries, depots."""

from collections import Counter
from collections.abc import Iterator, Mapping

import polars as pl

from viavolta.checks.bus_tables import BusStudy
from viavolta.checks.finding import Finding
from viavolta.model.messages import text

_KEYS = {
    "trips": ("trip_id",),
    "places": ("place_id",),
    "vehicles": ("vehicle_id",),
    "blocks": ("block_id", "seq"),
    "chargers": ("place_id",),
    "stays": ("stay_id",),
    "schedule": ("stay_id", "start"),
}
_REFERENCES = (
    ("trips", "from_place", "places", "place_id"),
    ("trips", "to_place", "places", "place_id"),
    ("vehicles", "depot", "places", "place_id"),
    ("blocks", "vehicle_id", "vehicles", "vehicle_id"),
    ("blocks", "trip_id", "trips", "trip_id"),
    ("blocks", "from_place", "places", "place_id"),
    ("blocks", "to_place", "places", "place_id"),
    ("chargers", "place_id", "places", "place_id"),
    ("stays", "vehicle_id", "vehicles", "vehicle_id"),
    ("stays", "block_id", "blocks", "block_id"),
    ("stays", "place_id", "places", "place_id"),
    ("schedule", "stay_id", "stays", "stay_id"),
)
_WORDS = {
    ("blocks", "kind"): ("pull_out", "trip", "deadhead", "layover", "charge", "pull_in"),
    ("trips", "distance_source"): ("shape", "network", "straight"),
}
_LARGE = 1e9  # kWh, kW, km, EUR: no depot, vehicle or day comes near
_MOMENTS = (("stays", "arrival"), ("stays", "departure"), ("schedule", "start"))
_MOMENT_MAX_US = 253_000_000_000_000_000  # the year 9987: what a calendar can show
_RANGES = (
    ("trips", "distance_km", 0.0, _LARGE),
    ("trips", "climb_m", 0.0, _LARGE),
    ("places", "lat", -90.0, 90.0),
    ("places", "lon", -180.0, 180.0),
    ("vehicles", "soc_min_kwh", 0.0, _LARGE),
    ("vehicles", "max_charge_kw", 0.0, _LARGE),
    ("blocks", "distance_km", 0.0, _LARGE),
    ("blocks", "charged_kwh", 0.0, _LARGE),
    ("chargers", "n_points", 0, 1e6),
    ("chargers", "point_kw", 0.0, _LARGE),
    ("chargers", "connection_kw", 0.0, _LARGE),
    ("chargers", "cost_eur", 0.0, _LARGE),
    ("stays", "energy_kwh", -_LARGE, _LARGE),
    ("stays", "max_kw", 0.0, _LARGE),
    ("stays", "min_kw", 0.0, _LARGE),
    ("stays", "max_discharge_kw", 0.0, _LARGE),
    ("stays", "charge_efficiency", 0.01, 1.0),
    ("stays", "discharge_efficiency", 0.01, 1.0),
    ("stays", "wear_eur_per_kwh", 0.0, _LARGE),
)


def check_keys(tables: Mapping[str, pl.DataFrame]) -> Iterator[Finding]:
    """Check that keys are unique, references and words known."""
    yield from _unique(tables)
    yield from _known(tables)
    yield from _words(tables)


def check_vehicles_and_places(study: BusStudy) -> Iterator[Finding]:
    """Batteries make sense, depots are depots, and chargers stand where the places say so."""
    for key, vehicle in study.vehicles.items():
        bounds = (vehicle["soc_min_kwh"], vehicle["soc_max_kwh"], vehicle["capacity_kwh"])
        if not bounds[0] < bounds[1] <= bounds[2]:
            message = text("soc_min {b[0]} < soc_max {b[1]} <= capacity {b[2]} fails", b=bounds)
            yield _of(
                "vehicle-battery", "vehicles", where=text("vehicle {id}", id=key), message=message
            )
        depot = study.places.get(vehicle["depot"])
        if depot is not None and not depot["is_depot"]:
            message = text("the place {place} is not marked as a depot", place=vehicle["depot"])
            yield _of(
                "vehicle-depot", "vehicles", where=text("vehicle {id}", id=key), message=message
            )
    for key, place in study.places.items():
        if place["has_charger"] != (key in study.chargers):
            message = text("has_charger is {flag}, against chargers", flag=place["has_charger"])
            yield _of("charger-flag", "places", where=text("place {id}", id=key), message=message)


def _unique(tables: Mapping[str, pl.DataFrame]) -> Iterator[Finding]:
    for name, columns in _KEYS.items():
        counts = Counter(tables[name].select(columns).iter_rows())
        for key, count in counts.items():
            if count > 1:
                yield _of(
                    "key-not-unique",
                    name,
                    where=" ".join(f"{c} {v}" for c, v in zip(columns, key, strict=True)),
                    message=text("{n} rows have the same key", n=count),
                )


def _known(tables: Mapping[str, pl.DataFrame]) -> Iterator[Finding]:
    for name, column, target, key in _REFERENCES:
        known = set(tables[target][key].to_list())
        for row, value in enumerate(tables[name][column].to_list(), start=1):
            if value is not None and value not in known:
                message = text("{value} is not in {target}", value=value, target=target)
                yield _of("key-unknown", name, where=_cell(row, column), message=message)


def _words(tables: Mapping[str, pl.DataFrame]) -> Iterator[Finding]:
    for (name, column), words in _WORDS.items():
        for row, value in enumerate(tables[name][column].to_list(), start=1):
            if value not in words:
                message = text("{v!r} is none of {words}", v=value, words=", ".join(words))
                yield _of("word-unknown", name, where=_cell(row, column), message=message)


def check_ranges(tables: Mapping[str, pl.DataFrame]) -> Iterator[Finding]:
    """Check that values are possible at all; only then can the other rules reckon with them."""
    moments = ((*key, 0, _MOMENT_MAX_US) for key in _MOMENTS)
    for name, column, low, high in (*_RANGES, *moments):
        if column not in tables[name].columns:
            continue
        values = tables[name][column]
        values = values.cast(pl.Int64) if values.dtype.is_temporal() else values
        for row in ((values < low) | (values > high)).fill_null(value=False).arg_true():
            message = text(
                "{value} is outside {low} to {high}", value=values[row], low=low, high=high
            )
            yield _of("value-out-of-range", name, where=_cell(row + 1, column), message=message)


def _cell(row: int, column: str) -> str:
    return text("row {row}, {column}", row=row, column=column)


def _of(rule: str, table: str, *, where: str, message: str) -> Finding:
    return Finding(rule=rule, table=table, where=where, message=message)
