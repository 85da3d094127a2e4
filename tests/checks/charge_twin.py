"""The check of charge studies once more, slowly: stays as dicts, one row after the other.

Independent of `viavolta.checks`: vehicles at given prices are small programs for HiGHS, walks are
plain loops, the highest power of a row is found by halving.
"""

import datetime as dt
import itertools
import math
from typing import Any

import highspy
import numpy as np
import polars as pl

Stay = dict[str, Any]
T0 = dt.datetime(2026, 1, 12, tzinfo=dt.UTC)
STEP_H = 0.5
NEUTRAL: Stay = {
    "begin": 0.0,
    "end": 4.0,
    "limit_id": "root",
    "energy_kwh": 0.0,
    "max_kw": 10.0,
    "min_kw": 0.0,
    "max_discharge_kw": 0.0,
    "capacity_kwh": None,
    "soc_arrival_kwh": None,
    "soc_min_kwh": 0.0,
    "charge_efficiency": 1.0,
    "discharge_efficiency": 1.0,
    "wear_eur_per_kwh": 0.0,
    "vehicle_id": "",
    "taper_soc": 1.0,
    "knee_kw": math.inf,
    "efficiency_above_knee": None,
    "charging_loss_kw": 0.0,
    "standing_loss_kw": 0.0,
    "ageing_soc": 1.0,
    "ageing_eur_per_kwh_h": 0.0,
    "phase": 0,
    "phase_used": 0,
    "early": {},
    "profile": {},
}
"""begin, end in steps; early: row -> share; profile: row -> (max_kw, max_discharge_kw),
which hold to the next."""


def stay(**values: Any) -> Stay:
    """A stay with the defaults of STAYS.csv."""
    made = {**NEUTRAL, **values}
    if made["efficiency_above_knee"] is None:
        made["efficiency_above_knee"] = made["charge_efficiency"]
    return made


def rows(s: Stay) -> list[tuple[int, float]]:
    """Step and share of each row."""
    first, last = math.floor(s["begin"]), math.ceil(s["end"])
    return [(t, min(s["end"], t + 1) - max(s["begin"], t)) for t in range(first, last)]


def powers(s: Stay, row: int) -> tuple[float, float]:
    """Highest charging and discharging power of a row, over the whole step."""
    latest = max((r for r in s["profile"] if r <= row), default=-1)
    up, back = s["profile"].get(latest, (s["max_kw"], s["max_discharge_kw"]))
    share = rows(s)[row][1]
    return up * share, back * share


def gain(s: Stay, row: int, kw: float, *, is_on: bool = False) -> float:
    """Energy into the battery, standing loss aside; on: charges, if with no power."""
    share = rows(s)[row][1]
    if kw <= 0 and not is_on:
        return kw * STEP_H / s["discharge_efficiency"]
    below = min(kw, s["knee_kw"] * share)
    stored = below * s["charge_efficiency"] + (kw - below) * s["efficiency_above_knee"]
    return stored * STEP_H - s["charging_loss_kw"] * share * STEP_H


def standing(s: Stay, row: int) -> float:
    """Energy that a row loses all the same."""
    return s["standing_loss_kw"] * rows(s)[row][1] * STEP_H


def taper_kw(s: Stay, row: int, energy: float) -> float:
    """Most power where the row ends with an energy."""
    if s["taper_soc"] == 1:
        return math.inf
    steep = s["max_kw"] * rows(s)[row][1] / (1 - s["taper_soc"])
    return steep * (1 - energy / s["capacity_kwh"])


def floor(s: Stay, row: int) -> float:
    """Least energy after a row."""
    if s["capacity_kwh"] is None:
        return -math.inf
    lost = sum(standing(s, r) for r in range(row + 1))
    return min(s["soc_min_kwh"], s["soc_arrival_kwh"] - lost)


def soc(s: Stay) -> float:
    """Charge on arrival, 0 where not known."""
    return s["soc_arrival_kwh"] or 0.0


