"""What energy is worth over the steps of a plan."""

from collections.abc import Iterable

import numpy as np

from viavolta.model.signal import SignalTable, one_zone
from viavolta.services.live.facts import PriceFacts
from viavolta.services.live.limits import Grid


def signals_of(prices: Iterable[PriceFacts], grid: Grid) -> SignalTable:
    """Prices as they are in the middle of each step; the first one holds before it, too.

    Without any, all hours cost the same: nothing waits, nothing is fed back. Where feeding back
    would pay more than drawing costs, it pays as much: nobody earns by going round in circles.

    Raises
    ------
    ValueError: a price is not finite.
    """
    told = sorted(prices, key=lambda one: one.starts_at)
    if not told:
        none = np.zeros(grid.n_steps)
        return one_zone(_utc(grid), grid.step_s, buy_eur_per_kwh=none, sell_eur_per_kwh=none)
    known = np.array([one.starts_at.timestamp() for one in told])
    middles = zip(grid.starts(), grid.ends(), strict=True)
    asked = np.array([(start.timestamp() + end.timestamp()) / 2 for start, end in middles])
    row = np.maximum(np.searchsorted(known, asked, side="right") - 1, 0)
    buy = np.array([one.buy_eur_per_kwh for one in told])[row]
    sell = np.array([one.sell_eur_per_kwh for one in told])[row]
    return one_zone(
        _utc(grid), grid.step_s, buy_eur_per_kwh=buy, sell_eur_per_kwh=np.minimum(buy, sell)
    )


def _utc(grid: Grid) -> np.datetime64:
    return np.datetime64(grid.first.replace(tzinfo=None), "s")
