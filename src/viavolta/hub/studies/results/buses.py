"""The fleet over the day, and the day of each bus: why a bus is where it is."""

from typing import Any

import polars as pl
from django.http import Http404, HttpRequest, HttpResponseBase, JsonResponse
from django.utils.translation import gettext as _

from viavolta.hub.frame.access import Access, access
from viavolta.hub.frame.cells import Column, Kind
from viavolta.hub.frame.rows import FrameRows
from viavolta.hub.studies.models import Scenario
from viavolta.hub.studies.results.folder import Result, require_result
from viavolta.hub.studies.results.language import reader_of
from viavolta.hub.studies.results.page import Page, address, results_page
from viavolta.hub.studies.results.pictures import fleet_chart, gantt
from viavolta.hub.studies.results.shown import clock, number, percent
from viavolta.hub.studies.results.tables import (
    StudyTable,
    WholePageTable,
    clock_column,
    study_table,
)
from viavolta.hub.studies.sharing import scenario_for
from viavolta.model.messages import text
from viavolta.reports.bus.duties import RESERVE_SHARE, Duty, duties_of
from viavolta.reports.bus.states import STATES, STEP_S, FleetDay, fleet_day
from viavolta.reports.numbers import DAY_S, HOUR_S

ROWS_SHOWN = 40
"""Buses on one page of the picture."""
_STEPS_PER_ROW = 3


@results_page("buses")
def buses(request: HttpRequest, scenario: Scenario, result: Result) -> Page:
    """What the buses do, all together and each."""
    day = fleet_day(result.facts)
    duties = duties_of(result.facts)
    chosen = _chosen(request, duties)
    tables = [_duty_table(request, duties, scenario)]
    if day is not None:
        tables.append(_fleet_table(request, day))
    if chosen is not None:
        tables.append(_activity_table(request, result, chosen))
    return {
        "tables": tables,
        "gantt": gantt(result, _on_page(tables[0], duties), activity_words()),
        "chart": None if day is None else fleet_chart(result, day, _state_words()),
        "tightest": _tightest(duties),
        "chosen": chosen,
        "chosen_why": _why_here(chosen) if chosen else [],
        "n_buses": len(duties),
        "busiest": None if day is None else _busiest(day),
        "left_out": result.facts.infeasible(),
        "states": _state_words(),
    }


