"""Signals: what energy is worth over time, per zone."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from viavolta.model.arrays import Floats, Times, freeze, require

SECONDS_PER_HOUR = 3600


@dataclass(frozen=True, slots=True, kw_only=True)
class SignalTable:
    """Prices over T equal steps in Z zones.

    Attributes
    ----------
    start : (T,) datetime64[s] in UTC, step_s apart.
    step_s : length of a step; divides an hour.
    buy_eur_per_kwh, sell_eur_per_kwh : (Z, T); buying is never cheaper than selling.
    co2_g_per_kwh : (Z, T) or None.
    zone : (Z,) names; ("",) where there is only one.
    """

    start: Times
    step_s: int
    buy_eur_per_kwh: Floats
    sell_eur_per_kwh: Floats
    zone: tuple[str, ...]
    co2_g_per_kwh: Floats | None = None

    def __post_init__(self) -> None:
        require(self.step_s > 0 and SECONDS_PER_HOUR % self.step_s == 0, "step divides an hour")
        freeze(self, "start", "datetime64[s]", np.shape(self.start))
        shape = (len(self.zone), len(self.start))
        require(shape[0] > 0 and shape[1] > 0, "signals have at least one step")
        require(len(set(self.zone)) == shape[0], "zones are not unique")
        step = np.timedelta64(self.step_s, "s")
        require(np.diff(self.start) == step, "steps are step_s apart")
        for field in ("buy_eur_per_kwh", "sell_eur_per_kwh"):
            freeze(self, field, "float64", shape)
            require(np.isfinite(getattr(self, field)), f"{field} is not finite")
        require(self.buy_eur_per_kwh >= self.sell_eur_per_kwh, "buying is cheaper than selling")
        if self.co2_g_per_kwh is not None:
            freeze(self, "co2_g_per_kwh", "float64", shape)
            require(np.isfinite(self.co2_g_per_kwh), "co2_g_per_kwh is not finite")

    @property
    def n_steps(self) -> int:
        """Number of steps T."""
        return len(self.start)

    @property
    def step_h(self) -> float:
        """Length of a step in hours."""
        return self.step_s / SECONDS_PER_HOUR

    @property
    def end(self) -> np.datetime64:
        """End of the last step."""
        last: np.datetime64 = self.start[-1] + np.timedelta64(self.step_s, "s")
        return last


def one_zone(
    first_start: np.datetime64,
    step_s: int,
    *,
    buy_eur_per_kwh: ArrayLike,
    sell_eur_per_kwh: ArrayLike = 0.0,
    co2_g_per_kwh: ArrayLike | None = None,
) -> SignalTable:
    """Build the signals of a single zone; prices are (T,), the selling price may be a scalar."""
    buy = np.atleast_1d(np.asarray(buy_eur_per_kwh, dtype=np.float64))
    steps = np.arange(buy.size) * np.timedelta64(step_s, "s")
    sell = np.broadcast_to(np.asarray(sell_eur_per_kwh, dtype=np.float64), buy.shape)
    co2 = None
    if co2_g_per_kwh is not None:
        co2 = np.broadcast_to(np.asarray(co2_g_per_kwh, dtype=np.float64), buy.shape)[np.newaxis]
    return SignalTable(
        start=first_start.astype("datetime64[s]") + steps,
        step_s=step_s,
        buy_eur_per_kwh=buy[np.newaxis],
        sell_eur_per_kwh=sell[np.newaxis],
        co2_g_per_kwh=co2,
        zone=("",),
    )
