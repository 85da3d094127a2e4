"""The lower bound of a charge study, worked out from its table of prices alone."""

import itertools

import numpy as np

from viavolta.checks.charge_best import Task, Terms, best_eur, best_one_way_eur, task_of
from viavolta.checks.charge_blocks import Flags, Vehicles, blocks, rows_of_block
from viavolta.checks.charge_book import Book
from viavolta.checks.charge_data import ChargeData
from viavolta.checks.charge_keys import Floats, Ints
from viavolta.checks.charge_limits import N_PHASES
from viavolta.checks.charge_shapes import PRICES
from viavolta.checks.finding import Finding
from viavolta.model.messages import text

_ROUNDING = 1e-7
MOST_FREE = 4
"""Stays of one vehicle whose phases are tried in all combinations; of further ones each row takes
the phase that suits it best."""
ONE_WAY, BATTERY, DETAILED, N_KINDS = 0, 1, 2, 3


def carbon_eur_per_kwh(data: ChargeData, terms: Terms) -> Floats:
    """(L, T) what the carbon of a kWh costs at each root; zero below, and where not known."""
    return terms.carbon_eur_per_t * np.nan_to_num(data.co2, nan=0.0) / 1e6


def check_prices(data: ChargeData, terms: Terms, book: Book) -> None:
    """Check that a bound follows from the prices at all."""
    price, is_root = data.price, data.parent < 0
    carbon = carbon_eur_per_kwh(data, terms)
    slack = _ROUNDING * (1.0 + np.abs(data.buy))
    energy = price["energy_eur_per_kwh"] - carbon
    peak_sum = price["peak_eur_per_kwh"].sum(axis=1) * data.step_h
    broken = {
        "price-negative": np.any([(price[name] < 0).any(axis=1) for name in PRICES[:3]], axis=0),
        "price-energy": ((energy > data.buy + slack) | (energy < data.sell - slack)).any(axis=1),
        "price-peak": peak_sum > data.limit["peak_eur_per_kw"] * (1 + _ROUNDING) + _ROUNDING,
        "price-phase": _strange_phase_prices(data),
    }
    messages = {
        "price-negative": text("a price of a limit is below zero"),
        "price-energy": text(
            "energy_eur_per_kwh is not between selling and buying, or not zero below a root"
        ),
        "price-peak": text("peak prices sum to more than peak_eur_per_kw"),
        "price-phase": text("a price of a phase is below zero, or the limit has no phase_kw"),
    }
    for rule, is_broken in broken.items():
        book.note(
            rule,
            "prices",
            is_broken,
            where=lambda row: str(data.limit_id[row]),
            message=lambda _, rule=rule: messages[rule],  # type: ignore[misc]  # bound now
        )
    if (data.buy < data.sell)[is_root].any():
        message = text("buying is cheaper than selling")
        book.add([Finding(rule="buy-below-sell", table="signals", where="", message=message)])
    if terms.carbon_eur_per_t > 0 and np.isnan(data.co2[is_root]).any():
        message = text("carbon has a price, but co2_g_per_kwh is not known for every step")
        book.add([Finding(rule="carbon-unknown", table="signals", where="", message=message)])


def _strange_phase_prices(data: ChargeData) -> Flags:
    if data.phase_price is None:
        return np.zeros(len(data.parent), dtype=np.bool_)
    has_none = ~np.isfinite(data.limit["phase_kw"])[:, None]
    strange = (data.phase_price < 0) | (has_none & (data.phase_price > 0))
    return np.asarray(strange.any(axis=(0, 2)))


def bound_eur(data: ChargeData, vehicles: Vehicles, terms: Terms) -> float:
    """Work out what no schedule can go below at these prices.

    Every limit, peak, phase and root balance is paid for at its price; each vehicle then does what
    is best for itself, what cannot be mixed relaxed to mixtures.
    """
    plug = _plug_prices(data)
    total = _fixed_eur(data)
    for kind, block in blocks(data, vehicles, _kinds(data, vehicles)):
        rows = rows_of_block(data, block)
        early = None
        if data.early is not None:
            early = block.laid_out(data, data.early, "share", empty=0.0)
        task = task_of(block, rows, early=early, terms=terms, step_h=data.step_h)
        of_kind, n_free = kind % N_KINDS, kind // N_KINDS
        total += float(_best_of_phases(data, task, plug, kind=of_kind, n_free=n_free).sum())
    return total


