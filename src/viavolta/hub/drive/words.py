"""Prices, reasons and states in words that a driver understands."""

import datetime as dt
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.utils import formats
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from viavolta.hub.drive.queries import Stay
from viavolta.hub.frame.numbers import shown_number
from viavolta.services.billing.tariff import Component, Earned, Per, Reward, Tariff
from viavolta.services.live.orders import Why
from viavolta.storage.tables.live import Order, Wish
from viavolta.storage.tables.stations import Command, CommandState

_CENTS = 100
_WORTH_TELLING_KWH = 0.1
_ACCEPTED = "Accepted"


def money(cents: int) -> str:
    """An amount in EUR."""
    return f"{shown_number(cents / _CENTS, digits=2)}\N{NO-BREAK SPACE}EUR"


def per(kind: Per) -> str:
    """What a price is for."""
    return {
        Per.KWH: _("per kWh"),
        Per.MINUTE: _("per minute"),
        Per.SESSION: _("per session"),
        Per.IDLE_MINUTE: _("per minute after the car is full"),
        Per.BOOST: _("once, for a boost"),
    }[kind]


def price(component: Component) -> str:
    """A price with its unit."""
    return f"{_amount(component.eur)} {per(component.per)}"


def hours(component: Component) -> str:
    """When a price holds; empty for always."""
    if component.is_always:
        return ""
    said = []
    if component.weekdays:
        days = [dt.date(2024, 1, 1 + day) for day in component.weekdays]  # a Monday
        said.append(", ".join(formats.date_format(day, "D") for day in days))
    if (component.until_min - component.from_min) % (24 * 60):
        said.append(f"{_clock(component.from_min)}\N{EN DASH}{_clock(component.until_min)}")
    return " ".join(said)


