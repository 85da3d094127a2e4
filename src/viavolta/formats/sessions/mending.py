"""Sessions that contradict themselves or each other, made possible; every case is counted."""

import datetime as dt
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from statistics import median

from viavolta.formats.sessions.languages import RawSession
from viavolta.formats.sessions.notebook import Notebook
from viavolta.model.messages import text

LONGEST = dt.timedelta(days=31)
"""Stays longer than this are taken for a lost end: a plug that hung, a report that never came."""

_FEW = 3
_HOUR_S = 3600.0
_SLACK = 1e-9
_VOLTAGE_SHARE = 1.1
"""Supply voltage, and so power, may be this much of the nominal one (EN 50160)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A session as read; figures that are not known are NaN, moments None."""

    raw: RawSession
    line: int
    arrival: dt.datetime
    departure: dt.datetime | None
    energy_kwh: float
    max_kw: float
    stated_departure: dt.datetime | None
    stated_energy_kwh: float
    capacity_kwh: float
    max_discharge_kw: float
    charge_efficiency: float

    @property
    def hours(self) -> float:
        """Time at the plug; NaN where its end is not known."""
        if self.departure is None:
            return math.nan
        return (self.departure - self.arrival).total_seconds() / _HOUR_S


PowerOf = Callable[[Sequence[Draft]], list[float]]
"""Powers in kW for drafts whose `max_kw` is not known."""


def mended(drafts: list[Draft], *, power_of: PowerOf, notebook: Notebook) -> list[Draft]:
    """Sessions in order of arrival that can have happened; the others are left out.

    In this order: impossible ends are dropped, missing ones made up, stays at one plug cut where
    the next one begins, and energy cut to what power and time allow.
    """
    drafts = sorted(drafts, key=lambda d: (d.arrival, d.line))
    drafts = [_without_impossible_end(draft, notebook) for draft in drafts]
    powers = power_of(drafts)
    drafts = [
        replace(d, max_kw=kw) if math.isnan(d.max_kw) else d
        for d, kw in zip(drafts, powers, strict=True)
    ]
    drafts = _with_ends(drafts, notebook)
    drafts = _one_at_a_plug(drafts, notebook)
    fitted = (_within_power(draft, notebook) for draft in drafts)
    return [draft for draft in fitted if draft is not None]


def _without_impossible_end(draft: Draft, notebook: Notebook) -> Draft:
    hours = draft.hours
    if math.isnan(hours):
        return draft
    if hours < 0:
        notebook.note(
            code="session-ends-before-start",
            line=draft.line,
            value=f"{draft.raw.arrival} - {draft.raw.departure}",
            action=text("the end is taken as missing"),
        )
        return replace(draft, departure=None)
    if hours > LONGEST.total_seconds() / _HOUR_S:
        notebook.note(
            code="session-too-long",
            line=draft.line,
            value=f"{draft.raw.arrival} - {draft.raw.departure}",
            action=text("longer than {n} days: the end is taken as missing", n=LONGEST.days),
        )
        return replace(draft, departure=None)
    return draft


def _with_ends(drafts: list[Draft], notebook: Notebook) -> list[Draft]:
    """Give each session without end the median stay of its driver, plug or site, or of all.

    At least as long as its energy takes at full power. What happened is made up here, so later
    sessions may count too; what strategies believe rests on the past alone.
    """
    if all(draft.departure is not None for draft in drafts):
        return drafts
    known = [draft for draft in drafts if draft.departure is not None]
    hours: dict[tuple[str, str], list[float]] = {}
    for draft in known:
        for key in _keys(draft):
            hours.setdefault(key, []).append(draft.hours)
    typical = {key: median(values) for key, values in hours.items() if len(values) >= _FEW}
    return [
        draft if draft.departure is not None else _with_end(draft, typical, notebook)
        for draft in drafts
    ]


def _keys(draft: Draft) -> list[tuple[str, str]]:
    named = (("driver", draft.raw.driver), ("plug", draft.raw.plug), ("site", draft.raw.site))
    return [*((kind, name) for kind, name in named if name), ("all", "")]


def _with_end(draft: Draft, typical: dict[tuple[str, str], float], notebook: Notebook) -> Draft:
    notebook.note(
        code="session-without-end",
        line=draft.line,
        value=f"{draft.raw.session_id}, {draft.raw.arrival}",
        action=text(
            "made as long as the median stay of the driver, plug, site or file (the first that "
            "has three), at least as its energy takes"
        ),
    )
    usual_h = next((typical[key] for key in _keys(draft) if key in typical), 0.0)
    needed_h = draft.energy_kwh / draft.max_kw
    length = dt.timedelta(seconds=math.ceil(max(usual_h, needed_h) * _HOUR_S))
    return replace(draft, departure=draft.arrival + min(length, LONGEST))


def _one_at_a_plug(drafts: list[Draft], notebook: Notebook) -> list[Draft]:
    """Cut a stay where the next one at the same plug begins."""
    result = list(drafts)
    latest: dict[tuple[str, str], int] = {}
    for row, draft in enumerate(drafts):
        plug = (draft.raw.site, draft.raw.plug)
        before = latest.get(plug)
        if draft.raw.plug and before is not None:
            earlier = result[before]
            if earlier.departure is not None and earlier.departure > draft.arrival:
                notebook.note(
                    code="session-overlap",
                    line=earlier.line,
                    value=f"{plug[1]}: {earlier.raw.departure} > {draft.raw.arrival}",
                    action=text("ended where the next session at the same plug begins"),
                )
                result[before] = replace(earlier, departure=draft.arrival)
        latest[plug] = row
    return result


def _within_power(draft: Draft, notebook: Notebook) -> Draft | None:
    possible_kwh = draft.max_kw * draft.hours
    if draft.hours <= 0:
        notebook.note(
            code="session-without-time",
            line=draft.line,
            value=f"{draft.raw.arrival} - {draft.raw.departure}",
            action=text("left out: it ends when it begins"),
        )
        return None
    if draft.energy_kwh <= possible_kwh * (1 + _SLACK):
        return draft
    if draft.energy_kwh <= possible_kwh * _VOLTAGE_SHARE:
        notebook.note(
            code="session-power-raised",
            line=draft.line,
            value=f"{draft.energy_kwh:g} kWh > {draft.max_kw:g} kW x {draft.hours:.3g} h",
            action=text("power raised by up to a tenth, as the supply voltage may be higher"),
        )
        return replace(draft, max_kw=draft.energy_kwh / draft.hours)
    notebook.note(
        code="session-energy-above-power",
        line=draft.line,
        value=f"{draft.energy_kwh:g} kWh > {draft.max_kw:g} kW x {draft.hours:.3g} h",
        action=text("the energy is cut to what power and time allow"),
    )
    return replace(draft, energy_kwh=possible_kwh)
