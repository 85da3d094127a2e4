"""A charge study with every extension, made by hand: random powers that keep all rules.

Root over a site, prices at random. The figures come from the slow twin, not from the engine.
"""

import math
from typing import Any

import charge_twin as twin
import numpy as np
import polars as pl

from viavolta.checks.charge_best import Terms

N_STEPS = 14
TERMS = Terms(unmet=2.0, unfair=1.5, carbon_eur_per_t=90.0)


def random_stay(rng: np.random.Generator, kinds: set[str], begin: float | None = None) -> twin.Stay:
    """A stay with some of the extensions, by name."""
    if begin is None:
        begin = float(rng.choice([rng.uniform(0, 5), rng.integers(0, 5)]))
    made = twin.stay(
        begin=begin,
        end=begin + float(rng.uniform(0.3, 5)),
        energy_kwh=float(rng.uniform(-6, 20)),
        max_kw=float(rng.uniform(3, 12)),
        charge_efficiency=float(rng.uniform(0.8, 1)),
        limit_id=str(rng.choice(["root", "site"])),
    )
    _add_battery(rng, made, kinds)
    _add_charging(rng, made, kinds)
    _add_over_time(rng, made, kinds)
    if "phase" in kinds:
        made["phase"] = int(rng.choice([-1, 0, 1, 2, 3]))
        made["phase_used"] = made["phase"] if made["phase"] >= 0 else int(rng.integers(1, 4))
    return made


def _add_battery(rng: np.random.Generator, made: twin.Stay, kinds: set[str]) -> None:
    if kinds & {"two-way", "taper", "standing", "ageing", "battery"}:
        made.update(capacity_kwh=40.0, soc_arrival_kwh=float(rng.uniform(2, 38)), soc_min_kwh=6.0)
        made["energy_kwh"] = float(rng.uniform(-5, 41 - made["soc_arrival_kwh"]))
    if "two-way" in kinds:
        made.update(max_discharge_kw=8.0, discharge_efficiency=0.9, wear_eur_per_kwh=0.03)
    if "standing" in kinds:
        made["standing_loss_kw"] = float(rng.uniform(0.1, 0.6))
    if "ageing" in kinds:
        made.update(ageing_soc=0.5, ageing_eur_per_kwh_h=float(rng.uniform(0, 0.08)))


def _add_charging(rng: np.random.Generator, made: twin.Stay, kinds: set[str]) -> None:
    if "minimum" in kinds:
        made["min_kw"] = made["max_kw"] * float(rng.uniform(0.2, 0.9))
    if "knee" in kinds and "taper" not in kinds:
        made.update(knee_kw=float(rng.uniform(1, 12)))
        made["efficiency_above_knee"] = made["charge_efficiency"] * 0.8
    else:
        made["efficiency_above_knee"] = made["charge_efficiency"]
    if "loss" in kinds:
        made["charging_loss_kw"] = float(rng.uniform(0.1, 1.5))
    if "taper" in kinds:
        made["taper_soc"] = float(rng.uniform(0.2, 0.9))


def _add_over_time(rng: np.random.Generator, made: twin.Stay, kinds: set[str]) -> None:
    n_rows = len(twin.rows(made))
    if "early" in kinds:
        shares = rng.dirichlet(np.ones(n_rows + 1))
        made["early"] = {row: float(shares[row]) for row in range(n_rows)}
    if "profile" in kinds:
        made["profile"] = {
            row: (made["max_kw"] * float(rng.choice([0, 0.5, 1])), made["max_discharge_kw"] / 2)
            for row in range(int(rng.integers(0, 2)), n_rows, 2)
        }


