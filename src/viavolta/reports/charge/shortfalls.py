"""The section on energy that could not be delivered: how much, to whom, and why."""

import numpy as np

from viavolta.model.messages import text
from viavolta.reports.charge.facts import ChargeFacts
from viavolta.reports.charge.flows import Flows
from viavolta.reports.charge.reach import detail
from viavolta.reports.charge.shortfall import (
    OWN_REASONS,
    PEAK,
    PRICES,
    REASONS,
    Reason,
    Shortfalls,
    priced_spans,
    shortfalls_of,
)
from viavolta.reports.charge.words import count_of_stays, euros, kilowatt_hours, kilowatts
from viavolta.reports.charge.worth import PHASES
from viavolta.reports.figure import missing, paragraph, section
from viavolta.reports.markup import Html, clip, fill, join, tag
from viavolta.reports.numbers import HOUR_S, hours_minutes, number
from viavolta.reports.tables import figures, table, words

_LISTED = 50
_LIMITS_LISTED = 10
_SPANS_SAID = 2
_ROUNDING = 1e-9


def shortfalls(facts: ChargeFacts, flows: Flows | None) -> Html:
    """Build the section: by reason, by limit, and the largest shortfalls one by one."""
    title = text("Energy not delivered")
    if facts.table("stays") is None or flows is None:
        return section("shortfalls", title, missing(text("stays, or power at limits over time")))
    short = shortfalls_of(facts, flows)
    if short is None or len(short) == 0:
        return section(
            "shortfalls", title, paragraph(text("None: every stay gets what it asked for."))
        )
    return section(
        "shortfalls",
        title,
        _words(facts, short),
        _by_reason(short),
        _by_limit(short, flows),
        _largest(facts, short, flows),
    )


def _words(facts: ChargeFacts, short: Shortfalls) -> Html:
    total = float(short.stays["unmet_kwh"].sum())
    own = float(short.missing_kwh[:, : len(OWN_REASONS)].sum())
    first = fill(
        text("Not delivered: {kwh}, to {stays}. {split}"),
        kwh=tag("strong", kilowatt_hours(total)),
        stays=tag("strong", count_of_stays(len(short))),
        split=_split(own, total - own),
    )
    price = facts.number("unmet_eur_per_kwh")
    second = None
    if price is not None:
        second = fill(
            text("Each kWh is priced at {price}, so that the schedule leaves it out last."),
            price=euros(price),
        )
    return paragraph(join((first, second), " "))


def _split(own_kwh: float, rest_kwh: float) -> str:
    """What would be missing anyway, and what others take away."""
    if own_kwh <= 0:
        return text("Each vehicle alone could have all of it.")
    if rest_kwh <= 0:
        return text(
            "No schedule could deliver it: the time at the plug is too short, the battery too "
            "small or its charging curve too low."
        )
    return text(
        "No schedule could deliver {own} of it: the time at the plug is too short, the battery "
        "too small or its charging curve too low. Each vehicle alone could have the other {rest}.",
        own=kilowatt_hours(own_kwh),
        rest=kilowatt_hours(rest_kwh),
    )


def _reason_name(reason: Reason) -> str:
    names = {
        Reason.TIME: text("Power times time is too little"),
        Reason.BATTERY: text("The battery is full"),
        Reason.CURVE: text("Charging curve, losses or minimum power"),
        Reason.LIMIT: text("A limit binds"),
        Reason.PEAK: text("A capacity price is dearer"),
        Reason.OTHER: text("No limit has a price there"),
    }
    return names[reason]


def _by_reason(short: Shortfalls) -> Html:
    stays = np.bincount(short.reason, minlength=len(REASONS)).tolist()
    at_door = np.where(short.limit < 0, 2, np.where(short.price == PEAK, 1, 0))
    rest = np.bincount(at_door, weights=short.missing_kwh[:, 3], minlength=3).tolist()
    kwh = [*short.missing_kwh[:, :3].sum(axis=0).tolist(), *rest]
    rows = [
        (_reason_name(reason), n, amount)
        for reason, n, amount in zip(REASONS, stays, kwh, strict=True)
        if amount > 0
    ]
    columns = (
        words(text("Reason")),
        figures(text("Stays, main reason")),
        figures(text("Energy (kWh)"), 1),
    )
    return table("shortfall-reasons", columns, rows, caption=text("Why energy is missing"))


def _by_limit(short: Shortfalls, flows: Flows) -> Html | None:
    """List the limits that hold the rest back, largest first."""
    here = (short.limit >= 0) & (short.missing_kwh[:, 3] > 0)
    if not here.any():
        return None
    n = len(flows.tree)
    kwh = np.bincount(short.limit[here], weights=short.missing_kwh[here, 3], minlength=n)
    stays = np.bincount(short.limit[here], minlength=n)
    order = np.lexsort((np.arange(n), -kwh))[: int((kwh > 0).sum())]
    rows = [
        (flows.tree.name(row), int(flows.tree.level[row]), int(stays[row]), float(kwh[row]))
        for row in order[:_LIMITS_LISTED].tolist()
    ]
    columns = (
        words(text("Limit")),
        figures(text("Level")),
        figures(text("Stays")),
        figures(text("Energy held back (kWh)"), 1),
    )
    caption = text("Limits that hold energy back")
    if len(order) > len(rows):
        caption = text(
            "The {n} of {all} limits that hold most energy back",
            n=len(rows),
            all=number(len(order)),
        )
    return table("shortfall-limits", columns, rows, caption=caption)  # fmt: skip


