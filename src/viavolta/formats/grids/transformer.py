"""Transformers as other programs describe them, turned into those of a grid here."""

import numpy as np
import polars as pl

from viavolta.formats.charge_table import Flags
from viavolta.model.arrays import Floats, Ints

_TO_LV_KV = 1.0
"""Nominal voltage up to which a grid is of low voltage (IEC 60038)."""


def ratio_taps(
    *,
    tap_pos: Ints,
    tap_min: Ints,
    tap_max: Ints,
    step_percent: Floats,
    is_lv: Flags,
    rated_hv_kv: Floats,
    rated_lv_kv: Floats,
) -> dict[str, Floats | Ints]:
    """Rated voltages and a tap changer at the higher voltage, all (B,), from one at either side.

    One at the lower voltage goes into the rated voltage of that side at its present position; from
    there on, positions count the other way. That is exact at the present position, and to second
    order in the step elsewhere.
    """
    turns = np.where(is_lv, 1 + tap_pos * step_percent / 100, 1.0)
    return {
        "rated_from_kv": rated_hv_kv,
        "rated_to_kv": rated_lv_kv * turns,
        "tap_pos": np.where(is_lv, 0, tap_pos),
        "tap_min": np.where(is_lv, tap_pos - tap_max, tap_min),
        "tap_max": np.where(is_lv, tap_pos - tap_min, tap_max),
        "tap_step_percent": step_percent / np.where(turns > 0, turns, 1.0),
    }


def vector_groups(words: pl.Series, *, shift_degree: Floats, rated_lv_kv: Floats) -> list[str]:
    """Vector groups (B,), completed by the phase shift where one is given without its number.

    An unknown one with a shift is of the usual kind: Dyn or Yyn to low voltage, YNd or YNyn above.
    An unknown one to low voltage without a shift stays unknown.
    """
    clocks = np.round(np.nan_to_num(shift_degree) / 30).astype(np.int64) % 12
    return [
        _vector_group(word, clock, is_lv=is_lv)
        for word, clock, is_lv in zip(
            words.to_list(), clocks.tolist(), (rated_lv_kv <= _TO_LV_KV).tolist(), strict=True
        )
    ]


def _vector_group(word: str, clock: int, *, is_lv: bool) -> str:
    if word:
        return word if word[-1].isdigit() else f"{word}{clock}"
    if is_lv and not clock:
        return ""
    windings = ("Yyn", "Dyn") if is_lv else ("YNyn", "YNd")
    return f"{windings[clock % 2]}{clock}"


def derated(
    share: Floats, *, sn_kva: Floats, uk_percent: Floats, pk_kw: Floats, i0_percent: Floats
) -> dict[str, Floats]:
    """Ratings (B,) of the same transformers when only a share of their power may be used."""
    return {
        "sn_kva": sn_kva * share,
        "uk_percent": uk_percent * share,
        "pk_kw": pk_kw * share**2,
        "i0_percent": i0_percent / share,
    }
