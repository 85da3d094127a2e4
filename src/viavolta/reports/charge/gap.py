"""How good the schedule is: what the gap is, and why some of it remains."""

import polars as pl

from viavolta.model.messages import text
from viavolta.reports.charge.facts import ChargeFacts
from viavolta.reports.charge.words import euros, small_percent
from viavolta.reports.figure import missing, paragraph, section
from viavolta.reports.markup import Html, fill, join, tag
from viavolta.reports.numbers import known, number
from viavolta.reports.tables import figures, table, words


def gap(facts: ChargeFacts) -> Html:
    """Build the section: the figures, what a gap means, and what keeps it open."""
    title = text("How good is the schedule?")
    cost, bound = facts.number("cost_eur"), facts.number("lower_bound_eur")
    share = facts.number("gap")
    if cost is None or bound is None or share is None:
        return section("gap", title, missing(text("proven bound")))
    reasons = [tag("li", reason) for reason in _reasons(facts)]
    return section(
        "gap",
        title,
        paragraph(_words(cost, bound, share)),
        paragraph(_method(facts)),
        paragraph(text("What keeps a gap open here:")) if reasons and cost > bound else None,
        tag("ul", *reasons) if reasons and cost > bound else None,
        _table(facts, cost, bound, share),
    )


def _words(cost: float, bound: float, share: float) -> Html:
    if cost <= bound:
        return fill(
            text("The schedule costs {cost}, and no schedule costs less: it is a best one."),
            cost=tag("strong", euros(cost)),
        )
    return fill(
        text(
            "The schedule costs {cost}. No schedule, however it was found, can cost less than "
            "{bound}. The gap of {gap} is the most that could still be gained, {eur}; it is not a "
            "loss that is known to exist."
        ),
        cost=tag("strong", euros(cost)),
        bound=tag("strong", euros(bound)),
        gap=small_percent(share),
        eur=euros(cost - bound),
    )


def _method(facts: ChargeFacts) -> Html:
    first = text(
        "The bound needs no trust in the search. Put a price on every limit, as the table prices "
        "does, and let each vehicle do what is best for itself alone at those prices: the sum, "
        "less what the limits are worth, is never above the cost of any schedule that keeps the "
        "limits. Anyone can work it out again from the tables; viavolta check does."
    )
    kind = facts.word("bound_kind")
    second = fill(text("Its name here: {kind}."), kind=kind) if kind else None
    return join((first, second), " ")


def _reasons(facts: ChargeFacts) -> list[str]:
    """What the study itself says about why the bound may not reach the cost."""
    reasons = []
    if facts.flag("was_stopped"):
        reasons.append(text("The search was cut short by its time limit."))
    n_least = _n_stays(facts, "min_kw")
    if n_least:
        reasons.append(
            text(
                "{n} stays have a minimum power. In the bound they may charge with less, which no "
                "schedule may; the share of this shrinks as stays become more.",
                n=number(n_least),
            )
        )
    n_lossy = _n_stays(facts, "charging_loss_kw")
    if n_lossy:
        reasons.append(
            text(
                "{n} stays lose power while they charge. In the bound a vehicle may mix charging "
                "and waiting within a step without that loss.",
                n=number(n_lossy),
            )
        )
    reasons.append(
        text(
            "The prices are found by search, too: it ends as soon as the gap is as small as asked "
            "for, though better prices or a better schedule may exist."
        )
    )
    return reasons


def _n_stays(facts: ChargeFacts, column: str) -> int:
    """Stays with something above zero in a column that may not be there."""
    stays = facts.table("stays")
    if stays is None or column not in stays.columns:
        return 0
    return int(stays.select((pl.col(column) > 0).sum()).item() or 0)


def _table(facts: ChargeFacts, cost: float, bound: float, share: float) -> Html:
    rows: list[tuple[object, ...]] = [
        (text("This schedule"), cost, None),
        (text("Proven bound"), bound, 100 * share),
    ]
    plain, alone = facts.number("cost_unmanaged_eur"), facts.number("cost_without_vehicles_eur")
    if plain is not None:
        rows.append((text("Uncontrolled, limits ignored"), plain, None))
    if alone is not None:
        rows.append((text("No vehicle at all"), alone, None))
    columns = (words(text("What")), figures(text("EUR"), 2), figures(text("Gap (%)"), 4))
    shown = [(what, known(eur), gap_) for what, eur, gap_ in rows]
    return table("gap", columns, shown, caption=text("Costs and the bound, by one rule"))
