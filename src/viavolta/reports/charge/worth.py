"""What one more kW of a limit is worth over time: the prices of the limits that cost most."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from viavolta.model.arrays import Floats, Ints
from viavolta.reports.charge.clock import LocalClock
from viavolta.reports.charge.facts import BindingRow, ChargeFacts
from viavolta.reports.charge.flows import GRACE, Flows, seconds
from viavolta.reports.numbers import DAY_S, HOUR_S

PHASES = ("phase_1_eur_per_kwh", "phase_2_eur_per_kwh", "phase_3_eur_per_kwh")
_WINDOW_SHARE = 0.8
"""A window of the day is named where it holds this share of what a kW is worth."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Worth:
    """A limit that binds. Shapes: import_eur_per_kwh, export_eur_per_kwh (T,), phases (3, T).

    The prices are what one more kW would save per hour, where the power stands at the limit;
    `window` are the hours of the day that hold most of it.
    """

    row: int
    binding: BindingRow
    import_eur_per_kwh: Floats
    export_eur_per_kwh: Floats
    phases_eur_per_kwh: Floats
    window: "Window | None"

    @property
    def price(self) -> Floats:
        """(T,) of import and export together."""
        return self.import_eur_per_kwh + self.export_eur_per_kwh


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """Hours of the day, local, in which one more kW is worth `value_eur` over the whole study."""

    begin_s: int
    end_s: int
    value_eur: float

    @property
    def is_whole_day(self) -> bool:
        """Whether it goes round the clock."""
        return self.end_s - self.begin_s >= DAY_S


def worth_of(facts: ChargeFacts, flows: Flows, limits: Sequence[BindingRow]) -> list[Worth]:
    """Prices over time of some limits; those without rows in the table prices are left out."""
    frame, profile = facts.table("prices"), facts.table("limit_profile")
    if frame is None or profile is None or not limits:
        return []
    tree, clock = flows.tree, flows.clock
    names = [one.limit_id for one in limits]
    columns = ["import_eur_per_kwh", "export_eur_per_kwh"]
    columns += [phase for phase in PHASES if phase in frame.columns]
    prices = frame.lazy().filter(pl.col("limit_id").is_in(names))
    powers = profile.lazy().filter(pl.col("limit_id").is_in(names))
    joined = prices.select("limit_id", "start", *columns).join(
        powers.select("limit_id", "start", "import_kw", "net_kw"), on=["limit_id", "start"]
    )
    by_name = joined.select("limit_id", seconds(clock), pl.exclude("limit_id", "start")).collect()
    parts = by_name.partition_by("limit_id", as_dict=True)
    rows = tree.rows_of(pl.Series(names, dtype=pl.String)).tolist()
    slots = clock.times_of_day()
    return [
        _worth(parts[(one.limit_id,)], row=row, binding=one, clock=clock, slots=slots)
        for row, one in zip(rows, limits, strict=True)
        if row >= 0 and (one.limit_id,) in parts
    ]


def _worth(
    frame: pl.DataFrame, *, row: int, binding: BindingRow, clock: LocalClock, slots: Ints
) -> Worth:
    """An import counts where the power stands at the limit, an export where power flows out."""
    limit, net = frame["import_kw"].to_numpy(), frame["net_kw"].to_numpy()
    at_import = net >= limit - GRACE * np.maximum(1.0, limit)
    at = frame["s"].to_numpy() // clock.step_s
    phases = [frame[p].to_numpy() if p in frame.columns else 0.0 * net for p in PHASES]
    imports = _spread(frame["import_eur_per_kwh"].to_numpy() * at_import, at, clock)
    exports = _spread(frame["export_eur_per_kwh"].to_numpy() * (net < -GRACE), at, clock)
    return Worth(
        row=row,
        binding=binding,
        import_eur_per_kwh=imports,
        export_eur_per_kwh=exports,
        phases_eur_per_kwh=np.stack([_spread(phase, at, clock) for phase in phases]),
        window=dearest_window(imports + exports, slots, step_s=clock.step_s),
    )


def _spread(values: Floats, at: Ints, clock: LocalClock) -> Floats:
    """(T,) the values at their steps, zero elsewhere."""
    spread = np.zeros(clock.n_steps)
    is_inside = (at >= 0) & (at < clock.n_steps)
    spread[at[is_inside]] = values[is_inside]
    return spread


def dearest_window(price: Floats, slots: Ints, *, step_s: int) -> Window | None:
    """Find the shortest hours of the day that hold most of what one more kW is worth.

    The days of the study are laid over each other on the local clock; the window may pass
    midnight. None where the price is zero.

    Parameters
    ----------
    price
        (T,) EUR/kWh.
    slots
        (T,) which step of the local day each step is, as `LocalClock.times_of_day` gives it.
    """
    n = DAY_S // step_s
    by_clock = np.bincount(slots, weights=price, minlength=n) * step_s / HOUR_S
    total = float(by_clock.sum())
    if total <= 0:
        return None
    running = np.concatenate(([0.0], np.cumsum(np.concatenate((by_clock, by_clock)))))
    # for each begin the first end that holds enough; at the latest after a whole day
    ends = np.searchsorted(running, running[:n] + _WINDOW_SHARE * total * (1 - GRACE))
    lengths = np.minimum(ends - np.arange(n), n)
    value = running[np.arange(n) + lengths] - running[:n]
    best = int(np.lexsort((np.arange(n), -value, lengths))[0])
    return Window(
        begin_s=best * step_s,
        end_s=(best + int(lengths[best])) * step_s,
        value_eur=float(value[best]),
    )
