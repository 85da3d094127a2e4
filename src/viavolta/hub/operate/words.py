"""Words for what stations and plans say in codes."""

from django.utils.functional import Promise
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from viavolta.hub.frame.numbers import shown_moment, shown_number
from viavolta.hub.operate.queries.state import StationState
from viavolta.model.session import Doubt
from viavolta.services.live.orders import Why
from viavolta.storage.tables.live import LimitChange, Order
from viavolta.storage.tables.stations import CommandState

Words = str | Promise

_MISSES_KWH = 0.05

STATES: dict[str, tuple[Words, str, str]] = {
    StationState.PENDING: (gettext_lazy("waits to be adopted"), "is-warn", "r3"),
    StationState.REJECTED: (gettext_lazy("closed"), "", "r-rest"),
    StationState.OFFLINE: (gettext_lazy("offline"), "is-bad", "r-rest"),
    StationState.FAULTED: (gettext_lazy("faulted"), "is-bad", "r1"),
    StationState.CHARGING: (gettext_lazy("charging"), "is-good", "r2"),
    StationState.GIVING_BACK: (gettext_lazy("feeding back"), "is-accent", "r6"),
    StationState.PLUGGED: (gettext_lazy("plugged in, paused"), "is-accent", "r5"),
    StationState.UNAVAILABLE: (gettext_lazy("out of service"), "is-warn", "r4"),
    StationState.FREE: (gettext_lazy("free"), "", "r0"),
}
"""A state in words, with the look of its badge and its colour on the map."""

COMMAND_STATES: dict[str, tuple[Words, str]] = {
    CommandState.QUEUED: (gettext_lazy("waits for the station"), ""),
    CommandState.SENT: (gettext_lazy("sent, no answer yet"), "is-accent"),
    CommandState.ANSWERED: (gettext_lazy("answered"), "is-good"),
    CommandState.REFUSED: (gettext_lazy("refused by the station"), "is-bad"),
    CommandState.MISUNDERSTOOD: (gettext_lazy("answered against the protocol"), "is-bad"),
    CommandState.TIMED_OUT: (gettext_lazy("no answer in time"), "is-warn"),
    CommandState.LOST: (gettext_lazy("link lost before the answer"), "is-warn"),
    CommandState.EXPIRED: (gettext_lazy("the station did not connect in time"), "is-warn"),
}

DOUBTS: dict[str, Words] = {
    Doubt.NO_START: gettext_lazy(
        "Nothing says when it began: the first event counts as the start."
    ),
    Doubt.GAP: gettext_lazy("Messages of the station are missing."),
    Doubt.CONFLICT: gettext_lazy("Two different messages carry the same number."),
    Doubt.AFTER_END: gettext_lazy("Messages carry a number or a time behind the end."),
    Doubt.CLOCK: gettext_lazy("The clock of the station runs backwards or ahead."),
    Doubt.METER_FELL: gettext_lazy("The meter went down: energy is counted from its rises alone."),
    Doubt.NO_METER: gettext_lazy("No two readings of the meter: the energy is not known."),
}

SOURCES: dict[str, Words] = {
    LimitChange.Source.OPERATOR: gettext_lazy("operator"),
    LimitChange.Source.CONTRACT: gettext_lazy("contract"),
    LimitChange.Source.GRID_STUDY: gettext_lazy("grid study"),
    LimitChange.Source.OPENADR: gettext_lazy("event of the grid (OpenADR)"),
    LimitChange.Source.OCPP: gettext_lazy("told by the station (OCPP)"),
    LimitChange.Source.METER: gettext_lazy("meter"),
}

TOKEN_STATES: tuple[tuple[str, Words], ...] = (
    ("Accepted", gettext_lazy("may charge")),
    ("Blocked", gettext_lazy("blocked")),
    ("NoCredit", gettext_lazy("no credit")),
)


CERTIFICATE_KINDS: tuple[tuple[str, Words], ...] = (
    ("mo-root", gettext_lazy("root of a mobility operator")),
    ("v2g-root", gettext_lazy("root of V2G")),
    ("below", gettext_lazy("authority below a root")),
)


def state_badge(state: str) -> SafeString:
    """The state of a station as a badge."""
    words, look, _colour = STATES[state]
    return _badge(words, look)


def command_badge(state: str) -> SafeString:
    """What became of a command, as a badge."""
    return _badge(*COMMAND_STATES[state])


def _badge(words: Words, look: str) -> SafeString:
    return format_html('<span class="badge {}">{}</span>', look, words)


def reason(order: Order) -> str:
    """Why a session has the power that it has now, in a sentence or two."""
    sentences = [_why(order)]
    if order.missing_kwh > _MISSES_KWH:
        missing = shown_number(order.missing_kwh, digits=1)
        sentences.append(_("%(kwh)s kWh will be missing at departure.") % {"kwh": missing})
    elif order.served_at is not None and order.why != Why.SERVED:
        time = shown_moment(order.served_at)
        sentences.append(_("It will have what the driver wants by %(time)s.") % {"time": time})
    return " ".join(sentences)


_WHY: dict[str, Words] = {
    Why.FULL_POWER: gettext_lazy("It charges with all the power that vehicle and plug allow."),
    Why.SERVED: gettext_lazy("It has what the driver wanted."),
    Why.LIMITED: gettext_lazy("The limit %(limit)s binds: others need it too."),
    Why.CHEAPER_LATER: gettext_lazy("It waits for cheaper hours until %(time)s."),
    Why.GIVES_BACK: gettext_lazy("It feeds back while energy is dear."),
    Why.BY_ITSELF: gettext_lazy("The station did not take the plan and gives what it can."),
    Why.AWAY: gettext_lazy("The station cannot be reached and keeps to what it was told last."),
}


def _why(order: Order) -> str:
    if order.why == Why.CHEAPER_LATER and order.until_at is None:
        return _("It charges slowly or waits, since other hours are cheaper.")
    said = {"limit": order.limit_id, "time": shown_moment(order.until_at)}
    return str(_WHY.get(order.why, order.why)) % said
