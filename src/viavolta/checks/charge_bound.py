"""The lower bound of a charge study, worked out from its table of prices alone."""

from collections.abc import Iterator

import numpy as np

from viavolta.checks.charge_data import PRICES, ChargeData, Floats
from viavolta.checks.finding import Finding
from viavolta.model.messages import text

_ROUNDING = 1e-7
_SHORTEST_KWH = 1e-12


def check_prices(data: ChargeData) -> Iterator[Finding]:
    """Check that a bound follows from the prices at all."""
    price = data.price
    is_root = data.parent < 0
    slack = _ROUNDING * (1.0 + np.abs(data.buy))
    energy = price["energy_eur_per_kwh"]
    peak_sum = price["peak_eur_per_kwh"].sum(axis=1) * data.step_h
    broken = {
        "price-negative": np.any([(price[name] < 0).any(axis=1) for name in PRICES[:3]], axis=0),
        "price-energy": ((energy > data.buy + slack) | (energy < data.sell - slack)).any(axis=1),
        "price-peak": peak_sum > data.limit["peak_eur_per_kw"] * (1 + _ROUNDING) + _ROUNDING,
    }
    messages = {
        "price-negative": text("a price of a limit is below zero"),
        "price-energy": text(
            "energy_eur_per_kwh is not between selling and buying, or not zero below a root"
        ),
        "price-peak": text("peak prices sum to more than peak_eur_per_kw"),
    }
    for rule, is_broken in broken.items():
        for row in np.flatnonzero(is_broken).tolist():
            where = data.limit_id[row]
            yield Finding(rule=rule, table="prices", where=where, message=messages[rule])
    if (data.buy < data.sell)[is_root].any():
        message = text("buying is cheaper than selling")
        yield Finding(rule="buy-below-sell", table="signals", where="", message=message)


def bound_eur(data: ChargeData, unmet_eur_per_kwh: float) -> float:
    """Work out what no schedule can go below at these prices.

    Every limit, peak and root balance is paid for at its price; each stay then does what is best
    for itself, minimum power set aside, charging and discharging at once allowed.
    """
    price, profile = data.price, data.profile
    base_kw = data.summed_up(profile["base_load_kw"])
    import_kw = np.maximum(profile["import_kw"], base_kw)
    export_kw = np.maximum(profile["export_kw"], -base_kw)
    so_far_kw = data.limit["peak_so_far_kw"][:, None]
    fixed = (
        price["import_eur_per_kwh"] * (base_kw - import_kw)
        - price["export_eur_per_kwh"] * (base_kw + export_kw)
        + price["peak_eur_per_kwh"] * (base_kw - so_far_kw)
        + price["energy_eur_per_kwh"] * base_kw
    )
    at_limit = (
        price["import_eur_per_kwh"]
        - price["export_eur_per_kwh"]
        + price["peak_eur_per_kwh"]
        + price["energy_eur_per_kwh"]
    )
    for row in data.order:
        if data.parent[row] >= 0:
            at_limit[row] += at_limit[data.parent[row]]
    total = float(fixed.sum()) * data.step_h
    for stay in range(len(data.stay_id)):
        steps, share = data.window(stay)
        at_plug = at_limit[data.stay_limit[stay], steps]
        total += _best_eur(
            data, stay, at_plug=at_plug, hours=share * data.step_h, unmet=unmet_eur_per_kwh
        )
    return total


def _best_eur(
    data: ChargeData, stay: int, *, at_plug: Floats, hours: Floats, unmet: float
) -> float:
    """Least cost of one stay by itself."""
    of = {name: float(values[stay]) for name, values in data.stay.items()}
    if of["max_discharge_kw"] > 0:
        return _best_two_way_eur(of, at_plug=at_plug, hours=hours, unmet=unmet)
    slope = np.sort(at_plug) / of["charge_efficiency"]
    offer = (of["max_kw"] * of["charge_efficiency"] * hours)[np.argsort(at_plug, kind="stable")]
    room = np.nan_to_num(of["capacity_kwh"] - of["soc_arrival_kwh"], nan=np.inf)
    reached = np.concatenate(([0.0], np.cumsum(offer)))
    # how much is worth taking: what costs less than nothing, and what costs less than its lack
    free = min(float(reached[int((slope < 0).sum())]), room)
    needed = min(float(reached[int((slope < unmet).sum())]), room, max(of["energy_kwh"], 0.0))
    taken = max(free, needed)
    paid = float(np.interp(taken, reached, np.concatenate(([0.0], np.cumsum(offer * slope)))))
    return float(paid + unmet * max(of["energy_kwh"] - taken, 0.0))


def _best_two_way_eur(
    of: dict[str, float], *, at_plug: Floats, hours: Floats, unmet: float
) -> float:
    """Least cost of a stay that can discharge, by its cost to go.

    The cost to go as a function of stored energy is convex; it is kept as its corner points.
    """
    soc = of["soc_arrival_kwh"]
    low, high = min(of["soc_min_kwh"], soc), of["capacity_kwh"]
    target = soc + of["energy_kwh"]
    corner = np.unique(np.clip([low, target, high], low, high))
    value = unmet * np.maximum(target - corner, 0.0)
    for price, hour in zip(at_plug[::-1].tolist(), hours[::-1].tolist(), strict=True):
        gain = of["max_kw"] * of["charge_efficiency"] * hour
        loss = of["max_discharge_kw"] / of["discharge_efficiency"] * hour
        slopes = np.diff(value) / np.diff(corner)
        new = np.array(
            [
                -price / of["charge_efficiency"],
                of["wear_eur_per_kwh"] - price * of["discharge_efficiency"],
            ]
        )
        rising = np.argsort(all_slopes := np.concatenate((slopes, new)), kind="stable")
        lengths = np.concatenate((np.diff(corner), [gain, loss]))[rising]
        start = value[0] - new[0] * gain
        corner = corner[0] - gain + np.concatenate(([0.0], np.cumsum(lengths)))
        value = start + np.concatenate(([0.0], np.cumsum(lengths * all_slopes[rising])))
        inside = corner[(corner > low) & (corner < high)]
        kept = np.concatenate(([low], inside[np.diff(inside, prepend=low) > _SHORTEST_KWH], [high]))
        kept = kept[: 1 if high - low <= _SHORTEST_KWH else None]
        value, corner = np.interp(kept, corner, value), kept
    return float(np.interp(soc, corner, value))
