"""The findings of a grid study in plain sentences, the same on the page and on paper.

Each function gives a sentence or two, or None where the study does not say. Where control of
charging does not help, the sentence says just that.
"""

from viavolta.model.messages import text
from viavolta.reports.grid.facts import UNMANAGED, GridFacts, Interval, strategy_label
from viavolta.reports.grid.measures import elements, first_year
from viavolta.reports.grid.violations import hours_of, n_elements
from viavolta.reports.markup import Html, clip, fill, join, tag
from viavolta.reports.numbers import about, number, percent

_LITTLE_SHARE = 0.05
"""A saving below this share of the cost is called none."""
_NAMED = 3


def strong(value: object) -> Html:
    """Set a figure in bold type."""
    return tag("strong", str(value))


def in_sentence(strategy: str) -> str:
    """Name a strategy within a sentence."""
    words = strategy_label(strategy)
    return words[:1].lower() + words[1:]


def ranged(found: Interval) -> Html:
    """Write money with its range."""
    if not found.is_range:
        return strong(about(found.p50))
    return fill(
        text("{middle} (nine of ten draws: {low} to {high})"),
        middle=strong(about(found.p50)),
        low=about(found.p05),
        high=about(found.p95),
    )


def bears(facts: GridFacts) -> Html | None:
    """Say whether the grid can take it: hours and places outside the limits, by strategy."""
    known = _hours(facts)
    if not known:
        return None
    others = [_beside(facts, str(case), other, known[0][1]) for case, other in known[1:]]
    if all(hours.p50 <= 0 for _, hours in known):
        others = []
    return join((verdict(facts), *others), " ")


def verdict(facts: GridFacts) -> Html | None:
    """Say whether the grid can take the first strategy, uncontrolled charging as a rule."""
    known = _hours(facts)
    if not known:
        return None
    if all(hours.p50 <= 0 for _, hours in known):
        return Html(
            text("Yes: in no hour of the year does a voltage or a loading leave its limits.")
        )
    first, hours = known[0]
    how = "" if first is None else text("with {s} ", s=in_sentence(first))
    if hours.p50 <= 0:
        return fill(text("Yes: {how}the grid stays within its limits."), how=how)
    return fill(
        text("No: {how}the grid is outside its limits for {h}."),
        how=how,
        h=_hours_words(facts, first, hours),
    )


def _hours(facts: GridFacts) -> list[tuple[str | None, Interval]]:
    cases: list[str | None] = list(facts.strategies_of("violation_hours")) or [None]
    found = [(case, hours_of(facts, case)) for case in cases]
    return [(case, hours) for case, hours in found if hours is not None]


def _hours_words(facts: GridFacts, strategy: str | None, hours: Interval) -> Html:
    """Write hours of violations, summed over all places, with the number of places."""
    figure = strong(text("{n} hours", n=number(hours.p50, _digits(hours.p50))))
    places = n_elements(facts, strategy)
    if places == 0:
        return figure
    where = (
        text(" at one place") if places == 1 else text(", summed over {n} places", n=number(places))
    )
    return join((figure, where))


def _digits(hours: float) -> int:
    return 0 if hours >= 10 else 1  # noqa: PLR2004 - decimals where a figure has few digits


def _beside(facts: GridFacts, strategy: str, hours: Interval, first: Interval) -> Html:
    name = strategy_label(strategy)
    if hours.p50 <= 0:
        return fill(text("{s} removes all of them."), s=name)
    figure = _hours_words(facts, strategy, hours)
    if hours.p50 > first.p50:
        return fill(text("{s} makes it worse, with {h}."), s=name, h=figure)
    return fill(text("{s} leaves {h}."), s=name, h=figure)


def costs(facts: GridFacts) -> Html | None:
    """Say what reinforcement costs under each strategy."""
    cases = [(s, facts.interval("reinforcement_eur", s)) for s in facts.strategies]
    known = [(s, found) for s, found in cases if found is not None]
    if not known:
        return None
    first, found = known[0]
    if all(one.p50 <= 0 for _, one in known):
        return Html(text("Nothing must be built, whatever the way of charging."))
    opening = fill(
        text("With {s}, reinforcing the grid costs {eur}."), s=in_sentence(first), eur=ranged(found)
    )
    others = [
        fill(text("With {s} it costs {eur}."), s=in_sentence(s), eur=ranged(one))
        for s, one in known[1:]
    ]
    return join((opening, *others), " ")


def costs_in_short(facts: GridFacts) -> Html | None:
    """Say what reinforcement costs, without ranges but for the first strategy."""
    cases = [(s, facts.interval("reinforcement_eur", s)) for s in facts.strategies]
    known = [(s, found) for s, found in cases if found is not None]
    if not known or all(found.p50 <= 0 for _, found in known):
        return costs(facts)
    first, found = known[0]
    opening = fill(
        text("With {s}, reinforcing it costs {eur}"), s=in_sentence(first), eur=ranged(found)
    )
    others = [
        fill(
            text("with {s} {eur}{change}"),
            s=in_sentence(s),
            eur=strong(about(one.p50)),
            change=_change(saved(facts, s)),
        )
        for s, one in known[1:]
    ]
    return join((join((opening, *others), ", "), "."))


