"""Rules on the schedule: inside the stay, within every limit, energy as stated."""

from collections import defaultdict
from collections.abc import Iterator

from viavolta.checks.bus_stays import close_kwh
from viavolta.checks.bus_tables import BusStudy, Row
from viavolta.checks.day_circle import Span, clock, peak_on_day
from viavolta.checks.finding import Finding
from viavolta.model.messages import text

_SAME_AS_STAY = ("vehicle_id", "block_id", "seq", "place_id")


def check_power(study: BusStudy) -> Iterator[Finding]:
    """All rules on points, powers and the energy they add up to."""
    yield from _grid_of_steps(study)
    for stay_id, steps in study.schedule.items():
        stay = study.stays.get(stay_id)
        if stay is not None:
            for step in steps:
                yield from _step(study, stay, step)
    for stay in study.stays.values():
        yield from _energy(study, stay)
    yield from _points(study)
    yield from _connections(study)


def power_spans(study: BusStudy) -> dict[str, list[Span]]:
    """Scheduled power by place, each step as a span of its whole length."""
    spans: defaultdict[str, list[Span]] = defaultdict(list)
    for stay_id, steps in study.schedule.items():
        if stay_id in study.stays:
            place = study.stays[stay_id]["place_id"]
            spans[place] += [
                (s["start_s"], s["start_s"] + study.step_s, s["power_kw"]) for s in steps
            ]
    return spans


def slack_kw(limit_kw: float) -> float:
    """Give the rounding allowed above a power limit."""
    return 1e-5 + 1e-6 * abs(limit_kw)


def _grid_of_steps(study: BusStudy) -> Iterator[Finding]:
    starts = [step["start_s"] for steps in study.schedule.values() for step in steps]
    first = min(starts, default=0.0)
    for start in sorted(set(starts)):
        if (start - first) % study.step_s:
            message = text("steps of {s} s do not meet it", s=study.step_s)
            yield _of("schedule-step", clock(start), message)


def _step(study: BusStudy, stay: Row, step: Row) -> Iterator[Finding]:
    """Power is the mean over the whole step, so a part of a step allows that part of the power."""
    power_kw, start = step["power_kw"], step["start_s"]
    end = start + study.step_s
    inside_s = min(end, stay["departure_s"]) - max(start, stay["arrival_s"])
    share = max(0.0, inside_s) / study.step_s
    if share == 0:
        if abs(power_kw) > slack_kw(0):
            message = text("{kw:.6f} kW while the vehicle is away", kw=power_kw)
            yield _of("power-outside-stay", _when(step), message)
        return
    for rule, limit_kw in _limits(study, stay).items():
        if power_kw > limit_kw * share + slack_kw(limit_kw):
            message = text(
                "{kw:.6f} kW, limit {limit:.6f} kW over {share:.4f} of the step",
                kw=power_kw,
                limit=limit_kw,
                share=share,
            )
            yield _of(rule, _when(step), message)
    if power_kw < -stay["max_discharge_kw"] * share - slack_kw(stay["max_discharge_kw"]):
        message = text(
            "{kw:.6f} kW, discharging up to {d} kW", kw=power_kw, d=stay["max_discharge_kw"]
        )
        yield _of("power-discharge", _when(step), message)
    if share == 1 and slack_kw(0) < power_kw < stay["min_kw"] - slack_kw(stay["min_kw"]):
        message = text("{kw:.6f} kW is below min_kw {low} kW", kw=power_kw, low=stay["min_kw"])
        yield _of("power-below-minimum", _when(step), message)
    for column in _SAME_AS_STAY:
        if column in step and step[column] != stay[column]:
            message = text("{c} {f}, the stay has {e}", c=column, f=step[column], e=stay[column])
            yield _of("schedule-differs", _when(step), message)


