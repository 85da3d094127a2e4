"""The key figures, each with the answer to "why?"."""

from dataclasses import dataclass

from viavolta.model.messages import text
from viavolta.reports.bus.facts import BusFacts
from viavolta.reports.figure import section
from viavolta.reports.markup import Html, fill, tag
from viavolta.reports.numbers import NOTHING, amount, change, money, number, percent, power


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyFigure:
    """A figure with its comparison and the rule by which anyone finds it in the tables."""

    key: str
    label: str
    value: str
    beside: str
    rule: str


def key_figures(facts: BusFacts) -> Html:
    """Show the cards below the answer."""
    cards = [_card(facts, f) for f in known_figures(facts)]
    return section("figures", text("Key figures"), tag("div", *cards, class_="cards"))


def known_figures(facts: BusFacts) -> list[KeyFigure]:
    """Give the figures that the study knows."""
    return [f for f in _figures(facts) if NOTHING not in f.value]


def label_of(facts: BusFacts, key: str) -> str:
    """Show the name of a figure in plain words, from its key in the summary."""
    labels = {f.key: f.label for f in _figures(facts)}
    return labels.get(key, key.replace("_", " "))


def _figures(facts: BusFacts) -> list[KeyFigure]:
    return [*_fleet(facts), *_power(facts), *_driving(facts), *_money(facts)]


def _fleet(facts: BusFacts) -> list[KeyFigure]:
    free = facts.number("vehicles_without_energy_limit")
    return [
        KeyFigure(
            key="vehicles",
            label=text("Battery buses"),
            value=number(facts.number("vehicles")),
            beside=""
            if free is None
            else text("{n} if batteries never ran low", n=number(free)),
            rule=text("Rows of the table vehicles: the buses that the day's trips need."),
        ),
        KeyFigure(
            key="charging_points",
            label=text("Charging points"),
            value=number(facts.charger_sum("n_points")),
            beside=text("in one place")
            if _height(facts, "chargers") == 1
            else text("in {n} places", n=number(_height(facts, "chargers"))),
            rule=text("n_points in the table chargers, summed over places."),
        ),
    ]  # fmt: skip


def _power(facts: BusFacts) -> list[KeyFigure]:
    plain = facts.number("peak_kw_unmanaged")
    return [
        KeyFigure(
            key="connection",
            label=text("Grid connection"),
            value=power(facts.charger_sum("connection_kw")),
            beside=text("all connections together"),
            rule=text("connection_kw in the table chargers, summed over places."),
        ),
        KeyFigure(
            key="peak_kw_managed",
            label=text("Highest load, managed"),
            value=power(facts.number("peak_kw_managed")),
            beside="" if plain is None else text("{p} unmanaged", p=power(plain)),
            rule=text(
                "The highest power of the managed profile. Unmanaged means: each bus draws full "
                "power from the moment it is plugged in."
            ),
        ),
    ]


def _driving(facts: BusFacts) -> list[KeyFigure]:
    service, empty = facts.number("service_km"), facts.number("deadhead_km")
    share = None if not service or empty is None else empty / (service + empty)
    energy = facts.number("energy_kwh")
    total = None if service is None or empty is None else service + empty
    return [
        KeyFigure(
            key="service_km",
            label=text("Driven with passengers"),
            value=text("{n} km", n=number(service)),
            beside=""
            if share is None
            else text("and {n} km empty ({share})", n=number(empty), share=percent(share)),
            rule=text(
                "distance_km of the trips in the table blocks; empty are pull-outs, "
                "pull-ins and deadheads."
            ),
        ),
        KeyFigure(
            key="energy_kwh",
            label=text("Energy on the design day"),
            value=text("{n} kWh", n=number(energy)),
            beside=""
            if not total or energy is None
            else text("{n} kWh per km", n=number(energy / total, 2)),
            rule=text(
                "energy_kwh of all activities in the table blocks, out of the battery, on the "
                "day that sizes the fleet."
            ),
        ),
    ]


def _money(facts: BusFacts) -> list[KeyFigure]:
    year, diesel = facts.number("cost_eur_per_year"), facts.number("diesel_cost_eur_per_year")
    co2, diesel_co2 = facts.number("co2_t_per_year"), facts.number("diesel_co2_t_per_year")
    return [
        KeyFigure(
            key="cost_eur_per_year",
            label=text("Cost per year (EUR)"),
            value=amount(year),
            beside=""
            if diesel is None
            else text("diesel {m} ({c})", m=money(diesel), c=change(year, diesel)),
            rule=text("The electric column of the table costs, summed."),
        ),
        KeyFigure(
            key="co2_t_per_year",
            label=text("CO\u2082 per year"),
            value=text("{n} t", n=number(co2)),
            beside=""
            if diesel_co2 is None
            else text("diesel {n} t ({c})", n=number(diesel_co2), c=change(co2, diesel_co2)),
            rule=text(
                "Yearly energy times the emission of a kWh from well to wheel; the emission "
                "factors stand among the assumptions."
            ),
        ),
    ]


def _height(facts: BusFacts, name: str) -> int | None:
    frame = facts.table(name)
    return None if frame is None else frame.height


def _card(facts: BusFacts, figure: KeyFigure) -> Html:
    why = facts.reasons.get(figure.key)
    lines = [tag("p", figure.rule)]
    if why is not None:
        lines.insert(0, tag("p", why.statement))
        if why.binds:
            lines.append(tag("p", fill(text("What binds: {binds}"), binds=why.binds)))
        if why.one_more:
            lines.append(tag("p", fill(text("One more: {worth}"), worth=why.one_more)))
    return tag(
        "div",
        tag("p", figure.label, class_="label"),
        tag("p", figure.value, class_="value"),
        tag("p", figure.beside, class_="beside"),
        tag("details", tag("summary", text("Why?")), *lines, class_="why"),
        class_="card",
        data_figure=figure.key,
    )
