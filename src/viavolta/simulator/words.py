"""What a simulated station says of power and needs, in the words of each version."""

import datetime as dt
from typing import Any

from viavolta.protocols.ocpp.charging_profile import utc_text
from viavolta.protocols.ocpp.schemas import Version
from viavolta.simulator.car import WH_PER_KWH, Car

WATTS_PER_AMPERE = 3 * 230.0
"""Of three phases."""


def sampled_values(
    version: Version, *, import_wh: float, export_wh: float, power_w: float, soc: float
) -> list[dict[str, Any]]:
    """The registers, the power and the state of charge of a moment."""
    told: list[tuple[str, float, str]] = [
        ("Energy.Active.Import.Register", import_wh, "Wh"),
        ("Energy.Active.Export.Register", export_wh, "Wh"),
        ("Power.Active.Import", max(0.0, power_w), "W"),
        ("Power.Active.Export", max(0.0, -power_w), "W"),
        ("SoC", 100.0 * soc, "Percent"),
    ]
    return [_sample(version, *one) for one in told]


def _sample(version: Version, measurand: str, value: float, unit: str) -> dict[str, Any]:
    where = {"location": "EV"} if measurand == "SoC" else {}
    if version is Version.V16:
        return {"value": f"{value:.1f}", "measurand": measurand, "unit": unit, **where}
    units = {"unitOfMeasure": {"unit": unit}}
    return {"value": round(value, 1), "measurand": measurand, **units, **where}


def needs(version: Version, car: Car, departure: dt.datetime) -> dict[str, Any]:
    """Charging needs: 2.0.1 K15; in 2.1 with what V2X needs to know (block Q)."""
    wanted_wh = max(0.0, car.target_soc - car.soc) * car.capacity_kwh * WH_PER_KWH
    found: dict[str, Any] = {
        "requestedEnergyTransfer": "AC_three_phase",
        "departureTime": utc_text(departure),
    }
    if version is Version.V21 and car.max_discharge_kw:
        held_wh = car.soc * car.capacity_kwh * WH_PER_KWH
        found["requestedEnergyTransfer"] = "AC_BPT"
        found["v2xChargingParameters"] = {
            "minChargePower": car.min_kw * WH_PER_KWH,
            "maxChargePower": car.max_kw * WH_PER_KWH,
            "maxDischargePower": car.max_discharge_kw * WH_PER_KWH,
            "evTargetEnergyRequest": wanted_wh,
            "evMaxEnergyRequest": car.capacity_kwh * WH_PER_KWH - held_wh,
            "evMinEnergyRequest": car.minimum_soc * car.capacity_kwh * WH_PER_KWH - held_wh,
            "targetSoC": round(100 * car.target_soc),
        }
    else:
        found["acChargingParameters"] = {
            "energyAmount": round(wanted_wh),
            "evMinCurrent": 6,
            "evMaxCurrent": round(car.max_kw * WH_PER_KWH / WATTS_PER_AMPERE),
            "evMaxVoltage": 400,
        }
    return found
