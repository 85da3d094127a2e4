"""What a stay could get if it were alone: full power from arrival to departure.

The same physics as the table stays describes: power limits, partial first and last steps, charging
curve, knee, losses, room in the battery. Without a limit above the plug nothing gives more.
"""

import numpy as np
import polars as pl

from viavolta.model.arrays import Floats, Ints

_SECONDS_PER_HOUR = 3600


def detail(stays: pl.DataFrame, column: str, default: float) -> Floats:
    """(U,) a column of the table stays; the default where it is empty or not there."""
    if column not in stays.columns:
        return np.full(stays.height, default)
    values: Floats = stays[column].cast(pl.Float64).fill_nan(None).fill_null(default).to_numpy()
    return values


def offered_kwh(stays: pl.DataFrame, profile: pl.DataFrame | None) -> Floats:
    """(U,) power times time, as it would reach the battery at the best efficiency.

    Parameters
    ----------
    stays
        Rows of the table stays, with begin_s and end_s since the first step.
    profile
        stay_id, s, max_kw: a row holds to the stay's next one; before its first the stay's own
        power holds. None where no power varies.
    """
    begin, end = stays["begin_s"].to_numpy(), stays["end_s"].to_numpy()
    plug_kwh = detail(stays, "max_kw", 0.0) * (end - begin) / _SECONDS_PER_HOUR
    if profile is not None:
        plug_kwh += _profile_gain_kwh(stays, profile)
    offered: Floats = plug_kwh * detail(stays, "charge_efficiency", 1.0)
    return offered


def _profile_gain_kwh(stays: pl.DataFrame, profile: pl.DataFrame) -> Floats:
    """(U,) by how much the energy at the plug differs from that of the stay's own power."""
    rows = (
        profile.lazy()
        .rename({"max_kw": "row_kw"})
        .join(
            stays.lazy().select("stay_id", "begin_s", "end_s", "max_kw").with_row_index("nth"),
            on="stay_id",
        )
        .sort("nth", "s")
        .with_columns(pl.col("s").shift(-1).over("nth").fill_null(pl.col("end_s")).alias("to_s"))
        .with_columns(pl.col("s").clip(pl.col("begin_s"), pl.col("end_s")))
        .with_columns(pl.col("to_s").clip(pl.col("begin_s"), pl.col("end_s")))
        .select("nth", kws=(pl.col("row_kw") - pl.col("max_kw")) * (pl.col("to_s") - pl.col("s")))
        .collect()
    )
    kws = np.bincount(
        rows["nth"].to_numpy(), weights=rows["kws"].to_numpy(), minlength=stays.height
    )
    return kws.astype(np.float64) / _SECONDS_PER_HOUR


def reach_kwh(stays: pl.DataFrame, *, step_s: int) -> Floats:
    """(U,) most energy that each battery can gain, step by step at full power.

    Parameters
    ----------
    stays
        Rows of the table stays, with begin_s and end_s since the first step.
    """
    begin, end = stays["begin_s"].to_numpy(), stays["end_s"].to_numpy()
    car = _Cars.of(stays)
    if not car.is_detailed.any():
        return car.plain_gain((end - begin) / _SECONDS_PER_HOUR)
    n_steps = -(-end // step_s) - begin // step_s
    energy = car.arrival.copy()
    order = np.argsort(-n_steps, kind="stable")  # longest first: those still there are a prefix
    sorted_steps = n_steps[order]
    for nth in range(int(n_steps.max(initial=0))):
        here = order[: int(np.searchsorted(-sorted_steps, -nth, side="left"))]
        share = _share(begin[here], end[here], nth, step_s=step_s)
        energy[here] = car.after(here, energy[here], share, step_s / _SECONDS_PER_HOUR)
    gain: Floats = energy - car.arrival
    return gain


def _share(begin: Ints, end: Ints, nth: int, *, step_s: int) -> Floats:
    """Part of a stay's nth step during which the vehicle is there."""
    start = (begin // step_s + nth) * step_s
    there = np.minimum(end, start + step_s) - np.maximum(begin, start)
    share: Floats = there / step_s
    return share


class _Cars:
    """Columns of the table stays as arrays (U,), with what counts where they are empty."""

    def __init__(self, columns: dict[str, Floats]) -> None:
        self.arrival = columns["soc_arrival_kwh"]
        self._of = columns

    @classmethod
    def of(cls, stays: pl.DataFrame) -> "_Cars":
        columns = {name: detail(stays, name, default) for name, default in _DEFAULTS.items()}
        above = detail(stays, "efficiency_above_knee", np.nan)
        columns["above"] = np.where(np.isnan(above), columns["charge_efficiency"], above)
        return cls(columns)

    @property
    def is_detailed(self) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
        """(U,) True where power or efficiency changes with time, charge or power."""
        of = self._of
        has_loss = (of["charging_loss_kw"] > 0) | (of["standing_loss_kw"] > 0)
        return has_loss | (of["taper_soc"] < 1) | np.isfinite(of["knee_kw"])

    def plain_gain(self, span_h: Floats) -> Floats:
        """(U,) gain without such details: power times time, as far as there is room."""
        of = self._of
        gain: Floats = np.minimum(
            of["max_kw"] * of["charge_efficiency"] * span_h,
            of["capacity_kwh"] - of["soc_arrival_kwh"],
        )
        return gain

    def after(self, here: Ints, energy: Floats, share: Floats, step_h: float) -> Floats:
        """Energy at the end of a step at full power. Shapes: (n,) -> (n,)."""
        of = {name: values[here] for name, values in self._of.items()}
        present_h = share * step_h
        standing = of["standing_loss_kw"] * present_h
        power = np.minimum(of["max_kw"] * share, _curve_kw(of, energy, share, step_h))
        power = np.where(power < of["min_kw"] * share * (1 - 1e-9), 0.0, power)
        low = np.minimum(power, of["knee_kw"] * share)
        gain = step_h * (of["charge_efficiency"] * low + of["above"] * (power - low))
        gain = np.maximum(gain - of["charging_loss_kw"] * present_h, 0.0)
        level: Floats = np.minimum(energy + gain - standing, of["capacity_kwh"])
        return np.maximum(level, 0.0)


_DEFAULTS = {
    "soc_arrival_kwh": 0.0,
    "capacity_kwh": np.inf,
    "max_kw": 0.0,
    "min_kw": 0.0,
    "charge_efficiency": 1.0,
    "taper_soc": 1.0,
    "knee_kw": np.inf,
    "charging_loss_kw": 0.0,
    "standing_loss_kw": 0.0,
}


def _curve_kw(of: dict[str, Floats], energy: Floats, share: Floats, step_h: float) -> Floats:
    """Most power under the charging curve, counted at the end of the step.

    From x <= max_kw * share * (1 - e / capacity) / (1 - taper_soc), with
    e = energy + step_h * efficiency * x - losses; infinite where there is no curve.
    """
    has_curve = of["taper_soc"] < 1
    steep = np.where(
        has_curve, of["max_kw"] * share / np.where(has_curve, 1 - of["taper_soc"], 1), 0.0
    )
    capacity = np.where(has_curve, of["capacity_kwh"], 1.0)
    lost = (of["charging_loss_kw"] + of["standing_loss_kw"]) * share * step_h
    room = np.maximum(1 - (energy - lost) / capacity, 0.0)
    power = steep * room / (1 + steep * step_h * of["charge_efficiency"] / capacity)
    return np.where(has_curve, power, np.inf)  # fmt: skip
