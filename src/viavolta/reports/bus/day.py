"""The service day: why this one, and what the fleet does in the course of it."""

import datetime as dt

from viavolta.model.messages import text
from viavolta.reports.bus.facts import BusFacts
from viavolta.reports.bus.states import STEP_S, FleetDay, fleet_day
from viavolta.reports.charts import Spec, chart, time_axis
from viavolta.reports.figure import area, figure, legend_of, missing, paragraph, section
from viavolta.reports.markup import Html, fill, tag
from viavolta.reports.numbers import clock, long_date, number
from viavolta.reports.tables import figures, table, times, words


def service_day(facts: BusFacts) -> Html:
    """Trips per day over the feed's life, with the chosen day and its reason."""
    title = text("The service day")
    reason = facts.word("service_day_reason")
    intro = paragraph(
        fill(
            text("The plan is made for {date}."),
            date=tag("strong", long_date(facts.study.service_date)),
        ),
        " ",
        reason,
    )
    days = facts.table("trips_per_day")
    if days is None:
        return section("service-day", title, intro, missing(text("trips per day")))
    rows = [
        (_iso(date), trips, overlapping or 0, bool(chosen))
        for date, trips, overlapping, chosen in days.sort("date")
        .select("date", "trips", "overlapping_trips", "is_chosen")
        .iter_rows()
    ]
    return section("service-day", title, intro, _days_figure(rows))


def _iso(date: object) -> str:
    return date.isoformat() if isinstance(date, dt.date) else str(date)


