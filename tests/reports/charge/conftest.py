"""A charge study made up by rule, of three stays or of many, for the tests of its report."""

import datetime as dt
from collections.abc import Callable
from typing import Any

import numpy as np
import polars as pl
import pytest

from viavolta.model.notices import StudyWarning
from viavolta.model.study import AssumptionUsed, Study, StudyInput
from viavolta.reports.charge.report import charge_report

START = dt.datetime(2026, 1, 12, 11, 0, tzinfo=dt.UTC)
"""A Monday."""

STEP_S = 900
UNMET_EUR = 10.0


@pytest.fixture(scope="session")
def make_charge_study() -> Callable[..., Study]:
    """Make a charge study of a given size."""
    return charge_study


@pytest.fixture(scope="session")
def study() -> Study:
    """Eight stays under seven limits on three levels; two of them lack energy."""
    return charge_study()


@pytest.fixture(scope="session")
def html(study: Study) -> str:
    """The report of the small study."""
    return charge_report(study).decode()


@pytest.fixture(scope="session")
def page(html: str, parse: Callable[[str], Any]) -> Any:
    """The report of the small study, parsed."""
    return parse(html)


def charge_study(
    *,
    n_stays: int = 8,
    n_sites: int = 4,
    n_steps: int = 96,
    n_roots: int = 1,
    timezone: str = "UTC",
    zones: int = 1,
) -> Study:
    """Vans plug in during the evening; half of the sites are full from 17:00 to 20:00 UTC."""
    limits = _limits(n_sites, n_roots, zones)
    n_limits = limits.height
    site = np.arange(n_stays) % n_sites
    stays = _stays(n_stays, site, n_steps)
    managed, plain = _site_power(n_stays, site, n_sites, n_steps)
    parent = np.array(
        [limits["limit_id"].to_list().index(p) if p else -1 for p in limits["parent_id"]]
    )
    base = np.zeros((n_limits, n_steps))
    base[n_limits - n_sites :] = 2.0
    net = _summed(base, managed, parent)
    net_plain = _summed(base, plain, parent)
    import_kw = np.maximum(net.max(axis=1), 1.0)
    hour = np.arange(n_steps) * STEP_S / 3600 % 24
    price = np.zeros((n_limits, n_steps))
    full = np.flatnonzero((hour >= 6) & (hour < 9))
    for row in range(n_limits - n_sites, n_limits, 2):
        net[row, full] = import_kw[row]
        price[row, full] = 0.05 * (row + 1)
    tables = {
        "stays": stays,
        "limits": limits.with_columns(
            peak_kw=pl.Series(net.max(axis=1)), peak_unmanaged_kw=pl.Series(net_plain.max(axis=1))
        ),
        "limit_profile": _profile(
            limits, n_steps, import_kw=import_kw, base=base, net=net, net_plain=net_plain
        ),
        "signals": _signals(n_steps, zones, hour),
        "schedule": pl.DataFrame(
            {
                "stay_id": stays["stay_id"],
                "start": _starts(n_steps)[0],
                "power_kw": pl.repeat(5.0, n_stays, eager=True),
                "energy_kwh": pl.repeat(None, n_stays, dtype=pl.Float64, eager=True),
            }
        ),
        "prices": _prices(limits, n_steps, price),
    }
    values = price.sum(axis=1) / 4
    binding = [
        {"limit_id": limits["limit_id"][row], "hours": float((price[row] > 0).sum() / 4),
         "value_eur": float(values[row])}
        for row in np.argsort(-values, kind="stable").tolist()
        if values[row] > 0
    ]  # fmt: skip
    return Study(
        kind="charge",
        title="Charging of stays.csv",
        seed=1,
        effort="normal",
        service_date=None,
        timezone=timezone,
        inputs=(
            StudyInput(name="stays.csv", sha256="5f" * 32, bytes=812, origin="", licence=""),
        ),
        assumptions=(
            AssumptionUsed(
                key="charge.unmet_eur_per_kwh",
                value=UNMET_EUR,
                unit="EUR/kWh",
                source="--unmet-eur-per-kwh",
                year=None,
                status="user",
            ),
        ),
        repairs=(),
        warnings=(
            StudyWarning(
                code="charge-unmet-energy", file="stays.csv", message="2 stays leave with less."
            ),
        ),
        summary=_summary(stays, net, net_plain, binding, n_steps),
        tables=tables,
        timings_s={"read": 0.1},
    )  # fmt: skip


def _starts(n_steps: int) -> pl.Series:
    moments = [START + dt.timedelta(seconds=STEP_S * step) for step in range(n_steps)]
    return pl.Series(moments, dtype=pl.Datetime("us", "UTC"))