def may(s: Stay, row: int, kw: float, after: float) -> bool:
    """Whether a row may have a power that leads to an energy."""
    up, back = powers(s, row)
    share = rows(s)[row][1]
    highest = math.inf if s["capacity_kwh"] is None else s["capacity_kwh"]
    return (
        -back - 1e-12 <= kw <= up + 1e-12
        and (kw <= 0 or kw >= s["min_kw"] * share)
        and (kw <= 0 or kw <= taper_kw(s, row, after))
        and floor(s, row) - 1e-9 <= after <= highest + 1e-9
    )


class Program:
    """A small program for HiGHS."""

    def __init__(self) -> None:
        self.highs = highspy.Highs()
        self.highs.setOptionValue("output_flag", False)
        self.highs.setOptionValue("mip_rel_gap", 0.0)
        self.highs.setOptionValue("mip_abs_gap", 1e-9)
        self.cost: list[Any] = []

    def column(self, low: float, high: float, cost: float = 0.0) -> Any:
        found = self.highs.addVariable(lb=low, ub=high)
        self.cost.append(cost * found)
        return found

    def binary(self) -> Any:
        return self.highs.addBinary()

    def add(self, row: Any) -> None:
        self.highs.addConstr(row)

    def least(self) -> float:
        self.highs.minimize(self.highs.qsum(self.cost))
        assert self.highs.getModelStatus() == highspy.HighsModelStatus.kOptimal
        return float(self.highs.getObjectiveValue())


def least_eur(chain: list[Stay], price: list[list[float]], terms: Any, *, exact: bool) -> float:
    """Least cost of a vehicle at prices per stay and row: exact, or with mixtures of choices."""
    program = Program()
    energy: Any = soc(chain[0])
    for k, s in enumerate(chain):
        rest = 1.0 - sum(s["early"].values())
        for row in range(len(rows(s))):
            highest = math.inf if s["capacity_kwh"] is None else s["capacity_kwh"]
            after = program.column(floor(s, row), highest)
            add = _exact_row if exact else _mixed_row
            program.add(after == energy + add(program, s, row, price[k][row], energy, after))
            energy = after
            _age(program, s, row, energy)
            if row in s["early"]:
                _miss(program, s, energy, terms, s["early"][row])
        if k + 1 < len(chain):
            energy = _join(program, (s, chain[k + 1]), energy, terms=terms, part=rest, exact=exact)
        else:
            _miss(program, s, energy, terms, rest)
    return program.least()


def _age(program: Program, s: Stay, row: int, energy: Any) -> None:
    if s["ageing_eur_per_kwh_h"]:
        hours = rows(s)[row][1] * STEP_H
        above = program.column(0, math.inf, s["ageing_eur_per_kwh_h"] * hours)
        program.add(above >= energy - s["ageing_soc"] * s["capacity_kwh"])


def _miss(program: Program, s: Stay, energy: Any, terms: Any, part: float) -> Any:
    missing = program.column(0, math.inf, part * terms.unmet)
    beyond = program.column(0, math.inf, part * terms.unfair)
    program.add(missing >= soc(s) + s["energy_kwh"] - energy)
    program.add(beyond >= missing - max(s["energy_kwh"], 0.0) / 2)
    return missing


def _join(
    program: Program, pair: tuple[Stay, Stay], energy: Any, *, terms: Any, part: float, exact: bool
) -> Any:
    """Energy on the next arrival: what is above the target, and the plan below it."""
    s, then = pair
    target = soc(s) + s["energy_kwh"]
    missing = _miss(program, s, energy, terms, part)
    surplus = program.column(0, math.inf)
    program.add(surplus == energy + missing - target)
    program.add(missing <= max(target - floor(s, len(rows(s)) - 1), 0.0))
    program.add(surplus <= s["capacity_kwh"] - soc(then))
    if exact:
        is_short = program.binary()
        program.add(missing <= 1000 * is_short)
        program.add(surplus <= 1000 - 1000 * is_short)
    return surplus + soc(then)


