"""What a vehicle says of its needs: NotifyEVChargingNeeds of OCPP 2.0.1 and 2.1.

Sources: OCPP 2.0.1 part 2, K15 to K17; OCPP 2.1 part 2, block Q with ISO 15118-20. Currents count
per phase at 230 V. A reserve (2.1: energy to the least that the vehicle is cycled to) and a minimum
are energies still to be charged: below zero where the battery holds more.
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from viavolta.protocols.ocpp.transactions import time_of

VOLTS = 230.0
WH_PER_KWH = 1000.0
PERCENT = 100.0

_PHASES = {"AC_single_phase": 1, "AC_two_phase": 2, "AC_three_phase": 3}
_POWERS = ("{}Power", "{}Power_L2", "{}Power_L3")


@dataclass(frozen=True, slots=True, kw_only=True)
class Needs:
    """Needs in kWh into the battery and kW at the plug; None where the vehicle does not say.

    Attributes
    ----------
    energy_kwh, min_energy_kwh : still wanted by departure, and least of it.
    max_discharge_kw : None where it cannot, or does not say that it can, feed back.
    soc : share of the capacity that is charged.
    """

    evse: int
    departure_at: dt.datetime | None = None
    energy_kwh: float | None = None
    min_energy_kwh: float | None = None
    max_kw: float | None = None
    min_kw: float | None = None
    max_discharge_kw: float | None = None
    capacity_kwh: float | None = None
    soc: float | None = None


def needs_of(payload: Mapping[str, Any]) -> Needs:
    """Read a call of NotifyEVChargingNeeds that its schema allows.

    Where both a general block and the one for V2X are there, what the latter says counts.
    """
    needs = payload["chargingNeeds"]
    found: dict[str, Any] = {}
    if "departureTime" in needs:
        found["departure_at"] = time_of(needs["departureTime"])
    phases = phases_of(needs) or 1
    for told in (
        _ac(needs.get("acChargingParameters"), phases),
        _dc(needs.get("dcChargingParameters")),
        _v2x(needs.get("v2xChargingParameters")),
    ):
        found |= {name: value for name, value in told.items() if value is not None}
    return Needs(evse=payload["evseId"], **found)


def phases_of(needs: Mapping[str, Any]) -> int | None:
    """Phases that the vehicle uses, from its charging needs; None where they do not tell.

    Direct current takes all three; AC_BPT may use any number.
    """
    mode = str(needs.get("requestedEnergyTransfer", ""))
    return 3 if mode.startswith("DC") else _PHASES.get(mode)


def _ac(told: Mapping[str, Any] | None, phases: int) -> dict[str, float | None]:
    if told is None:
        return {}
    kw_per_a = phases * VOLTS / WH_PER_KWH
    return {
        "energy_kwh": told["energyAmount"] / WH_PER_KWH,
        "max_kw": told["evMaxCurrent"] * kw_per_a,
        "min_kw": told["evMinCurrent"] * kw_per_a,
    }


def _dc(told: Mapping[str, Any] | None) -> dict[str, float | None]:
    if told is None:
        return {}
    capacity_kwh = _scaled(told, "evEnergyCapacity", WH_PER_KWH)
    soc = _scaled(told, "stateOfCharge", PERCENT)
    energy_kwh = _scaled(told, "energyAmount", WH_PER_KWH)
    if energy_kwh is None and capacity_kwh is not None and soc is not None:
        full = _scaled(told, "fullSoC", PERCENT) or 1.0
        energy_kwh = max(0.0, full - soc) * capacity_kwh
    max_kw = _scaled(told, "evMaxPower", WH_PER_KWH)
    if max_kw is None:
        max_kw = told["evMaxCurrent"] * told["evMaxVoltage"] / WH_PER_KWH
    return {"energy_kwh": energy_kwh, "max_kw": max_kw, "capacity_kwh": capacity_kwh, "soc": soc}


def _v2x(told: Mapping[str, Any] | None) -> dict[str, float | None]:
    """Capacity follows from the energy to full, and the state of charge from that to the target."""
    if told is None:
        return {}
    target_kwh = _scaled(told, "evTargetEnergyRequest", WH_PER_KWH)
    full_kwh = _scaled(told, "evMaxEnergyRequest", WH_PER_KWH)
    target_soc = _scaled(told, "targetSoC", PERCENT)
    capacity_kwh = soc = None
    if target_kwh is not None and full_kwh is not None and target_soc is not None:
        capacity_kwh, soc = _battery(target_kwh, full_kwh, target_soc)
    reserve_kwh = _scaled(told, "evMinV2XEnergyRequest", WH_PER_KWH)
    minimum_kwh = _scaled(told, "evMinEnergyRequest", WH_PER_KWH)
    least = [kwh for kwh in (reserve_kwh, minimum_kwh) if kwh is not None]
    return {
        "energy_kwh": target_kwh,
        "min_energy_kwh": max(least) if least else None,
        "max_kw": _power_kw(told, "maxCharge"),
        "min_kw": _power_kw(told, "minCharge"),
        "max_discharge_kw": _power_kw(told, "maxDischarge"),
        "capacity_kwh": capacity_kwh,
        "soc": soc,
    }


def _battery(
    target_kwh: float, full_kwh: float, target_soc: float
) -> tuple[float | None, float | None]:
    """Capacity and charge: from target to full are (1 - target) of the capacity."""
    above = 1.0 - target_soc
    if above <= 0 or full_kwh <= target_kwh:
        return None, None
    capacity_kwh = (full_kwh - target_kwh) / above
    soc = 1.0 - full_kwh / capacity_kwh
    return (capacity_kwh, soc) if 0.0 <= soc <= 1.0 else (None, None)


def _power_kw(told: Mapping[str, Any], name: str) -> float | None:
    """A power over all phases: the first field is the sum unless the others are there, too."""
    parts = [told[field] for form in _POWERS if (field := form.format(name)) in told]
    return sum(parts) / WH_PER_KWH if parts else None


def _scaled(told: Mapping[str, Any], name: str, scale: float) -> float | None:
    return told[name] / scale if name in told else None
