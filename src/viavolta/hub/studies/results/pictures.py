"""The pictures of the results pages, made of the same numbers as the tables beside them."""

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl
from django.utils.translation import gettext as _

from viavolta.hub.frame.charts import Chart, Series, Style
from viavolta.hub.frame.gantt import Bar, Gantt, Lane
from viavolta.hub.frame.maps import Layer, Map, Shape
from viavolta.hub.studies.results.folder import Result
from viavolta.model.messages import text
from viavolta.reports.bus.duties import Duty
from viavolta.reports.bus.states import STATES, STEP_S, FleetDay

EVERY = 3
"""Steps of the fleet per point of its picture."""
ITEMS_SHOWN = 6
FULL_PERCENT, WARN_PERCENT = 100.0, 80.0
_STATE_COLOURS = {
    "driving": "r0",
    "empty": "r1",
    "waiting": "r4",
    "charging": "r2",
    "parked": "r-rest",
}
_KIND_COLOURS = {
    "pull_out": "empty",
    "trip": "trip",
    "deadhead": "empty",
    "layover": "wait",
    "charge": "charge",
    "pull_in": "empty",
}


def day_start(result: Result) -> dt.datetime:
    """00:00 of the service day as GTFS counts it, in UTC."""
    word = str(result.summary.get("day_start_utc", "1970-01-01T00:00:00Z"))
    moment = dt.datetime.fromisoformat(word)
    return moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)


def moments(result: Result, seconds: Sequence[float]) -> list[dt.datetime]:
    """Seconds of the service day as moments."""
    zero = day_start(result)
    return [zero + dt.timedelta(seconds=s) for s in seconds]


def network_map(layers: Mapping[str, Mapping[str, Any]], *, credit: str) -> Map:
    """Lines, terminals, depots and the grid."""
    shown = [
        Layer(
            key="lines",
            label=_("Lines"),
            shape=Shape.LINE,
            features=_coloured(layers["lines"]["features"]),
            colour="r-rest",
            colour_by="colour",
            size=3,
            popup=(("name", text("Line")), ("trips", text("Trips on the day"))),
        )
    ]
    if "branches" in layers:
        shown += _grid_layers(layers)
    shown += [
        Layer(
            key="places",
            label=_("Terminals"),
            shape=Shape.POINT,
            features=[f for f in layers["places"]["features"] if f["properties"]["terminal"]],
            colour="r-rest",
            size=4,
            popup=(("name", text("Place")),),
        ),
        depot_layer(layers["depots"]["features"]),
    ]
    return Map(key="network", title=_("Lines, terminals and depots"), layers=shown, credit=credit)


def depot_layer(
    features: Sequence[Mapping[str, Any]],
    *,
    key: str = "depots",
    label: str = "",
    colour: str = "r1",
    size: float = 9,
) -> Layer:
    """Depots with their figures."""
    return Layer(
        key=key,
        label=label or text("Depots"),
        shape=Shape.POINT,
        features=features,
        colour=colour,
        size=size,
        text="name",
        popup=(
            ("name", text("Depot")),
            ("buses", text("Buses at night")),
            ("n_points", text("Charging points")),
            ("connection_kw", _("Grid connection (kW)")),
            ("peak_kw", _("Peak, managed (kW)")),
        ),
    )


