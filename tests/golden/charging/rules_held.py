"""What a schedule leads to, and which rules it breaks: the rules once more, as a plain walk.

Independent of viavolta's engines and checks, and of the reference program: where all agree, the
rules mean one thing.
"""

from dataclasses import dataclass

import numpy as np
from reference_grid import base_load_with_below, way_up, zone_row
from reference_model import Options, links
from stay_rows import StayRows, rows_of_stays

from viavolta.model.limit import LimitTree
from viavolta.model.signal import SignalTable
from viavolta.model.stay import StayTable

SIZE = 1e-6  # of what is looked at, at least of 1
_CHARGES_KW = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class Walk:
    """Outcome of powers: cost by item, energy (K,), unmet (S,), net power (L, T), broken rules."""

    items_eur: dict[str, float]
    energy_kwh: np.ndarray
    unmet_kwh: np.ndarray
    net_kw: np.ndarray
    broken: list[str]

    @property
    def cost_eur(self) -> float:
        """All items together."""
        return sum(self.items_eur.values())


def walk(
    power_kw: np.ndarray,
    phase_used: np.ndarray,
    *,
    stays: StayTable,
    limits: LimitTree,
    signals: SignalTable,
    options: Options | None = None,
) -> Walk:
    """Follow every stay row by row, then look at the grid."""
    options = options or Options()
    rows = rows_of_stays(stays, signals)
    broken: list[str] = []
    items = dict.fromkeys(("energy", "wear", "ageing", "peaks", "unmet"), 0.0)
    energy_kwh, unmet_kwh = np.zeros(len(power_kw)), np.zeros(len(stays))
    came_from = {after: before for before, after in links(stays)}
    for s in np.argsort(stays.arrival, kind="stable").tolist():
        of_stay = slice(rows.offsets[s], rows.offsets[s + 1])
        soc = start = 0.0 if np.isnan(stays.capacity_kwh[s]) else float(stays.soc_arrival_kwh[s])
        if s in came_from:
            before = came_from[s]
            left = energy_kwh[rows.offsets[before + 1] - 1]
            start += max(left - stays.soc_arrival_kwh[before] - stays.energy_kwh[before], 0.0)
        energy_kwh[of_stay] = _energies(power_kw[of_stay], stays, s, rows=rows, start=start)
        broken += _broken_of_stay(
            power_kw[of_stay], energy_kwh[of_stay], stays, s, rows=rows, options=options
        )
        target = soc + float(stays.energy_kwh[s])
        unmet_kwh[s] = max(target - energy_kwh[of_stay][-1], 0.0)
        items["wear"] += _wear_eur(power_kw[of_stay], stays, s, step_h=rows.step_h)
        items["ageing"] += _ageing_eur(energy_kwh[of_stay], stays, s, rows=rows)
        items["unmet"] += _unmet_eur(energy_kwh[of_stay], stays, s, rows=rows, options=options)
    net_kw = _net_kw(power_kw, stays, limits, rows=rows)
    items["energy"] = _energy_eur(net_kw, limits, signals)
    above_kw = np.maximum(net_kw.max(axis=1) - limits.peak_so_far_kw, 0.0)
    items["peaks"] = float(above_kw @ limits.peak_eur_per_kw)
    broken += _broken_limits(net_kw, limits)
    broken += _broken_phases(power_kw, phase_used, stays, limits, rows=rows)
    return Walk(
        items_eur=items, energy_kwh=energy_kwh, unmet_kwh=unmet_kwh, net_kw=net_kw, broken=broken
    )


def _energies(
    power_kw: np.ndarray, stays: StayTable, s: int, *, rows: StayRows, start: float
) -> list[float]:
    """Energy at the end of each row."""
    energy, energies = start, []
    for r, kw in zip(range(rows.offsets[s], rows.offsets[s + 1]), power_kw.tolist(), strict=True):
        share, hours = rows.share[r], rows.share[r] * rows.step_h
        if kw > 0:
            below = min(kw, stays.knee_kw[s] * share)
            energy += rows.step_h * below * stays.charge_efficiency[s]
            energy += rows.step_h * (kw - below) * stays.efficiency_above_knee[s]
        else:
            energy += rows.step_h * kw / stays.discharge_efficiency[s]
        if kw > _CHARGES_KW:
            energy -= stays.charging_loss_kw[s] * hours
        energy -= stays.standing_loss_kw[s] * hours
        energies.append(float(energy))
    return energies


