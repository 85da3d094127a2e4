"""The first screen: title, the answer in a few plain sentences, and what limits its truth."""

import polars as pl

from viavolta.model.messages import text
from viavolta.reports.bus.facts import BusFacts
from viavolta.reports.figure import paragraph
from viavolta.reports.markup import Html, clip, fill, join, tag
from viavolta.reports.numbers import change, long_date, money, number, power

_ALMOST_SHARE = 0.95
_CAVEATS_SHOWN = 4


def opening(facts: BusFacts) -> Html:
    """Title, answer and caveats."""
    return tag(
        "header",
        tag("p", kicker(facts), class_="kicker"),
        tag("h1", clip(facts.study.title)),
        tag("p", answer(facts), class_="answer"),
        _caveats(facts),
        id="answer",
    )


def kicker(facts: BusFacts) -> str:
    """Give the line above the title."""
    return text(
        "Electric bus plan for {date} ({timezone})",
        date=long_date(facts.study.service_date),
        timezone=clip(facts.study.timezone, 40),
    )


def answer(facts: BusFacts) -> Html:
    """Join the sentences that a reader in a hurry reads."""
    return join(
        (_verdict(facts), _charging(facts), _peak(facts), _cost(facts), _carbon(facts)), " "
    )


def _strong(value: object) -> Html:
    return tag("strong", str(value))


def _verdict(facts: BusFacts) -> Html:
    """Can the buses go electric? Served trips are counted from the blocks, not taken on trust."""
    served, of_day = facts.trips_served(), facts.trips_of_day()
    values = {
        "n": _strong(text("{n} battery buses", n=number(facts.number("vehicles")))),
        "trips": _strong(text("{n} trips", n=number(of_day))),
        "served": _strong(number(served)),
        "date": long_date(facts.study.service_date),
    }
    if served == 0:
        return fill(
            text("No: no battery bus of this study can do any of the {trips} of {date}."),
            **values,
        )
    if served == of_day:
        return fill(text("Yes: {n} do all {trips} of {date}."), **values)
    if served >= _ALMOST_SHARE * of_day:
        return fill(text("Almost: {n} do {served} of the {trips} of {date}."), **values)
    return fill(text("Only in part: {n} do {served} of the {trips} of {date}."), **values)


def _charging(facts: BusFacts) -> Html | None:
    chargers, points = facts.table("chargers"), facts.charger_sum("n_points")
    if chargers is None or points is None:
        return None
    places = facts.table("places")
    at_depots = chargers["place_id"]
    if places is not None:
        at_depots = places.filter("is_depot")["place_id"]
    depots = chargers.filter(pl.col("place_id").is_in(at_depots.implode())).height
    terminals = chargers.height - depots
    where = (
        text("one depot")
        if depots == 1
        else text("{n} depots", n=number(depots))
    )  # fmt: skip
    if facts.flag("depots_proposed"):
        where = text("{where} proposed here", where=where)
    if terminals:
        at_terminals = (
            text("one terminal") if terminals == 1 else text("{n} terminals", n=number(terminals))
        )
        where = text("{depots} and at {terminals}", depots=where, terminals=at_terminals)
    points_words = (
        text("one charging point") if points == 1 else text("{n} charging points", n=number(points))
    )
    sentence = text("They charge at {points} in {where}.")
    return fill(sentence, points=_strong(points_words), where=where)


def _peak(facts: BusFacts) -> Html | None:
    managed, plain = facts.number("peak_kw_managed"), facts.number("peak_kw_unmanaged")
    if managed is None:
        return None
    if plain is None:
        return fill(text("The highest load is {managed}."), managed=_strong(power(managed)))
    return fill(
        text("With managed charging the highest load is {managed} instead of {plain}."),
        managed=_strong(power(managed)),
        plain=power(plain),
    )


def _cost(facts: BusFacts) -> Html | None:
    """Per km, diesel on the same distance, so that the two stand in the ratio of their years."""
    year, diesel = facts.number("cost_eur_per_year"), facts.number("diesel_cost_eur_per_year")
    per_km = facts.number("cost_eur_per_km")
    if year is None or per_km is None:
        return None
    if not diesel or not year:
        return fill(
            text("A kilometre costs {a}, a year {year}."),
            a=_strong(text("{n} EUR", n=number(per_km, 2))),
            year=money(year),
        )
    return fill(
        text("A kilometre costs {a} against {b} with diesel buses ({change}); a year {year}."),
        a=_strong(text("{n} EUR", n=number(per_km, 2))),
        b=text("{n} EUR", n=number(per_km * diesel / year, 2)),
        change=change(year, diesel),
        year=money(year),
    )


def _carbon(facts: BusFacts) -> Html | None:
    electric, diesel = facts.number("co2_t_per_year"), facts.number("diesel_co2_t_per_year")
    if electric is None or not diesel:
        return None
    less = electric < diesel
    return fill(
        text("CO\u2082, from well to wheel, falls from {b} to {a} tonnes a year ({change}).")
        if less
        else text("CO\u2082, from well to wheel, goes from {b} to {a} tonnes a year ({change})."),
        a=_strong(number(electric)),
        b=number(diesel),
        change=change(electric, diesel),
    )


def notes(facts: BusFacts) -> list[str]:
    """Say what must be known before trusting the answer."""
    said = _own_caveats(facts) + [clip(w.message) for w in facts.study.warnings]
    return list(dict.fromkeys(said))


def _caveats(facts: BusFacts) -> Html | None:
    """Say what must be known before trusting the answer; a few openly, the rest folded."""
    said = notes(facts)
    if not said:
        return None
    shown, rest = said[:_CAVEATS_SHOWN], said[_CAVEATS_SHOWN:]
    folded = None
    if rest:
        folded = tag(
            "details",
            tag("summary", text("{n} more", n=len(rest))),
            tag("ul", *(tag("li", note) for note in rest)),
        )
    return tag(
        "aside",
        paragraph(text("Before you rely on this"), class_="aside-title"),
        tag("ul", *(tag("li", note) for note in shown)),
        folded,
        class_="caveats",
        aria_label=text("Caveats"),
    )


def _own_caveats(facts: BusFacts) -> list[str]:
    """Caveats that follow from the figures, where no warning of the planner says them."""
    codes = " ".join(w.code for w in facts.study.warnings)
    notes = []
    n_infeasible = len(facts.infeasible())
    if n_infeasible:
        notes.append(
            text(
                "{n} trips are left out because no vehicle of this study can do them; costs and "
                "CO\u2082 count the served trips only, for both kinds of bus.",
                n=number(n_infeasible),
            )
        )
    if facts.flag("depots_proposed") and "depot" not in codes:
        notes.append(text("No depot was given: the depots are proposals, not existing sites."))
    if facts.word("elevation") == "none" and "elevation" not in codes:
        notes.append(text("No elevation: hills are not in the energy figures."))
    return notes
