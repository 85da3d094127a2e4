"""The cases of the *.toml files beside this one as tables."""

import tomllib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from reference_model import Options

from viavolta.model.limit import LimitTree
from viavolta.model.signal import SignalTable, one_zone
from viavolta.model.stay import StayTable, stay_table

FIRST = np.datetime64("2026-01-12T00:00:00", "s")
_UNLIMITED_KW = 1000.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A task with its cost by hand and how near the engine's cost has to come, as a share of it.

    `signals` are those that are optimised: where carbon has a price, it is in them.
    """

    name: str
    stays: StayTable
    limits: LimitTree
    signals: SignalTable
    options: Options
    cost_eur: float
    tolerance: float
    carbon_eur_per_t: float = 0.0
    plain_signals: SignalTable | None = None


def golden_cases() -> list[Case]:
    """Every case of every file, in the order of the files' names."""
    files = sorted(Path(__file__).parent.glob("*.toml"))
    return [
        _case(file.stem, entry)
        for file in files
        for entry in tomllib.loads(file.read_text(encoding="utf-8"))["case"]
    ]


def _case(topic: str, entry: dict[str, Any]) -> Case:
    n_steps = len(entry["buy"])
    signals = one_zone(
        FIRST,
        3600,
        buy_eur_per_kwh=entry["buy"],
        sell_eur_per_kwh=entry.get("sell", entry["buy"]),
        co2_g_per_kwh=entry.get("co2_g_per_kwh"),
    )
    options = dict(entry.get("options", {}))
    carbon = options.pop("carbon_eur_per_t", 0.0)
    for name in {"early_share", "max_share", "max_discharge_share"} & set(options):
        options[name] = np.array(options[name])
    return Case(
        name=f"{topic}: {entry['name']}",
        stays=_stays(dict(entry["stays"])),
        limits=_limits(entry.get("limits", {}), n_steps=n_steps),
        signals=priced_carbon(signals, carbon),
        options=Options(**options),
        cost_eur=entry["cost_eur"],
        tolerance=entry["tolerance"],
        carbon_eur_per_t=carbon,
        plain_signals=signals,
    )


def priced_carbon(signals: SignalTable, carbon_eur_per_t: float) -> SignalTable:
    """Prices that hold what the carbon of a kWh costs."""
    if signals.co2_g_per_kwh is None:
        return signals
    eur_per_kwh = carbon_eur_per_t * signals.co2_g_per_kwh / 1e6
    return replace(
        signals,
        buy_eur_per_kwh=signals.buy_eur_per_kwh + eur_per_kwh,
        sell_eur_per_kwh=signals.sell_eur_per_kwh + eur_per_kwh,
    )


def _stays(columns: dict[str, Any]) -> StayTable:
    moments = {
        name: FIRST + (np.array(columns.pop(f"{name}_h")) * 3600).astype("timedelta64[s]")
        for name in ("arrival", "departure")
    }
    columns["vehicle_id"] = tuple(columns.get("vehicle_id", ()))
    names = tuple(f"stay-{row}" for row in range(len(moments["arrival"])))
    return stay_table(names, moments["arrival"], departure=moments["departure"], **columns)


def _limits(columns: dict[str, Any], *, n_steps: int) -> LimitTree:
    names = tuple(columns.get("limit_id", ["root"]))
    wide = {
        name: np.repeat(
            np.array(columns.get(name, [otherwise] * len(names)), dtype=float)[:, None], n_steps, 1
        )
        for name, otherwise in (
            ("import_kw", _UNLIMITED_KW),
            ("export_kw", _UNLIMITED_KW),
            ("base_load_kw", 0.0),
        )
    }
    return LimitTree(
        limit_id=names,
        parent=np.array(columns.get("parent", [-1])),
        peak_eur_per_kw=np.array(columns.get("peak_eur_per_kw", 0.0)),
        peak_so_far_kw=np.array(columns.get("peak_so_far_kw", 0.0)),
        phase_kw=np.array(columns.get("phase_kw", np.inf)),
        zone=("",) * len(names),
        **wide,
    )
