"""Rules on power: plugs and batteries of a charge study."""

from dataclasses import dataclass

import numpy as np

from viavolta.checks.charge_battery import Outcome, Walk, floor_kwh, taper_kw, walk
from viavolta.checks.charge_blocks import Block, Flags, Rows, Vehicles, blocks, rows_of_block
from viavolta.checks.charge_book import Book
from viavolta.checks.charge_data import ChargeData
from viavolta.checks.charge_keys import Floats
from viavolta.model.messages import text

RELATIVE = 1e-6
_BATTERY = 10 * RELATIVE  # energies are sums over many rows


def is_far(found: Floats | float, expected: Floats | float) -> Flags:
    """Whether two figures differ by more than a millionth of their size; NaN is far from all."""
    near = np.abs(np.asarray(found) - expected) <= RELATIVE * np.maximum(1.0, np.abs(expected))
    return ~near


def check_power(data: ChargeData, vehicles: Vehicles, book: Book) -> Outcome:
    """Check each power against its plug and window, and each battery over time."""
    _check_presence(data, book)
    outcome = Outcome.empty(len(data.stay_id))
    for _, block in blocks(data, vehicles):
        rows = rows_of_block(data, block)
        power_kw = block.laid_out(data, data.schedule, "power_kw", empty=0.0)
        found = walk(
            block,
            rows,
            lambda row, _, __, power_kw=power_kw: power_kw[row],  # type: ignore[misc]  # bound now
            step_h=data.step_h,
        )
        _RowNotes(data=data, block=block, rows=rows, walk=found, book=book).check()
        outcome.add(data, block, rows, found)
    _check_energy(data, outcome, book)
    return outcome


def _check_presence(data: ChargeData, book: Book) -> None:
    rows = data.schedule
    within = rows.step - data.first_step[rows.stay]
    is_away = (within < 0) | (within >= data.n_rows[rows.stay])
    book.note(
        "outside-stay",
        "schedule",
        is_away & (rows.value["power_kw"] != 0),
        where=lambda row: _where(data, int(rows.stay[row]), int(rows.step[row])),
        message=lambda _: text("power while the vehicle is not there"),
    )


def _where(data: ChargeData, stay: int, step: int) -> str:
    return text("{stay}, step {step}", stay=data.stay_id[stay], step=step)


@dataclass(frozen=True, slots=True, kw_only=True)
class _RowNotes:
    """Rules on single rows of a block."""

    data: ChargeData
    block: Block
    rows: Rows
    walk: Walk
    book: Book

    def check(self) -> None:
        """Note the rows that break a rule."""
        self._plugs()
        self._batteries()

    def _note(self, rule: str, flags: Flags, message: str) -> None:
        stay, step = self.block.stay.ravel(), self.block.step.ravel()
        self.book.note(
            rule,
            "schedule",
            (flags & (self.block.share > 0)).ravel(),
            where=lambda cell: _where(self.data, int(stay[cell]), int(step[cell])),
            message=lambda _: message,
        )

    def _plugs(self) -> None:
        rows, power_kw = self.rows, self.walk.power_kw
        full_kw = self.data.stay["max_kw"][self.block.stay]
        slack_kw = RELATIVE * np.maximum(1.0, full_kw)
        self._note("plug-power", power_kw > rows.most_kw + slack_kw, text("more than max_kw"))
        self._note(
            "plug-discharge",
            -power_kw > rows.back_kw + slack_kw,
            text("more than max_discharge_kw"),
        )
        is_low = (power_kw > slack_kw) & (power_kw < rows.least_kw - slack_kw)
        self._note("plug-minimum", is_low, text("charging with less than min_kw"))
        steep = 1 / np.where(rows.taper < 1, 1 - rows.taper, 1.0)
        most_kw = taper_kw(rows, self.walk.after_kwh) + slack_kw * steep
        self._note(
            "battery-taper",
            (power_kw > slack_kw) & (power_kw > most_kw),
            text("more power than so full a battery takes"),
        )

    def _batteries(self) -> None:
        energy_kwh, capacity = self.walk.after_kwh, self.rows.capacity
        is_known = capacity < np.inf
        slack_kwh = _BATTERY * np.maximum(1.0, np.where(is_known, capacity, 0.0))
        said = self.block.laid_out(self.data, self.data.schedule, "energy_kwh", empty=np.nan)
        is_said = ~np.isnan(said) | (self.walk.power_kw != 0)
        self._note(
            "battery-energy",
            is_known & is_said & is_far(said, energy_kwh),
            text("energy_kwh does not follow from the powers"),
        )
        is_over = energy_kwh > capacity + slack_kwh
        self._note("battery-full", is_over, text("more than capacity_kwh"))
        _, floor = floor_kwh(self.block, self.rows)
        is_under = energy_kwh < floor - slack_kwh
        self._note("battery-reserve", is_under, text("less than the reserve"))


def _check_energy(data: ChargeData, outcome: Outcome, book: Book) -> None:
    for rule, column, expected in (
        ("energy-delivered", "delivered_kwh", outcome.delivered_kwh),
        ("energy-unmet", "unmet_kwh", outcome.unmet_kwh),
    ):
        said = data.stay[column]
        book.note(
            rule,
            "stays",
            is_far(said, expected),
            where=lambda row: str(data.stay_id[row]),
            message=lambda row, column=column, said=said, expected=expected: text(  # type: ignore[misc]  # bound now
                "{column} is {found:.6g}, the schedule makes {expected:.6g}",
                column=column,
                found=said[row],
                expected=expected[row],
            ),
        )
