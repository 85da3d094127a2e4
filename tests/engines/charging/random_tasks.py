"""Random charging tasks, with the physical extensions that are asked for by name."""

from collections.abc import Collection
from dataclasses import dataclass, replace

import numpy as np
from reference_model import Options
from stay_rows import rows_of_stays

from viavolta.model.limit import LimitTree
from viavolta.model.signal import SignalTable
from viavolta.model.stay import StayTable, stay_table

FIRST = np.datetime64("2026-03-28T22:00:00", "s")
PER_SITE, DAY_S = 12, 86400
SUNNY_EUR_PER_KWH = -0.3
CONVEX = ("taper", "knee", "standing", "ageing", "fairness", "early", "phases", "profile")
BINARY = ("minimum", "charging_loss", "choice")


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """What the scheduler is given."""

    stays: StayTable
    limits: LimitTree
    signals: SignalTable
    options: Options


def random_task(
    seed: int,
    *,
    n_stays: int,
    n_steps: int,
    with_: Collection[str] = (),
    v2g_share: float = 0.4,
    tightness: float = 1.0,
    lowest_eur_per_kwh: float = 0.05,
    peak_eur_per_kw: float = 0.0,
) -> Task:
    """Draw stays of a day under three levels of limits; tightness 1 just serves everybody.

    Fewer than 24 steps are hours. `with_` names extensions: of CONVEX, of BINARY, "chains".
    """
    rng = np.random.default_rng(seed)
    end_s = min(n_steps * 3600, DAY_S)
    stays = _extended(_stays(rng, n_stays, end_s, v2g_share=v2g_share), with_, rng)
    n_sites = -(-n_stays // PER_SITE)
    stays = replace(stays, limit=2 + np.arange(n_stays) % n_sites)
    limits = _limits(
        rng, stays, n_sites=n_sites, n_steps=n_steps, tightness=tightness, price=peak_eur_per_kw
    )
    if "chains" in with_:
        stays = _chained(stays, rng, end_s=end_s)
    if "phases" in with_ or "choice" in with_:
        limits = replace(limits, phase_kw=limits.import_kw.mean(axis=1) / 3 * rng.uniform(0.9, 1.5))
    signals = _signals(rng, n_steps, step_s=end_s // n_steps, lowest=lowest_eur_per_kwh)
    return Task(
        stays=stays,
        limits=limits,
        signals=signals,
        options=_options(rng, stays, signals, with_),
    )


def _stays(rng: np.random.Generator, n: int, end_s: int, *, v2g_share: float) -> StayTable:
    arrival = rng.uniform(0.0, 0.6, n) * end_s
    departure = np.minimum(arrival + rng.uniform(0.05, 0.7, n) * end_s, end_s).astype(int)
    has_v2g = rng.random(n) < v2g_share
    has_battery = has_v2g | (rng.random(n) < 0.8)
    capacity = rng.choice([30.0, 52.0, 77.0], n)
    soc = capacity * rng.uniform(0.05, 0.9, n)
    max_kw = rng.choice([3.7, 7.4, 11.0, 22.0], n)
    hours = (departure - arrival) / 3600
    wanted = np.minimum(rng.uniform(-0.1, 1.0, n) * (capacity - soc), max_kw * hours * 0.95)
    return stay_table(
        tuple(f"s{row}" for row in range(n)),
        FIRST + arrival.astype("timedelta64[s]"),
        departure=FIRST + departure.astype("timedelta64[s]"),
        energy_kwh=np.where(has_battery, wanted, np.abs(wanted)),
        max_kw=max_kw,
        max_discharge_kw=np.where(has_v2g, max_kw * rng.uniform(0.5, 1.0, n), 0.0),
        capacity_kwh=np.where(has_battery, capacity, np.nan),
        soc_arrival_kwh=np.where(has_battery, soc, np.nan),
        soc_min_kwh=np.where(has_battery, 0.2 * capacity, 0.0),
        charge_efficiency=rng.uniform(0.85, 1.0, n),
        discharge_efficiency=rng.uniform(0.85, 1.0, n),
        wear_eur_per_kwh=rng.choice([0.0, 0.02, 0.06], n),
    )


def _extended(stays: StayTable, with_: Collection[str], rng: np.random.Generator) -> StayTable:
    """Give each extension to about two stays in three."""
    n, battery = len(stays), stays.has_battery

    def some(neutral: float, values: np.ndarray, only: np.ndarray | bool = True) -> np.ndarray:
        return np.where((rng.random(n) < 0.67) & only, values, neutral)

    if "taper" in with_:
        stays = replace(stays, taper_soc=some(1.0, rng.uniform(0.4, 0.9, n), battery))
    if "knee" in with_:
        knee = some(np.inf, rng.uniform(0.2, 0.8, n) * stays.max_kw, stays.taper_soc == 1)
        above = stays.charge_efficiency * rng.uniform(0.8, 1.0, n)
        stays = replace(
            stays,
            knee_kw=knee,
            efficiency_above_knee=np.where(np.isinf(knee), stays.charge_efficiency, above),
        )
    if "standing" in with_:
        stays = replace(stays, standing_loss_kw=some(0.0, rng.uniform(0.02, 0.4, n), battery))
    if "ageing" in with_:
        stays = replace(
            stays,
            ageing_soc=some(1.0, rng.uniform(0.3, 0.9, n), battery),
            ageing_eur_per_kwh_h=some(0.0, rng.uniform(0.0005, 0.01, n), battery),
        )
    if "minimum" in with_:
        stays = replace(stays, min_kw=np.where(stays.max_kw > 5, 4.14, 1.38))
    if "charging_loss" in with_:
        stays = replace(stays, charging_loss_kw=some(0.0, rng.uniform(0.1, 0.4, n)))
    if "choice" in with_:
        stays = replace(stays, phase=np.where(stays.max_kw < 8, -1, 0))
    elif "phases" in with_:
        stays = replace(stays, phase=np.where(stays.max_kw < 8, rng.integers(1, 4, n), 0))
    return stays


def _chained(stays: StayTable, rng: np.random.Generator, *, end_s: int) -> StayTable:
    """Vehicles with two or three stays each, within the times of the stays drawn."""
    names, rows = [""] * len(stays), np.flatnonzero(stays.has_battery)
    fields = {
        name: np.array(getattr(stays, name))
        for name in ("arrival", "departure", "capacity_kwh", "soc_arrival_kwh", "energy_kwh")
    }
    for number, first in enumerate(range(0, len(rows) - 1, 3)):
        of_vehicle = rows[first : first + 3]
        cuts = np.sort(rng.choice(np.arange(1, 48), 2 * len(of_vehicle), replace=False))
        cuts = cuts * end_s // 48
        capacity, target = stays.capacity_kwh[of_vehicle[0]], np.inf
        for row, begin, end in zip(of_vehicle, cuts[::2], cuts[1::2], strict=True):
            soc = min(rng.uniform(0.1, 0.6) * capacity, target)
            target = soc + rng.uniform(0.0, 0.7) * (capacity - soc)
            names[row] = f"v{number}"
            fields["arrival"][row] = FIRST + np.timedelta64(int(begin), "s")
            fields["departure"][row] = FIRST + np.timedelta64(int(end), "s")
            fields["capacity_kwh"][row], fields["soc_arrival_kwh"][row] = capacity, soc
            fields["energy_kwh"][row] = target - soc
    reserve = np.minimum(stays.soc_min_kwh, np.nan_to_num(fields["capacity_kwh"]))
    return replace(stays, vehicle_id=tuple(names), soc_min_kwh=reserve, **fields)


def _limits(
    rng: np.random.Generator,
    stays: StayTable,
    *,
    n_sites: int,
    n_steps: int,
    tightness: float,
    price: float,
) -> LimitTree:
    """A root, a transformer below it, and sites below that."""
    wanted_kw = np.bincount(stays.limit, np.maximum(stays.energy_kwh, 0), 2 + n_sites) / 14
    wanted_kw[:2] = wanted_kw.sum() * np.array([0.8, 0.9])
    import_kw = wanted_kw[:, None] * rng.uniform(1.0, 1.6, (2 + n_sites, 1)) / tightness
    dips = rng.uniform(0.6, 1.2, (2 + n_sites, n_steps))
    base_kw = rng.uniform(-0.2, 0.3, (2 + n_sites, n_steps)) * import_kw
    base_kw[:2] = 0.0
    return LimitTree(
        limit_id=tuple(f"l{row}" for row in range(2 + n_sites)),
        parent=np.array([-1, 0] + [1] * n_sites),
        import_kw=import_kw * dips,
        export_kw=import_kw * 0.5,
        base_load_kw=base_kw,
        peak_eur_per_kw=np.where(np.arange(2 + n_sites) % 2 == 0, price, 0.0),
        peak_so_far_kw=0.3 * wanted_kw,
        zone=("",) * (2 + n_sites),
    )


def _signals(rng: np.random.Generator, n_steps: int, *, step_s: int, lowest: float) -> SignalTable:
    """Two peaks a day; single cheap steps, and a whole noon of them where the sun is strong."""
    of_day = np.arange(n_steps) / n_steps
    buy = 0.2 + 0.1 * np.sin(of_day * 4 * np.pi) + rng.normal(0, 0.03, n_steps)
    cheapest = rng.random(n_steps) < 0.15
    if lowest < SUNNY_EUR_PER_KWH:
        cheapest |= np.abs(of_day - 0.5) < 0.2
    buy = np.maximum(np.where(cheapest, lowest + 0.1 * rng.random(n_steps), buy), lowest)
    return SignalTable(
        start=FIRST + np.arange(n_steps) * np.timedelta64(step_s, "s"),
        step_s=step_s,
        buy_eur_per_kwh=buy[None],
        sell_eur_per_kwh=buy[None] - rng.choice([0.0, 0.02, 0.1]),
        zone=("",),
    )


def _options(
    rng: np.random.Generator, stays: StayTable, signals: SignalTable, with_: Collection[str]
) -> Options:
    early = None
    if "early" in with_:
        rows = rows_of_stays(stays, signals)
        early = np.zeros(len(rows.stay))
        for s in np.flatnonzero(rng.random(len(stays)) < 0.67):
            of_stay = slice(rows.offsets[s], rows.offsets[s + 1])
            chance = rng.random(of_stay.stop - of_stay.start) * (rng.random() < 0.8)
            early[of_stay] = 0.1 * chance / max(chance.sum(), 1.0)
    max_share = discharge_share = None
    if "profile" in with_:
        n_rows = len(rows_of_stays(stays, signals).stay)
        max_share = rng.uniform(0.3, 1.0, n_rows)
        discharge_share = rng.choice([0.0, 0.5, 1.0], n_rows)
    return Options(
        max_share=max_share,
        max_discharge_share=discharge_share,
        unmet_eur_per_kwh=3.0,
        unfair_eur_per_kwh=5.0 if "fairness" in with_ else 0.0,
        early_share=early,
    )