def _exact_row(program: Program, s: Stay, row: int, price: float, _: Any, after: Any) -> Any:
    """What may truly be done: charge or discharge, with minimum, knee and loss."""
    up, back = powers(s, row)
    share = rows(s)[row][1]
    knee = min(s["knee_kw"] * share, up)
    is_on, is_above = program.binary(), program.binary()
    program.add(is_on <= (1 if up > 0 else 0))
    low = program.column(0, knee, price * STEP_H)
    high = program.column(0, up - knee, price * STEP_H)
    per_kw = (s["wear_eur_per_kwh"] / s["discharge_efficiency"] - price) * STEP_H
    out = program.column(0, back, per_kw)
    program.add(low + high <= up * is_on)
    program.add(low + high >= s["min_kw"] * share * is_on)
    program.add(high <= (up - knee) * is_above)
    program.add(low >= knee * is_above)
    program.add(out <= back - back * is_on)
    if s["taper_soc"] < 1:
        steep = s["max_kw"] * share / (1 - s["taper_soc"])
        program.add(low + high <= steep - steep / s["capacity_kwh"] * after)
    return (
        low * (STEP_H * s["charge_efficiency"])
        + high * (STEP_H * s["efficiency_above_knee"])
        - out * (STEP_H / s["discharge_efficiency"])
        - is_on * (s["charging_loss_kw"] * share * STEP_H)
        - standing(s, row)
    )


def _mixed_row(program: Program, s: Stay, row: int, price: float, before: Any, _: Any) -> Any:
    """Mixtures of single choices; under a taper charging, discharging and losing by themselves."""
    if s["taper_soc"] < 1:
        return _mixed_tapered_row(program, s, row, price, before)
    up, back = powers(s, row)
    share = rows(s)[row][1]
    minimum = s["min_kw"] * share
    knee = min(max(s["knee_kw"] * share, minimum), up)
    choices = [(0.0, 0.0), (-back, gain(s, row, -back))]
    if up >= minimum and up > 0:
        choices += [(kw, gain(s, row, kw, is_on=True)) for kw in (minimum, knee, up)]
    parts = [program.column(0, 1, price * kw * STEP_H) for kw, _ in choices]
    program.cost.append(parts[1] * (-choices[1][1] * s["wear_eur_per_kwh"]))
    program.add(sum(parts[1:], parts[0]) == 1)
    gained = [part * kwh for part, (_, kwh) in zip(parts, choices, strict=True)]
    return sum(gained[1:], gained[0]) - standing(s, row)


def _mixed_tapered_row(program: Program, s: Stay, row: int, price: float, before: Any) -> Any:
    up, back = powers(s, row)
    share = rows(s)[row][1]
    up = up if up >= s["min_kw"] * share else 0.0
    loss = s["charging_loss_kw"] * share * STEP_H if up > 0 else 0.0
    burnt = program.column(0, loss)
    per_kwh = s["wear_eur_per_kwh"] - price * s["discharge_efficiency"]
    out = program.column(0, back * STEP_H / s["discharge_efficiency"], per_kwh)
    full = gain(s, row, up)
    if full > 0:
        kw = program.column(0, up, price * STEP_H)
        charged = before - standing(s, row) - burnt + kw * (full / up)
        steep = s["max_kw"] * share / (1 - s["taper_soc"])
        program.add(kw <= steep - charged * (steep / s["capacity_kwh"]))
        return kw * (full / up) - burnt - out - standing(s, row)
    constant = min(0.0, price * up * STEP_H)
    program.cost.append(program.column(1, 1) * constant)
    return -1 * burnt - out - standing(s, row)


def vehicles(stays: list[Stay]) -> list[list[int]]:
    """Numbers of the stays of each vehicle in order of time."""
    by_name: dict[Any, list[int]] = {}
    for k in sorted(range(len(stays)), key=lambda k: stays[k]["begin"]):
        by_name.setdefault(stays[k]["vehicle_id"] or k, []).append(k)
    return list(by_name.values())


