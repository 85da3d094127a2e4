"""What is believed of a vehicle when it arrives: said by the driver, or learnt from the past."""

import heapq
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from viavolta.catalogue import Assumptions
from viavolta.formats.sessions.table import SessionTable
from viavolta.model.arrays import Floats, Ints, Times

_SHORTEST_S = 60
_HOUR_S = 3600
_ALL = ("all", "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Beliefs:
    """Believed departure and energy at the plug, (S,) each, and where each comes from.

    `source` is stated, driver, plug, site, all or assumed: the last for want of any past.
    """

    departure: Times
    energy_kwh: Floats
    source: tuple[str, ...]

    def of(self, rows: Ints) -> "Beliefs":
        """Beliefs about some sessions."""
        return Beliefs(
            departure=self.departure[rows],
            energy_kwh=self.energy_kwh[rows],
            source=tuple(self.source[row] for row in rows),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rule:
    stay_quantile: float
    energy_quantile: float
    min_stays: int
    last_stays: int
    first_stay_s: float
    first_energy_kwh: float


def beliefs_of(sessions: SessionTable, assumptions: Assumptions) -> Beliefs:
    """Work out what is believed on each arrival from what the driver says and what ended before.

    What is stated counts. What is not: the quantiles of the last stays of the same driver, else
    plug, else site, else of all that ended before this arrival.
    """
    rule = _rule(assumptions)
    duration_s = (sessions.departure - sessions.arrival).astype(np.int64)
    arrival_s = sessions.arrival.astype(np.int64)
    past: dict[tuple[str, str], deque[tuple[int, float]]] = {}
    present: list[tuple[int, int]] = []
    stay_s, energy_kwh = np.zeros(len(sessions)), np.zeros(len(sessions))
    sources = []
    for row in range(len(sessions)):
        while present and present[0][0] <= arrival_s[row]:
            _, gone = heapq.heappop(present)
            for key in _keys(sessions, gone):
                entry = (int(duration_s[gone]), float(sessions.energy_kwh[gone]))
                past.setdefault(key, deque(maxlen=rule.last_stays)).append(entry)
        source, seconds, kwh = _learnt(_keys(sessions, row), past, rule=rule)
        stay_s[row], energy_kwh[row] = seconds, kwh
        sources.append(source)
        heapq.heappush(present, (int(arrival_s[row] + duration_s[row]), row))
    return _with_statements(sessions, stay_s, energy_kwh=energy_kwh, sources=sources)


def _rule(assumptions: Assumptions) -> _Rule:
    number = assumptions.number
    return _Rule(
        stay_quantile=number("charging.believed_stay_quantile"),
        energy_quantile=number("charging.believed_energy_quantile"),
        min_stays=int(number("charging.believed_min_stays")),
        last_stays=int(number("charging.believed_last_stays")),
        first_stay_s=number("charging.first_stay_h") * _HOUR_S,
        first_energy_kwh=number("charging.first_energy_kwh"),
    )


def _keys(sessions: SessionTable, row: int) -> list[tuple[str, str]]:
    """Under which names a session counts, the nearest first."""
    site = sessions.site[row]
    plug = sessions.plug[row]
    named = (
        ("driver", sessions.driver[row]),
        ("plug", f"{site}\n{plug}" if plug else ""),
        ("site", site),
    )
    return [*(key for key in named if key[1]), _ALL]


def _learnt(
    keys: Sequence[tuple[str, str]],
    past: dict[tuple[str, str], deque[tuple[int, float]]],
    *,
    rule: _Rule,
) -> tuple[str, float, float]:
    for key in keys:
        known = past.get(key, ())
        if len(known) >= rule.min_stays:
            stay_s = _quantile([seconds for seconds, _ in known], rule.stay_quantile)
            kwh = _quantile([energy for _, energy in known], rule.energy_quantile)
            return key[0], stay_s, kwh
    return "assumed", rule.first_stay_s, rule.first_energy_kwh


def _quantile(values: Sequence[float], share: float) -> float:
    """The value below which a share of the values lies, one of them."""
    return float(sorted(values)[min(int(share * len(values)), len(values) - 1)])


def _with_statements(
    sessions: SessionTable, stay_s: Floats, *, energy_kwh: Floats, sources: list[str]
) -> Beliefs:
    learnt = sessions.arrival + np.maximum(stay_s, _SHORTEST_S).astype("timedelta64[s]")
    is_stated = ~np.isnat(sessions.stated_departure)
    has_energy = ~np.isnan(sessions.stated_energy_kwh)
    return Beliefs(
        departure=np.where(is_stated, sessions.stated_departure, learnt),
        energy_kwh=np.where(has_energy, sessions.stated_energy_kwh, energy_kwh),
        source=tuple(
            "stated" if stated else source
            for stated, source in zip(is_stated & has_energy, sources, strict=True)
        ),
    )
