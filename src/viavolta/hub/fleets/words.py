"""States of vehicles and faults of files in words."""

from collections.abc import Callable

from django.utils.functional import Promise
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from viavolta.formats.departures import BadRow, Fault
from viavolta.hub.fleets.queries import VehicleNow
from viavolta.hub.frame.numbers import shown_moment, shown_number
from viavolta.hub.operate.words import reason
from viavolta.services.fleets.readiness import SOON, Cause, State
from viavolta.services.live.orders import Why
from viavolta.storage.tables.live import Wish

Words = str | Promise

WEEKDAYS: dict[int, Words] = {
    0: gettext_lazy("Monday"),
    1: gettext_lazy("Tuesday"),
    2: gettext_lazy("Wednesday"),
    3: gettext_lazy("Thursday"),
    4: gettext_lazy("Friday"),
    5: gettext_lazy("Saturday"),
    6: gettext_lazy("Sunday"),
}

STATES: dict[State, tuple[Words, str]] = {
    State.WILL_LACK: (gettext_lazy("will not be ready"), "is-bad"),
    State.NOT_PLUGGED: (gettext_lazy("not plugged in"), "is-bad"),
    State.LATE: (gettext_lazy("has not left"), "is-warn"),
    State.OFF_LINE: (gettext_lazy("station offline"), "is-warn"),
    State.OTHER_WISH: (gettext_lazy("driver wants otherwise"), "is-warn"),
    State.NO_PLAN: (gettext_lazy("no plan yet"), "is-warn"),
    State.WAITS: (gettext_lazy("plugged in, no departure"), ""),
    State.WILL_BE_READY: (gettext_lazy("will be ready"), "is-good"),
    State.READY: (gettext_lazy("ready"), "is-good"),
    State.AWAY: (gettext_lazy("away"), ""),
}

GIVERS: dict[str, Words] = {
    Wish.Giver.DRIVER: gettext_lazy("the driver, at the post"),
    Wish.Giver.PREFERENCE: gettext_lazy("kept for the card"),
    Wish.Giver.FLEET: gettext_lazy("the fleet"),
    Wish.Giver.PARTNER: gettext_lazy("the driver, through a partner"),
}


def state_badge(state: State) -> SafeString:
    """The state of a vehicle as a badge."""
    words, look = STATES[state]
    return format_html('<span class="badge {}">{}</span>', look, words)


def story(one: VehicleNow) -> str:
    """How it stands with a vehicle, in a sentence: by how much it fails, and what is to blame."""
    tell = _STORIES.get(one.state)
    return "" if tell is None else tell(one)


def _not_plugged(one: VehicleNow) -> str:
    time = shown_moment(one.due_at)
    return _("It leaves at %(time)s and is at none of your plugs.") % {"time": time}


def _late(one: VehicleNow) -> str:
    time = shown_moment(None if one.last is None else one.last.at)
    return _("It should have left at %(time)s and is still at its plug.") % {"time": time}


def _will(one: VehicleNow) -> str:
    order = one.order
    if order is None or order.served_at is None:
        return _("Its plan reaches what it needs.")
    said = {"time": shown_moment(order.served_at)}
    if order.why == Why.CHEAPER_LATER:
        return _("It waits for cheaper hours and will be ready at %(time)s.") % said
    return _("It will be ready at %(time)s.") % said


def _lacks(one: VehicleNow) -> str:
    order = one.order
    if order is None:
        return ""
    said = {
        "kwh": shown_number(order.missing_kwh, digits=1),
        "time": shown_moment(order.departure_at),
        "limit": one.limit_name,
    }
    match one.cause:
        case Cause.LIMIT:
            text = _("%(kwh)s kWh will be missing at %(time)s: the limit %(limit)s binds.")
        case Cause.TIME:
            text = _("%(kwh)s kWh will be missing at %(time)s: full power does not suffice.")
        case Cause.STATION:
            text = _("%(kwh)s kWh will be missing at %(time)s: its station keeps to no plan.")
        case _:
            text = _("%(kwh)s kWh will be missing at %(time)s by its plan.")
    return text % said


def _other_wish(one: VehicleNow) -> str:
    due = shown_moment(one.due_at)
    ready_at = None if one.wish is None else one.wish.ready_at
    if ready_at is None:
        return _("It leaves at %(due)s; its driver asked for no time.") % {"due": due}
    said = {"due": due, "ready": shown_moment(ready_at)}
    return _("It leaves at %(due)s; its driver asked for %(ready)s. The driver counts more.") % said


def _waits(one: VehicleNow) -> str:
    return "" if one.order is None else reason(one.order)


_STORIES: dict[State, Callable[[VehicleNow], str]] = {
    State.WILL_LACK: _lacks,
    State.NOT_PLUGGED: _not_plugged,
    State.LATE: _late,
    State.OFF_LINE: lambda _one: _(
        "Its station cannot be reached: it goes on with what it was told last."
    ),
    State.OTHER_WISH: _other_wish,
    State.NO_PLAN: lambda _one: _("It was plugged in just now, or its station takes no plans."),
    State.WAITS: _waits,
    State.WILL_BE_READY: _will,
    State.READY: lambda _one: _("It has what it needs."),
}


def exceptions_note() -> str:
    """From when on a vehicle that is not plugged in is an exception."""
    hours = int(SOON.total_seconds() // 3600)
    return ngettext(
        "A vehicle that leaves within %(n)d hour and is not plugged in is an exception, too.",
        "A vehicle that leaves within %(n)d hours and is not plugged in is an exception, too.",
        hours,
    ) % {"n": hours}


_FAULTS: dict[Fault, Words] = {
    Fault.NO_TEXT: gettext_lazy("This is no text in UTF-8: save the file as CSV UTF-8."),
    Fault.NO_COLUMN: gettext_lazy("The column is missing."),
    Fault.TOO_MANY: gettext_lazy("The file has too many rows."),
    Fault.NO_VEHICLE: gettext_lazy("Your fleet has no vehicle of this name."),
    Fault.NO_DAY: gettext_lazy("A day is written as in 2026-12-24."),
    Fault.NO_TIME: gettext_lazy("A time is written as in 06:30, or as the word stays."),
    Fault.NO_PERCENT: gettext_lazy("A share of the battery is above 0 and at most 100."),
    Fault.NO_ENERGY: gettext_lazy("An energy is above 0 and at most 2000 kWh."),
    Fault.TWO_NEEDS: gettext_lazy("A share of the battery or an energy, not both."),
    Fault.TWICE: gettext_lazy("The same departure stands here twice."),
    Fault.STAYS_AND_LEAVES: gettext_lazy(
        "On this day the vehicle leaves in one row and stays in another."
    ),
}


def fault(bad: BadRow) -> str:
    """What is wrong with a row, and what is expected."""
    return str(_FAULTS[bad.fault])
