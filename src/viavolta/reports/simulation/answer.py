"""The first screen: what charging by plan would have saved, and what limits the truth of it."""

from viavolta.model.messages import text
from viavolta.reports.figure import paragraph
from viavolta.reports.markup import Html, clip, fill, join, tag
from viavolta.reports.numbers import change, number, percent, power
from viavolta.reports.simulation.facts import SimulationFacts
from viavolta.services.simulation.strategies import Strategy

_CAVEATS_SHOWN = 4


def opening(facts: SimulationFacts) -> Html:
    """Title, answer and caveats."""
    return tag(
        "header",
        tag("p", kicker(facts), class_="kicker"),
        tag("h1", clip(facts.study.title)),
        tag("p", answer(facts), class_="answer"),
        _caveats(facts),
        id="answer",
    )


def kicker(facts: SimulationFacts) -> str:
    """Give the line above the title."""
    summary = facts.study.summary
    return text(
        "Replay of {n} recorded stays, {a} to {b} ({zone})",
        n=number(facts.number("stays")),
        a=str(summary["begin"])[:10],
        b=str(summary["end"])[:10],
        zone=clip(facts.study.timezone, 40),
    )


def answer(facts: SimulationFacts) -> Html:
    """Join the sentences that a reader in a hurry reads."""
    return join((_plugged(facts), *_compared(facts)), " ")


def notes(facts: SimulationFacts) -> list[str]:
    """Say what must be known before trusting the answer."""
    return list(dict.fromkeys(clip(w.message) for w in facts.study.warnings))


def _strong(value: object) -> Html:
    return tag("strong", str(value))


def _plugged(facts: SimulationFacts) -> Html:
    base = facts.baseline()
    return fill(
        text(
            "Vehicles were plugged in {plugged} of the time, and needed {charging} of that to "
            "charge at full power."
        ),
        plugged=_strong(percent(facts.number("plug_in_share"))),
        charging=_strong(percent(facts.of(base, "charging_share"))),
    )


def _compared(facts: SimulationFacts) -> list[Html]:
    """One sentence per strategy against the first one."""
    base = facts.baseline()
    lines = []
    for strategy in facts.figures:
        if strategy is base:
            lines.append(_base(facts, strategy))
            continue
        lines.append(
            fill(
                text("{name}: {price} per kWh ({change}), at most {peak}, {unmet} missing."),
                name=_strong(facts.label(strategy)),
                price=_price(facts, strategy),
                change=change(facts.of(strategy, "eur_per_kwh"), facts.of(base, "eur_per_kwh")),
                peak=power(facts.of(strategy, "peak_kw")),
                unmet=_missing(facts, strategy),
            )
        )
    return lines


def _base(facts: SimulationFacts, strategy: Strategy) -> Html:
    return fill(
        text("{name}, a kWh costs {price} and the highest load is {peak}."),
        name=_strong(facts.label(strategy)),
        price=_strong(_price(facts, strategy)),
        peak=_strong(power(facts.of(strategy, "peak_kw"))),
    )


def _price(facts: SimulationFacts, strategy: Strategy) -> str:
    return text("{n} EUR", n=number(facts.of(strategy, "eur_per_kwh"), 4))


def _missing(facts: SimulationFacts, strategy: Strategy) -> str:
    unmet, wanted = facts.of(strategy, "unmet_kwh"), facts.number("energy_kwh")
    return percent(unmet / wanted if unmet is not None and wanted else None, 1)


def _caveats(facts: SimulationFacts) -> Html | None:
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