def _limits(study: BusStudy, stay: Row) -> dict[str, float]:
    limits = {"power-above-stay": stay["max_kw"]}
    if stay["place_id"] in study.chargers:
        limits["power-above-point"] = study.chargers[stay["place_id"]]["point_kw"]
    if stay["vehicle_id"] in study.vehicles:
        limits["power-above-vehicle"] = study.vehicles[stay["vehicle_id"]]["max_charge_kw"]
    return limits


def _energy(study: BusStudy, stay: Row) -> Iterator[Finding]:
    """Check that the schedule delivers what the stay needs and keeps to the battery."""
    hours = study.step_s / 3600
    vehicle = study.vehicles.get(stay["vehicle_id"])
    arrival_kwh = stay.get("soc_arrival_kwh")
    gained_kwh = 0.0
    for step in study.schedule.get(stay["stay_id"], []):
        grid_kwh = step["power_kw"] * hours
        charging = grid_kwh >= 0
        factor = stay["charge_efficiency"] if charging else 1 / stay["discharge_efficiency"]
        gained_kwh += grid_kwh * factor
        if arrival_kwh is not None and vehicle is not None:
            yield from _battery(step, vehicle, arrival_kwh + gained_kwh)
    if not close_kwh(gained_kwh, stay["energy_kwh"]):
        message = text(
            "the schedule brings {found:.6f} kWh into the battery, the stay has {need:.6f} kWh",
            found=gained_kwh,
            need=stay["energy_kwh"],
        )
        where = text("stay {id}", id=stay["stay_id"])
        yield _of("schedule-energy", where, message)


def _battery(step: Row, vehicle: Row, battery_kwh: float) -> Iterator[Finding]:
    low, high = vehicle["soc_min_kwh"], vehicle["soc_max_kwh"]
    if not (low <= battery_kwh <= high or close_kwh(battery_kwh, min(max(battery_kwh, low), high))):
        message = text(
            "{kwh:.6f} kWh is outside {low} to {high}", kwh=battery_kwh, low=low, high=high
        )
        yield _of("schedule-battery", _when(step), message)
    stated = step["energy_kwh"]
    if stated is not None and not close_kwh(stated, battery_kwh):
        message = text("states {s:.6f} kWh, powers give {e:.6f} kWh", s=stated, e=battery_kwh)
        yield _of("schedule-battery", _when(step), message)


def _points(study: BusStudy) -> Iterator[Finding]:
    """Count points: a stay that charges holds one from arrival to departure, at night too."""
    spans: defaultdict[str, list[Span]] = defaultdict(list)
    for stay in study.stays.values():
        powers = (step["power_kw"] for step in study.schedule.get(stay["stay_id"], []))
        if stay["energy_kwh"] or any(powers):
            spans[stay["place_id"]].append((stay["arrival_s"], stay["departure_s"], 1.0))
    for place, used in spans.items():
        n_points = study.chargers[place]["n_points"] if place in study.chargers else 0
        peak, at_s = peak_on_day(used)
        if peak > n_points:
            message = text("{n} vehicles at {points} points", n=int(peak), points=n_points)
            where = text("place {place} at {time}", place=place, time=clock(at_s))
            yield Finding(rule="points-oversubscribed", table="stays", where=where, message=message)


def _connections(study: BusStudy) -> Iterator[Finding]:
    for place, spans in power_spans(study).items():
        if place not in study.chargers:
            continue
        limit_kw = study.chargers[place]["connection_kw"]
        peak_kw, at_s = peak_on_day(spans)
        if peak_kw > limit_kw + slack_kw(limit_kw):
            message = text(
                "{p:.6f} kW on a connection of {limit:.6f} kW", p=peak_kw, limit=limit_kw
            )
            where = text("place {place} at {time}", place=place, time=clock(at_s))
            yield _of("connection-exceeded", where, message)


def _when(step: Row) -> str:
    return text("stay {id} at {time}", id=step["stay_id"], time=clock(step["start_s"]))


def _of(rule: str, where: str, message: str) -> Finding:
    return Finding(rule=rule, table="schedule", where=where, message=message)
