"""How good the plan is and why its figures are what they are: gaps, reasons, left-out trips."""

from viavolta.model.messages import text
from viavolta.reports.bus.facts import BusFacts
from viavolta.reports.bus.key_figures import label_of
from viavolta.reports.figure import missing, paragraph, section
from viavolta.reports.markup import Html, clip, fill, join, tag
from viavolta.reports.numbers import known, money, number, percent
from viavolta.reports.tables import figures, table, words


def gaps(facts: BusFacts) -> Html:
    """How far the plan can be from the best possible one, in buses and in money."""
    parts = [paragraph(said) for said in sentences(facts)]
    if not parts:
        return section("gaps", text("How good is the plan?"), missing(text("proven bounds")))
    intro = paragraph(
        text(
            "A bound is a figure that no plan can beat under the same rules. The gap is the most "
            "that could still be gained; it is not a loss that is known to exist."
        )
    )
    return section("gaps", text("How good is the plan?"), intro, *parts, _gap_table(facts))


def sentences(facts: BusFacts) -> list[Html]:
    """Say how far buses and cost are from the best possible, as far as bounds are known."""
    return [p for p in (_fleet_gap(facts), _cost_gap(facts)) if p is not None]


def _fleet_gap(facts: BusFacts) -> Html | None:
    bound, n = facts.number("vehicles_lower_bound"), facts.number("vehicles")
    if bound is None or n is None:
        return None
    free = facts.number("vehicles_without_energy_limit")
    if n <= bound:
        first = fill(
            text("{label}: {n} buses is the fewest possible; no plan needs less."),
            label=tag("strong", text("Buses")),
            n=number(n),
        )
    else:
        first = fill(
            text("{label}: this plan needs {n}, no plan can do with fewer than {bound} ({gap})."),
            label=tag("strong", text("Buses")),
            n=number(n),
            bound=number(bound),
            gap=text("gap {p}", p=percent(_gap(facts, "gap_vehicles", n, bound), 1)),
        )
    second = (
        fill(
            text("If batteries were never empty, {free} would be enough ({extra} fewer)."),
            free=number(free),
            extra=number(n - free),
        )
        if free is not None
        else None
    )
    return join((first, second, _bound_kind(facts)), " ")


def _bound_kind(facts: BusFacts) -> Html | None:
    kind = facts.word("bound_kind")
    if not kind:
        return None
    return fill(text("How the bound was found: {kind}."), kind=kind.replace("_", " "))


def _cost_gap(facts: BusFacts) -> Html | None:
    bound, cost = facts.number("cost_lower_bound_eur"), facts.number("cost_eur_per_year")
    gap = facts.number("gap_cost")
    if bound is None:
        return None
    if gap is None and cost:
        gap = (cost - bound) / cost
    return fill(
        text(
            "{label}: the bound is {bound} a year; at most {gap} of the cost could still be "
            "saved by a better plan with the same trips, vehicle types and prices."
        ),
        label=tag("strong", text("Cost")),
        bound=money(bound),
        gap=percent(gap, 1),
    )


def _gap(facts: BusFacts, key: str, value: float, bound: float) -> float | None:
    stated = facts.number(key)
    if stated is not None:
        return stated
    return (value - bound) / value if value else None


def _gap_table(facts: BusFacts) -> Html:
    columns = (
        words(text("Figure")),
        figures(text("This plan")),
        figures(text("Bound")),
        figures(text("Gap (%)"), 1),
    )
    rows = []
    for label, value_key, bound_key, gap_key in (
        (text("Buses"), "vehicles", "vehicles_lower_bound", "gap_vehicles"),
        (
            text("Cost (EUR per year)"),
            "cost_eur_per_year",
            "cost_lower_bound_eur",
            "gap_cost",
        ),
    ):
        value, bound = facts.number(value_key), facts.number(bound_key)
        gap = None if value is None or bound is None else _gap(facts, gap_key, value, bound)
        rows.append((label, value, bound, None if gap is None else 100 * gap))
    return table("gaps", columns, rows, caption=text("Values, bounds and gaps"))


def reasons(facts: BusFacts) -> Html:
    """Why each figure is what it is: what binds, and what one unit more would be worth."""
    title = text("Why these figures?")
    if not facts.reasons:
        return section("why", title, missing(text("explanations (table why)")))
    columns = (
        words(text("Figure")),
        words(text("Why")),
        words(text("What binds")),
        words(text("One more would be worth")),
    )
    rows = [
        (label_of(facts, key), why.statement, why.binds, why.one_more)
        for key, why in facts.reasons.items()
    ]
    return section(
        "why", title, table("why", columns, rows, caption=text("Each figure with its reason"))
    )


def left_out_trips(facts: BusFacts) -> Html:
    """Trips that no vehicle can do, never priced away."""
    listed = facts.infeasible()
    title = text("Trips that cannot be done")
    if not listed:
        return section(
            "left-out", title, paragraph(text("None: every trip of the day is in a block."))
        )
    trips = facts.table("trips")
    lines = (
        {}
        if trips is None
        else {r["trip_id"]: r for r in trips.iter_rows(named=True)}
    )  # fmt: skip
    rows = []
    for trip_id, reason in listed:
        trip = lines.get(trip_id, {})
        rows.append(
            (
                trip_id,
                clip(trip.get("route_name") or ""),
                known(trip.get("distance_km")),
                known(trip.get("energy_kwh")),
                reason,
            )
        )
    columns = (
        words(text("Trip")),
        words(text("Line")),
        figures(text("km"), 1),
        figures(text("Energy (kWh)"), 1),
        words(text("Reason")),
    )
    intro = paragraph(
        text(
            "{n} of {all} trips are not in the plan. They are left out of costs and CO\u2082 for "
            "both kinds of bus, and need another vehicle, a charger on the way or a change of "
            "the timetable.",
            n=number(len(listed)),
            all=number(facts.trips_of_day()),
        )
    )
    return section(
        "left-out",
        title,
        intro,
        table("left-out-trips", columns, rows, caption=text("Trips left out, with the reason")),
    )
