"""What the sections of a charge report ask of a study: its tables, figures, limits and clock."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from viavolta.model.study import Study
from viavolta.reports.charge.clock import LocalClock, zone_of
from viavolta.reports.charge.tree import Tree, tree_of
from viavolta.reports.markup import clip
from viavolta.reports.numbers import HOUR_S, known

_COLUMNS = {
    "stays": "stay_id arrival departure energy_kwh max_kw min_kw max_discharge_kw capacity_kwh "
    "soc_arrival_kwh charge_efficiency limit_id delivered_kwh unmet_kwh",
    "limits": "limit_id parent_id zone peak_eur_per_kw peak_so_far_kw peak_kw peak_unmanaged_kw",
    "limit_profile": "limit_id start import_kw export_kw base_load_kw net_kw net_unmanaged_kw",
    "signals": "zone start buy_eur_per_kwh sell_eur_per_kwh co2_g_per_kwh",
    "schedule": "stay_id start power_kw",
    "power_profile": "stay_id start max_kw",
    "prices": "limit_id start import_eur_per_kwh export_eur_per_kwh peak_eur_per_kwh",
}
"""Columns that the sections read, by table; the names are those of the contract."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BindingRow:
    """A limit that costs money, as the summary says it."""

    limit_id: str
    hours: float
    value_eur: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ChargeFacts:
    """A charge study as the sections read it; `clock` and `tree` are None where tables lack.

    `binding` are the limits that bind, dearest first.
    """

    study: Study
    clock: LocalClock | None
    tree: Tree | None
    binding: tuple[BindingRow, ...]

    def table(self, name: str) -> pl.DataFrame | None:
        """Give a table that is there, has the columns of the contract and at least one row."""
        return _table(self.study, name)

    def number(self, key: str) -> float | None:
        """Give a figure of the summary, None where it is not known."""
        return known(self.study.summary.get(key))

    def word(self, key: str) -> str:
        """Give a text of the summary, empty where there is none."""
        value = self.study.summary.get(key)
        return clip(value) if isinstance(value, str) else ""

    def flag(self, key: str) -> bool:
        """Give a yes or no of the summary."""
        return self.study.summary.get(key) is True

    def items(self, key: str) -> dict[str, float]:
        """Give named figures of the summary, in order of their names."""
        value = self.study.summary.get(key)
        if not isinstance(value, dict):
            return {}
        return {str(k): f for k, v in sorted(value.items()) if (f := known(v)) is not None}


def facts_of(study: Study) -> ChargeFacts:
    """Prepare a study for its report."""
    limits = _table(study, "limits")
    return ChargeFacts(
        study=study,
        clock=_clock_of(study),
        tree=None if limits is None else tree_of(limits),
        binding=_binding(study),
    )


def _binding(study: Study) -> tuple[BindingRow, ...]:
    listed: Any = study.summary.get("binding_limits")
    rows = [
        BindingRow(limit_id=str(one.get("limit_id", "")), hours=hours, value_eur=value)
        for one in (listed if isinstance(listed, list) else [])
        if isinstance(one, dict)
        and (hours := known(one.get("hours"))) is not None
        and (value := known(one.get("value_eur"))) is not None
    ]
    return tuple(sorted(rows, key=lambda row: (-row.value_eur, row.limit_id)))


def _table(study: Study, name: str) -> pl.DataFrame | None:
    frame = study.tables.get(name)
    if (
        frame is None
        or frame.is_empty()
        or not set(_COLUMNS[name].split()) <= set(frame.columns)
    ):  # fmt: skip
        return None
    return frame


def _clock_of(study: Study) -> LocalClock | None:
    """Steps as the table of signals has them."""
    signals = _table(study, "signals")
    if signals is None:
        return None
    starts = np.sort(signals["start"].unique().dt.epoch("s").to_numpy())
    step_s = int(np.diff(starts).min()) if len(starts) > 1 else _step_s(study)
    zone, name = zone_of(study.timezone)
    return LocalClock(
        first_s=int(starts[0]), step_s=step_s, n_steps=len(starts), zone=zone, zone_name=name
    )


def _step_s(study: Study) -> int:
    return int(known(study.summary.get("step_s")) or HOUR_S)
