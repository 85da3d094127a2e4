"""Requests for the connections of depots, from a bus study."""

from collections.abc import Mapping

import polars as pl

from viavolta.model.grid import Grade
from viavolta.model.messages import text
from viavolta.model.study import Study
from viavolta.reports.bus.facts import BusFacts, facts_of
from viavolta.reports.connection.request import ConnectionRequest, DayProfile
from viavolta.reports.numbers import DAY_S, known, long_date, number, power


def requests_of(study: Study) -> list[ConnectionRequest]:
    """Give one request per depot with chargers and a profile, the largest connection first."""
    facts = facts_of(study)
    chargers, frame = facts.table("chargers"), facts.table("power")
    if chargers is None or frame is None:
        return []
    ordered = chargers.sort(["connection_kw", "place_id"], descending=[True, False])
    found = []
    for row in ordered.iter_rows(named=True):
        day = frame.filter(pl.col("place_id") == row["place_id"])
        asked = known(row["connection_kw"])
        if not day.is_empty() and asked is not None:
            found.append(_request(facts, row, day, asked_kw=asked))
    return found


def _request(
    facts: BusFacts, row: Mapping[str, object], day: pl.DataFrame, *, asked_kw: float
) -> ConnectionRequest:
    place_id = str(row["place_id"])
    steps = (
        day.with_columns(pl.col("start_s").cast(pl.Float64) % DAY_S)
        .group_by("start_s")
        .agg(pl.col("managed_kw").max(), pl.col("unmanaged_kw").max())
        .sort("start_s")
    )
    step_h = DAY_S / 3600 / steps.height
    nodes = facts.study.summary.get("grid_nodes")
    return ConnectionRequest(
        site=facts.place(place_id),
        node=str(nodes.get(place_id, "")) if isinstance(nodes, Mapping) else "",
        place=_place(facts, place_id),
        now_kw=None,
        asked_kw=asked_kw,
        equipment=text(
            "{n} charging points of {p}", n=number(row["n_points"]), p=power(row["point_kw"])
        ),
        energy_kwh_per_day=float(steps["managed_kw"].to_numpy().sum()) * step_h,
        export_kw=max(0.0, -float(steps["managed_kw"].to_numpy().min())),
        profile=DayProfile(
            start_s=steps["start_s"].to_numpy(),
            managed_kw=steps["managed_kw"].to_numpy(),
            unmanaged_kw=steps["unmanaged_kw"].to_numpy(),
        ),
        day=text(
            "The day that sizes the depot, planned on the timetable of {date}.",
            date=long_date(facts.study.service_date),
        ),
        timezone=facts.study.timezone,
        grade=_grade(facts.study.summary.get("grade")),
        study=facts.study,
    )


def _place(facts: BusFacts, place_id: str) -> str:
    """Write the coordinates of a depot."""
    places = facts.table("places")
    if places is None:
        return ""
    row = places.filter(pl.col("place_id") == place_id)
    lat, lon = (known(row[c][0]) if row.height else None for c in ("lat", "lon"))
    return "" if lat is None or lon is None else f"{lat:.5f}, {lon:.5f}"


def _grade(value: object) -> Grade | None:
    return Grade(value) if isinstance(value, str) and value in set(Grade) else None
