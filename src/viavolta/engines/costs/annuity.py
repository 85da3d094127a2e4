"""Money over years: what a purchase costs per year, and what later purchases cost today."""

import math

NO_INTEREST = 1e-12
"""Interest per year that makes no difference."""


def annuity_factor(interest_share: float, life_years: float) -> float:
    """Share of a purchase to be paid at the end of each year of its life.

    The capital recovery factor i / (1 - (1 + i)^-n) with interest i (`interest_share`, per year)
    and life n (`life_years`, need not be whole); 1 / n without interest.

    Raises
    ------
    ValueError: a life that is not positive, or interest of -100 % or less.
    """
    if life_years <= 0:
        msg = f"life of {life_years} years"
        raise ValueError(msg)
    if abs(interest_share) < NO_INTEREST:  # the quotient below loses its digits there
        return 1 / life_years
    return interest_share / -math.expm1(-life_years * math.log1p(interest_share))


def yearly_cost_eur(purchase_eur: float, interest_share: float, *, life_years: float) -> float:
    """Yearly cost of a purchase over its life, interest included."""
    return purchase_eur * annuity_factor(interest_share, life_years)


def n_purchases(horizon_years: float, life_years: float) -> int:
    """How many times a part that lasts `life_years` is bought within the horizon.

    A part bought in the last moment is not needed: life 7 in horizon 14 makes two, not three.
    """
    if life_years <= 0 or horizon_years <= 0:
        msg = f"life of {life_years} years in a horizon of {horizon_years} years"
        raise ValueError(msg)
    return max(1, math.ceil(horizon_years / life_years - 1e-9))


def renewal_factor(
    interest_share: float, horizon_years: float, *, life_years: float, price_change_share: float = 0
) -> float:
    """Present value of buying a part now and again each time it is worn out, per EUR of price.

    Sum over k = 0 .. n - 1 of ((1 + g) / (1 + i))^(k L) with life L, interest i and yearly price
    change g (`price_change_share`). What is left of the last part at the end counts for nothing,
    which is the cautious side.
    """
    ratio = (1 + price_change_share) / (1 + interest_share)
    times = n_purchases(horizon_years, life_years)
    return math.fsum(ratio ** (k * life_years) for k in range(times))
