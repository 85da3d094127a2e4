"""The findings of a grid study in plain sentences, the same on the page and on paper.

Each function gives a sentence or two, or None where the study does not say. Where control of
charging does not help, the sentence says just that.
"""

from collections.abc import Mapping, Sequence

from viavolta.model.messages import text
from viavolta.reports.grid.facts import NONE, GridFacts, Interval, strategy_label
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
    """Name a strategy within a sentence, behind `with`; the grid without charging differs."""
    words = strategy_label(strategy)
    if strategy == NONE:
        return text("no charging")
    return words[:1].lower() + words[1:]


def ranged(found: Interval) -> Html:
    """Write money with its range."""
    if not found.is_range or found.p05 == found.p95:
        return strong(about(found.p50))
    return fill(
        text("{middle} (nine of ten draws: {low} to {high})"),
        middle=strong(about(found.p50)),
        low=about(found.p05),
        high=about(found.p95),
    )


def _ordered(facts: GridFacts) -> list[str]:
    """Strategies as a reader takes them: the plain one, then control, last without charging."""
    plain = facts.plain
    others = [s for s in facts.strategies if s not in {plain, NONE}]
    return [s for s in (plain, *others, NONE) if s is not None and s in facts.strategies]


# ---- can the grid take it


def bears(facts: GridFacts) -> Html | None:
    """Say whether the grid can take it: hours and places outside the limits, by strategy."""
    known = _hours(facts)
    if not known:
        return None
    if all(hours.p50 <= 0 for _, hours in known):
        return verdict(facts)
    first = known[0][1]
    others = [_beside(facts, str(case), hours, first) for case, hours in known[1:]]
    return join((verdict(facts), *others), " ")


