"""The battery buses of the catalogue, built from their figures.

Keys in buses.csv: `<bus type>.…` for one type, `size_<class>.…` for a length, `all.…` for every
bus. How buses move in traffic and the reserve for ageing stand in energy.csv.
"""

import numpy as np
from numpy.typing import NDArray

from viavolta.catalogue.assumptions import Assumptions
from viavolta.model.errors import InputError, UsageError, Where
from viavolta.model.messages import text
from viavolta.model.vehicle import BusType, DrivingStyle, Heating

SUBJECTS = ("buses", "energy")
"""The catalogue subjects that `bus_types` needs in its `Assumptions`."""
_CAPACITY = ".capacity_kwh"
_CURVE = "buses.all.charge_curve"


def bus_type_names(assumptions: Assumptions) -> tuple[str, ...]:
    """Names of all battery bus types, in catalogue order."""
    return tuple(
        key.removeprefix("buses.").removesuffix(_CAPACITY)
        for key in assumptions.keys()  # noqa: SIM118 - Assumptions is no mapping
        if key.startswith("buses.") and key.endswith(_CAPACITY)
    )


def bus_types(assumptions: Assumptions) -> tuple[BusType, ...]:
    """All battery bus types, in catalogue order; `assumptions` holds SUBJECTS.

    Raises
    ------
    InputError: the user's own figures describe a bus that cannot exist.
    """
    return tuple(bus_type(assumptions, name) for name in bus_type_names(assumptions))


def bus_type(assumptions: Assumptions, name: str) -> BusType:
    """One battery bus type by its name, such as `bus_12m_350`.

    Raises
    ------
    UsageError: there is no such type.
    InputError: the user's own figures describe a bus that cannot exist.
    """
    known = bus_type_names(assumptions)
    if name not in known:
        raise UsageError(
            code="unknown-bus-type",
            message=text("there is no bus type {name}", name=name[:200]),
            where=Where(field="vehicle_type", value=name[:200]),
            expected=", ".join(known),
        )
    try:
        return _build(assumptions, name)
    except ValueError as error:
        raise InputError(
            code="config-impossible-bus",
            message=text("the figures of {name} do not make a bus: {why}", name=name, why=error),
            where=Where(field=f"buses.{name}"),
            expected=text("figures near the catalogue's ranges"),
            hint=text("`viavolta config bus` prints every figure with its range"),
        ) from error


def _build(assumptions: Assumptions, name: str) -> BusType:
    def own(field: str) -> float:
        return assumptions.number(f"buses.{name}.{field}")

    size = assumptions.word(f"buses.{name}.size")
    if f"buses.size_{size}.length_m" not in assumptions.keys():  # noqa: SIM118 - no mapping
        msg = f"there are no figures of the size {size[:100]!r}"
        raise ValueError(msg)

    def sized(field: str) -> float:
        return assumptions.number(f"buses.size_{size}.{field}")

    def shared(field: str) -> float:
        return assumptions.number(f"buses.all.{field}")

    nominal_kwh = own("capacity_kwh")
    capacity_kwh = nominal_kwh * assumptions.number("energy.end_of_life_capacity_share")
    max_charge_kw = own("max_charge_kw")
    terminal_kw = shared("terminal_charge_kw")
    curve_soc, curve_kw = _charge_curve(
        assumptions.word(_CURVE),
        capacity_kwh,
        most_kw=(max_charge_kw, terminal_kw),
    )
    return BusType(
        vehicle_type=name,
        length_m=sized("length_m"),
        kerb_mass_kg=own("kerb_mass_kg"),
        passengers_mean=sized("passengers_mean"),
        passenger_mass_kg=shared("passenger_mass_kg"),
        frontal_area_m2=sized("frontal_area_m2"),
        drag_coefficient=shared("drag_coefficient"),
        rolling_resistance=shared("rolling_resistance"),
        drive_efficiency=shared("drive_efficiency"),
        recuperation_efficiency=shared("recuperation_efficiency"),
        temperature_loss_per_k=shared("temperature_loss_per_k"),
        best_temperature_c=shared("best_temperature_c"),
        driving=driving_style(assumptions),
        auxiliary_kw=sized("auxiliary_kw"),
        heating=Heating(assumptions.word("buses.all.heating")),
        heating_kw_per_k=sized("heating_kw_per_k"),
        heating_from_c=shared("heating_from_c"),
        heating_max_kw=sized("heating_max_kw"),
        heater_efficiency=shared("heater_efficiency"),
        heat_pump_cop=shared("heat_pump_cop"),
        heat_pump_cop_per_k=shared("heat_pump_cop_per_k"),
        fuel_heater_kwh_per_l=shared("fuel_heater_kwh_per_l"),
        cooling_kw_per_k=sized("cooling_kw_per_k"),
        cooling_from_c=shared("cooling_from_c"),
        cooling_max_kw=sized("cooling_max_kw"),
        cooling_cop=shared("cooling_cop"),
        nominal_capacity_kwh=nominal_kwh,
        capacity_kwh=capacity_kwh,
        soc_min_kwh=capacity_kwh * shared("soc_min_share"),
        soc_max_kwh=capacity_kwh * shared("soc_max_share"),
        max_charge_kw=max_charge_kw,
        charge_curve_soc=curve_soc,
        charge_curve_kw=np.minimum(curve_kw, max_charge_kw),
        terminal_charge_kw=terminal_kw,
        terminal_curve_kw=np.minimum(curve_kw, terminal_kw),
        charge_efficiency=shared("charge_efficiency"),
        purchase_eur=own("purchase_eur"),
        battery_eur_per_kwh=shared("battery_eur_per_kwh"),
    )


