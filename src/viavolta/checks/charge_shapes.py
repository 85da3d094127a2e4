"""The tables of a charge study: their columns, and what they hold where a column is left out."""

from collections.abc import Iterable

import polars as pl

from viavolta.checks.table_shape import Column, Kind

Tables = dict[str, pl.DataFrame]

_NUMBER, _TEXT, _MOMENT = Column(kind=Kind.NUMBER), Column(kind=Kind.TEXT), Column(kind=Kind.MOMENT)
_MAYBE = Column(kind=Kind.NUMBER, nullable=True)
_EXTRA = Column(kind=Kind.NUMBER, nullable=True, optional=True)
_EXTRA_WHOLE = Column(kind=Kind.WHOLE, nullable=True, optional=True)
STAY_NUMBERS = (
    "energy_kwh",
    "max_kw",
    "min_kw",
    "max_discharge_kw",
    "capacity_kwh",
    "soc_arrival_kwh",
    "soc_min_kwh",
    "charge_efficiency",
    "discharge_efficiency",
    "wear_eur_per_kwh",
    "delivered_kwh",
    "unmet_kwh",
)
STAY_DETAILS = {
    "taper_soc": 1.0,
    "knee_kw": float("inf"),
    "efficiency_above_knee": None,
    "charging_loss_kw": 0.0,
    "standing_loss_kw": 0.0,
    "ageing_soc": 1.0,
    "ageing_eur_per_kwh_h": 0.0,
}
"""Columns of stays that may be left out, or empty, with what they then hold; None: as
charge_efficiency."""
PHASES = {"": 0, "L123": 0, "L1": 1, "L2": 2, "L3": 3, "any": -1}
UNKNOWN_PHASE = -9
PRICES = ("import_eur_per_kwh", "export_eur_per_kwh", "peak_eur_per_kwh", "energy_eur_per_kwh")
PHASE_PRICES = ("phase_1_eur_per_kwh", "phase_2_eur_per_kwh", "phase_3_eur_per_kwh")
PROFILE = ("import_kw", "export_kw", "base_load_kw", "net_kw", "net_unmanaged_kw")
LIMIT_NUMBERS = ("peak_eur_per_kw", "peak_so_far_kw", "peak_kw", "peak_unmanaged_kw")
SHAPES = {
    "stays": {
        "stay_id": _TEXT,
        "arrival": _MOMENT,
        "departure": _MOMENT,
        "limit_id": _TEXT,
        **dict.fromkeys(STAY_NUMBERS, _NUMBER),
        "capacity_kwh": _MAYBE,
        "soc_arrival_kwh": _MAYBE,
        **dict.fromkeys(STAY_DETAILS, _EXTRA),
        "vehicle_id": Column(kind=Kind.TEXT, nullable=True, optional=True),
        "phase": _EXTRA_WHOLE,
        "phase_used": _EXTRA_WHOLE,
    },
    "limits": {
        "limit_id": _TEXT,
        "parent_id": Column(kind=Kind.TEXT, nullable=True),
        "zone": _TEXT,
        **dict.fromkeys(LIMIT_NUMBERS, _NUMBER),
        "phase_kw": _EXTRA,
    },
    "limit_profile": {"limit_id": _TEXT, "start": _MOMENT, **dict.fromkeys(PROFILE, _NUMBER)},
    "signals": {
        "zone": _TEXT,
        "start": _MOMENT,
        "buy_eur_per_kwh": _NUMBER,
        "sell_eur_per_kwh": _NUMBER,
        "co2_g_per_kwh": _EXTRA,
    },
    "schedule": {"stay_id": _TEXT, "start": _MOMENT, "power_kw": _NUMBER, "energy_kwh": _MAYBE},
    "prices": {
        "limit_id": _TEXT,
        "start": _MOMENT,
        **dict.fromkeys(PRICES, _NUMBER),
        **dict.fromkeys(PHASE_PRICES, _EXTRA),
    },
}
EXTRA_SHAPES = {
    "early_departures": {"stay_id": _TEXT, "start": _MOMENT, "share": _NUMBER},
    "power_profile": {
        "stay_id": _TEXT,
        "start": _MOMENT,
        "max_kw": _NUMBER,
        "max_discharge_kw": _NUMBER,
    },
}
"""Tables that may be left out."""


def plain_tables(tables: Tables) -> Tables:
    """Write endless knees and phase limits as empty cells, and phases as numbers."""
    plain = dict(tables)
    for name, column in (("stays", "knee_kw"), ("limits", "phase_kw")):
        if _has_float(plain, name, column):
            finite = pl.when(pl.col(column) == float("inf")).then(None).otherwise(pl.col(column))
            plain[name] = plain[name].with_columns(finite.alias(column))
    for column in ("phase", "phase_used"):
        if "stays" in plain and _is_text(plain["stays"], [column]):
            number = pl.col(column).cast(pl.String).fill_null("")
            number = number.replace_strict(PHASES, default=UNKNOWN_PHASE, return_dtype=pl.Int64)
            plain["stays"] = plain["stays"].with_columns(number.alias(column))
    return plain


def _has_float(tables: Tables, name: str, column: str) -> bool:
    return (
        name in tables and column in tables[name].columns and tables[name][column].dtype.is_float()
    )


def _is_text(table: pl.DataFrame, columns: Iterable[str]) -> bool:
    return all(
        column in table.columns and table[column].dtype in (pl.String, pl.Categorical, pl.Enum)
        for column in columns
    )
