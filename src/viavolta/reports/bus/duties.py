"""The day of each vehicle, as the Gantt chart and its tables show it."""

from dataclasses import dataclass

import polars as pl

from viavolta.reports.bus.facts import BusFacts

RESERVE_SHARE = 0.05
"""A battery that comes this close to its floor is called tight."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Duty:
    """One vehicle's day."""

    vehicle_id: str
    vehicle_type: str
    depot: str
    capacity_kwh: float
    soc_min_kwh: float
    activities: pl.DataFrame

    @property
    def start_s(self) -> int:
        """First pull-out."""
        return int(self.activities["start_s"].to_list()[0])

    @property
    def end_s(self) -> int:
        """Last pull-in."""
        return int(self.activities["end_s"].to_list()[-1])

    def lowest(self) -> tuple[float, int]:
        """Find the lowest charge as a share of the capacity, and when."""
        soc = self.activities["soc_end_kwh"].to_list()
        kwh = min(soc)
        return kwh / self.capacity_kwh, int(self.activities["end_s"].to_list()[soc.index(kwh)])

    def floor(self) -> float:
        """Give the share of the capacity below which the charge must not fall."""
        return self.soc_min_kwh / self.capacity_kwh

    def is_tight(self) -> bool:
        """Tell whether the lowest charge is close to the floor."""
        return self.lowest()[0] < self.floor() + RESERVE_SHARE

    def total(self, column: str) -> float:
        """Give a column summed over the day."""
        return float(self.activities[column].fill_null(0).sum())


def duties_of(facts: BusFacts) -> list[Duty]:
    """Vehicles with their activities in order, by first pull-out, then by name."""
    frame, vehicles = facts.table("blocks"), facts.table("vehicles")
    if frame is None or vehicles is None:
        return []
    activities = {
        str(key[0]): part
        for key, part in frame.sort("vehicle_id", "start_s", "seq").group_by(
            "vehicle_id", maintain_order=True
        )
    }
    duties = [
        Duty(
            vehicle_id=str(row["vehicle_id"]),
            vehicle_type=str(row["vehicle_type"]),
            depot=facts.place(row["depot"]),
            capacity_kwh=float(row["capacity_kwh"]),
            soc_min_kwh=float(row["soc_min_kwh"]),
            activities=activities[str(row["vehicle_id"])],
        )
        for row in vehicles.iter_rows(named=True)
        if str(row["vehicle_id"]) in activities
    ]
    return sorted(duties, key=lambda d: (d.start_s, d.vehicle_id))