@access(Access.PUBLIC)
def fleet_data(request: HttpRequest, slug: str, scenario_id: int) -> HttpResponseBase:
    """Buses by state over the day, for the chart."""
    result = require_result(scenario_for(request, slug, scenario_id))
    with reader_of(result.study.timezone):
        day = fleet_day(result.facts)
        if day is None:
            raise Http404
        words = _state_words()
        return JsonResponse(
            {
                "start_s": [day.first_s + k * STEP_S for k in range(DAY_S // STEP_S)],
                "series": [
                    {"key": s, "label": words[s], "values": day.counts[s].tolist()}
                    for s in reversed(STATES)
                ],
                "zone": result.study.timezone,
            }
        )


@access(Access.PUBLIC)
def gantt_data(request: HttpRequest, slug: str, scenario_id: int) -> HttpResponseBase:
    """Activities of a page of buses, for the picture; `page` and `q` as in the address."""
    result = require_result(scenario_for(request, slug, scenario_id))
    with reader_of(result.study.timezone):
        return JsonResponse(gantt_rows(result, request.GET.get("q", "")[:200]))


def gantt_rows(result: Result, query: str = "") -> dict[str, Any]:
    """Buses, each with rows of [kind, start_s, end_s, line, from, to, km, kWh, charged, soc]."""
    trips = result.facts.table("trips")
    lines = {} if trips is None else dict(trips.select("trip_id", "route_name").iter_rows())
    duties = [d for d in duties_of(result.facts) if _matches(d, query, lines)]
    kinds = activity_words()
    return {
        "kinds": [{"key": key, "label": label} for key, label in kinds.items()],
        "zone": result.study.timezone,
        "first_s": min((d.start_s for d in duties), default=0) // HOUR_S * HOUR_S,
        "last_s": -(-max((d.end_s for d in duties), default=DAY_S) // HOUR_S) * HOUR_S,
        "buses": [
            {
                "id": d.vehicle_id,
                "type": d.vehicle_type,
                "depot": d.depot,
                "capacity_kwh": round(d.capacity_kwh, 1),
                "lowest_share": round(d.lowest()[0], 3),
                "is_tight": d.is_tight(),
                "rows": [_activity(row, result, lines) for row in _in_order(d)],
            }
            for d in duties
        ],
    }


def _in_order(duty: Duty) -> list[dict[str, Any]]:
    return list(duty.activities.iter_rows(named=True))


def _activity(row: dict[str, Any], result: Result, lines: dict[str, str]) -> list[Any]:
    return [
        row["kind"],
        row["start_s"],
        row["end_s"],
        "" if row["trip_id"] is None else lines.get(row["trip_id"]) or "",
        result.facts.place(row["from_place"]),
        result.facts.place(row["to_place"]),
        *(round(row[c] or 0.0, 2) for c in ("distance_km", "energy_kwh", "charged_kwh")),
        round(row["soc_end_kwh"] or 0.0, 1),
    ]


def _matches(duty: Duty, query: str, lines: dict[str, str]) -> bool:
    wanted = query.casefold().strip()
    if not wanted:
        return True
    own = f"{duty.vehicle_id} {duty.vehicle_type} {duty.depot}".casefold()
    driven = (lines.get(t) or "" for t in duty.activities["trip_id"].drop_nulls())
    return wanted in own or any(wanted == line.casefold() for line in driven)


def activity_words() -> dict[str, str]:
    """Kinds of activity in words."""
    return {
        "pull_out": text("pull-out"),
        "trip": text("trip"),
        "deadhead": text("deadhead"),
        "layover": text("waiting"),
        "charge": text("charging"),
        "pull_in": text("pull-in"),
    }


def _state_words() -> dict[str, str]:
    return {
        "driving": text("Driving with passengers"),
        "empty": text("Driving empty"),
        "waiting": text("Waiting between trips"),
        "charging": text("Charging"),
        "parked": text("Parked at the depot"),
    }


def _busiest(day: FleetDay) -> dict[str, str]:
    out = day.counts["driving"] + day.counts["empty"]
    top = int(out.argmax())
    return {
        "time": clock((day.first_s + top * STEP_S) % DAY_S),
        "n": number(int(out[top])),
        "all": number(day.n_vehicles),
    }


def _tightest(duties: list[Duty]) -> dict[str, str] | None:
    if not duties:
        return None
    duty = min(duties, key=lambda d: (d.lowest()[0], d.vehicle_id))
    share, at_s = duty.lowest()
    return {
        "bus": duty.vehicle_id,
        "time": clock(at_s),
        "share": percent(share),
        "floor": percent(duty.floor()),
    }


def _on_page(table: StudyTable, duties: list[Duty]) -> list[Duty]:
    """The buses that the table shows, in its order."""
    by_name = {d.vehicle_id: d for d in duties}
    return [by_name[row["vehicle_id"]] for row in table.rows]


def _chosen(request: HttpRequest, duties: list[Duty]) -> Duty | None:
    wanted = request.GET.get("bus", "")
    return next((d for d in duties if d.vehicle_id == wanted), None)


def _why_here(duty: Duty) -> list[str]:
    """Why this bus comes back when it does, from its own battery."""
    share, at_s = duty.lowest()
    said = [
        _("At %(time)s the battery is at its lowest: %(share)s; the floor is %(floor)s.")
        % {"time": clock(at_s), "share": percent(share), "floor": percent(duty.floor())}
    ]
    need = duty.total("energy_kwh")
    usable = float(duty.activities["soc_start_kwh"][0]) - duty.soc_min_kwh
    by_day = duty.total("charged_kwh")
    values = {"need": number(need), "usable": number(usable), "by_day": number(by_day)}
    if need > usable:
        said.append(
            _(
                "The day takes %(need)s kWh, one charge gives %(usable)s kWh: so it charges "
                "%(by_day)s kWh on the way."
            )
            % values
        )
    elif by_day:
        said.append(
            _(
                "One charge of %(usable)s kWh would do for the day's %(need)s kWh; it charges by "
                "day to leave its point to another bus at night."
            )
            % values
        )
    else:
        said.append(
            _("The day takes %(need)s kWh of the %(usable)s kWh that one charge gives.") % values
        )
    if share < duty.floor() + RESERVE_SHARE:
        said.append(_("This battery binds: a colder day or a longer trip would not fit."))
    return said


def _duty_table(request: HttpRequest, duties: list[Duty], scenario: Scenario) -> StudyTable:
    frame = pl.DataFrame(
        [
            {
                "vehicle_id": d.vehicle_id,
                "vehicle_type": d.vehicle_type,
                "depot": d.depot,
                "start_s": d.start_s,
                "end_s": d.end_s,
                "trips": int((d.activities["kind"] == "trip").sum()),
                "distance_km": d.total("distance_km"),
                "energy_kwh": d.total("energy_kwh"),
                "charged_kwh": d.total("charged_kwh"),
                "lowest_share": d.lowest()[0],
            }
            for d in duties
        ],
        schema={
            "vehicle_id": pl.String,
            "vehicle_type": pl.String,
            "depot": pl.String,
            "start_s": pl.Int64,
            "end_s": pl.Int64,
            "trips": pl.Int64,
            "distance_km": pl.Float64,
            "energy_kwh": pl.Float64,
            "charged_kwh": pl.Float64,
            "lowest_share": pl.Float64,
        },
    )
    here = address(scenario, "buses")
    columns = [
        Column(
            key="vehicle_id",
            label=text("Bus"),
            link=lambda row: f"{here}?bus={row['vehicle_id']}#bus",
        ),
        Column(key="vehicle_type", label=text("Type")),
        Column(key="depot", label=text("Depot")),
        clock_column("start_s", text("Pull-out")),
        clock_column("end_s", text("Pull-in")),
        Column(key="trips", label=text("Trips"), kind=Kind.NUMBER),
        Column(key="distance_km", label=_("Distance"), kind=Kind.NUMBER, digits=1, unit="km"),
        Column(key="energy_kwh", label=_("Energy"), kind=Kind.NUMBER, digits=1, unit="kWh"),
        Column(
            key="charged_kwh", label=_("Charged by day"), kind=Kind.NUMBER, digits=1, unit="kWh"
        ),
        Column(key="lowest_share", label=_("Lowest charge"), kind=Kind.PERCENT),
    ]
    caption = text("All buses of the day")
    return WholePageTable(
        request, FrameRows(frame), columns, name="buses", caption=caption, page_size=25
    )


def _fleet_table(request: HttpRequest, day: FleetDay) -> StudyTable:
    kept = range(0, DAY_S // STEP_S, _STEPS_PER_ROW)
    frame = pl.DataFrame(
        {"start_s": [day.first_s + k * STEP_S for k in kept]}
        | {state: [int(day.counts[state][k]) for k in kept] for state in reversed(STATES)}
    )
    words = _state_words()
    columns = [
        clock_column("start_s", text("From")),
        *(Column(key=s, label=words[s], kind=Kind.NUMBER) for s in reversed(STATES)),
    ]
    caption = text("Buses by state, every 15 minutes")
    return study_table(request, frame, columns, name="fleet", caption=caption)


def _activity_table(request: HttpRequest, result: Result, duty: Duty) -> StudyTable:
    trips = result.facts.table("trips")
    words = activity_words()
    frame = duty.activities.with_columns(
        pl.col("kind").replace(words),
        *(pl.col(c).replace(result.facts.place_names).alias(c) for c in ("from_place", "to_place")),
    )
    if trips is not None:
        frame = frame.join(trips.select("trip_id", "route_name"), on="trip_id", how="left")
    else:
        frame = frame.with_columns(pl.lit("").alias("route_name"))
    frame = frame.select(
        "kind",
        "route_name",
        "trip_id",
        "from_place",
        "to_place",
        "start_s",
        "end_s",
        "distance_km",
        "energy_kwh",
        "charged_kwh",
        "soc_end_kwh",
    )
    columns = [
        Column(key="kind", label=text("Activity")),
        Column(key="route_name", label=text("Line")),
        Column(key="trip_id", label=text("Trip"), is_shown=False),
        Column(key="from_place", label=text("From")),
        Column(key="to_place", label=text("To")),
        clock_column("start_s", text("Start")),
        clock_column("end_s", text("End")),
        Column(key="distance_km", label=_("Distance"), kind=Kind.NUMBER, digits=1, unit="km"),
        Column(key="energy_kwh", label=_("Energy"), kind=Kind.NUMBER, digits=1, unit="kWh"),
        Column(key="charged_kwh", label=_("Charged"), kind=Kind.NUMBER, digits=1, unit="kWh"),
        Column(
            key="soc_end_kwh", label=_("Battery at the end"), kind=Kind.NUMBER, digits=1, unit="kWh"
        ),
    ]
    return study_table(request, frame, columns, name="activities", caption=duty.vehicle_id)
