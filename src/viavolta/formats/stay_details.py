"""Columns of STAYS.csv beyond a plain battery: charging curve, losses, ageing and phases."""

from dataclasses import dataclass

import numpy as np
import polars as pl

from viavolta.formats.charge_table import ChargeTable
from viavolta.formats.profile_rows import rows_of
from viavolta.model.arrays import Floats, Ints
from viavolta.model.errors import InputError, Where
from viavolta.model.messages import text

DETAIL_COLUMNS = (
    "taper_soc",
    "knee_kw",
    "efficiency_above_knee",
    "charging_loss_kw",
    "standing_loss_kw",
    "ageing_soc",
    "ageing_eur_per_kwh_h",
    "phase",
)
PHASES = ("", "L123", "L1", "L2", "L3", "any")
"""How a phase is written, in the table and by people."""
_NUMBERS = np.array([0, 0, 1, 2, 3, -1, 0])  # of PHASES, then of what is none of them
_ROUNDING_KWH = 1e-6


@dataclass(frozen=True, slots=True, kw_only=True)
class StayDetails:
    """Columns of a StayTable, (S,) each."""

    taper_soc: Floats
    knee_kw: Floats
    efficiency_above_knee: Floats
    charging_loss_kw: Floats
    standing_loss_kw: Floats
    ageing_soc: Floats
    ageing_eur_per_kwh_h: Floats
    phase: Ints


def read_details(table: ChargeTable, *, charge_efficiency: Floats) -> StayDetails:
    """Read the columns, those that are absent or empty with what changes nothing."""
    knee_kw = table.numbers("knee_kw", default=np.inf, minimum=0.0)
    taper_soc = _share(table, "taper_soc", is_zero_fine=False)
    _check_curve(table, taper_soc, knee_kw)
    return StayDetails(
        taper_soc=taper_soc,
        knee_kw=knee_kw,
        efficiency_above_knee=_efficiency_above_knee(table, charge_efficiency),
        charging_loss_kw=table.numbers("charging_loss_kw", default=0.0, minimum=0.0),
        standing_loss_kw=table.numbers("standing_loss_kw", default=0.0, minimum=0.0),
        ageing_soc=_share(table, "ageing_soc", is_zero_fine=True),
        ageing_eur_per_kwh_h=table.numbers("ageing_eur_per_kwh_h", default=0.0, minimum=0.0),
        phase=_phase(table),
    )


def phase_text(phase: Ints) -> pl.Series:
    """Write phases as in STAYS.csv; 0 is L123."""
    names = pl.Series(["L123", "L1", "L2", "L3", "any"], dtype=pl.String)
    return names.gather(np.where(phase < 0, len(names) - 1, phase))


def efficiency(table: ChargeTable, column: str) -> Floats:
    """Efficiencies above 0 and at most 1; 1 where the cell is empty."""
    values = table.numbers(column, default=1.0)
    _check_efficiency(table, column, values)
    return values


def check_needs_battery(
    table: ChargeTable, details: StayDetails, *, soc_arrival_kwh: Floats, hours: Floats
) -> None:
    """Find what only a known battery can have, and losses that would empty it.

    soc_arrival_kwh is NaN where the battery is not known.
    """
    is_unknown = np.isnan(soc_arrival_kwh)
    for column, is_used in (
        ("taper_soc", details.taper_soc < 1),
        ("standing_loss_kw", details.standing_loss_kw > 0),
        ("ageing_eur_per_kwh_h", details.ageing_eur_per_kwh_h > 0),
    ):
        table.find(is_unknown & is_used, column, error=lambda _: needs_battery(table.file))
    loss_kwh = details.standing_loss_kw * hours
    table.find(
        loss_kwh > soc_arrival_kwh + _ROUNDING_KWH,
        "standing_loss_kw",
        error=lambda row: InputError(
            code="stay-loss-empties-battery",
            message=text(
                "the standing loss takes {kwh:.3f} kWh over the stay, more than the battery holds",
                kwh=loss_kwh[row],
            ),
            where=Where(file=table.file),
            expected=text(
                "at most {kw:.6g}: soc_arrival_kwh over the hours of the stay",
                kw=soc_arrival_kwh[row] / hours[row],
            ),
            hint=text("it is a power in kW; 0.05 is much for a parked car"),
        ),
    )


def needs_battery(file: str) -> InputError:
    """The error of a stay that asks for something only a known battery can have."""
    return InputError(
        code="stay-needs-battery",
        message=text("this needs a battery, and the stay does not say which it has"),
        where=Where(file=file),
        expected=text("capacity_kwh and soc_arrival_kwh in the same row"),
        hint=text("fill in both, or leave this cell empty"),
    )


def _share(table: ChargeTable, column: str, *, is_zero_fine: bool) -> Floats:
    values = table.numbers(column, default=1.0)
    table.find(
        (values < 0) | (values > 1) | ((values == 0) & (not is_zero_fine)),
        column,
        error=lambda _: InputError(
            code="stay-share-out-of-range",
            message=text("{column} is not a share of the capacity", column=column),
            where=Where(file=table.file),
            expected=text("0 to 1") if is_zero_fine else text("above 0, at most 1"),
            hint=text("write 0.8 for 80 percent"),
        ),
    )
    return values


def _check_curve(table: ChargeTable, taper_soc: Floats, knee_kw: Floats) -> None:
    table.find(
        (taper_soc < 1) & (knee_kw < np.inf),
        "knee_kw",
        error=lambda _: InputError(
            code="stay-taper-with-knee",
            message=text("the stay has a taper and a knee"),
            where=Where(file=table.file),
            expected=text("taper_soc or knee_kw, not both"),
            hint=text("keep the one that matters more, and leave the other cell empty"),
        ),
    )


def _check_efficiency(table: ChargeTable, column: str, values: Floats) -> None:
    table.find(
        (values <= 0) | (values > 1),
        column,
        error=lambda _: InputError(
            code="stay-efficiency-out-of-range",
            message=text("{column} is not a share", column=column),
            where=Where(file=table.file),
            expected=text("above 0, at most 1"),
            hint=text("write 0.92 for 92 percent"),
        ),
    )


def _efficiency_above_knee(table: ChargeTable, charge_efficiency: Floats) -> Floats:
    column = "efficiency_above_knee"
    given = table.numbers(column, default=np.inf)
    values = np.where(given == np.inf, charge_efficiency, given)
    _check_efficiency(table, column, np.where(given == np.inf, 1.0, given))
    table.find(
        (values > charge_efficiency) & (values <= 1),
        column,
        error=lambda row: InputError(
            code="stay-efficiency-rises",
            message=text("above the knee, charging would lose less than below"),
            where=Where(file=table.file),
            expected=text("at most charge_efficiency, {most}", most=charge_efficiency[row]),
            hint=text("raise charge_efficiency, or leave both cells empty"),
        ),
    )
    return values


def _phase(table: ChargeTable) -> Ints:
    words = table.words("phase", default="")
    row = rows_of(words.str.to_lowercase(), tuple(name.lower() for name in PHASES))
    table.find(
        row < 0,
        "phase",
        error=lambda _: InputError(
            code="stay-phase-unknown",
            message=text("phase is none of those known"),
            where=Where(file=table.file),
            expected=", ".join(PHASES[1:]),
            hint=text("leave it empty for three phases; any lets the scheduler choose one"),
        ),
    )
    phase: Ints = _NUMBERS[row]
    return phase