def _limits(n_sites: int, n_roots: int, zones: int) -> pl.DataFrame:
    """Roots, one transformer for two sites, sites."""
    n_mid = -(-n_sites // 2)
    roots = [f"root-{r}" for r in range(n_roots)]
    mids = [f"transformer-{m}" for m in range(n_mid)]
    sites = [f"site-{s}" for s in range(n_sites)]
    parents = [None] * n_roots + [roots[m % n_roots] for m in range(n_mid)]
    parents += [mids[s // 2] for s in range(n_sites)]
    names = roots + mids + sites
    zone = [f"zone-{r % zones}" if zones > 1 else "" for r in range(n_roots)]
    return pl.DataFrame(
        {
            "limit_id": names,
            "parent_id": pl.Series(parents, dtype=pl.String),
            "zone": zone + [""] * (len(names) - n_roots),
            "peak_eur_per_kw": [2.0] * n_roots + [0.0] * (len(names) - n_roots),
            "peak_so_far_kw": [1.0] * len(names),
        }
    )


def _stays(n: int, site: Any, n_steps: int) -> pl.DataFrame:
    """The first stay lacks time, the second is held back by its site, the others lack nothing."""
    latest = min(n_steps, 90) * STEP_S
    arrival = [START + dt.timedelta(seconds=3600 * 5 + 60 * (7 * k % 50)) for k in range(n)]
    departure = [START + dt.timedelta(seconds=latest)] * n
    departure[0] = arrival[0] + dt.timedelta(hours=1)
    unmet = np.zeros(n)
    unmet[0] = 30.0
    if n > 2:
        unmet[2] = 8.0
    return pl.DataFrame(
        {
            "stay_id": [f"van-{k}" for k in range(n)],
            "arrival": pl.Series(arrival, dtype=pl.Datetime("us", "UTC")),
            "departure": pl.Series(departure, dtype=pl.Datetime("us", "UTC")),
            "energy_kwh": [40.0] * n,
            "max_kw": [11.0] * n,
            "min_kw": [0.0] * n,
            "max_discharge_kw": [0.0] * n,
            "capacity_kwh": pl.repeat(None, n, dtype=pl.Float64, eager=True),
            "soc_arrival_kwh": pl.repeat(None, n, dtype=pl.Float64, eager=True),
            "soc_min_kwh": [0.0] * n,
            "charge_efficiency": [0.9] * n,
            "discharge_efficiency": [1.0] * n,
            "wear_eur_per_kwh": [0.0] * n,
            "limit_id": [f"site-{s}" for s in site.tolist()],
            "delivered_kwh": 40.0 - unmet,
            "unmet_kwh": unmet,
        }
    )


def _site_power(n_stays: int, site: Any, n_sites: int, n_steps: int) -> tuple[Any, Any]:
    managed, plain = np.zeros((n_sites, n_steps)), np.zeros((n_sites, n_steps))
    for stay in range(n_stays):
        managed[site[stay], 24:60] += 4.0
        plain[site[stay], 20 : 20 + 16] += 11.0
    return managed, plain


def _summed(base: Any, at_sites: Any, parent: Any) -> Any:
    net = base.copy()
    net[len(net) - len(at_sites) :] += at_sites
    for row in range(len(net) - 1, -1, -1):
        if parent[row] >= 0:
            net[parent[row]] += net[row]
    return net


def _per_limit_and_step(limits: pl.DataFrame, n_steps: int) -> dict[str, pl.Series]:
    rows = np.repeat(np.arange(limits.height), n_steps)
    starts = _starts(n_steps).gather(np.tile(np.arange(n_steps), limits.height))
    return {"limit_id": limits["limit_id"].gather(rows), "start": starts}


def _profile(
    limits: pl.DataFrame, n_steps: int, *, import_kw: Any, base: Any, net: Any, net_plain: Any
) -> pl.DataFrame:
    return pl.DataFrame(
        {
            **_per_limit_and_step(limits, n_steps),
            "import_kw": np.repeat(import_kw, n_steps),
            "export_kw": np.zeros(len(import_kw) * n_steps),
            "base_load_kw": base.ravel(),
            "net_kw": net.ravel(),
            "net_unmanaged_kw": net_plain.ravel(),
        }
    )


def _prices(limits: pl.DataFrame, n_steps: int, price: Any) -> pl.DataFrame:
    zero = np.zeros(price.size)
    return pl.DataFrame(
        {
            **_per_limit_and_step(limits, n_steps),
            "import_eur_per_kwh": price.ravel(),
            "export_eur_per_kwh": zero,
            "peak_eur_per_kwh": zero,
            "energy_eur_per_kwh": zero,
        }
    )


def _signals(n_steps: int, zones: int, hour: Any) -> pl.DataFrame:
    names = [f"zone-{z}" if zones > 1 else "" for z in range(zones)]
    buy = 0.2 + 0.1 * np.sin(hour / 24 * 6.28)
    return pl.DataFrame(
        {
            "zone": np.repeat(names, n_steps).tolist(),
            "start": pl.concat([_starts(n_steps)] * zones),
            "buy_eur_per_kwh": np.concatenate([buy + 0.01 * z for z in range(zones)]),
            "sell_eur_per_kwh": np.concatenate([buy - 0.05] * zones),
            "co2_g_per_kwh": pl.repeat(None, n_steps * zones, dtype=pl.Float64, eager=True),
        }
    )


def _summary(
    stays: pl.DataFrame, net: Any, net_plain: Any, binding: list[dict[str, Any]], n_steps: int
) -> dict[str, Any]:
    unmet = float(stays["unmet_kwh"].sum())
    return {
        "stays": stays.height,
        "steps": n_steps,
        "step_s": STEP_S,
        "cost_eur": 500.25,
        "lower_bound_eur": 500.0,
        "bound_kind": "lagrangian-at-prices",
        "gap": 0.25 / 500.25,
        "unmet_kwh": unmet,
        "unmet_stays": int((stays["unmet_kwh"] > 0).sum()),
        "unmet_eur_per_kwh": UNMET_EUR,
        "peak_import_kw": float(net[0].max()),
        "peak_unmanaged_kw": float(net_plain[0].max()),
        "binding_limits": binding,
        "cost_unmanaged_eur": 620.0,
        "cost_without_vehicles_eur": 40.0,
        "cost_items_eur": {"energy": 100.25, "peaks": 20.0, "unmet": 380.0, "wear": 0.0},
        "base_load_excess": [],
        "was_stopped": False,
        "command": "viavolta charge stays.csv --limits limits.csv --signals signals.csv",
    }