def driving_style(assumptions: Assumptions) -> DrivingStyle:
    """How buses of any type move in traffic."""

    def figure(field: str) -> float:
        return assumptions.number(f"energy.{field}")

    return DrivingStyle(
        served_stops_share=figure("served_stops_share"),
        traffic_stops_per_h=figure("traffic_stops_per_h"),
        deadhead_stops_per_km=figure("deadhead_stops_per_km"),
        stop_time_s=figure("stop_time_s"),
        acceleration_m_s2=figure("acceleration_m_s2"),
        cruise_base_kmh=figure("cruise_base_kmh"),
        cruise_per_kmh=figure("cruise_per_kmh"),
        cruise_max_kmh=figure("cruise_max_kmh"),
        rotating_mass_share=figure("rotating_mass_share"),
    )


def _charge_curve(
    points: str, capacity_kwh: float, *, most_kw: tuple[float, ...]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Read a curve such as `0:1.1 0.8:0.7 1:0.1` (soc:kW per kWh) in kW.

    The corners where a cut at one of the powers `most_kw` meets the curve are points of their own,
    so that straight lines between the points are exact after the cut too.

    Raises
    ------
    InputError: it is no such curve, or its power rises with the charge.
    """
    pairs = [point.split(":") for point in points.split()]
    try:
        table = np.array([[float(soc), float(kw)] for soc, kw in pairs])
    except ValueError:
        raise _bad_curve(points, text("the charge curve is not a list of soc:power")) from None
    if len(table) < 2 or not np.isfinite(table).all():  # noqa: PLR2004 - a line has two ends
        raise _bad_curve(points, text("the charge curve needs two points of finite figures"))
    soc, power = table[:, 0], table[:, 1]
    if soc[0] != 0.0 or soc[-1] != 1.0 or np.any(np.diff(soc) <= 0.0):
        raise _bad_curve(points, text("the charge curve does not go from soc 0 up to 1"))
    if np.any(power <= 0.0):
        raise _bad_curve(points, text("the charge curve has no power at some charge"))
    rise = np.flatnonzero(np.diff(power) > 0.0)
    if rise.size:
        message = text(
            "the power of the charge curve rises from soc {low} to {high}",
            low=pairs[rise[0]][0],
            high=pairs[rise[0] + 1][0],
        )
        raise _bad_curve(points, message)
    kw = power * capacity_kwh
    corners = [
        soc[i] + (soc[i + 1] - soc[i]) * (most - kw[i]) / (kw[i + 1] - kw[i])
        for most in most_kw
        for i in range(len(soc) - 1)
        if (kw[i] - most) * (kw[i + 1] - most) < 0
    ]
    all_soc = np.unique(np.concatenate((soc, corners)))
    return all_soc, np.interp(all_soc, soc, kw)


def _bad_curve(points: str, message: str) -> InputError:
    return InputError(
        code="config-charge-curve",
        message=message,
        where=Where(field=_CURVE, value=points[:200]),
        expected=text("power that never rises with the charge, such as 0:1.1 0.8:0.7 1:0.1"),
        hint=text("a curve that rises at first is planned safely as flat at its first power"),
    )