def _broken_of_stay(
    power_kw: np.ndarray,
    energy_kwh: np.ndarray,
    stays: StayTable,
    s: int,
    *,
    rows: StayRows,
    options: Options,
) -> list[str]:
    broken = []
    of_stay = range(rows.offsets[s], rows.offsets[s + 1])
    share = np.array(rows.share[of_stay.start : of_stay.stop])
    charge_kw, back_kw = np.array([options.full_kw(stays, rows, r) for r in of_stay]).T
    slack_kw = SIZE * max(1.0, stays.max_kw[s])
    rules = {
        "max_kw": power_kw > charge_kw + slack_kw,
        "max_discharge_kw": power_kw < -back_kw - slack_kw,
        "min_kw": (power_kw > slack_kw) & (power_kw < stays.min_kw[s] * share - slack_kw),
    }
    if not np.isnan(stays.capacity_kwh[s]):
        capacity = stays.capacity_kwh[s]
        slack_kwh = SIZE * max(1.0, capacity)
        lost_kwh = stays.standing_loss_kw[s] * np.cumsum(share) * rows.step_h
        floor = np.minimum(stays.soc_min_kwh[s], stays.soc_arrival_kwh[s] - lost_kwh)
        rules["capacity"] = energy_kwh > capacity + slack_kwh
        rules["reserve"] = energy_kwh < floor - slack_kwh
        if stays.taper_soc[s] < 1:
            most_kw = (
                stays.max_kw[s] * share * (1 - energy_kwh / capacity) / (1 - stays.taper_soc[s])
            )
            rules["taper"] = np.maximum(power_kw, 0) > np.maximum(most_kw, 0) + slack_kw
    for rule, is_broken in rules.items():
        broken += [f"{rule}: {stays.stay_id[s]}, row {r}" for r in np.flatnonzero(is_broken)]
    return broken


def _wear_eur(power_kw: np.ndarray, stays: StayTable, s: int, *, step_h: float) -> float:
    taken_kwh = np.maximum(-power_kw, 0).sum() * step_h / stays.discharge_efficiency[s]
    return float(taken_kwh * stays.wear_eur_per_kwh[s])


def _ageing_eur(energy_kwh: np.ndarray, stays: StayTable, s: int, *, rows: StayRows) -> float:
    if stays.ageing_eur_per_kwh_h[s] == 0:
        return 0.0
    hours = np.array(rows.share[rows.offsets[s] : rows.offsets[s + 1]]) * rows.step_h
    above = np.maximum(energy_kwh - stays.ageing_soc[s] * stays.capacity_kwh[s], 0.0)
    return float(above @ hours * stays.ageing_eur_per_kwh_h[s])


def _unmet_eur(
    energy_kwh: np.ndarray, stays: StayTable, s: int, *, rows: StayRows, options: Options
) -> float:
    soc = 0.0 if np.isnan(stays.capacity_kwh[s]) else stays.soc_arrival_kwh[s]
    missing = np.maximum(soc + stays.energy_kwh[s] - energy_kwh, 0.0)
    beyond = np.maximum(missing - max(stays.energy_kwh[s], 0.0) / 2, 0.0)
    eur = options.unmet_eur_per_kwh * missing + options.unfair_eur_per_kwh * beyond
    chance = np.zeros(len(eur))
    if options.early_share is not None:
        chance += options.early_share[rows.offsets[s] : rows.offsets[s + 1]]
    return float(chance @ eur + (1 - chance.sum()) * eur[-1])


def _net_kw(
    power_kw: np.ndarray, stays: StayTable, limits: LimitTree, *, rows: StayRows
) -> np.ndarray:
    net_kw = base_load_with_below(limits)
    for r, kw in enumerate(power_kw.tolist()):
        for limit in way_up(limits, int(stays.limit[rows.stay[r]])):
            net_kw[limit, rows.step[r]] += kw
    return net_kw


def _energy_eur(net_kw: np.ndarray, limits: LimitTree, signals: SignalTable) -> float:
    total = 0.0
    for root in np.flatnonzero(limits.parent < 0).tolist():
        zone = zone_row(limits, signals, root)
        buy, sell = signals.buy_eur_per_kwh[zone], signals.sell_eur_per_kwh[zone]
        total += float((np.where(net_kw[root] > 0, buy, sell) * net_kw[root]).sum())
    return total * signals.step_s / 3600


def _broken_limits(net_kw: np.ndarray, limits: LimitTree) -> list[str]:
    base_kw = base_load_with_below(limits)
    highest = np.maximum(limits.import_kw, base_kw)
    lowest = -np.maximum(limits.export_kw, -base_kw)
    is_over = net_kw > highest + SIZE * np.maximum(1.0, np.abs(highest))
    is_under = net_kw < lowest - SIZE * np.maximum(1.0, np.abs(lowest))
    return [f"limit {row}, step {t}" for row, t in np.argwhere(is_over | is_under).tolist()]


def _broken_phases(
    power_kw: np.ndarray,
    phase_used: np.ndarray,
    stays: StayTable,
    limits: LimitTree,
    *,
    rows: StayRows,
) -> list[str]:
    fixed = stays.phase >= 0
    broken = [f"phase: stay {s}" for s in np.flatnonzero(fixed & (phase_used != stays.phase))]
    broken += [f"phase: stay {s}" for s in np.flatnonzero(~fixed & ~np.isin(phase_used, (1, 2, 3)))]
    third_kw = base_load_with_below(limits) / 3
    load_kw = np.repeat(third_kw[:, None], 3, axis=1)
    for r, kw in enumerate(power_kw.tolist()):
        phase = int(phase_used[rows.stay[r]])
        shares = [kw / 3] * 3 if phase == 0 else [kw if phase == p + 1 else 0.0 for p in range(3)]
        for limit in way_up(limits, int(stays.limit[rows.stay[r]])):
            load_kw[limit, :, rows.step[r]] += shares
    highest = np.maximum(limits.phase_kw[:, None], third_kw)[:, None]
    is_over = load_kw > highest + SIZE * np.maximum(1.0, np.abs(highest))
    return broken + [f"phase of limit {at}" for at in np.argwhere(is_over).tolist()]
