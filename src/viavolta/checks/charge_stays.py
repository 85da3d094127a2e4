"""Rules on stays themselves: ranges, vehicles with several stays, phases, tables about them."""

import numpy as np

from viavolta.checks.charge_blocks import Flags, Vehicles
from viavolta.checks.charge_book import Book
from viavolta.checks.charge_data import ChargeData, StepRows
from viavolta.checks.charge_keys import Floats
from viavolta.checks.charge_shapes import PHASES
from viavolta.model.messages import text

_ROUNDING = 1e-6
NEEDED = ("stay-range", "vehicle-chain", "early-share", "power-profile")
"""Rules without which a schedule means nothing."""


def check_stays(data: ChargeData, vehicles: Vehicles, book: Book) -> None:
    """Check what must hold before a schedule is looked at, and the choice of phases."""
    _note_stays(
        data,
        book,
        "stay-range",
        ~(_powers_fit(data) & _battery_fits(data) & _details_fit(data)),
        message=text("powers, battery, efficiency, losses, wear or phase are out of range"),
    )
    _note_stays(
        data,
        book,
        "vehicle-chain",
        _breaks_chain(data, vehicles),
        message=text("the stay does not follow from the one before of the same vehicle"),
    )
    is_free = data.phase < 0
    is_single = np.isin(data.phase_used, (1, 2, 3))
    strange = np.where(is_free, ~is_single, data.phase_used != data.phase)
    _note_stays(
        data, book, "phase-used", strange, message=text("phase_used is not a phase of the stay")
    )
    if data.early is not None:
        _check_early(data, data.early, book)
    if data.power is not None:
        _check_profile(data, data.power, book)


def _note_stays(data: ChargeData, book: Book, rule: str, rows: Flags, *, message: str) -> None:
    book.note(
        rule, "stays", rows, where=lambda row: str(data.stay_id[row]), message=lambda _: message
    )


def _powers_fit(data: ChargeData) -> Flags:
    stay = data.stay
    is_fit: Flags = (
        (stay["min_kw"] >= 0)
        & (stay["min_kw"] <= stay["max_kw"])
        & (stay["max_discharge_kw"] >= 0)
        & (data.is_known | (stay["max_discharge_kw"] == 0))
        & (stay["wear_eur_per_kwh"] >= 0)
        & np.isin(data.phase, list(PHASES.values()))
    )
    return is_fit


def _battery_fits(data: ChargeData) -> Flags:
    soc, capacity = data.stay["soc_arrival_kwh"], data.stay["capacity_kwh"]
    is_fit: Flags = ~data.is_known | ((soc >= 0) & (soc <= capacity))
    return is_fit


def _details_fit(data: ChargeData) -> Flags:
    stay = data.stay
    is_fit = (stay["efficiency_above_knee"] <= stay["charge_efficiency"]) & (stay["knee_kw"] >= 0)
    for name in ("charge_efficiency", "discharge_efficiency", "efficiency_above_knee", "taper_soc"):
        is_fit &= (stay[name] > 0) & (stay[name] <= 1)
    is_fit &= (stay["ageing_soc"] >= 0) & (stay["ageing_soc"] <= 1)
    for name in ("charging_loss_kw", "standing_loss_kw", "ageing_eur_per_kwh_h"):
        is_fit &= stay[name] >= 0
    is_tapered = stay["taper_soc"] < 1
    needs_battery = is_tapered | (stay["standing_loss_kw"] > 0) | (stay["ageing_eur_per_kwh_h"] > 0)
    is_fit &= ~needs_battery | (data.is_known & (stay["capacity_kwh"] > 0))
    is_fit &= ~(is_tapered & (stay["knee_kw"] < np.inf))
    return is_fit


def _breaks_chain(data: ChargeData, vehicles: Vehicles) -> Flags:
    """(S,) stays that overlap the one before, or whose battery is another, or brings more."""
    before, after = vehicles.stay[:-1], vehicles.stay[1:]
    is_linked = (data.vehicle[before] == data.vehicle[after]) & (data.vehicle[after] >= 0)
    before, after = before[is_linked], after[is_linked]
    stay, target = data.stay, data.stay["target_kwh"]
    slack = _ROUNDING * np.maximum(1.0, np.abs(target[before]))
    is_broken = (
        (data.begin[after] < data.end[before])
        | ~(data.is_known[before] & data.is_known[after])
        | (stay["capacity_kwh"][before] != stay["capacity_kwh"][after])
        | (target[before] > stay["capacity_kwh"][before] + slack)
        | (stay["soc_arrival_kwh"][after] > target[before] + slack)
    )
    flags = np.zeros(len(data.stay_id), dtype=np.bool_)
    flags[after[is_broken]] = True
    return flags


def _is_there(data: ChargeData, rows: StepRows) -> Flags:
    within = rows.step - data.first_step[rows.stay]
    is_there: Flags = (within >= 0) & (within < data.n_rows[rows.stay])
    return is_there


def _note_rows(
    data: ChargeData,
    rows: StepRows,
    book: Book,
    rule: str,
    table: str,
    *,
    flags: Flags,
    message: str,
) -> None:
    book.note(
        rule,
        table,
        flags,
        where=lambda row: text(
            "{stay}, step {step}", stay=data.stay_id[int(rows.stay[row])], step=rows.step[row]
        ),
        message=lambda _: message,
    )


def _check_early(data: ChargeData, rows: StepRows, book: Book) -> None:
    share = rows.value["share"]
    _note_rows(
        data,
        rows,
        book,
        "early-share",
        "early_departures",
        flags=~_is_there(data, rows) | (share < 0) | (share > 1),
        message=text("no share between 0 and 1 of a step of the stay"),
    )
    total = np.bincount(rows.stay, weights=share, minlength=len(data.stay_id))
    _note_stays(
        data,
        book,
        "early-share",
        total > 1 + _ROUNDING,
        message=text("the shares of early departures sum to more than 1"),
    )


def _check_profile(data: ChargeData, rows: StepRows, book: Book) -> None:
    is_strange = ~_is_there(data, rows)
    for name in ("max_kw", "max_discharge_kw"):
        most: Floats = data.stay[name][rows.stay]
        slack = _ROUNDING * np.maximum(1.0, most)
        is_strange |= (rows.value[name] < 0) | (rows.value[name] > most + slack)
    _note_rows(
        data,
        rows,
        book,
        "power-profile",
        "power_profile",
        flags=is_strange,
        message=text("a power below zero, above that of the stay, or while it is not there"),
    )