def _coloured(features: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The busiest seven lines in colours of their own, drawn last."""
    found = []
    for feature in reversed(features):
        rank = feature["properties"]["rank"]
        colour = f"r{rank}" if rank < 7 else "r-rest"  # noqa: PLR2004 - colours of the sheet
        found.append({**feature, "properties": {**feature["properties"], "colour": colour}})
    return found


def _grid_layers(layers: Mapping[str, Mapping[str, Any]]) -> list[Layer]:
    branches = [
        {**f, "properties": {**f["properties"], "colour": _loading_colour(f["properties"])}}
        for f in layers["branches"]["features"]
    ]
    nodes = [
        {
            **f,
            "properties": {
                **f["properties"],
                "colour": "bad" if f["properties"]["hours"] else "r6",
            },
        }
        for f in layers["nodes"]["features"]
    ]
    return [
        Layer(
            key="branches",
            label=_("Grid"),
            shape=Shape.LINE,
            features=branches,
            colour="r6",
            colour_by="colour",
            size=2,
            popup=(
                ("name", _("Line or transformer")),
                ("percent", _("Highest loading (%)")),
                ("hours", _("Over the limit (h/a)")),
            ),
        ),
        Layer(
            key="nodes",
            label=_("Nodes of the grid"),
            shape=Shape.POINT,
            features=nodes,
            colour="r6",
            colour_by="colour",
            size=3,
            popup=(("name", text("Node")), ("hours", _("Outside limits (h/a)"))),
            is_shown=len(nodes) < 400,  # noqa: PLR2004 - more would hide the lines
        ),
    ]


def _loading_colour(properties: Mapping[str, Any]) -> str:
    if properties["percent"] > FULL_PERCENT or properties["hours"]:
        return "bad"
    return "warn" if properties["percent"] > WARN_PERCENT else "good"


def fleet_chart(result: Result, day: FleetDay, words: Mapping[str, str]) -> Chart:
    """Buses by state over the day, one above the other."""
    kept = range(0, len(day.counts[STATES[0]]), EVERY)
    return Chart(
        key="fleet",
        title=text("What the buses do"),
        x=moments(result, [day.first_s + k * STEP_S for k in kept]),
        x_label=_("Time"),
        series=[
            Series(
                label=words[state],
                values=[int(day.counts[state][k]) for k in kept],
                style=Style.AREA,
                colour=_STATE_COLOURS[state],
            )
            for state in reversed(STATES)
        ],
        zone=result.study.timezone,
        unit=text("buses"),
        is_stacked=True,
    )


def gantt(result: Result, duties: Sequence[Duty], kinds: Mapping[str, str]) -> Gantt:
    """The day of each of these buses."""
    trips = result.facts.table("trips")
    lines = {} if trips is None else dict(trips.select("trip_id", "route_name").iter_rows())
    return Gantt(
        key="blocks",
        title=text("The day of each bus"),
        kinds=[(key, label, _KIND_COLOURS[key]) for key, label in kinds.items()],
        lanes=[Lane(label=d.vehicle_id, bars=_bars(d, result, lines)) for d in duties],
        note=_("Times in %(zone)s. Choose a bus in the table to see why it is where it is.")
        % {"zone": result.study.timezone},
    )


def _bars(duty: Duty, result: Result, lines: Mapping[str, str]) -> list[Bar]:
    columns = ("kind", "trip_id", "from_place", "to_place", "start_s", "end_s", "soc_end_kwh")
    bars = []
    for kind, trip, here, there, start_s, end_s, soc in duty.activities.select(columns).iter_rows():
        share = f"{100 * soc / duty.capacity_kwh:.0f} %"
        places = result.facts.place(here)
        if here != there:
            places = f"{places} → {result.facts.place(there)}"
        line = f"{lines[trip]} · " if trip and lines.get(trip) else ""
        bars.append(Bar(start_s=start_s, end_s=end_s, kind=kind, text=f"{line}{places} · {share}"))
    return bars


def power_chart(result: Result, frame: pl.DataFrame) -> Chart:
    """Charging power over the sizing day, with the connection."""
    series = [
        Series(
            label=text("Managed"),
            values=frame["managed_kw"].round(1).to_list(),
            style=Style.STEP,
            colour="r0",
        ),
        Series(
            label=text("Unmanaged"),
            values=frame["unmanaged_kw"].round(1).to_list(),
            style=Style.STEP,
            colour="r1",
        ),
    ]
    limit = frame["limit_kw"].max()
    limits = [(text("Connection limit"), float(limit))] if isinstance(limit, int | float) else []
    return Chart(
        key="power",
        title=_("Power on the sizing day"),
        x=moments(result, frame["start_s"].to_list()),
        x_label=_("Time"),
        series=series,
        limits=limits,
        unit="kW",
        zone=result.study.timezone,
    )


def price_chart(result: Result, frame: pl.DataFrame) -> Chart:
    """What a kWh costs in each step, which is why charging moves."""
    return Chart(
        key="price",
        title=_("Price of electricity"),
        x=moments(result, frame["start_s"].to_list()),
        x_label=_("Time"),
        series=[
            Series(
                label=_("Price"),
                values=[round(100 * p, 3) for p in frame["price_eur_per_kwh"].fill_null(0.0)],
                style=Style.STEP,
                colour="r4",
                digits=2,
            )
        ],
        unit="ct/kWh",
        zone=result.study.timezone,
    )


def cost_chart(frame: pl.DataFrame) -> Chart:
    """Items of a year, one above the other, for both kinds of bus."""
    shown, rest = frame.head(ITEMS_SHOWN), frame.slice(ITEMS_SHOWN)
    columns = ("electric_eur_per_year", "diesel_eur_per_year")
    series = [
        Series(
            label=row["name"],
            values=[round((row[c] or 0.0) / 1000.0, 1) for c in columns],
            style=Style.BAR,
            colour=f"r{n}",
        )
        for n, row in enumerate(shown.iter_rows(named=True))
    ]
    if rest.height:
        sums = [round(float(rest[c].fill_null(0.0).sum()) / 1000.0, 1) for c in columns]
        series.append(
            Series(label=_("everything else"), values=sums, style=Style.BAR, colour="r-rest")
        )
    return Chart(
        key="costs",
        title=text("Yearly costs by item"),
        x=[text("Battery buses"), text("Diesel buses")],
        series=series,
        unit=_("thousand EUR/a"),
        is_stacked=True,
    )


def overlay_chart(names: Sequence[str], result: Result, frame: pl.DataFrame) -> Chart:
    """Managed power of several scenarios, all depots together."""
    return Chart(
        key="overlay",
        title=_("Power of all depots, managed"),
        x=moments(result, frame["start_s"].to_list()),
        x_label=_("Time"),
        series=[
            Series(
                label=name,
                values=frame[f"managed_{n}"].round(1).to_list(),
                style=Style.STEP,
                colour=f"r{n}",
            )
            for n, name in enumerate(names)
        ],
        unit="kW",
        zone=result.study.timezone,
    )
