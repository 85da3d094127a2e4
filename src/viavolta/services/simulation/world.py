"""Recorded sessions as stays at limits, with every assumption about vehicles and plugs."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from viavolta.catalogue import Assumptions
from viavolta.engines.charging.window import windows
from viavolta.formats.sessions.mending import Draft, PowerOf
from viavolta.formats.sessions.table import SessionTable
from viavolta.model.arrays import Floats, Ints
from viavolta.model.errors import InputError, Where
from viavolta.model.limit import LimitTree
from viavolta.model.messages import text
from viavolta.model.signal import SignalTable
from viavolta.model.stay import StayTable, stay_table
from viavolta.services.simulation.beliefs import Beliefs

_KW = re.compile(r"(\d{1,3}(?:\.\d+)?)\s?kW", flags=re.IGNORECASE)
NO_SITE = "site"
"""Name of the place where the sessions name none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """What really happened and what is believed on arrival, row by row; smart-v2x may discharge."""

    stays: StayTable
    believed: StayTable
    beliefs: Beliefs


def plug_powers(assumptions: Assumptions, *, asked_kw: float | None) -> PowerOf:
    """Make the rule for plugs of unknown power.

    The kW in the name of the model, else its class (rapid, semi-rapid); a named driver who never
    took more than a slow plug gives has one; all others the assumed power, or `asked_kw`.
    """

    def power_of(drafts: Sequence[Draft]) -> list[float]:
        slow = set() if asked_kw is not None else _slow_drivers(drafts, assumptions)
        return [_plug_kw(d, slow, assumptions=assumptions) for d in drafts]

    return power_of


def _plug_kw(draft: Draft, slow: set[str], *, assumptions: Assumptions) -> float:
    kind = draft.raw.kind
    if found := _KW.search(kind):
        return float(found[1]) or assumptions.number("charging.plug_kw")
    words = kind.lower()
    if "semi-rapid" in words:
        return assumptions.number("charging.semi_rapid_plug_kw")
    if "rapid" in words:
        return assumptions.number("charging.rapid_plug_kw")
    return assumptions.number(
        "charging.slow_plug_kw" if draft.raw.driver in slow else "charging.plug_kw"
    )


def _slow_drivers(drafts: Sequence[Draft], assumptions: Assumptions) -> set[str]:
    """Named drivers with enough sessions, none of them with more power than a slow plug's."""
    named = [d for d in drafts if d.raw.driver and d.hours > 0]
    if not named:
        return set()
    counts = Counter(d.raw.driver for d in named)
    at_most_kw = assumptions.number("charging.slow_plug_max_kw")
    at_least = assumptions.number("charging.slow_plug_min_sessions")
    fast = {d.raw.driver for d in named if d.energy_kwh > at_most_kw * d.hours}
    return {driver for driver, n in counts.items() if n >= at_least} - fast


def world_of(
    sessions: SessionTable,
    *,
    beliefs: Beliefs,
    limit: Ints,
    assumptions: Assumptions,
    seed: int,
) -> World:
    """Turn sessions into true and believed stays. `limit` is (S,) the row of each plug's limit."""
    number = assumptions.number
    one_way = np.full(len(sessions), np.sqrt(number("charging.round_trip_share")))
    charge = np.where(np.isnan(sessions.charge_efficiency), one_way, sessions.charge_efficiency)
    energy_kwh = sessions.energy_kwh * charge
    capacity = np.where(
        np.isnan(sessions.capacity_kwh), number("charging.capacity_kwh"), sessions.capacity_kwh
    )
    capacity = np.maximum(capacity, energy_kwh)
    full_kwh = np.maximum(capacity * number("charging.soc_departure_share"), energy_kwh)

    def stays(departure: object, energy: Floats) -> StayTable:
        return stay_table(
            sessions.session_id,
            sessions.arrival,
            departure=np.asarray(departure, dtype="datetime64[s]"),
            energy_kwh=energy,
            max_kw=sessions.max_kw,
            limit=limit,
            max_discharge_kw=_discharge_kw(sessions, assumptions, seed=seed),
            capacity_kwh=capacity,
            soc_arrival_kwh=full_kwh - energy_kwh,
            soc_min_kwh=capacity * number("charging.soc_min_share"),
            charge_efficiency=charge,
            discharge_efficiency=one_way,
            wear_eur_per_kwh=number("charging.wear_eur_per_kwh"),
        )

    return World(
        stays=stays(sessions.departure, energy_kwh),
        believed=stays(beliefs.departure, beliefs.energy_kwh * charge),
        beliefs=beliefs,
    )


