"""A vehicle at a plug: a battery, what its charger can do, and what its driver wants."""

from dataclasses import dataclass

WH_PER_KWH = 1000.0
TAPER_SOC = 0.9
"""Above this state of charge the battery takes less, linearly to nothing at full."""


@dataclass(kw_only=True)
class Car:
    """A car as a station feels it.

    Attributes
    ----------
    capacity_kwh, soc : battery, and share of it that is charged.
    max_kw, max_discharge_kw : at the plug; 0 where it cannot feed back.
    min_kw : with less than this it does not charge at all (6 A per phase).
    efficiency : of charging, and of discharging.
    target_soc, minimum_soc : what the driver wants by departure, and never less than.
    """

    token: str
    capacity_kwh: float = 60.0
    soc: float = 0.3
    max_kw: float = 11.0
    max_discharge_kw: float = 0.0
    min_kw: float = 0.0
    efficiency: float = 0.93
    target_soc: float = 0.8
    minimum_soc: float = 0.2

    def power_w(self, limit_w: float, setpoint_w: float | None) -> float:
        """What it draws under a limit, or at a setpoint below zero what it gives.

        The battery's own limits and the driver's minimum hold whatever is asked.
        """
        if setpoint_w is not None and setpoint_w < 0:
            if self.soc <= self.minimum_soc:
                return 0.0
            return -min(-setpoint_w, self.max_discharge_kw * WH_PER_KWH)
        wanted = limit_w if setpoint_w is None else min(limit_w, setpoint_w)
        if wanted < self.min_kw * WH_PER_KWH:
            return 0.0
        room = min(1.0, max(0.0, (1.0 - self.soc) / (1.0 - TAPER_SOC)))
        return max(0.0, min(wanted, self.max_kw * WH_PER_KWH * room))

    def pass_time(self, power_w: float, seconds: float) -> None:
        """Charge or discharge for a while."""
        at_plug_kwh = power_w * seconds / 3600.0 / WH_PER_KWH
        gain = at_plug_kwh * self.efficiency if power_w > 0 else at_plug_kwh / self.efficiency
        self.soc = min(1.0, max(0.0, self.soc + gain / self.capacity_kwh))
