"""The section on limits that cost money: in sentences, as a map of prices, as a table."""

import numpy as np

from viavolta.model.messages import text
from viavolta.reports.charge.clock import LocalClock
from viavolta.reports.charge.facts import ChargeFacts
from viavolta.reports.charge.flows import Flows
from viavolta.reports.charge.heat_map import heat_map
from viavolta.reports.charge.words import euros
from viavolta.reports.charge.worth import PHASES, Worth, worth_of
from viavolta.reports.figure import missing, paragraph, section
from viavolta.reports.markup import Html, clip, fill, join, tag
from viavolta.reports.numbers import DAY_S, clock, number
from viavolta.reports.tables import figures, table, words

_SAID = 5
_DRAWN = 12
_LISTED = 100
_PEAKS_LISTED = 20


def prices(facts: ChargeFacts, flows: Flows | None) -> Html:
    """Build the section: what one more kW is worth, where and when."""
    title = text("What one more kW is worth")
    if flows is None or facts.table("prices") is None:
        return section("prices", title, missing(text("prices of limits over time")))
    binding = facts.binding
    if not binding:
        none = text("No limit costs money: each could be a kW narrower and the bill stay the same.")
        return section("prices", title, paragraph(none), _peaks(flows))
    worth = worth_of(facts, flows, binding[:_LISTED])
    return section(
        "prices",
        title,
        _words(len(binding), flows),
        tag("ul", *(_sentence(one, flows.clock) for one in worth[:_SAID])),
        heat_map(worth[:_DRAWN], flows) if worth else None,
        _table(worth, flows, n_all=len(binding)),
        _phases(facts, worth, flows),
        _peaks(flows),
    )


def _words(n_binding: int, flows: Flows) -> Html:
    n_all = len(flows.tree)
    if n_all == 1:
        first = fill(text("The limit holds charging back from cheaper hours."))
    else:
        first = fill(
            text("Limits that hold charging back from cheaper hours: {n} of {all}."),
            n=tag("strong", number(n_binding)),
            all=number(n_all),
        )
    second = text(
        "The price of a limit is what one more kW of it would save: it comes out of the proof, and "
        "holds for small changes of one limit while all others stay."
    )
    return paragraph(join((first, second), " "))


def _sentence(one: Worth, local: LocalClock) -> Html:
    """One more kW at this limit between these hours is worth so much."""
    window = one.window
    exports = float(one.export_eur_per_kwh.sum()) > float(one.import_eur_per_kwh.sum())
    name = tag("strong", clip(one.binding.limit_id, 80))
    if window is None or window.is_whole_day:
        sentence = (
            text("One more kW of export at {name} is worth {value} {period}.")
            if exports
            else text("One more kW at {name} is worth {value} {period}.")
        )
        value = one.binding.value_eur
        return tag("li", fill(sentence, name=name, value=euros(value), period=local.period()))
    sentence = (
        text("One more kW of export at {name} between {a} and {b} is worth {value} {period}.")
        if exports
        else text("One more kW at {name} between {a} and {b} is worth {value} {period}.")
    )
    return tag(
        "li",
        fill(
            sentence,
            name=name,
            a=clock(window.begin_s),
            b=clock(window.end_s % DAY_S),
            value=tag("strong", euros(window.value_eur)),
            period=local.period(),
        ),
    )


def _table(worth: list[Worth], flows: Flows, *, n_all: int) -> Html:
    columns = (
        words(text("Limit")),
        figures(text("Level")),
        figures(text("Binds for (h)"), 2),
        figures(text("One more kW (EUR)"), 2),
        words(text("Mostly")),
        words(text("Dearest step")),
        figures(text("Price there (EUR per kWh)"), 4),
    )
    rows = [
        (
            one.binding.limit_id,
            int(flows.tree.level[one.row]),
            one.binding.hours,
            one.binding.value_eur,
            _mostly(one),
            flows.clock.moment(int(one.price.argmax()) * flows.clock.step_s)
            if one.price.max() > 0
            else "",
            float(one.price.max()),
        )
        for one in worth
    ]
    left_out = n_all - len(rows)
    caption = text("Limits that cost money, dearest first")
    if left_out > 0:
        caption = text(
            "The {n} dearest limits; {rest} more stand in study.json under binding_limits",
            n=len(rows),
            rest=number(left_out),
        )
    return table("binding-limits", columns, rows, caption=caption)


def _mostly(one: Worth) -> str:
    window = one.window
    if window is None:
        return ""
    if window.is_whole_day:
        return text("all day")
    return f"{clock(window.begin_s)}\N{EN DASH}{clock(window.end_s % DAY_S)}"


def _phases(facts: ChargeFacts, worth: list[Worth], flows: Flows) -> Html | None:
    """What one more kW of a single phase is worth, where phases are priced."""
    frame = facts.table("prices")
    if frame is None or not set(PHASES) <= set(frame.columns):
        return None
    priced = [one for one in worth if one.phases_eur_per_kwh.max() > 0]
    if not priced:
        return None
    columns = (words(text("Limit")), *(figures(text("L{p} (EUR)", p=p), 2) for p in (1, 2, 3)))
    rows = (
        (one.binding.limit_id, *(one.phases_eur_per_kwh.sum(axis=1) * flows.clock.step_h).tolist())
        for one in priced
    )
    return table(
        "phases", columns, rows, caption=text("What one more kW of a single phase would save")
    )


def _peaks(flows: Flows) -> Html | None:
    """Capacity prices: what the highest import costs, and when it is reached."""
    tree = flows.tree
    priced = np.flatnonzero(tree.peak_eur_per_kw > 0)
    if priced.size == 0:
        return None
    above = np.maximum(tree.peak_kw - tree.peak_so_far_kw, 0.0)
    cost = above * tree.peak_eur_per_kw
    plain = np.maximum(tree.peak_unmanaged_kw - tree.peak_so_far_kw, 0.0) * tree.peak_eur_per_kw
    order = priced[np.lexsort((priced, -cost[priced]))]
    columns = (
        words(text("Limit")),
        figures(text("EUR per kW"), 2),
        figures(text("Peak so far (kW)"), 1),
        figures(text("Peak (kW)"), 1),
        figures(text("Uncontrolled (kW)"), 1),
        figures(text("Costs (EUR)"), 2),
        figures(text("Uncontrolled (EUR)"), 2),
    )
    rows = [
        (tree.name(r), float(tree.peak_eur_per_kw[r]), float(tree.peak_so_far_kw[r]),
         float(tree.peak_kw[r]), float(tree.peak_unmanaged_kw[r]), float(cost[r]), float(plain[r]))
        for r in order[:_PEAKS_LISTED].tolist()
    ]  # fmt: skip
    n_more = len(order) - len(rows)
    note = text(" {n} more are in the table limits.", n=number(n_more)) if n_more > 0 else ""
    first = fill(
        text(
            "Capacity prices add {cost} to the bill, uncontrolled charging would add {plain}. "
            "The highest net import counts, above what the billing period has seen already."
        ),
        cost=tag("strong", euros(float(cost[priced].sum()))),
        plain=euros(float(plain[priced].sum())),
    )
    return join(
        (
            tag("h3", text("The price of the peak")),
            paragraph(join((first, note))),
            table("peaks", columns, rows, caption=text("Capacity prices, dearest first")),
        )
    )
