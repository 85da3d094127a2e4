"""Goals beside cost, where the study has them: fair shares, and carbon."""

import numpy as np
import polars as pl

from viavolta.model.messages import text
from viavolta.reports.charge.facts import ChargeFacts
from viavolta.reports.charge.flows import Flows
from viavolta.reports.charge.words import count_of_stays, euros, kilowatt_hours
from viavolta.reports.figure import missing, paragraph, section
from viavolta.reports.markup import Html, fill, join, tag
from viavolta.reports.numbers import change, number
from viavolta.reports.tables import figures, table, words

_BANDS = ((0.0, 0.25), (0.25, 0.5), (0.5, 0.75), (0.75, 1.0))
_HALF = 0.5
_GRAMS_PER_KG = 1000.0
_KG_PER_T = 1000.0


def fairness(facts: ChargeFacts) -> Html | None:
    """The stated rule, who falls under it, and its price; None where no rule was asked for."""
    extra = facts.number("unfair_eur_per_kwh")
    if not extra:
        return None
    title, stays = text("Fair shares"), facts.table("stays")
    rule = fill(
        text(
            "Rule: every kWh that a stay lacks beyond half of what it asked for costs {extra} "
            "more. So a shortfall is spread over many rather than laid on a few."
        ),
        extra=tag("strong", euros(extra)),
    )
    if stays is None:
        return section("fairness", title, paragraph(rule), missing(text("stays")))
    short = _shares(stays)
    return section(
        "fairness",
        title,
        paragraph(join((rule, _below_half(short), _price(facts)), " ")),
        _bands_table(short, n_stays=stays.height),
    )


def _shares(stays: pl.DataFrame) -> pl.DataFrame:
    """Stays that lack energy: unmet_kwh, beyond_kwh (below half), share (delivered of wanted)."""
    wanted = pl.col("energy_kwh").clip(lower_bound=0.0)
    return stays.lazy().filter((pl.col("unmet_kwh") > 0) & (wanted > 0)).select(
        "unmet_kwh",
        beyond_kwh=(pl.col("unmet_kwh") - _HALF * wanted).clip(lower_bound=0.0),
        share=(1 - pl.col("unmet_kwh") / wanted).clip(0.0, 1.0),
    ).collect()  # fmt: skip


def _below_half(short: pl.DataFrame) -> Html:
    beyond = short.filter(pl.col("beyond_kwh") > 0)
    if beyond.is_empty():
        return fill(text("Nobody gets less than half."))
    return fill(
        text("Below half: {stays}, by {kwh} together."),
        stays=count_of_stays(beyond.height),
        kwh=kilowatt_hours(float(np.sort(beyond["beyond_kwh"].to_numpy()).sum())),
    )


def _price(facts: ChargeFacts) -> Html | None:
    price = facts.number("fairness_price_eur")
    if price is None:
        return None
    return fill(
        text("The rule makes the schedule dearer by {price}, the same cost counted without it."),
        price=tag("strong", euros(price)),
    )


def _bands_table(short: pl.DataFrame, *, n_stays: int) -> Html:
    share = short["share"].to_numpy()
    rows: list[tuple[object, ...]] = [(text("all"), n_stays - short.height)]
    for low, high in reversed(_BANDS):
        n = int(((share >= low) & (share < high)).sum())
        name = text("{a} to {b} %", a=number(100 * low), b=number(100 * high))
        rows.append((name, n))
    columns = (words(text("Gets of what it asked for")), figures(text("Stays")))
    return table("fairness", columns, rows, caption=text("How much of their wish stays get"))


def carbon(facts: ChargeFacts, flows: Flows | None) -> Html | None:
    """Carbon of the energy at the roots; None where the signals do not know it."""
    if flows is None or flows.roots["co2_g_per_kwh"].null_count() == flows.roots.height:
        return None
    kg = _kilograms(flows)
    managed, plain, alone = kg["net_kw"], kg["net_unmanaged_kw"], kg["base_kw"]
    first = fill(
        text(
            "The energy of this schedule causes {managed} of CO\u2082, uncontrolled charging "
            "{plain} ({change}); the base load alone {alone}. Import and export count with the "
            "same grams per kWh."
        ),
        managed=tag("strong", _mass(managed)),
        plain=_mass(plain),
        change=change(managed, plain),
        alone=_mass(alone),
    )
    columns = (words(text("Case")), figures(text("CO\u2082 (kg)"), 1))
    rows = [
        (text("This schedule"), managed),
        (text("Uncontrolled"), plain),
        (text("No vehicle at all"), alone),
    ]
    listed = table("carbon", columns, rows, caption=text("Carbon of the energy at the roots"))
    return section("carbon", text("Carbon"), paragraph(join((first, _goal(facts)), " ")), listed)


def _kilograms(flows: Flows) -> dict[str, float]:
    grams = flows.roots["co2_g_per_kwh"].fill_null(0.0).to_numpy()
    return {
        column: float((flows.roots[column].to_numpy() * grams).sum())
        * flows.clock.step_h
        / _GRAMS_PER_KG
        for column in ("net_kw", "net_unmanaged_kw", "base_kw")
    }


def _mass(kg: float) -> str:
    if abs(kg) >= _KG_PER_T:
        return text("{n} t", n=number(kg / _KG_PER_T, 2)).replace(" ", "\N{NO-BREAK SPACE}")
    return text("{n} kg", n=number(kg, 1)).replace(" ", "\N{NO-BREAK SPACE}")


def _goal(facts: ChargeFacts) -> Html | None:
    price = facts.number("carbon_eur_per_t")
    if not price:
        return fill(text("Carbon had no part in the decision."))
    return fill(
        text("In the decision each tonne costs {price}."), price=tag("strong", euros(price))
    )
