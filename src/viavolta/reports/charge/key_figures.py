"""The key figures, each with the answer to "why?"."""

from dataclasses import dataclass

import polars as pl

from viavolta.model.messages import text
from viavolta.reports.charge.facts import ChargeFacts
from viavolta.reports.charge.words import euros, kilowatt_hours, kilowatts, small_percent
from viavolta.reports.figure import section
from viavolta.reports.markup import Html, tag
from viavolta.reports.numbers import NOTHING, change, number


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyFigure:
    """A figure with its comparison and the rule by which anyone finds it in the tables."""

    key: str
    label: str
    value: str
    beside: str
    rule: str


def key_figures(facts: ChargeFacts) -> Html:
    """Show the cards below the answer; a figure that is not known has none."""
    cards = tag("div", *(_card(f) for f in known_figures(facts)), class_="cards")
    return section("figures", text("Key figures"), cards)


def known_figures(facts: ChargeFacts) -> list[KeyFigure]:
    """Give the figures that the study knows."""
    return [f for f in (*_money(facts), *_power(facts)) if NOTHING not in f.value]


def _money(facts: ChargeFacts) -> list[KeyFigure]:
    cost, plain = facts.number("cost_eur"), facts.number("cost_unmanaged_eur")
    bound = facts.number("lower_bound_eur")
    return [
        KeyFigure(
            key="cost_eur",
            label=text("Cost of the schedule"),
            value=euros(cost),
            beside=""
            if plain is None
            else text("uncontrolled {m} ({c})", m=euros(plain), c=change(cost, plain)),
            rule=text(
                "Energy bought less energy sold at the roots, wear and ageing of batteries, "
                "capacity prices, and unmet energy at its price; the items stand below. "
                "Uncontrolled means: full power on arrival, limits ignored, the same rule of cost."
            ),
        ),
        KeyFigure(
            key="lower_bound_eur",
            label=text("Proven bound"),
            value=euros(bound),
            beside=text("gap {g}", g=small_percent(facts.number("gap"))),
            rule=text(
                "No schedule costs less. It follows from the table prices alone; viavolta check "
                "works it out again without the code that found the schedule."
            ),
        ),
    ]


def _power(facts: ChargeFacts) -> list[KeyFigure]:
    plain = facts.number("peak_unmanaged_kw")
    unmet_stays = facts.number("unmet_stays")
    charged, fed_back = _at_the_plugs_kwh(facts)
    return [
        KeyFigure(
            key="peak_import_kw",
            label=text("Highest import"),
            value=kilowatts(facts.number("peak_import_kw")),
            beside="" if plain is None else text("{p} uncontrolled", p=kilowatts(plain)),
            rule=text(
                "The highest net import of a step in the table limit_profile, all roots together, "
                "base load included."
            ),
        ),
        KeyFigure(
            key="charged_kwh",
            label=text("Charged at the plugs"),
            value=kilowatt_hours(charged),
            beside=text("nothing fed back")
            if not fed_back
            else text("{e} fed back", e=kilowatt_hours(fed_back)),
            rule=text("Power times time in the table schedule, charging and discharging apart."),
        ),
        KeyFigure(
            key="unmet_kwh",
            label=text("Not delivered"),
            value=kilowatt_hours(facts.number("unmet_kwh")),
            beside=text("{n} of {all} stays", n=number(unmet_stays), all=_n_stays(facts)),
            rule=text(
                "What vehicles wanted by departure and did not get: unmet_kwh in the table stays. "
                "Each kWh costs {price} in the search, so that it is a last resort.",
                price=euros(facts.number("unmet_eur_per_kwh")),
            ),
        ),
    ]


def _n_stays(facts: ChargeFacts) -> str:
    return number(facts.number("stays"))


def _at_the_plugs_kwh(facts: ChargeFacts) -> tuple[float | None, float | None]:
    """Energy taken and given at the plugs."""
    schedule, clock = facts.table("schedule"), facts.clock
    if schedule is None or clock is None:
        return None, None
    power = pl.col("power_kw")
    charged, fed_back = schedule.select(
        power.clip(lower_bound=0.0).sum().alias("in"),
        (-power.clip(upper_bound=0.0)).sum().alias("out"),
    ).row(0)
    return float(charged) * clock.step_h, float(fed_back) * clock.step_h


def _card(figure: KeyFigure) -> Html:
    return tag(
        "div",
        tag("p", figure.label, class_="label"),
        tag("p", figure.value, class_="value"),
        tag("p", figure.beside, class_="beside"),
        tag("details", tag("summary", text("Why?")), tag("p", figure.rule), class_="why"),
        class_="card",
        data_figure=figure.key,
    )
