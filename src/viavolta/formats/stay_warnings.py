"""What is odd about stays and can be scheduled all the same."""

import numpy as np

from viavolta.model.arrays import Floats
from viavolta.model.messages import text
from viavolta.model.notices import StudyWarning
from viavolta.model.signal import SECONDS_PER_HOUR
from viavolta.model.stay import StayTable

_NOTHING_KWH = 1e-6
_N_NAMED = 5


def battery_warnings(file: str, *, n_half: int, n_mute: int) -> tuple[StudyWarning, ...]:
    """Warn of batteries that are half known, and of discharging without one."""
    warnings = []
    if n_half:
        warnings.append(
            StudyWarning(
                code="stays-half-known-battery",
                file=file,
                message=text(
                    "{n} stays give only one of capacity_kwh and soc_arrival_kwh: they are "
                    "scheduled without a battery bound",
                    n=n_half,
                ),
            )
        )
    if n_mute:
        warnings.append(
            StudyWarning(
                code="stays-discharge-without-battery",
                file=file,
                message=text(
                    "{n} stays have max_discharge_kw but no known battery: they never discharge",
                    n=n_mute,
                ),
            )
        )
    return tuple(warnings)


def energy_warnings(file: str, stays: StayTable) -> tuple[StudyWarning, ...]:
    """Warn of energy that neither power and time nor the battery can take: it will be unmet."""
    warnings = []
    beyond_power_kwh = stays.energy_kwh - _most_kwh(stays)
    if (beyond_power_kwh > _NOTHING_KWH).any():
        message = text(
            "{n} stays want {kwh:.1f} kWh more than their power gives in their time, which stays "
            "unmet; the most: {worst}",
            **_told(stays, beyond_power_kwh),
        )
        warnings.append(StudyWarning(code="stays-beyond-power", file=file, message=message))
    beyond_battery_kwh = np.where(stays.has_battery, stays.energy_kwh - stays.room_kwh, 0.0)
    if (beyond_battery_kwh > _NOTHING_KWH).any():
        message = text(
            "{n} stays want {kwh:.1f} kWh more than their battery has room for, which stays "
            "unmet; the most: {worst}",
            **_told(stays, beyond_battery_kwh),
        )
        warnings.append(StudyWarning(code="stays-beyond-battery", file=file, message=message))
    return tuple(warnings)


def _most_kwh(stays: StayTable) -> Floats:
    """(S,) into the battery at full power all the time, losses taken off."""
    hours = (stays.departure - stays.arrival) / np.timedelta64(SECONDS_PER_HOUR, "s")
    below_kw = np.minimum(stays.max_kw, stays.knee_kw)
    gain_kw = (
        stays.charge_efficiency * below_kw
        + stays.efficiency_above_knee * (stays.max_kw - below_kw)
        - stays.charging_loss_kw
    )
    most_kwh: Floats = hours * (np.maximum(gain_kw, 0.0) - stays.standing_loss_kw)
    return most_kwh


def _told(stays: StayTable, beyond_kwh: Floats) -> dict[str, object]:
    """How many, how much, and the worst by name."""
    rows = np.flatnonzero(beyond_kwh > _NOTHING_KWH)
    worst = rows[np.argsort(-beyond_kwh[rows], kind="stable")[:_N_NAMED]]
    named = (f"{stays.stay_id[row][:40]} {beyond_kwh[row]:.1f} kWh" for row in worst.tolist())
    return {
        "n": int(rows.size),
        "kwh": float(beyond_kwh[rows].sum()),
        "worst": ", ".join(named),
    }
