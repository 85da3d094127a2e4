"""Charging tasks of any size: evening and night stays under four nested levels of limits.

Twenty vehicles a site, ten sites a transformer, ten transformers a region, one system above all.
Every level is tight enough to bind in the evening. Seeded; the same task for the same arguments.
"""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from viavolta.model.limit import LimitTree
from viavolta.model.signal import SignalTable, one_zone
from viavolta.model.stay import StayTable, stay_table

PER_SITE, PER_TRANSFORMER, PER_REGION = 20, 10, 10
START = np.datetime64("2026-01-12T11:00:00", "s")


@dataclass(frozen=True, slots=True, kw_only=True)
class Instance:
    """A charging task."""

    stays: StayTable
    limits: LimitTree
    signals: SignalTable


def instance(
    n_stays: int,
    *,
    n_steps: int = 96,
    v2g_share: float = 0.4,
    tightness: float = 1.0,
    peak_eur_per_kw: float = 0.0,
    seed: int = 1,
) -> Instance:
    """Draw a task; tightness below 1 loosens all limits, above 1 narrows them."""
    rng = np.random.default_rng(seed)
    step_s = 86400 // n_steps
    n_sites = -(-n_stays // PER_SITE)
    parent, level_size = _tree(n_sites)
    hour = np.arange(n_steps) * step_s / 3600 + 11.0
    shape = 0.6 + 0.4 * np.exp(-(((hour - 19.5) / 2.5) ** 2))
    base_kw = np.zeros((len(parent), n_steps))
    first_site = len(parent) - n_sites
    base_kw[first_site:] = rng.uniform(3.0, 9.0, (n_sites, 1)) * shape
    import_kw = _import_kw(level_size, tightness=tightness)
    return Instance(
        stays=_stays(
            n_stays, n_steps, step_s=step_s, v2g_share=v2g_share, first=first_site, rng=rng
        ),
        limits=LimitTree(
            limit_id=tuple(f"limit-{row}" for row in range(len(parent))),
            parent=parent,
            import_kw=np.broadcast_to(import_kw[:, None], base_kw.shape),
            export_kw=np.broadcast_to(0.5 * import_kw[:, None], base_kw.shape),
            base_load_kw=base_kw,
            peak_eur_per_kw=np.where(parent < 0, peak_eur_per_kw, 0.0),
            peak_so_far_kw=np.zeros(len(parent)),
            zone=("",) * len(parent),
        ),
        signals=_signals(n_steps, step_s, hour=hour, rng=rng),
    )


def changed(stays: StayTable, *, share: float = 0.01, seed: int = 2) -> StayTable:
    """Change a share of the stays: they leave up to half their time earlier, wanting less."""
    rng = np.random.default_rng(seed)
    rows = np.sort(rng.choice(len(stays), max(1, round(share * len(stays))), replace=False))
    part = rng.uniform(0.5, 1.0, len(rows))
    length_s = (stays.departure - stays.arrival)[rows].astype(np.int64)
    departure, energy_kwh = stays.departure.copy(), stays.energy_kwh.copy()
    departure[rows] = stays.arrival[rows] + (part * length_s).astype("timedelta64[s]")
    energy_kwh[rows] *= part
    return replace(stays, departure=departure, energy_kwh=energy_kwh)


STAY_FIELDS = (
    "energy_kwh",
    "max_kw",
    "max_discharge_kw",
    "capacity_kwh",
    "soc_arrival_kwh",
    "soc_min_kwh",
    "charge_efficiency",
    "discharge_efficiency",
    "wear_eur_per_kwh",
    "limit",
)
LIMIT_FIELDS = (
    "parent",
    "import_kw",
    "export_kw",
    "base_load_kw",
    "peak_eur_per_kw",
    "peak_so_far_kw",
)


def task_arrays(
    stays: StayTable, limits: LimitTree, signals: SignalTable, *, unmet_eur_per_kwh: float = 10.0
) -> dict[str, NDArray[Any]]:
    """Lay a plain task out as arrays alone, for peers that know nothing of viavolta.

    The fields of stays and limits under their names; arrival_s and departure_s (S,) seconds after
    the first step; step_s; buy_eur_per_kwh and sell_eur_per_kwh (R, T) of the roots in the order
    of their rows; unmet_eur_per_kwh. Units and shapes as in StayTable and LimitTree.
    """
    zones = {name: row for row, name in enumerate(signals.zone)}
    roots = np.flatnonzero(limits.parent < 0)
    rows = [0 if len(zones) == 1 else zones[limits.zone[root]] for root in roots]
    return {
        **{name: getattr(stays, name) for name in STAY_FIELDS},
        **{name: getattr(limits, name) for name in LIMIT_FIELDS},
        "arrival_s": (stays.arrival - signals.start[0]).astype(np.int64),
        "departure_s": (stays.departure - signals.start[0]).astype(np.int64),
        "step_s": np.array(signals.step_s),
        "buy_eur_per_kwh": signals.buy_eur_per_kwh[rows],
        "sell_eur_per_kwh": signals.sell_eur_per_kwh[rows],
        "unmet_eur_per_kwh": np.array(unmet_eur_per_kwh),
    }


def _tree(n_sites: int) -> tuple[np.ndarray, np.ndarray]:
    """Rows from the root down to the sites: parent, and number of sites below."""
    counts = [n_sites]
    for size in (PER_TRANSFORMER, PER_REGION):
        counts.append(-(-counts[-1] // size))
    if counts[-1] > 1:
        counts.append(1)
    counts = counts[::-1]
    starts = np.concatenate(([0], np.cumsum(counts)))
    parent = np.full(starts[-1], -1)
    for level in range(1, len(counts)):
        parent[starts[level] : starts[level + 1]] = starts[level - 1] + (
            np.arange(counts[level]) * counts[level - 1] // counts[level]
        )
    size = np.ones(len(parent))
    size[: starts[-2]] = 0
    for row in range(len(parent) - 1, 0, -1):
        size[parent[row]] += size[row]
    return parent, size


def _import_kw(n_sites_below: np.ndarray, *, tightness: float) -> np.ndarray:
    """Per site 48 kW at the site, 42 at a transformer, 40 in a region, 38 in the system."""
    per_site = np.select(
        [n_sites_below <= 1, n_sites_below <= PER_TRANSFORMER + 1, n_sites_below <= 101],
        [48.0, 42.0, 40.0],
        38.0,
    )
    return per_site * n_sites_below / tightness


def _stays(
    n: int, n_steps: int, *, step_s: int, v2g_share: float, first: int, rng: np.random.Generator
) -> StayTable:
    arrival = np.clip(rng.normal(7.0, 2.0, n), 0.0, 15.0) * 3600
    length = np.clip(rng.normal(10.0, 2.5, n), 2.0, 22.0) * 3600
    departure = np.minimum(arrival + length, n_steps * step_s)
    capacity = rng.choice([40.0, 60.0, 80.0], n)
    soc = capacity * rng.uniform(0.2, 0.6, n)
    max_kw = rng.choice([3.7, 7.4, 11.0], n, p=[0.2, 0.3, 0.5])
    hours = (departure - arrival) / 3600
    energy = np.minimum(rng.uniform(0.3, 0.9, n) * (capacity - soc), 0.8 * max_kw * hours * 0.92)
    return stay_table(
        tuple(f"stay-{row}" for row in range(n)),
        START + arrival.astype("timedelta64[s]"),
        departure=START + departure.astype("timedelta64[s]"),
        energy_kwh=energy,
        max_kw=max_kw,
        max_discharge_kw=np.where(rng.random(n) < v2g_share, max_kw, 0.0),
        capacity_kwh=capacity,
        soc_arrival_kwh=soc,
        soc_min_kwh=0.2 * capacity,
        charge_efficiency=0.92,
        discharge_efficiency=0.92,
        wear_eur_per_kwh=0.03,
        limit=first + np.arange(n) // PER_SITE,
    )


def _signals(
    n_steps: int, step_s: int, *, hour: np.ndarray, rng: np.random.Generator
) -> SignalTable:
    evening = 0.16 * np.exp(-(((hour - 19.0) / 2.0) ** 2))
    morning = 0.08 * np.exp(-(((hour - 32.0) / 1.5) ** 2))
    per_hour = rng.normal(0.0, 0.01, n_steps)
    buy = 0.18 + evening + morning + per_hour
    return one_zone(START, step_s, buy_eur_per_kwh=buy, sell_eur_per_kwh=buy - 0.02)
