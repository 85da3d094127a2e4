"""Rules on the battery along a block: the chain of charge, its bounds, the night that closes it."""

from collections.abc import Iterator
from itertools import pairwise

from viavolta.checks.bus_blocks import STANDING, block_where
from viavolta.checks.bus_tables import BusStudy, Row
from viavolta.checks.finding import Finding
from viavolta.model.messages import text

KWH_PER_KM_MAX = 10.0  # 20 t on a slope of 15 % need 8.2 kWh/km
STANDING_KW_MAX = 80.0  # heating and auxiliaries of an articulated bus


def slack_kwh(*values_kwh: float) -> float:
    """Give the rounding allowed between energies that must be equal."""
    return 1e-6 + 1e-8 * max((abs(v) for v in values_kwh), default=0.0)


def check_energy(study: BusStudy) -> Iterator[Finding]:
    """All rules on the energy of the rows of blocks."""
    for rows in study.blocks.values():
        for before, after in pairwise(rows):
            yield from _handed_on(before, after)
        vehicle = study.vehicles.get(rows[0]["vehicle_id"])
        for row in rows:
            yield from _plausible(row)
            if vehicle is not None:
                yield from _within(row, vehicle)
                yield from _chain(row, vehicle["soc_max_kwh"])


def _handed_on(before: Row, after: Row) -> Iterator[Finding]:
    left, found = before["soc_end_kwh"], after["soc_start_kwh"]
    if abs(left - found) > slack_kwh(left, found):
        message = text(
            "starts with {found:.6f} kWh, the row before ends with {left:.6f} kWh",
            found=found,
            left=left,
        )
        yield _of("soc-chain", after, message)


def _chain(row: Row, soc_max_kwh: float) -> Iterator[Finding]:
    """Driving changes the charge first; what recuperation lifts above soc_max is lost."""
    driven = min(soc_max_kwh, row["soc_start_kwh"] - row["energy_kwh"])
    expected = driven + row["charged_kwh"]
    if abs(expected - row["soc_end_kwh"]) > slack_kwh(expected, row["soc_start_kwh"]):
        message = text(
            "ends with {found:.6f} kWh, start, use and charging give {expected:.6f} kWh",
            found=row["soc_end_kwh"],
            expected=expected,
        )
        yield _of("soc-chain", row, message)


def _within(row: Row, vehicle: Row) -> Iterator[Finding]:
    low, high = vehicle["soc_min_kwh"], vehicle["soc_max_kwh"]
    for column in ("soc_start_kwh", "soc_end_kwh"):
        found = row[column]
        if found > high + slack_kwh(high):
            message = text(
                "{c} {found:.6f} is above soc_max {high:.6f}", c=column, found=found, high=high
            )
            yield _of("soc-above-max", row, message)
        if found < low - slack_kwh(low):
            message = text(
                "{c} {found:.6f} is below soc_min {low:.6f}", c=column, found=found, low=low
            )
            yield _of("soc-below-min", row, message)


def _plausible(row: Row) -> Iterator[Finding]:
    if row["kind"] != "charge" and row["charged_kwh"] > 0:
        message = text(
            "{kwh} kWh charged in a {kind} row", kwh=row["charged_kwh"], kind=row["kind"]
        )
        yield _of("charged-elsewhere", row, message)
    hours = max(row["end_s"] - row["start_s"], 0) / 3600
    most = KWH_PER_KM_MAX * row["distance_km"]
    standing_kwh = STANDING_KW_MAX * hours
    least = 0.0 if row["kind"] in STANDING else -most
    if not least - slack_kwh() <= row["energy_kwh"] <= most + standing_kwh + slack_kwh():
        message = text(
            "{found:.3f} kWh for {km:.3f} km in {h:.2f} h is outside {least:.3f} to {most:.3f}",
            found=row["energy_kwh"],
            km=row["distance_km"],
            h=hours,
            least=least,
            most=most + standing_kwh,
        )
        yield _of("energy-implausible", row, message)


def _of(rule: str, row: Row, message: str) -> Finding:
    return Finding(rule=rule, table="blocks", where=block_where(row), message=message)