def _largest(facts: ChargeFacts, short: Shortfalls, flows: Flows) -> Html:
    n = min(len(short), _LISTED)
    spans = _spans(facts, short, flows, n)
    stays = short.stays.head(n)
    rows = [
        (
            row["stay_id"],
            flows.clock.span(row["begin_s"], row["end_s"]),
            row["energy_kwh"],
            row["unmet_kwh"],
            _sentences(facts, short, flows, nth, spans[nth]),
        )
        for nth, row in enumerate(stays.iter_rows(named=True))
    ]
    columns = (
        words(text("Stay")),
        words(text("At the plug")),
        figures(text("Asked for (kWh)"), 1),
        figures(text("Not delivered (kWh)"), 1),
        words(text("Why")),
    )
    caption = text("Every stay that gets less than it asked for")
    if len(short) > n:
        caption = text(
            "The {n} largest shortfalls; the table stays has all {all} (column unmet_kwh)",
            n=n,
            all=number(len(short)),
        )
    return table("shortfalls", columns, rows, caption=caption)


def _spans(
    facts: ChargeFacts, short: Shortfalls, flows: Flows, n: int
) -> list[list[tuple[int, int]]]:
    """When the limit that holds a listed stay back has a price."""
    spans: list[list[tuple[int, int]]] = [[] for _ in range(n)]
    for kind, column in enumerate(PRICES):
        here = [i for i in range(n) if short.limit[i] >= 0 and short.price[i] == kind]
        pairs = [
            (int(short.limit[i]), int(short.stays["begin_s"][i]), int(short.stays["end_s"][i]))
            for i in here
        ]
        for i, found in zip(here, priced_spans(facts, flows, pairs, column=column), strict=True):
            spans[i] = found
    return spans


def _sentences(
    facts: ChargeFacts, short: Shortfalls, flows: Flows, nth: int, spans: list[tuple[int, int]]
) -> str:
    """All reasons of one stay, in the order in which they take energy away."""
    time, battery, curve, rest = (bool(kwh > 0) for kwh in short.missing_kwh[nth])
    parts = [
        _time(short, nth) if time else None,
        _battery(short, nth) if battery else None,
        _curve(short, nth) if curve else None,
        _rest(facts, short, flows, nth, spans) if rest else None,
    ]
    return " ".join(part for part in parts if part is not None)


def _time(short: Shortfalls, nth: int) -> str:
    row = short.stays.row(nth, named=True)
    span_s = row["end_s"] - row["begin_s"]
    kwh = float(short.offered_kwh[nth])
    even = (
        row["max_kw"] * span_s / HOUR_S * float(detail(short.stays, "charge_efficiency", 1.0)[nth])
    )
    if abs(kwh - even) > _ROUNDING * even:
        return text(
            "Its powers over {time} h give {kwh} at most.",
            time=hours_minutes(span_s),
            kwh=kilowatt_hours(kwh),
        )
    return text(
        "{kw} for {time} h gives {kwh} at most.",
        kw=kilowatts(row["max_kw"]),
        time=hours_minutes(span_s),
        kwh=kilowatt_hours(kwh),
    )


def _battery(short: Shortfalls, nth: int) -> str:
    row = short.stays.row(nth, named=True)
    room = row["capacity_kwh"] - row["soc_arrival_kwh"]
    return text("The battery has room for {kwh} only.", kwh=kilowatt_hours(room))


def _curve(short: Shortfalls, nth: int) -> str:
    return text(
        "Charging curve, losses and minimum power leave {kwh} at most.",
        kwh=kilowatt_hours(float(short.reach_kwh[nth])),
    )


def _rest(
    facts: ChargeFacts, short: Shortfalls, flows: Flows, nth: int, spans: list[tuple[int, int]]
) -> str:
    at = int(short.limit[nth])
    if at < 0:
        return _unpriced(facts, short, nth)
    said = [flows.clock.span(begin, end) for begin, end in spans[:_SPANS_SAID]]
    if len(spans) > _SPANS_SAID:
        said.append(text("{n} more times", n=len(spans) - _SPANS_SAID))
    name, when = clip(flows.tree.name(at), 60), "; ".join(said)
    kind = int(short.price[nth])
    if kind == PEAK:
        return text("The capacity price of {name} makes it too dear: {when}.", name=name, when=when)
    if PRICES[kind] in PHASES:
        phase = PHASES.index(PRICES[kind]) + 1
        return text("Phase L{p} of {name} is full: {when}.", p=phase, name=name, when=when)
    return text("Limit {name} binds: {when}.", name=name, when=when)


def _unpriced(facts: ChargeFacts, short: Shortfalls, nth: int) -> str:
    """No price holds it back: the search ended early, or what is left is part of the gap."""
    if facts.flag("was_stopped"):
        return text("The search was cut short before this stay was served better.")
    least = float(short.stays["min_kw"][nth] or 0.0)
    if least > 0:
        return text("What is left does not fit the minimum power of {kw}.", kw=kilowatts(least))
    if float(short.stays["max_discharge_kw"][nth] or 0.0) > 0:
        return text("Feeding back or buying at these prices is worth more than this energy.")
    return text(
        "No limit binds: at these prices a kWh costs more than leaving it out, or this is part "
        "of the gap."
    )