def _days_figure(rows: list[tuple[str, int, int, bool]]) -> Html:
    overlaps = any(overlapping for _, _, overlapping, _ in rows)
    names = {
        "chosen": text("Chosen day"),
        "day": text("Other days"),
        "overlap": text("Trips counted twice where two versions of the network overlap"),
    }
    values = []
    for date, trips, overlapping, chosen in rows:
        kind = names["chosen"] if chosen else names["day"]
        values.append({"date": date, "trips": trips - overlapping, "kind": kind})
        if overlapping:
            values.append({"date": date, "trips": overlapping, "kind": names["overlap"]})
    shown = [names["chosen"], names["day"], *([names["overlap"]] if overlaps else [])]
    colours = ["--c-empty", "--quiet", "--c-charge"][: len(shown)]

    def make(width: int) -> Spec:
        return {
            "width": width,
            "autosize": {"type": "fit-x", "contains": "padding"},
            "height": 150,
            "data": {"values": values},
            "mark": {"type": "bar", "binSpacing": 0.5 if len(rows) < width // 4 else 0},
            "encoding": {
                "x": {
                    "field": "date",
                    "type": "temporal",
                    "timeUnit": "utcyearmonthdate",
                    "title": None,
                    "axis": {"format": "%-d %b %y", "tickCount": 8 if width > 500 else 4},  # noqa: PLR2004 - px
                },
                "y": {
                    "field": "trips",
                    "type": "quantitative",
                    "title": text("trips per day"),
                    "axis": {"tickCount": 4, "tickMinStep": 1, "format": ",d"},
                },
                "color": {
                    "field": "kind",
                    "type": "nominal",
                    "scale": {"domain": shown, "range": [f"var({c})" for c in colours]},
                    "legend": None,
                },
                "order": {"field": "kind"},
            },
        }

    most = max(trips for _, trips, _, _ in rows)
    alt = text("Bar chart: trips on each of {n} days, at most {m}", n=len(rows), m=number(most))
    columns = (
        words(text("Date")),
        figures(text("Trips")),
        figures(text("Of these overlapping")),
        words(text("Chosen")),
    )
    listed = [(d, t, o, text("yes") if chosen else "") for d, t, o, chosen in rows]
    return figure(
        "trips-per-day",
        title=text("Trips per day over the life of the timetable"),
        legend=legend_of((area(c), name) for c, name in zip(colours, shown, strict=True)),
        picture=chart("days", make, alt=alt),
        caption=text("Bus trips of the feed on each day of its calendar, dates of the operator."),
        table=table("trips-per-day", columns, listed, caption=text("Trips per day")),
    )


def fleet_over_the_day(facts: BusFacts) -> Html:
    """How many buses drive, wait, charge and stand in the depot, all day long."""
    title = text("The fleet over the day")
    day = fleet_day(facts)
    if day is None:
        return section("fleet", title, missing(text("blocks")))
    out = day.counts["driving"] + day.counts["empty"]
    top = int(out.argmax())
    intro = paragraph(
        text(
            "Most buses drive at {time}: {n} of {all}. The plan repeats every day, so what happens "
            "after midnight is drawn at its time of the next morning.",
            time=clock((day.first_s + top * STEP_S) % 86400),
            n=number(int(out[top])),
            all=number(day.n_vehicles),
        )
    )
    return section("fleet", title, intro, _fleet_figure(facts, day))


def _fleet_figure(facts: BusFacts, day: FleetDay) -> Html:
    labels = {
        "driving": text("Driving with passengers"),
        "empty": text("Driving empty"),
        "waiting": text("Waiting between trips"),
        "charging": text("Charging"),
        "parked": text("Parked at the depot"),
    }
    colours = ["--c-trip", "--c-empty", "--c-wait", "--c-charge", "--c-park"]
    starts = [day.first_s + k * STEP_S for k in range(len(day.counts["driving"]))]
    values = _thin(day, starts, labels)

    def make(width: int) -> Spec:
        return {
            "width": width,
            "autosize": {"type": "fit-x", "contains": "padding"},
            "height": 250,
            "data": {"values": values},
            "mark": {"type": "area", "interpolate": "step-after"},
            "encoding": {
                "x": {
                    "field": "s",
                    "type": "quantitative",
                    "scale": {"domain": [starts[0], starts[0] + 86400], "nice": False},
                    "axis": time_axis(
                        starts[0], starts[0] + 86400, width=width, title=facts.local_time()
                    ),
                },
                "y": {
                    "field": "n",
                    "type": "quantitative",
                    "title": text("buses"),
                    "scale": {"domain": [0, day.n_vehicles], "nice": False},
                    "axis": {"tickCount": 5, "tickMinStep": 1},
                },
                "order": {"field": "o"},
                "color": {
                    "field": "state",
                    "type": "nominal",
                    "scale": {
                        "domain": list(labels.values()),
                        "range": [f"var({c})" for c in colours],
                    },
                    "legend": None,
                },
            },
        }

    columns = (times(text("From")), *(figures(label) for label in labels.values()))
    rows = [
        (start % 86400, *(int(day.counts[state][k]) for state in labels))
        for k, start in enumerate(starts)
        if k % 3 == 0
    ]
    return figure(
        "fleet",
        title=text("What the buses do"),
        legend=legend_of((area(c), name) for c, name in zip(colours, labels.values(), strict=True)),
        picture=chart(
            "fleet", make, alt=text("Stacked areas: buses driving, waiting, charging and parked")
        ),
        caption=text(
            "Number of buses in steps of {n} minutes; charging means drawing power, not only "
            "being plugged in.",
            n=STEP_S // 60,
        ),
        table=table(
            "fleet-over-the-day", columns, rows, caption=text("Buses by state, every 15 minutes")
        ),
    )


def _thin(day: FleetDay, starts: list[int], labels: dict[str, str]) -> list[dict[str, object]]:
    """Only the steps at which any state changes; the areas stay the same."""
    keep = [
        k
        for k in range(len(starts))
        if k == 0
        or any(day.counts[state][k] != day.counts[state][k - 1] for state in labels)
    ]  # fmt: skip
    values: list[dict[str, object]] = [
        {"s": starts[k], "n": int(day.counts[state][k]), "state": label, "o": o}
        for o, (state, label) in enumerate(labels.items())
        for k in keep
    ]
    values += [
        {"s": starts[0] + 86400, "n": int(day.counts[state][-1]), "state": label, "o": o}
        for o, (state, label) in enumerate(labels.items())
    ]
    return values