def _clock(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"


def price_rows(tariff: Tariff) -> list[tuple[str, str, str]]:
    """Every price with its hours and a note, in the order in which the law wants it."""
    rows = []
    for component in tariff.shown():
        note = ""
        if component.per is Per.IDLE_MINUTE and tariff.idle_after_min:
            n = tariff.idle_after_min
            note = ngettext("from %(n)d minute after", "from %(n)d minutes after", n) % {"n": n}
        rows.append((price(component), hours(component), note))
    return rows


def limits(wish: Wish | None) -> str:
    """Where charging ends by itself; empty where nothing limits it."""
    if wish is None:
        return ""
    said = []
    if wish.most_cents is not None:
        said.append(money(wish.most_cents))
    if wish.most_kwh is not None:
        said.append(f"{shown_number(wish.most_kwh, digits=1)}\N{NO-BREAK SPACE}kWh")
    if wish.most_min is not None:
        said.append(f"{shown_number(wish.most_min)}\N{NO-BREAK SPACE}min")
    return ", ".join(said)


def earned(kind: Earned) -> str:
    """What a reward is for."""
    return {
        Earned.DISCHARGED_KWH: _("per kWh given back"),
        Earned.PLUGGED_HOUR: _("per hour plugged in"),
        Earned.FLEXIBLE_HOUR: _("per hour in which you leave the power to the plan"),
        Earned.CUT: _("at most per session"),
    }[kind]


def rewards(rule: Reward) -> list[str]:
    """What a driver may earn, each with its unit; empty where nothing is given."""
    offered = [(kind, eur) for kind, eur in rule.rates.items() if eur > 0]
    if offered and rule.most_eur is not None:
        offered.append((Earned.CUT, rule.most_eur))
    return [f"{_amount(eur)} {earned(kind)}" for kind, eur in offered]


def reward_lines(found: Iterable[Mapping[str, Any]]) -> list[tuple[str, str, str]]:
    """What was earned, how much of it, and what that brought, as a bill keeps it."""
    return [
        (
            f"{_amount(Decimal(line['eur']))} {earned(Earned(line['earned']))}",
            shown_number(Decimal(line["quantity"]), digits=2),
            money(line["cents"]),
        )
        for line in found
    ]


def _amount(eur: Decimal) -> str:
    digits = max(2, -int(eur.normalize().as_tuple().exponent))
    return f"{shown_number(eur, digits=digits)}\N{NO-BREAK SPACE}EUR"


def clock(moment: dt.datetime | None, zone: str, *, now: dt.datetime) -> str:
    """A time of day at the station, with its day where that is not today."""
    if moment is None:
        return ""
    local, today = moment.astimezone(ZoneInfo(zone)), now.astimezone(ZoneInfo(zone))
    text = formats.time_format(local.time(), "H:i")
    return text if local.date() == today.date() else f"{formats.date_format(local, 'D')} {text}"


def reason(stay: Stay, zone: str, now: dt.datetime) -> str:
    """Why the car has the power that it has now."""
    order = stay.order
    if order is None:
        return _("No plan yet: the station gives what it can.")
    until = clock(order.until_at, zone, now=now)
    said = {"limit": stay.limit_name, "until": until}
    with_until = {
        Why.LIMITED: _("%(limit)s gives no more now: others need it, too. More from %(until)s."),
        Why.CHEAPER_LATER: _("Waiting for cheaper hours until %(until)s."),
    }
    alone = {
        Why.FULL_POWER: _("Charging as fast as it goes."),
        Why.SERVED: _("Your car has what you wanted."),
        Why.LIMITED: _("%(limit)s gives no more now: others need it, too."),
        Why.CHEAPER_LATER: _("Going slowly: there are cheaper hours before you leave."),
        Why.GIVES_BACK: _("Giving energy back while it is dear."),
        Why.AWAY: _("The station cannot be reached: it keeps to what it was told last."),
    }
    words = alone | (with_until if until else {})
    found = next((text for why, text in words.items() if why == order.why), None)
    return (found or _("The station gives what it can.")) % said


def outlook(order: Order | None, wish: Wish | None, zone: str, now: dt.datetime) -> str:
    """What the car will have, and when."""
    if order is None:
        return ""
    if order.missing_kwh > _WORTH_TELLING_KWH:
        return _("By %(leaving)s %(kwh)s kWh will be missing.") % {
            "leaving": clock(order.departure_at, zone, now=now),
            "kwh": shown_number(order.missing_kwh, digits=1),
        }
    if order.served_at is None or order.why == Why.SERVED:
        return ""
    when = clock(order.served_at, zone, now=now)
    if wish is not None and wish.target_soc:
        share = shown_number(wish.target_soc * 100)
        return _("You will have %(share)s %% by %(when)s.") % {"share": share, "when": when}
    kwh = shown_number(order.energy_kwh, digits=1)
    return _("You will have %(kwh)s kWh more by %(when)s.") % {"kwh": kwh, "when": when}


def start_state(command: Command | None) -> str:
    """What became of a start that was asked of the station."""
    if command is None or command.state in {CommandState.QUEUED, CommandState.SENT}:
        return _("The station is being asked. Plug in now, if you have not.")
    if command.state == CommandState.ANSWERED:
        if (command.answer or {}).get("status") == _ACCEPTED:
            return _("The station is ready. Plug in now, if you have not.")
        return _("The station does not want to start. Is the cable in? Try again in three minutes.")
    return _("The station did not answer. Try again in three minutes, or use a card.")


def doubts(found: Iterable[str]) -> list[str]:
    """What the events of a session left open."""
    known = {
        "no-start": _("Nobody told when it began: counted from the first message."),
        "gap": _("Messages of the station are missing; what is missing is not charged."),
        "conflict": _("The station told the same thing in two ways; one of them counts."),
        "after-end": _("The station told more after the end."),
        "clock": _("The station's clock was wrong."),
        "meter-fell": _("The meter went back; only its rises are charged."),
        "no-meter": _("No meter told the energy: nothing is charged for it."),
    }
    return [known[doubt] for doubt in found if doubt in known]
