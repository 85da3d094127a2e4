"""Rules on stays: one per charge row, one per vehicle at night, with the same place and energy."""

from collections import defaultdict
from collections.abc import Iterator

from viavolta.checks.bus_blocks import block_where
from viavolta.checks.bus_energy import slack_kwh
from viavolta.checks.bus_tables import BusStudy, Row
from viavolta.checks.day_circle import DAY_S, clock
from viavolta.checks.finding import Finding
from viavolta.model.messages import text

ENERGY_GRACE_KWH = 1e-4  # the scheduler is a linear programme, exact to about 1e-7 per step


def close_kwh(a: float, b: float) -> bool:
    """Whether two energies agree as well as a schedule can make them."""
    return abs(a - b) <= ENERGY_GRACE_KWH + slack_kwh(a, b)


def check_stays(study: BusStudy) -> Iterator[Finding]:
    """All rules that tie stays to blocks, vehicles and chargers."""
    by_row: defaultdict[tuple[str, int | None], list[Row]] = defaultdict(list)
    for stay in study.stays.values():
        by_row[stay["block_id"], stay["seq"]].append(stay)
        yield from _at_charger(study, stay)
    for rows in study.blocks.values():
        for row in rows:
            yield from _charge_row(row, by_row.pop((row["block_id"], row["seq"]), []))
        nights = by_row.pop((rows[0]["block_id"], None), [])
        yield from _night(study, rows, nights)
    for (block, seq), stays in by_row.items():
        message = text("block {block} has no row with seq {seq}", block=block, seq=seq)
        yield _of("stay-without-row", stays[0], message)


def _charge_row(row: Row, stays: list[Row]) -> Iterator[Finding]:
    if row["kind"] != "charge":
        for stay in stays:
            message = text("{where} is a {kind} row", where=block_where(row), kind=row["kind"])
            yield _of("stay-without-row", stay, message)
        return
    if len(stays) != 1:
        message = text("the charge row has {n} stays, expected one", n=len(stays))
        yield Finding(
            rule="charge-without-stay", table="blocks", where=block_where(row), message=message
        )
        return
    stay = stays[0]
    yield from _window(stay, row["start_s"], row["end_s"])
    yield from _same(stay, row["vehicle_id"], row["from_place"])
    if not close_kwh(row["charged_kwh"], stay["energy_kwh"]):
        message = text(
            "brings {found:.6f} kWh, the charge row has {expected:.6f} kWh",
            found=stay["energy_kwh"],
            expected=row["charged_kwh"],
        )
        yield _of("stay-energy", stay, message)
    yield from _arrives_with(stay, row["soc_start_kwh"] - row["energy_kwh"])


def _night(study: BusStudy, rows: list[Row], stays: list[Row]) -> Iterator[Finding]:
    first, last = rows[0], rows[-1]
    if len(stays) > 1:
        yield _of("night-stays", stays[1], text("a second stay of the same night"))
    night_kwh = sum(stay["energy_kwh"] for stay in stays)
    need_kwh = first["soc_start_kwh"] - last["soc_end_kwh"]
    if not close_kwh(night_kwh, need_kwh):
        message = text(
            "the night brings {found:.6f} kWh, the next day needs {need:.6f} kWh",
            found=night_kwh,
            need=need_kwh,
        )
        yield Finding(rule="night-energy", table="stays", where=block_where(last), message=message)
    vehicle = study.vehicles.get(last["vehicle_id"])
    for stay in stays:
        yield from _window(stay, last["end_s"], first["start_s"] + DAY_S)
        if vehicle is not None:
            yield from _same(stay, last["vehicle_id"], vehicle["depot"])
        yield from _arrives_with(stay, last["soc_end_kwh"])


def _window(stay: Row, start_s: int, end_s: int) -> Iterator[Finding]:
    if (stay["arrival_s"], stay["departure_s"]) != (start_s, end_s):
        message = text(
            "from {a} to {d}, by the block from {start} to {end}",
            a=clock(stay["arrival_s"]),
            d=clock(stay["departure_s"]),
            start=clock(start_s),
            end=clock(end_s),
        )
        yield _of("stay-window", stay, message)


def _same(stay: Row, vehicle_id: str, place_id: str) -> Iterator[Finding]:
    found, expected = (stay["vehicle_id"], stay["place_id"]), (vehicle_id, place_id)
    if found != expected:
        message = text(
            "vehicle {f[0]} at {f[1]}, by the block {e[0]} at {e[1]}", f=found, e=expected
        )
        yield _of("stay-place", stay, message)


def _arrives_with(stay: Row, soc_kwh: float) -> Iterator[Finding]:
    found = stay.get("soc_arrival_kwh")
    if found is not None and not close_kwh(found, soc_kwh):
        message = text(
            "arrives with {found:.6f} kWh, by the block {expected:.6f} kWh",
            found=found,
            expected=soc_kwh,
        )
        yield _of("stay-battery", stay, message)


def _at_charger(study: BusStudy, stay: Row) -> Iterator[Finding]:
    if stay["place_id"] not in study.chargers:
        yield _of("stay-no-charger", stay, text("{p} has no chargers", p=stay["place_id"]))
    vehicle, capacity = study.vehicles.get(stay["vehicle_id"]), stay.get("capacity_kwh")
    if vehicle is not None and capacity is not None:
        limit = vehicle["capacity_kwh"]
        if capacity > limit + slack_kwh(limit):
            message = text("capacity {c} kWh, the vehicle has {v} kWh", c=capacity, v=limit)
            yield _of("stay-battery", stay, message)
    if stay["energy_kwh"] < -slack_kwh() and not stay["max_discharge_kw"]:
        yield _of("stay-energy", stay, text("takes energy out, but may not discharge"))


def _of(rule: str, stay: Row, message: str) -> Finding:
    return Finding(
        rule=rule, table="stays", where=text("stay {id}", id=stay["stay_id"]), message=message
    )
