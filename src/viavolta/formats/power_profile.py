"""`--power-profile`: what a plug and its vehicle can do over time, within the stay's own powers."""

from pathlib import Path

import numpy as np

from viavolta.formats.charge_table import ChargeTable
from viavolta.formats.profile_rows import check_rows, held, rows_of
from viavolta.model.arrays import Floats, Ints
from viavolta.model.errors import InputError, Where
from viavolta.model.messages import text
from viavolta.model.signal import SignalTable
from viavolta.model.stay import StayTable

_REQUIRED = ("stay_id", "start", "max_kw")
_OPTIONAL = ("max_discharge_kw",)
_NO_TIME = np.datetime64("NaT", "s")  # of a stay that is not known


def read_power_profile(
    path: Path, stays: StayTable, *, signals: SignalTable
) -> tuple[Floats, Floats]:
    """Read a power profile: stay_id, start, max_kw, and max_discharge_kw where it changes too.

    A row holds to the stay's next row; before its first row, a stay has its own powers. No row
    lifts a power above that of the stay.

    Returns
    -------
    (K,) shares of max_kw and of max_discharge_kw, in [0, 1], for all steps of all stays one after
    the other (PowerPlan says how); 1 where the stay's own power is 0.

    Raises
    ------
    UsageError: no such file.
    InputError: the first of all findings, with file, row, field, value and hint.
    """
    table = ChargeTable(path, required=_REQUIRED, optional=_OPTIONAL)
    stay = rows_of(table.words("stay_id"), stays.stay_id)
    _check_known(table, stay)
    start = table.times("start")
    begin, end = (np.append(times, _NO_TIME)[stay] for times in (stays.arrival, stays.departure))
    check_rows(table, stay, start=start, begin=begin, end=end, signals=signals)
    shares = [
        _share(table, "max_kw", stay, most_kw=stays.max_kw),
        _share(table, "max_discharge_kw", stay, most_kw=stays.max_discharge_kw),
    ]
    table.raise_findings()
    first_step, offsets = _steps(stays, signals)
    step = (start - signals.start[0]).astype(np.int64) // signals.step_s
    charge, discharge = (
        held(
            stay,
            step - first_step[stay],
            values=share,
            initial=np.ones(len(stays)),
            offsets=offsets,
        )
        for share in shares
    )
    return charge, discharge


def _check_known(table: ChargeTable, stay: Ints) -> None:
    is_unknown = (stay < 0) & (table.words("stay_id", default="") != "").to_numpy()
    table.find(
        is_unknown,
        "stay_id",
        error=lambda _: InputError(
            code="stay-unknown",
            message=text("the stays file has no such stay"),
            where=Where(file=table.file),
            expected=text("a stay_id of the stays file"),
            hint=text("correct the name, or remove the row"),
        ),
    )


def _share(table: ChargeTable, column: str, stay: Ints, *, most_kw: Floats) -> Floats:
    """(rows,) share of the stay's own power; empty cells of an optional column are all of it."""
    most = np.append(most_kw, np.nan)[stay]
    default = np.inf if column in _OPTIONAL else None
    power_kw = table.numbers(column, default=default, minimum=0.0)
    table.find(
        np.isfinite(power_kw) & (power_kw > most),
        column,
        error=lambda row: InputError(
            code="power-profile-above-stay",
            message=text("{column} is above that of the stay", column=column),
            where=Where(file=table.file),
            expected=text("at most {most}", most=most[row]),
            hint=text(
                "the stays file says the most; a stay without a known battery never discharges"
            ),
        ),
    )
    is_full = (most == 0) | (power_kw >= most)
    return np.where(is_full, 1.0, power_kw / np.where(is_full, 1.0, most))


def _steps(stays: StayTable, signals: SignalTable) -> tuple[Ints, Ints]:
    """(S,) first step and (S + 1,) offsets of the steps of all stays, as in PowerPlan."""
    begin_s = (stays.arrival - signals.start[0]).astype(np.int64)
    end_s = (stays.departure - signals.start[0]).astype(np.int64)
    first = begin_s // signals.step_s
    last = (end_s - 1) // signals.step_s
    return first, np.concatenate(([0], np.cumsum(last - first + 1))).astype(np.int64)