def random_chain(rng: np.random.Generator, kinds: set[str], name: str, n: int) -> list[twin.Stay]:
    """Stays of one vehicle, one after the other."""
    chain: list[twin.Stay] = []
    begin = float(rng.uniform(0, 2))
    for _ in range(n):
        made = random_stay(rng, kinds | {"battery"}, begin)
        made["end"] = min(made["end"], begin + 3.5)
        made["vehicle_id"] = name
        if chain:
            target = chain[-1]["soc_arrival_kwh"] + chain[-1]["energy_kwh"]
            made["soc_arrival_kwh"] = max(target - float(rng.uniform(0, 10)), 0.0)
        most = float(rng.choice([3.0, 40.0]))
        made["energy_kwh"] = float(rng.uniform(0, min(most, 40 - made["soc_arrival_kwh"])))
        made["early"] = {r: v for r, v in made["early"].items() if r < len(twin.rows(made))}
        made["profile"] = {r: v for r, v in made["profile"].items() if r < len(twin.rows(made))}
        chain.append(made)
        begin = made["end"] + float(rng.uniform(0, 0.5))
    return chain


def price_tables(price: np.ndarray, phase_price: np.ndarray) -> dict[str, pl.DataFrame]:
    """One limit without room, so that only the vehicles pay: prices (T,) and (3, T)."""
    n_steps = len(price)
    start = [twin.moment(t) for t in range(n_steps)]
    zero = [0.0] * n_steps
    key = {"limit_id": ["root"] * n_steps, "start": start}
    return {
        "limits": pl.DataFrame(
            {
                "limit_id": ["root", "site"],
                "parent_id": [None, "root"],
                "zone": ["", ""],
                **{
                    f"peak_{name}": [0.0, 0.0]
                    for name in ("eur_per_kw", "so_far_kw", "kw", "unmanaged_kw")
                },
                "phase_kw": [0.0, math.inf],
            }
        ),
        "limit_profile": _both(
            {**key, **dict.fromkeys(("import_kw", "export_kw", "base_load_kw"), zero)},
            ("net_kw", "net_unmanaged_kw"),
        ),
        "signals": pl.DataFrame(
            {"zone": [""] * n_steps, "start": start, "buy_eur_per_kwh": price}
        ).with_columns(sell_eur_per_kwh=pl.col("buy_eur_per_kwh")),
        "prices": _both(
            {
                **key,
                "energy_eur_per_kwh": price,
                **{f"phase_{p + 1}_eur_per_kwh": phase_price[p] for p in range(3)},
            },
            ("import_eur_per_kwh", "export_eur_per_kwh", "peak_eur_per_kwh"),
        ),
    }


def _both(columns: dict[str, Any], zeros: tuple[str, ...]) -> pl.DataFrame:
    """Rows of the root, then rows of zeros for the site."""
    root = pl.DataFrame(columns).with_columns(pl.lit(0.0).alias(name) for name in zeros)
    numbers = pl.selectors.float()
    return pl.concat([root, root.with_columns(pl.lit("site").alias("limit_id"), numbers * 0)])


def empty_schedule() -> pl.DataFrame:
    """Nobody charges."""
    return pl.DataFrame(
        schema={
            "stay_id": pl.String,
            "start": pl.Datetime("us", "UTC"),
            "power_kw": pl.Float64,
            "energy_kwh": pl.Float64,
        }
    )


EVERYTHING = [
    {"two-way"},
    {"two-way", "taper", "loss", "standing", "ageing", "early", "profile", "phase"},
    {"knee", "loss", "early", "phase", "minimum"},
    {"two-way", "knee", "ageing", "profile", "phase"},
    {"taper", "standing", "phase"},
    {"minimum"},
    set(),
]
LIMITS = ("root", "site")


