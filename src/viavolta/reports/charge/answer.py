"""The first screen: title, the answer in a few plain sentences, and what limits its truth."""

from viavolta.model.messages import text
from viavolta.reports.charge.facts import ChargeFacts
from viavolta.reports.charge.flows import Flows
from viavolta.reports.charge.words import (
    count_of_stays,
    euros,
    kilowatt_hours,
    kilowatts,
    small_percent,
)
from viavolta.reports.figure import paragraph
from viavolta.reports.markup import Html, clip, fill, join, tag
from viavolta.reports.numbers import change, long_date, number

_CAVEATS_SHOWN = 4
_NOTHING_EUR = 0.005


def opening(facts: ChargeFacts, flows: Flows | None) -> Html:
    """Title, answer and caveats."""
    return tag(
        "header",
        tag("p", kicker(facts), class_="kicker"),
        tag("h1", clip(facts.study.title)),
        tag("p", answer(facts, flows), class_="answer"),
        _caveats(facts),
        id="answer",
    )


def answer(facts: ChargeFacts, flows: Flows | None) -> Html:
    """Join the sentences that a reader in a hurry reads."""
    sentences = (
        _cost(facts),
        _bound(facts),
        _saving(facts, flows),
        _peak(facts),
        _unmet(facts),
    )
    return join(sentences, " ")


def kicker(facts: ChargeFacts) -> str:
    """Give the line above the title."""
    clock = facts.clock
    if clock is None:
        return text("Charging schedule")
    first = clock.local(0)
    last = clock.local(clock.length_s - 1)
    if first.date() == last.date():
        return text(
            "Charging schedule for {day} ({zone})",
            day=long_date(first.date()),
            zone=clock.zone_name,
        )
    return text(
        "Charging schedule from {first} to {last} ({zone})",
        first=long_date(first.date()),
        last=long_date(last.date()),
        zone=clock.zone_name,
    )


def _strong(value: object) -> Html:
    return tag("strong", str(value))


def _cost(facts: ChargeFacts) -> Html:
    cost, alone = facts.number("cost_eur"), facts.number("cost_without_vehicles_eur")
    if cost is None:
        return fill(text("This study holds no cost."))
    stays = _strong(count_of_stays(facts.number("stays")))
    if alone is None or abs(alone) < _NOTHING_EUR:
        return fill(text("Charging {stays} costs {cost}."), stays=stays, cost=_strong(euros(cost)))
    return fill(
        text("Charging {stays} costs {added}; with the base load the bill is {cost}."),
        stays=stays,
        added=_strong(euros(cost - alone)),
        cost=_strong(euros(cost)),
    )


def _bound(facts: ChargeFacts) -> Html | None:
    bound, gap = facts.number("lower_bound_eur"), facts.number("gap")
    if bound is None or gap is None:
        return None
    if gap <= 0:
        return fill(text("It is proven that no schedule costs less (gap 0\N{NO-BREAK SPACE}%)."))
    return fill(
        text(
            "It is proven that no schedule can bring the bill below {bound}, so a better one "
            "could save {gap} at most."
        ),
        bound=_strong(euros(bound)),
        gap=_strong(small_percent(gap)),
    )


def _saving(facts: ChargeFacts, flows: Flows | None) -> Html | None:
    """Say what uncontrolled charging would cost, and that it breaks limits where it does."""
    cost, plain = facts.number("cost_eur"), facts.number("cost_unmanaged_eur")
    if cost is None or plain is None:
        return None
    broken = _broken(flows)
    if plain - cost >= _NOTHING_EUR:
        sentence = text("Uncontrolled charging would cost {plain}: this saves {saved} ({change}).")
        if broken:
            sentence = text(
                "Uncontrolled charging would cost {plain} and break {broken}: this saves {saved} "
                "({change})."
            )
    elif broken:
        sentence = text("Uncontrolled charging would cost {plain}, but break {broken}.")
    else:
        sentence = text("Uncontrolled charging would cost {plain}.")
    return fill(
        sentence,
        plain=euros(plain),
        saved=_strong(euros(plain - cost)),
        change=change(cost, plain),
        broken=broken,
    )


def _broken(flows: Flows | None) -> str:
    """Limits that uncontrolled charging would break, in words; empty where it breaks none."""
    n = 0 if flows is None else int((flows.limits["unmanaged_over_h"] > 0).sum())
    if flows is None or n == 0:
        return ""
    if flows.limits.height == 1:
        return text("the limit")
    return text("{n} of {all} limits", n=number(n), all=number(flows.limits.height))


def _peak(facts: ChargeFacts) -> Html | None:
    peak, plain = facts.number("peak_import_kw"), facts.number("peak_unmanaged_kw")
    if peak is None:
        return None
    if plain is None:
        return fill(text("The highest import is {peak}."), peak=_strong(kilowatts(peak)))
    return fill(
        text("The highest import is {peak} instead of {plain}."),
        peak=_strong(kilowatts(peak)),
        plain=kilowatts(plain),
    )


def _unmet(facts: ChargeFacts) -> Html | None:
    unmet, n = facts.number("unmet_kwh"), facts.number("unmet_stays")
    price = facts.number("unmet_eur_per_kwh")
    if unmet is None:
        return None
    if unmet <= 0:
        return fill(text("Every vehicle leaves with the energy asked for."))
    sentence = (
        text("{stays} leaves with {unmet} less than asked for{priced}.")
        if n == 1
        else text("{stays} leave with {unmet} less than asked for{priced}.")
    )
    priced = text(", which counts as {eur} of the bill", eur=euros(unmet * price)) if price else ""
    return fill(
        sentence,
        stays=_strong(count_of_stays(n).capitalize()),
        unmet=_strong(kilowatt_hours(unmet)),
        priced=priced,
    )


def notes(facts: ChargeFacts) -> list[str]:
    """Say what must be known before trusting the answer."""
    return list(dict.fromkeys(clip(warning.message) for warning in facts.study.warnings))


def _caveats(facts: ChargeFacts) -> Html | None:
    """Say what must be known before trusting the answer; a few openly, the rest folded."""
    said = notes(facts)
    if not said:
        return None
    shown, rest = said[:_CAVEATS_SHOWN], said[_CAVEATS_SHOWN:]
    folded = None
    if rest:
        items = (tag("li", note) for note in rest)
        folded = tag(
            "details", tag("summary", text("{n} more", n=len(rest))), tag("ul", *items)
        )  # fmt: skip
    return tag(
        "aside",
        paragraph(text("Before you rely on this"), class_="aside-title"),
        tag("ul", *(tag("li", note) for note in shown)),
        folded,
        class_="caveats",
        aria_label=text("Caveats"),
    )