def _change(share: Interval | None) -> str:
    if share is None:
        return ""
    if share.p50 < -_LITTLE_SHARE:
        return text(" ({p} more)", p=percent(-share.p50))
    if share.p50 < _LITTLE_SHARE:
        return text(" (no real saving)")
    return text(" ({p} less)", p=share_words(share.p50))


def saved(facts: GridFacts, strategy: str) -> Interval | None:
    """Give the share of the cost that a strategy avoids: as stated, or from the two costs."""
    stated = facts.interval("avoided_share", strategy)
    if stated is not None:
        return stated
    plain = facts.interval("reinforcement_eur", UNMANAGED)
    own = facts.interval("reinforcement_eur", strategy)
    if plain is None or own is None or plain.p50 <= 0:
        return None
    return Interval(p50=1 - own.p50 / plain.p50)


def helps(facts: GridFacts) -> list[tuple[Html, Html]]:
    """Say of each strategy what it saves or that it does not help, and how sure that is."""
    found = []
    for strategy in facts.strategies:
        share = None if strategy == UNMANAGED else saved(facts, strategy)
        if share is not None:
            detail = join((_how_sure(share), _still_needed(facts, strategy)), " ")
            found.append((_saving(strategy, share), detail))
    return found


def _saving(strategy: str, share: Interval) -> Html:
    name = strategy_label(strategy)
    if share.p50 < -_LITTLE_SHARE:
        return fill(
            text("{s} does not help here: it makes reinforcement {p} dearer."),
            s=name,
            p=strong(percent(-share.p50)),
        )
    if share.p50 < _LITTLE_SHARE:
        return fill(
            text("{s} does not help here: it avoids {p} of the cost."),
            s=name,
            p=strong(percent(max(0.0, share.p50))),
        )
    return fill(text("{s} avoids {p} of the cost."), s=name, p=strong(share_words(share.p50)))


def share_words(share: float) -> str:
    """Write a share; what is nearly the whole is not called the whole."""
    if 0.995 <= share < 1.0:  # noqa: PLR2004 - would be rounded to the whole
        return text("more than {p}", p=percent(0.99))
    return percent(share)


def _how_sure(share: Interval) -> str | None:
    if share.p05 is None or share.p95 is None:
        return None
    if share.p05 <= 0 <= share.p95 and share.p95 > _LITTLE_SHARE:
        return text(
            "That is not sure: the range of nine of ten draws, {low} to {high}, includes no saving "
            "at all.",
            low=percent(share.p05),
            high=percent(share.p95),
        )
    return text(
        "Nine of ten draws lie between {low} and {high}.",
        low=percent(share.p05),
        high=percent(share.p95),
    )


def _still_needed(facts: GridFacts, strategy: str) -> str | None:
    """Name where something must be built with and without this strategy."""
    plain, own = elements(facts, UNMANAGED), elements(facts, strategy)
    both = sorted(plain & own)
    if not plain or not own:
        return None
    if not both:
        return None
    named = ", ".join(clip(one, 40) for one in both[:_NAMED])
    rest = len(both) - _NAMED
    if rest > 0:
        return text(
            "At {n} of {all} places it changes nothing and building goes on: {names} and {rest} "
            "more.",
            n=len(both),
            all=len(plain),
            names=named,
            rest=rest,
        )
    return text(
        "At {n} of {all} places it changes nothing and building goes on: {names}.",
        n=len(both),
        all=len(plain),
        names=named,
    )


def when(facts: GridFacts) -> Html | None:
    """Say when the first measure is needed under each strategy."""
    by_year: dict[int, list[str]] = {}
    for strategy in facts.strategies:
        year = first_year(facts, strategy)
        if year is not None:
            by_year.setdefault(year, []).append(in_sentence(strategy))
    if not by_year:
        return None
    parts = [
        fill(text("with {s} in {year}"), s=_listed(names), year=strong(year))
        for year, names in by_year.items()
    ]
    return join((text("The first measure is needed "), join(parts, ", "), "."))


def _listed(names: list[str]) -> str:
    """Join names as a sentence does."""
    if len(names) == 1:
        return names[0]
    return text("{some} and {last}", some=", ".join(names[:-1]), last=names[-1])


def takes(facts: GridFacts) -> Html | None:
    """Say how much more the grid takes."""
    frame = facts.table("hosting")
    if frame is None:
        return None
    first = next((s for s in facts.strategies if facts.table("hosting", s) is not None), None)
    part = facts.table("hosting", first)
    if part is None:
        return None
    tight = part.sort("p50_kw", "node_id").row(0, named=True)
    middle = part["p50_kw"].median()
    return fill(
        text(
            "{how} half of the {n} nodes take {kw} or more; the tightest, {node}, takes {tight} "
            "({low} to {high} in nine of ten draws)."
        ),
        how=text("With {s}", s=in_sentence(first)) if first else text("Here"),
        n=number(part["node_id"].n_unique()),
        kw=strong(text("{n} kW", n=number(middle))),
        node=clip(tight["node_id"], 40),
        tight=strong(text("{n} kW", n=number(tight["p50_kw"]))),
        low=number(tight["p05_kw"]),
        high=number(tight["p95_kw"]),
    )
