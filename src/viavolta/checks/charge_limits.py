"""Rules on limits: net power, imports, exports, phases and peaks of a charge study."""

import numpy as np

from viavolta.checks.charge_blocks import Flags
from viavolta.checks.charge_book import Book
from viavolta.checks.charge_data import ChargeData
from viavolta.checks.charge_keys import Floats
from viavolta.checks.charge_power import RELATIVE, is_far
from viavolta.model.messages import text

N_PHASES = 3


def check_limits(data: ChargeData, book: Book) -> Floats:
    """Check net power against what the stays draw, the limits and the peaks; return it, (L, T)."""
    net_kw = data.summed_up(data.profile["base_load_kw"] + own_power_kw(data))
    said = data.profile["net_kw"]
    _note(
        data,
        book,
        "net-power",
        is_far(said, net_kw),
        text("net_kw is {found:.6g}, the stays and the base load make {expected:.6g}"),
        found=said,
        expected=net_kw,
    )
    base_kw = data.summed_up(data.profile["base_load_kw"])
    # base load that breaks a limit alone may only be lowered, never raised
    highest = np.maximum(data.profile["import_kw"], base_kw)
    lowest = -np.maximum(data.profile["export_kw"], -base_kw)
    _note_excess(data, book, "limit-import", net_kw - highest, size_kw=highest)
    _note_excess(data, book, "limit-export", lowest - net_kw, size_kw=lowest)
    _check_phases(data, base_kw / N_PHASES, book)
    peak_kw = np.maximum(net_kw.max(axis=1), 0.0)
    book.note(
        "peak",
        "limits",
        is_far(data.limit["peak_kw"], peak_kw),
        where=lambda row: str(data.limit_id[row]),
        message=lambda row: text("peak_kw is not the highest net import {kw:.6g}", kw=peak_kw[row]),
    )
    return net_kw


def own_power_kw(data: ChargeData, *, phase: int = 0) -> Floats:
    """(L, T) power of the stays at each limit itself; `phase`: only what falls on that phase."""
    rows = data.schedule
    power_kw = rows.value["power_kw"]
    if phase:
        used = data.phase_used[rows.stay]
        power_kw = power_kw * np.where(used == 0, 1 / N_PHASES, used == phase)
    shape = data.profile["net_kw"].shape
    cell = data.stay_limit[rows.stay] * shape[1] + rows.step
    total = np.bincount(cell, weights=power_kw, minlength=shape[0] * shape[1])
    return total.astype(np.float64).reshape(shape)


def _check_phases(data: ChargeData, third_kw: Floats, book: Book) -> None:
    phase_kw = data.limit["phase_kw"][:, None]
    if not np.isfinite(phase_kw).any():
        return
    highest = np.maximum(phase_kw, third_kw)
    for phase in range(1, N_PHASES + 1):
        load_kw = third_kw + data.summed_up(own_power_kw(data, phase=phase))
        _note_excess(data, book, "limit-phase", load_kw - highest, size_kw=highest)


def _note_excess(
    data: ChargeData, book: Book, rule: str, excess_kw: Floats, *, size_kw: Floats
) -> None:
    size_kw = np.where(np.isfinite(size_kw), size_kw, 0.0)
    is_over = excess_kw > RELATIVE * np.maximum(1.0, np.abs(size_kw))
    message = text("the limit is exceeded by {kw:.6g} kW")
    _note(data, book, rule, is_over, message, kw=excess_kw)


def _note(
    data: ChargeData, book: Book, rule: str, flags: Flags, message: str, **values: Floats
) -> None:
    n_steps = data.n_steps

    def where(cell: int) -> str:
        limit, step = divmod(cell, n_steps)
        return text("{limit}, step {step}", limit=data.limit_id[limit], step=step)

    book.note(
        rule,
        "limit_profile",
        flags.ravel(),
        where=where,
        message=lambda cell: message.format(**{k: v.ravel()[cell] for k, v in values.items()}),
    )