def least_of_all_eur(
    stays: list[Stay],
    price: dict[str, np.ndarray],
    phase_price: dict[str, np.ndarray],
    terms: Any,
    *,
    exact: bool,
) -> float:
    """Least cost of all vehicles at the plug prices of each limit: (T,), and (3, T) per phase."""
    total = 0.0
    for chain in vehicles(stays):
        options = [(1, 2, 3) if stays[k]["phase"] < 0 else (stays[k]["phase"],) for k in chain]
        total += min(
            least_eur(
                [stays[k] for k in chain],
                [
                    _plug_price(stays[k], price, phase_price, phase)
                    for k, phase in zip(chain, phases, strict=True)
                ],
                terms,
                exact=exact,
            )
            for phases in itertools.product(*options)
        )
    return total


def _plug_price(
    s: Stay, price: dict[str, np.ndarray], phase_price: dict[str, np.ndarray], phase: int
) -> list[float]:
    of_phase = phase_price[s["limit_id"]]
    at_phase = of_phase.mean(axis=0) if phase == 0 else of_phase[phase - 1]
    return [float(price[s["limit_id"]][t] + at_phase[t]) for t, _ in rows(s)]


def walked(s: Stay, kws: list[float], energy: float) -> list[float]:
    """Energy after each row."""
    found = []
    for row, kw in enumerate(kws):
        energy += gain(s, row, kw) - standing(s, row)
        found.append(energy)
    return found


def at_once(s: Stay, energy: float) -> list[float]:
    """Full power on arrival: in each row the most that is allowed, by halving."""
    goal = soc(s) + max(s["energy_kwh"], 0.0)
    goal = goal if s["capacity_kwh"] is None else min(goal, s["capacity_kwh"])
    found = []
    for row in range(len(rows(s))):
        left = energy - standing(s, row)
        low, high = 0.0, powers(s, row)[0]
        for _ in range(100 if goal - left > 1e-9 else 0):
            middle = (low + high) / 2
            after = left + gain(s, row, middle, is_on=True)
            fits = after <= goal and middle <= taper_kw(s, row, after)
            low, high = (middle, high) if fits else (low, middle)
        low = low if gain(s, row, low) > 0 else 0.0
        found.append(low)
        energy = left + gain(s, row, low)
    return found


def brought(s: Stay, left: float, then: Stay) -> float:
    """Energy on the next arrival of the vehicle."""
    return soc(then) + max(left - soc(s) - s["energy_kwh"], 0.0)


def moment(step: float) -> dt.datetime:
    """Time of a step, with fractions."""
    return T0 + dt.timedelta(hours=step * STEP_H)


def stays_table(stays: list[Stay], **columns: list[float]) -> pl.DataFrame:
    """The table of stays, with all its columns."""
    left_out = ("begin", "end", "early", "profile")
    zeros = {"delivered_kwh": 0.0, "unmet_kwh": 0.0}
    made = pl.DataFrame(
        [
            {
                "stay_id": f"s{k}",
                "arrival": moment(s["begin"]),
                "departure": moment(s["end"]),
                **{name: value for name, value in s.items() if name not in left_out},
                **zeros,
            }
            for k, s in enumerate(stays)
        ],
        infer_schema_length=None,
    )
    numbers = pl.selectors.numeric() | pl.selectors.by_dtype(pl.Null)
    made = made.with_columns((numbers - pl.selectors.starts_with("phase")).cast(pl.Float64))
    return made.with_columns(
        pl.col("arrival", "departure").dt.cast_time_unit("us"),
        **{name: pl.Series(values) for name, values in columns.items()},
    )


def extra_tables(stays: list[Stay]) -> dict[str, pl.DataFrame]:
    """Early departures and power profiles, where a stay has some."""
    early = [
        {"stay_id": f"s{k}", "start": moment(rows(s)[row][0]), "share": share}
        for k, s in enumerate(stays)
        for row, share in s["early"].items()
    ]
    profile = [
        {"stay_id": f"s{k}", "start": moment(rows(s)[row][0]), "max_kw": up, "max_discharge_kw": b}
        for k, s in enumerate(stays)
        for row, (up, b) in s["profile"].items()
    ]
    found = {"early_departures": early, "power_profile": profile}
    return {name: pl.DataFrame(table) for name, table in found.items() if table}