def _fixed_eur(data: ChargeData) -> float:
    """What base load pays, and what the limits give back, at the prices."""
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
    total = float(fixed.sum())
    if data.phase_price is not None:
        phase_kw = data.limit["phase_kw"][:, None]
        third_kw = base_kw / N_PHASES
        room_kw = np.where(np.isfinite(phase_kw), np.maximum(phase_kw - third_kw, 0.0), 0.0)
        total -= float((data.phase_price * room_kw).sum())
    return total * data.step_h


def _plug_prices(data: ChargeData) -> Floats:
    """(4, L, T) price at the plugs of a limit: on three phases evenly, then on each.

    (1, L, T) where no phase has a price.
    """
    price = data.price
    even = data.summed_down(
        price["import_eur_per_kwh"]
        - price["export_eur_per_kwh"]
        + price["peak_eur_per_kwh"]
        + price["energy_eur_per_kwh"]
    )
    if data.phase_price is None:
        return even[None]
    each = np.stack([data.summed_down(of_phase) for of_phase in data.phase_price])
    return np.concatenate(((even + each.mean(axis=0))[None], even + each))


def _kinds(data: ChargeData, vehicles: Vehicles) -> Ints:
    """(V,) how the vehicle is to be looked at, and how many of its stays may choose a phase."""
    stay = data.stay
    looks_on_the_way = (
        (stay["max_discharge_kw"] > 0)
        | (stay["standing_loss_kw"] > 0)
        | (stay["ageing_eur_per_kwh_h"] > 0)
        | (stay["taper_soc"] < 1)
        | (data.vehicle >= 0)
    )
    if data.early is not None:
        looks_on_the_way[data.early.stay] = True
    is_detailed = (
        (stay["taper_soc"] < 1) | (stay["charging_loss_kw"] > 0) | (stay["knee_kw"] < np.inf)
    )
    kind = np.where(is_detailed, DETAILED, np.where(looks_on_the_way, BATTERY, ONE_WAY))
    n_free = np.zeros(len(vehicles.n_rows), dtype=np.int64)
    if data.phase_price is not None:
        n_free = np.minimum(vehicles.total(data.phase < 0), MOST_FREE + 1)
    return vehicles.most(kind) + N_KINDS * n_free


def _best_of_phases(
    data: ChargeData, task: Task, plug: Floats, *, kind: int, n_free: int
) -> Floats:
    """(B,) least cost of each vehicle, over all choices of phases."""
    block = task.block
    fixed = np.maximum(data.phase[block.stay], 0) if len(plug) > 1 else np.zeros_like(block.stay)
    if not n_free:
        return _best(data, task, plug, kind=kind, phase=fixed)
    is_free = data.phase[block.stay] < 0
    number = np.cumsum(block.is_first & is_free, axis=0) - 1  # which of the free stays a row is of
    found = np.full(block.stay.shape[1], np.inf)
    for chosen in itertools.product(range(1, N_PHASES + 1), repeat=min(n_free, MOST_FREE)):
        of_number = np.array([*chosen, -1])
        phase = np.where(is_free, of_number[np.minimum(number, len(chosen))], fixed)
        found = np.minimum(found, _best(data, task, plug, kind=kind, phase=phase))
    return found


def _best(data: ChargeData, task: Task, plug: Floats, *, kind: int, phase: Ints) -> Floats:
    """(B,) least cost with phases (W, B); -1: in each row the phase that suits it best."""
    limit, step = data.stay_limit[task.block.stay], task.block.step
    price_up = price_back = plug[np.maximum(phase, 0), limit, step]
    if (phase < 0).any():
        every = plug[1:, limit, step]
        price_up = np.where(phase < 0, every.min(axis=0), price_up)
        price_back = np.where(phase < 0, every.max(axis=0), price_back)
    if kind == ONE_WAY:
        return best_one_way_eur(task, price_up)
    return best_eur(task, price_up, price_back)
