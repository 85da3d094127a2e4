"""What vehicles cost by themselves at given prices, against small programs for HiGHS."""

import charge_by_hand as by_hand
import charge_twin as twin
import numpy as np
import pytest

from viavolta.checks.charge_best import Terms
from viavolta.checks.charge_blocks import vehicles_of
from viavolta.checks.charge_book import Book
from viavolta.checks.charge_bound import bound_eur
from viavolta.checks.charge_data import read_charge_data

KINDS = [
    set(),
    {"battery"},
    {"two-way"},
    {"minimum", "two-way"},
    {"knee"},
    {"loss"},
    {"loss", "minimum"},
    {"knee", "loss", "minimum", "two-way"},
    {"taper"},
    {"taper", "two-way"},
    {"taper", "two-way", "loss", "minimum"},
    {"standing", "two-way"},
    {"ageing", "two-way"},
    {"ageing", "loss"},
    {"early"},
    {"early", "two-way"},
    {"profile", "two-way"},
    {"phase"},
    {"phase", "two-way"},
    {"two-way", "taper", "loss", "standing", "ageing", "early", "profile", "phase", "minimum"},
    {"two-way", "knee", "loss", "standing", "ageing", "early", "profile", "phase"},
]


def bound_of(stays: list[twin.Stay], price: np.ndarray, phase_price: np.ndarray, terms: Terms):
    """The check's bound where only the vehicles pay."""
    tables = {
        "stays": twin.stays_table(stays),
        **by_hand.price_tables(price, phase_price),
        "schedule": by_hand.empty_schedule(),
        **twin.extra_tables(stays),
    }
    book = Book()
    data = read_charge_data(tables, book)
    assert data is not None, book.findings()
    return bound_eur(data, vehicles_of(data), terms)


def random_prices(rng: np.random.Generator, lowest: float) -> tuple[np.ndarray, np.ndarray]:
    phase = rng.uniform(0, 0.2, (3, by_hand.N_STEPS)) * (rng.random((3, by_hand.N_STEPS)) < 0.5)
    return rng.uniform(lowest, 0.6, by_hand.N_STEPS), phase


def near(found: float, expected: float) -> bool:
    return abs(found - expected) <= 2e-6 * max(1.0, abs(expected))


@pytest.mark.parametrize("lowest", [0.05, -0.9])
@pytest.mark.parametrize("kinds", KINDS, ids=lambda kinds: "+".join(sorted(kinds)) or "plain")
def test_stays_cost_what_the_program_says(kinds, lowest):
    """Mixtures of choices: equal. What may truly be done: never cheaper."""
    rng = np.random.default_rng(len("".join(sorted(kinds))))
    price, phase_price = random_prices(rng, lowest)
    assert_same(
        [by_hand.random_stay(rng, kinds) for _ in range(4)], price, phase_price, by_hand.TERMS
    )


def assert_same(stays, price, phase_price, terms, *, is_mixed_at_departure=False) -> None:
    """Equal to the program; where the program may buy to have more than the target, not below."""
    found = bound_of(stays, price, phase_price, terms)
    at = dict.fromkeys(by_hand.LIMITS, price), dict.fromkeys(by_hand.LIMITS, phase_price)
    mixed = twin.least_of_all_eur(stays, *at, terms, exact=False)
    exact = twin.least_of_all_eur(stays, *at, terms, exact=True)
    assert near(found, mixed) or (is_mixed_at_departure and found > mixed)
    assert found <= exact + 2e-6 * max(1.0, abs(exact))


@pytest.mark.parametrize("seed", range(8))
def test_vehicles_with_several_stays_cost_what_the_program_says(seed):
    """What is above the target comes along, what is missing is bought elsewhere."""
    rng = np.random.default_rng(seed)
    kinds = {
        kind
        for kind in ("two-way", "taper", "loss", "standing", "ageing", "phase", "minimum", "early")
        if rng.random() < 0.5
    }
    terms = Terms(unmet=float(rng.uniform(0.1, 3)), unfair=float(rng.choice([0.0, 1.0])))
    price, phase_price = random_prices(rng, -0.3 if seed % 2 else 0.05)
    chain = by_hand.random_chain(rng, kinds, "van", 3)
    is_mixed = "early" in kinds or terms.unfair > 0 or terms.unmet < 1
    assert_same(chain, price, phase_price, terms, is_mixed_at_departure=is_mixed)


def test_many_free_phases_are_relaxed():
    """Beyond four stays that choose, each row takes the phase that suits it: never dearer."""
    rng = np.random.default_rng(5)
    price, phase_price = random_prices(rng, 0.05)
    chain = by_hand.random_chain(rng, {"two-way"}, "van", 3)
    chain = [{**s, "begin": s["begin"] / 2, "end": s["end"] / 2} for s in chain]
    chain += [{**s, "begin": s["begin"] + 7, "end": s["end"] + 7} for s in chain]
    for s in chain:
        s.update(phase=-1, phase_used=1, energy_kwh=40.0 - s["soc_arrival_kwh"])
    at = dict.fromkeys(by_hand.LIMITS, price), dict.fromkeys(by_hand.LIMITS, phase_price)
    found = bound_of(chain, price, phase_price, by_hand.TERMS)
    best = min(
        twin.least_of_all_eur(
            [{**s, "phase": int(p)} for s, p in zip(chain, phases, strict=True)],
            *at,
            by_hand.TERMS,
            exact=False,
        )
        for phases in [*rng.integers(1, 4, (20, 6)), *np.full((3, 6), [[1], [2], [3]])]
    )
    assert found <= best + 1e-6
    assert found >= best - 0.15 * abs(best)