def _discharge_kw(sessions: SessionTable, assumptions: Assumptions, *, seed: int) -> Floats:
    """(S,) power of giving back: as recorded, else drawn once per driver, or per session."""
    rng = np.random.default_rng(seed)
    share, kw = assumptions.number("charging.v2x_share"), assumptions.number("charging.v2x_kw")
    drivers = sorted(set(sessions.driver) - {""})
    draw = dict(zip(drivers, rng.random(len(drivers)), strict=True))
    each = rng.random(len(sessions))
    drawn = np.array([draw.get(d, each[row]) for row, d in enumerate(sessions.driver)])
    assumed = np.where(drawn < share, np.minimum(kw, sessions.max_kw), 0.0)
    known = sessions.max_discharge_kw
    return np.where(np.isnan(known), assumed, np.maximum(known, 0.0))


def sites_of(sessions: SessionTable) -> list[str]:
    """Names of the places, in order of the alphabet."""
    return sorted({site or NO_SITE for site in sessions.site})


def site_limits(
    sessions: SessionTable,
    signals: SignalTable,
    *,
    site_kw: float | None,
    site_export_kw: float | None,
) -> LimitTree:
    """One connection per site: of the power given, or as strong as all its plugs in use.

    As much may flow out as in, unless said otherwise.
    """
    names = sites_of(sessions)
    import_kw = np.full(len(names), site_kw if site_kw is not None else 0.0)
    if site_kw is None:
        import_kw = _plugs_in_use_kw(sessions, signals, names=names)
    export_kw = import_kw if site_export_kw is None else np.full(len(names), site_export_kw)
    shape = (len(names), signals.n_steps)
    return LimitTree(
        limit_id=tuple(names),
        parent=np.full(len(names), -1),
        import_kw=np.broadcast_to(import_kw[:, np.newaxis], shape),
        export_kw=np.broadcast_to(export_kw[:, np.newaxis], shape),
        base_load_kw=np.zeros(shape),
        peak_eur_per_kw=np.zeros(len(names)),
        peak_so_far_kw=np.zeros(len(names)),
        zone=("",) * len(names),
    )


def _plugs_in_use_kw(sessions: SessionTable, signals: SignalTable, *, names: list[str]) -> Floats:
    """Highest sum of the plugs' powers in any step, per site."""
    stays = stay_table(
        sessions.session_id,
        sessions.arrival,
        departure=sessions.departure,
        energy_kwh=0.0,
        max_kw=sessions.max_kw,
    )
    window = windows(stays, signals)
    site = np.array([names.index(name or NO_SITE) for name in sessions.site])
    stay = window.stay
    cell = site[stay] * signals.n_steps + window.step
    total = np.bincount(cell, stays.max_kw[stay], minlength=len(names) * signals.n_steps)
    highest: Floats = total.reshape(len(names), -1).max(axis=1)
    return highest


def limit_rows(sessions: SessionTable, limits: LimitTree, *, file: str) -> Ints:
    """(S,) the limit named like the site; the only root where there is none of that name.

    Raises
    ------
    InputError: there is no such limit, and several roots.
    """
    row_of = {name: row for row, name in enumerate(limits.limit_id)}
    roots = np.flatnonzero(limits.parent < 0).tolist()
    rows = []
    for site in sessions.site:
        row = row_of.get(site or NO_SITE, roots[0] if len(roots) == 1 else None)
        if row is None:
            raise InputError(
                code="simulation-site-without-limit",
                message=text("site {site} has no limit", site=site[:200]),
                where=Where(file=file, field="limit_id", value=site[:200]),
                expected=text("a limit_id for each site, or a single root for all"),
                hint=text("add a row with this name to the limits, or use --site-kw"),
            )
        rows.append(row)
    return np.array(rows, dtype=np.int64)
