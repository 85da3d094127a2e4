"""The activities of all buses as compact data for the page's script."""

from collections.abc import Callable, Mapping
from typing import Any

from viavolta.model.messages import text
from viavolta.reports.bus.duties import Duty
from viavolta.reports.bus.facts import BusFacts
from viavolta.reports.bus.gantt_picture import (
    END_PX,
    HEAD_PX,
    LABEL_PX,
    PAGE_ROWS,
    PLOT_PX,
    ROW_PX,
)
from viavolta.reports.markup import clip
from viavolta.reports.numbers import known

_KINDS = ("pull_out", "trip", "deadhead", "layover", "charge", "pull_in")


def gantt_data(
    facts: BusFacts, duties: list[Duty], *, first_s: int, last_s: int
) -> dict[str, object]:
    """Pack activities as rows of small numbers that point into one list of names."""
    lines = _line_names(facts)
    names: dict[str, int] = {}

    def index(value: object) -> int:
        return names.setdefault(clip(value, 80), len(names))

    buses = [
        {
            "id": clip(d.vehicle_id, 80),
            "type": clip(d.vehicle_type, 80),
            "depot": d.depot,
            "cap": round(d.capacity_kwh, 1),
            "low": round(d.lowest()[0], 4),
            "rows": [
                _activity(row, facts, lines=lines, index=index)
                for row in d.activities.iter_rows(named=True)
            ],
        }
        for d in duties
    ]
    sizes = {"page": PAGE_ROWS, "row": ROW_PX, "head": HEAD_PX, "label": LABEL_PX}
    return {
        **sizes,
        "plot": PLOT_PX,
        "end": END_PX,
        "first": first_s,
        "last": last_s,
        "kinds": _kind_names(),
        "words": _script_words(),
        "buses": buses,
        "names": list(names),
    }


def _line_names(facts: BusFacts) -> dict[str, str]:
    trips = facts.table("trips")
    if trips is None:
        return {}
    return dict(trips.select("trip_id", "route_name").iter_rows())


def _activity(
    row: Mapping[str, Any],
    facts: BusFacts,
    *,
    lines: Mapping[str, str],
    index: Callable[[object], int],
) -> list[object]:
    """Pack [kind, start_s, end_s, line, trip, from, to, km, kWh, charged kWh, kWh at the end]."""
    trip, kind = row["trip_id"], str(row["kind"])
    return [
        _KINDS.index(kind) if kind in _KINDS else _KINDS.index("layover"),
        row["start_s"],
        row["end_s"],
        -1 if trip is None else index(lines.get(str(trip)) or ""),
        -1 if trip is None else index(trip),
        index(facts.place(row["from_place"])),
        index(facts.place(row["to_place"])),
        *(round(known(row[c]) or 0.0, 2) for c in ("distance_km", "energy_kwh", "charged_kwh")),
        round(known(row["soc_end_kwh"]) or 0.0, 1),
    ]


def _kind_names() -> list[str]:
    """Name the kinds of activity, in the order of `_KINDS`."""
    return [
        text("pull-out"),
        text("trip"),
        text("deadhead"),
        text("waiting"),
        text("charging"),
        text("pull-in"),
    ]


def _script_words() -> dict[str, object]:
    """Words the page's script puts on the screen."""
    return {
        "page": text("{a} to {b} of {n} buses"),
        "none": text("No bus matches"),
        "line": text("line {name}"),
        "battery": text("battery {p} %"),
        "file": "activities",
        "columns": [
            text("Bus"),
            text("Activity"),
            text("Line"),
            text("Trip"),
            text("From"),
            text("To"),
            text("Start"),
            text("End"),
            text("km"),
            text("Energy (kWh)"),
            text("Charged (kWh)"),
            text("Battery at the end (kWh)"),
            text("Battery at the end (%)"),
        ],
    }