def verdict(facts: GridFacts) -> Html | None:
    """Say whether the grid can take the plain strategy."""
    known = _hours(facts)
    if not known:
        return None
    if all(hours.p50 <= 0 for _, hours in known):
        return fill(
            text("Yes: in no hour of {period} does a voltage or a loading leave its limits."),
            period=facts.period,
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
    cases: list[str | None] = [*_ordered(facts)]
    found = [(case, hours_of(facts, case)) for case in cases]
    known = [(case, hours) for case, hours in found if hours is not None]
    alone = hours_of(facts, None)
    return known or ([] if alone is None else [(None, alone)])


def hours_words(hours: float) -> str:
    """Write hours, with a decimal where there are few."""
    return number(hours, 0 if hours >= 100 or not hours % 1 else 1)  # noqa: PLR2004 - few


def _hours_words(facts: GridFacts, strategy: str | None, hours: Interval) -> Html:
    """Write hours of violations, summed over all places, with the number of places."""
    words = hours_words(hours.p50)
    figure = strong(text("{n} hour", n=words) if words == "1" else text("{n} hours", n=words))
    places = n_elements(facts, strategy)
    if places == 0:
        return figure
    where = (
        text(" at one place")
        if places == 1
        else text(", summed over {n} places", n=number(places))
    )  # fmt: skip
    return join((figure, where))


def _beside(facts: GridFacts, strategy: str, hours: Interval, first: Interval) -> Html:
    name = strategy_label(strategy)
    if strategy == NONE:
        if hours.p50 <= 0:
            return Html(text("Without any charging it stays within them."))
        return fill(
            text("Even without any charging it is {h}."), h=_hours_words(facts, strategy, hours)
        )
    if hours.p50 <= 0:
        words = text("{s} removes all of them.") if first.p50 > 0 else text("{s} has none, either.")
        return fill(words, s=name)
    figure = _hours_words(facts, strategy, hours)
    if hours.p50 > first.p50:
        return fill(text("{s} makes it worse, with {h}."), s=name, h=figure)
    return fill(text("{s} leaves {h}."), s=name, h=figure)


# ---- what it costs


def _costs(facts: GridFacts) -> list[tuple[str, Interval]]:
    cases = [(s, facts.interval("reinforcement_eur", s)) for s in _ordered(facts)]
    return [(s, found) for s, found in cases if found is not None]


def costs(facts: GridFacts) -> Html | None:
    """Say what reinforcement costs under each strategy."""
    known = _costs(facts)
    if not known:
        return None
    if all(found.p50 <= 0 for _, found in known):
        return Html(text("Nothing must be built, whatever the way of charging."))
    first, found = known[0]
    opening = fill(
        text("With {s}{share}, reinforcing the grid costs {eur}."),
        s=in_sentence(first),
        share=_at_share(facts),
        eur=ranged(found),
    )
    others = [
        fill(text("With {s} it costs {eur}."), s=in_sentence(s), eur=ranged(one))
        for s, one in known[1:]
    ]
    return join((opening, *others), " ")


def costs_in_short(facts: GridFacts) -> Html | None:
    """Say what reinforcement costs, without ranges but for the first strategy."""
    known = _costs(facts)
    if not known or all(found.p50 <= 0 for _, found in known):
        return costs(facts)
    first, found = known[0]
    opening = fill(
        text("With {s}{share}, reinforcing it costs {eur}"),
        s=in_sentence(first),
        share=_at_share(facts),
        eur=ranged(found),
    )
    others = [
        fill(
            text("with {s} {eur}{change}"),
            s=in_sentence(s),
            eur=strong(about(one.p50)),
            change="" if s == NONE else _change(saved(facts, s)),
        )
        for s, one in known[1:]
        if s != NONE or one.p50 > 0
    ]
    return join((join((opening, *others), ", "), "."))


def _at_share(facts: GridFacts) -> str:
    words = facts.share_words
    return f" {words}" if words else ""


def _change(share: Interval | None) -> str:
    if share is None:
        return ""
    if share.p50 < -_LITTLE_SHARE:
        return text(" ({p} more)", p=percent(-share.p50))
    if share.p50 < _LITTLE_SHARE:
        return text(" (no real saving)")
    return text(" ({p} less)", p=share_words(share.p50))


# ---- what control of charging saves, and where it does not


def saved(facts: GridFacts, strategy: str) -> Interval | None:
    """Give the share of the cost that a strategy avoids: as stated, or from the two costs."""
    if strategy in {NONE, facts.plain} or facts.plain is None:
        return None
    if facts.study.summary.get("avoided_share") is not None:
        return facts.interval("avoided_share", strategy)
    plain = facts.interval("reinforcement_eur", facts.plain)
    own = facts.interval("reinforcement_eur", strategy)
    if plain is None or own is None or plain.p50 <= 0:
        return None
    return Interval(p50=1 - own.p50 / plain.p50)


def helps(facts: GridFacts) -> list[tuple[Html, Html]]:
    """Say of each strategy what it saves or that it does not help, and how sure that is."""
    found = []
    for strategy in _ordered(facts):
        share = saved(facts, strategy)
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
    if share.p05 == share.p95:
        return text("It is the same in nine of ten draws.")
    return text(
        "Nine of ten draws lie between {low} and {high}.",
        low=percent(share.p05),
        high=percent(share.p95),
    )


def _still_needed(facts: GridFacts, strategy: str) -> str | None:
    """Name where something must be built with and without this strategy.

    A study of several draws has a list of its own, over all of them.
    """
    if "where_smart_does_not_help" in facts.study.summary:
        return None
    plain = elements(facts, facts.plain or "")
    both = sorted(plain & elements(facts, strategy))
    if not both:
        return None
    return text(
        "At {n} of {all} places it changes nothing and building goes on: {names}.",
        n=number(len(both)),
        all=number(len(plain)),
        names=_some([clip(one, 40) for one in both]),
    )


def _some(names: Sequence[str]) -> str:
    """Name the first few, and count the rest."""
    rest = len(names) - _NAMED
    named = ", ".join(names[:_NAMED])
    return named if rest <= 0 else text("{names} and {n} more", names=named, n=number(rest))


def lasting_needs(facts: GridFacts) -> list[Mapping[str, object]]:
    """Give what is built with uncontrolled and with smart charging alike, as the study lists it."""
    listed = facts.study.summary.get("where_smart_does_not_help")
    if not isinstance(listed, list):
        return []
    return [one for one in listed if isinstance(one, Mapping)]


# ---- when, and how much more


def when(facts: GridFacts) -> Html | None:
    """Say when the first measure is needed under each strategy."""
    by_year: dict[int, list[str]] = {}
    never: list[str] = []
    for strategy in _ordered(facts):
        year = first_needed(facts, strategy)
        if year is not None:
            by_year.setdefault(year, []).append(in_sentence(strategy))
        elif strategy != NONE:
            never.append(in_sentence(strategy))
    last = facts.number("last_year")
    late = (
        text("Up to {y} none is needed in most draws with {s}.", y=round(last), s=_listed(never))
        if never and last is not None and "first_year_needed" in facts.study.summary
        else None
    )
    if not by_year:
        return None if late is None else join((late,))
    parts = [
        fill(text("with {s} in {year}"), s=_listed(names), year=strong(year))
        for year, names in by_year.items()
    ]
    dated = join((text("The first measure is needed "), join(parts, ", "), "."))
    return join((dated, late), " ")


def first_needed(facts: GridFacts, strategy: str) -> int | None:
    """Give the year of the first measure: over all draws where the study says, else of its list."""
    if "first_year_needed" in facts.study.summary:
        stated = facts.interval("first_year_needed", strategy)
        return None if stated is None else round(stated.p50)
    return first_year(facts, strategy)


def _listed(names: list[str]) -> str:
    """Join names as a sentence does."""
    if len(names) == 1:
        return names[0]
    return text("{some} and {last}", some=", ".join(names[:-1]), last=names[-1])


def fits(facts: GridFacts) -> Html | None:
    """Say how many vehicles fit in the whole grid before a limit breaks, by strategy."""
    cases = [(s, facts.interval("n_vehicles", s)) for s in _ordered(facts)]
    known = [(s, found) for s, found in cases if found is not None]
    if not known:
        return None
    first, found = known[0]
    opening = fill(
        text("With {s} the grid takes {n}{range} before a limit breaks."),
        s=in_sentence(first),
        n=_vehicles(facts, first, found),
        range=_vehicle_range(found),
    )
    others = [
        fill(
            text("With {s} it takes {n}{range}."),
            s=in_sentence(s),
            n=_vehicles(facts, s, one),
            range=_vehicle_range(one),
        )
        for s, one in known[1:]
    ]
    return join((opening, *others), " ")


def _vehicles(facts: GridFacts, strategy: str, found: Interval) -> Html:
    """Write a number of vehicles; a lower one where in most draws no limit broke."""
    n = strong(text("{n} electric vehicles", n=number(found.p50)))
    full = facts.interval("full_share", strategy)
    if full is not None and full.p50 < 0.5:  # noqa: PLR2004 - most draws
        return join((text("at least "), n, text(" (all that came)")))
    return n


def _vehicle_range(found: Interval) -> str:
    if not found.is_range or found.p05 == found.p95:
        return ""
    return text(
        ", {low} to {high} in nine of ten draws,", low=number(found.p05), high=number(found.p95)
    )


def takes(facts: GridFacts) -> Html | None:
    """Say how much fits at single nodes."""
    first = next((s for s in _ordered(facts) if facts.table("hosting", s) is not None), None)
    part = facts.table("hosting", first)
    if part is None:
        return None
    tight = part.sort("p50_kw", "node_id").row(0, named=True)
    return fill(
        text(
            "{how}, at a single node, half of the {n} nodes take {kw} or more of charging points; "
            "the tightest, {node}, takes {tight} ({low} to {high} in nine of ten draws)."
        ),
        how=text("With {s}", s=in_sentence(first)) if first else text("Here"),
        n=number(part["node_id"].n_unique()),
        kw=strong(text("{n} kW", n=number(part["p50_kw"].median()))),
        node=clip(tight["node_id"], 40),
        tight=strong(text("{n} kW", n=number(tight["p50_kw"]))),
        low=number(tight["p05_kw"]),
        high=number(tight["p95_kw"]),
    )