def made_study(seed: int, *, n_vans: int = 1) -> tuple[dict[str, Any], dict[str, pl.DataFrame]]:
    """Study document and tables of stays with every extension; vans have several stays."""
    rng = np.random.default_rng(seed)
    stays = [random_stay(rng, kinds) for kinds in EVERYTHING]
    for _ in range(n_vans):
        stays += random_chain(rng, {"two-way", "taper", "standing", "early", "phase"}, "van", 3)
    chosen = _walks(stays, lambda s, energy: _random_kws(rng, s, energy))
    plain = _walks(stays, twin.at_once)
    grid = _Grid(rng, stays, chosen)
    items = grid.items(chosen)
    bound = grid.bound_eur()
    cost = sum(items.values())
    unmet = [_missing(s, walk) for s, (_, _, walk) in zip(stays, chosen, strict=True)]
    net, net_plain = grid.net_kw(chosen), grid.net_kw(plain)
    summary = {
        "stays": len(stays),
        "steps": N_STEPS,
        "cost_eur": cost,
        "cost_items_eur": items,
        "lower_bound_eur": bound,
        "gap": (cost - bound) / abs(cost),
        "unmet_kwh": sum(unmet),
        "unmet_stays": sum(kwh > 1e-6 for kwh in unmet),
        "peak_import_kw": float(max(net["root"].max(), 0)),
        "peak_unmanaged_kw": float(max(net_plain["root"].max(), 0)),
        "cost_unmanaged_eur": sum(grid.items(plain).values()),
        "cost_without_vehicles_eur": sum(grid.items([]).values()),
        "unmet_eur_per_kwh": TERMS.unmet,
        "unfair_eur_per_kwh": TERMS.unfair,
        "carbon_eur_per_t": TERMS.carbon_eur_per_t,
        "binding_limits": [],
    }
    tables = {
        "stays": twin.stays_table(
            stays,
            delivered_kwh=[walk[-1] - start for start, _, walk in chosen],
            unmet_kwh=unmet,
        ),
        **grid.tables(net, net_plain),
        "schedule": _schedule(stays, chosen),
        **twin.extra_tables(stays),
    }
    return {"summary": summary}, tables


Walked = tuple[float, list[float], list[float]]
"""Energy on arrival, powers, energies after the rows."""


def _walks(stays: list[twin.Stay], choose: Any) -> list[Walked]:
    found: dict[int, Walked] = {}
    for chain in twin.vehicles(stays):
        start = twin.soc(stays[chain[0]])
        for place, k in enumerate(chain):
            if place:
                before = chain[place - 1]
                start = twin.brought(stays[before], found[before][2][-1], stays[k])
            kws = choose(stays[k], start)
            found[k] = start, kws, twin.walked(stays[k], kws, start)
    return [found[k] for k in range(len(stays))]


def _random_kws(rng: np.random.Generator, s: twin.Stay, energy: float) -> list[float]:
    kws = []
    for row in range(len(twin.rows(s))):
        up, back = twin.powers(s, row)
        tries = [up * rng.random(), up, -back * rng.random(), up * rng.random() / 2]
        for kw in [*rng.permutation(tries).tolist(), 0.0]:
            after = energy + twin.gain(s, row, kw) - twin.standing(s, row)
            if twin.may(s, row, kw, after):
                break
        energy = after
        kws.append(kw)
    return kws


def _missing(s: twin.Stay, walk: list[float]) -> float:
    return float(max(twin.soc(s) + s["energy_kwh"] - walk[-1], 0.0))


def _schedule(stays: list[twin.Stay], walks: list[Walked]) -> pl.DataFrame:
    rows = [
        {
            "stay_id": f"s{k}",
            "start": twin.moment(t),
            "power_kw": kw,
            "energy_kwh": None if s["capacity_kwh"] is None else energy,
        }
        for k, (s, (_, kws, walk)) in enumerate(zip(stays, walks, strict=True))
        for (t, _), kw, energy in zip(twin.rows(s), kws, walk, strict=True)
        if kw != 0
    ]
    return pl.DataFrame(rows, schema=empty_schedule().schema)


class _Grid:
    """Root over site, with room for the walks, and prices that a bound follows from."""

    def __init__(self, rng: np.random.Generator, stays: list[twin.Stay], walks: Any) -> None:
        self.stays = stays
        shape = (N_STEPS,)
        self.base = {name: rng.uniform(-3, 4, shape) for name in LIMITS}
        net = self.net_kw(walks)
        self.imports = {n: np.maximum(net[n], 0) + rng.uniform(0.1, 3, shape) for n in LIMITS}
        self.exports = {n: np.maximum(-net[n], 0) + rng.uniform(0.1, 3, shape) for n in LIMITS}
        phases = self.phase_kw(walks, "site")
        self.phase_limit = {"root": math.inf, "site": float(max(phases.max(), 0.0)) + 0.2}
        self.peak_eur = {"root": 3.0, "site": 1.0}
        self.peak_so_far = {"root": 2.0, "site": 0.0}
        self.buy = rng.uniform(-0.1, 0.5, shape)
        self.sell = self.buy - rng.uniform(0, 0.1, shape)
        self.co2 = rng.uniform(50, 600, shape)
        self.carbon = TERMS.carbon_eur_per_t * self.co2 / 1e6
        few = [rng.random(shape) < 0.3 for _ in range(8)]
        self.price = {
            n: {
                "import": rng.uniform(0, 0.05, shape) * few[2 * k],
                "export": rng.uniform(0, 0.05, shape) * few[2 * k + 1],
                "peak": np.full(shape, 0.9 * self.peak_eur[n] / N_STEPS / twin.STEP_H),
            }
            for k, n in enumerate(LIMITS)
        }
        for n in LIMITS:  # only where nothing flows out, so that no limit binds
            self.price[n]["export"] *= net[n] > 0
        self.phase_price = {
            "root": np.zeros((3, N_STEPS)),
            "site": rng.uniform(0, 0.1, (3, N_STEPS)) * np.stack(few[4:7]),
        }
        worth = rng.uniform(0, 1, shape)
        self.energy_price = self.carbon + worth * self.buy + (1 - worth) * self.sell

    def net_kw(self, walks: Any) -> dict[str, np.ndarray]:
        net = {name: self.base[name].copy() for name in LIMITS}
        for s, (_, kws, _) in zip(self.stays, walks, strict=False):
            for (t, _), kw in zip(twin.rows(s), kws, strict=True):
                net[s["limit_id"]][t] += kw
        return {"root": net["root"] + net["site"], "site": net["site"]}

    def phase_kw(self, walks: Any, name: str) -> np.ndarray:
        """(3, T) at a limit without any below."""
        load = np.tile(self.base[name] / 3, (3, 1))
        for s, (_, kws, _) in zip(self.stays, walks, strict=True):
            for (t, _), kw in zip(twin.rows(s), kws, strict=True):
                if s["limit_id"] == name and s["phase_used"] == 0:
                    load[:, t] += kw / 3
                elif s["limit_id"] == name:
                    load[s["phase_used"] - 1, t] += kw
        return load

    def items(self, walks: Any) -> dict[str, float]:
        """Cost by item, one row after the other."""
        found = dict.fromkeys(
            ("energy", "wear", "ageing", "peak", "unmet", "fairness", "early", "carbon"), 0.0
        )
        net = self.net_kw(walks)
        for t, kw in enumerate(net["root"].tolist()):
            rate = self.buy[t] if kw > 0 else self.sell[t]
            found["energy"] += rate * kw * twin.STEP_H
            found["carbon"] += self.carbon[t] * kw * twin.STEP_H
        for name in LIMITS:
            above = max(net[name].max() - self.peak_so_far[name], 0.0)
            found["peak"] += self.peak_eur[name] * float(above)
        for s, (_, kws, walk) in zip(self.stays, walks, strict=False):
            self._add_stay(found, s, kws, walk)
        return found

    def _add_stay(
        self, found: dict[str, float], s: twin.Stay, kws: list[float], walk: list[float]
    ) -> None:
        missing = _missing(s, walk)
        half = max(s["energy_kwh"], 0) / 2
        stays_on = 1 - sum(s["early"].values())
        found["unmet"] += stays_on * TERMS.unmet * missing
        found["fairness"] += stays_on * TERMS.unfair * max(missing - half, 0)
        for row, ((_, share), kw, energy) in enumerate(zip(twin.rows(s), kws, walk, strict=True)):
            taken = max(-kw, 0) * twin.STEP_H / s["discharge_efficiency"]
            found["wear"] += taken * s["wear_eur_per_kwh"]
            if s["capacity_kwh"] is not None:
                above = max(energy - s["ageing_soc"] * s["capacity_kwh"], 0)
                found["ageing"] += above * s["ageing_eur_per_kwh_h"] * share * twin.STEP_H
            chance, missing = s["early"].get(row, 0.0), _missing(s, [energy])
            found["early"] += chance * TERMS.unmet * missing
            found["fairness"] += chance * TERMS.unfair * max(missing - half, 0)

    def bound_eur(self) -> float:
        """What limits and base load pay, and the least cost of the vehicles by HiGHS."""
        net = self.net_kw([])
        fixed = float((self.energy_price * net["root"]).sum())
        plug = {"root": self.energy_price, "site": self.energy_price}
        phase = dict.fromkeys(LIMITS, self.phase_price["root"])
        phase["site"] = phase["site"] + self.phase_price["site"]
        for name in LIMITS:
            of, base = self.price[name], net[name]
            imports = np.maximum(self.imports[name], base)
            exports = np.maximum(self.exports[name], -base)
            fixed += float((of["import"] * (base - imports)).sum())
            fixed -= float((of["export"] * (base + exports)).sum())
            fixed += float((of["peak"] * (base - self.peak_so_far[name])).sum())
            for below in LIMITS[LIMITS.index(name) :]:
                plug[below] = plug[below] + of["import"] - of["export"] + of["peak"]
        room = np.maximum(self.phase_limit["site"] - net["site"] / 3, 0.0)
        fixed -= float((self.phase_price["site"] * room).sum())
        least = twin.least_of_all_eur(self.stays, plug, phase, TERMS, exact=False)
        return fixed * twin.STEP_H + least

    def tables(self, net: Any, net_plain: Any) -> dict[str, pl.DataFrame]:
        """All tables but those about stays."""
        start = [twin.moment(t) for t in range(N_STEPS)]
        key = {"limit_id": [n for n in LIMITS for _ in start], "start": [*start, *start]}

        def column(values: Any) -> np.ndarray:
            return np.concatenate([values[name] for name in LIMITS])

        zero = np.zeros(N_STEPS)
        return {
            "limits": pl.DataFrame(
                {
                    "limit_id": LIMITS,
                    "parent_id": [None, "root"],
                    "zone": ["", ""],
                    "peak_eur_per_kw": [self.peak_eur[n] for n in LIMITS],
                    "peak_so_far_kw": [self.peak_so_far[n] for n in LIMITS],
                    "peak_kw": [float(max(net[n].max(), 0)) for n in LIMITS],
                    "peak_unmanaged_kw": [float(max(net_plain[n].max(), 0)) for n in LIMITS],
                    "phase_kw": [self.phase_limit[n] for n in LIMITS],
                }
            ),
            "limit_profile": pl.DataFrame(
                {
                    **key,
                    "import_kw": column(self.imports),
                    "export_kw": column(self.exports),
                    "base_load_kw": column(self.base),
                    "net_kw": column(net),
                    "net_unmanaged_kw": column(net_plain),
                }
            ),
            "signals": pl.DataFrame(
                {
                    "zone": [""] * N_STEPS,
                    "start": start,
                    "buy_eur_per_kwh": self.buy,
                    "sell_eur_per_kwh": self.sell,
                    "co2_g_per_kwh": self.co2,
                }
            ),
            "prices": pl.DataFrame(
                {
                    **key,
                    **{
                        f"{kind}_eur_per_kwh": column({n: self.price[n][kind] for n in LIMITS})
                        for kind in ("import", "export", "peak")
                    },
                    "energy_eur_per_kwh": column({"root": self.energy_price, "site": zero}),
                    **{
                        f"phase_{p + 1}_eur_per_kwh": column(
                            {n: self.phase_price[n][p] for n in LIMITS}
                        )
                        for p in range(3)
                    },
                }
            ),
        }
