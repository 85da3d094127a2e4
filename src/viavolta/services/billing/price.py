"""The account of a session: every line with its quantity and price, the total in whole cents.

Quantities and amounts are exact fractions until the end; then the total is rounded half up, and the
cents of the lines are chosen so that they add up to it. Between two readings of the meter energy is
taken to have flowed evenly. Where nothing was delivered nothing is charged.
"""

import datetime as dt
import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from zoneinfo import ZoneInfo

from viavolta.services.billing.tariff import Component, Earned, Per, Reward, Tariff, local_edges

_WH_PER_KWH = 1000
_CENTS_PER_EUR = 100
_S_PER_MIN = 60
_S_PER_H = 3600
_PLACES = Decimal("0.0001")

Register = tuple[dt.datetime, float]
"""A reading of the meter: when, and the energy into the vehicle so far (Wh)."""

Span = tuple[dt.datetime, dt.datetime]


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """What was used: all that a price depends on.

    Attributes
    ----------
    registers : readings in any order; falls count for nothing.
    full_at : from when on the vehicle took no more; None where nobody says.
    flexible : spans within the session in which the driver left the power to the plan, in order.
    """

    started_at: dt.datetime
    ended_at: dt.datetime
    registers: tuple[Register, ...] = ()
    discharged_wh: float = 0.0
    full_at: dt.datetime | None = None
    is_boosted: bool = False
    flexible: tuple[Span, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of an account; quantity in kWh, minutes or pieces, as `component.per` says."""

    component: Component
    quantity: Decimal
    cents: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RewardLine:
    """One line of a reward: quantity in kWh or hours, as `earned` says, at `eur` each."""

    earned: Earned
    eur: Decimal
    quantity: Decimal
    cents: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """What a session costs. `vat_cents` is part of `cents`; `reward_cents` is what the driver gets.

    `exact_cents` is the total before it was rounded. `flexible_wh` of `energy_wh` were charged
    while the driver left the power to the plan, `flexible_s` seconds in all.
    """

    lines: tuple[Line, ...]
    cents: int
    vat_cents: int
    reward_lines: tuple[RewardLine, ...]
    reward_cents: int
    energy_wh: float
    flexible_wh: float
    flexible_s: int
    exact_cents: Fraction


def account_of(tariff: Tariff, use: Use) -> Account:
    """The account of a session under a tariff."""
    pieces = _energy_pieces(use)
    energy_wh = sum((wh for _start, _end, wh in pieces), Fraction())
    amounts = list(_amounts(tariff, use, pieces)) if energy_wh > 0 else []
    exact = [Fraction(c.eur) * quantity * _CENTS_PER_EUR for c, quantity in amounts]
    total = sum(exact, Fraction())
    cents = _half_up(total)
    lines = tuple(
        Line(component=component, quantity=_shown(quantity), cents=part)
        for (component, quantity), part in zip(amounts, _parts(exact, cents), strict=True)
    )
    vat = Fraction(tariff.vat_share)
    rewards = reward_lines(tariff.reward, use)
    flexible_wh = sum(
        (
            _energy_within(pieces, start, end, is_last=end == use.ended_at)
            for start, end in use.flexible
        ),
        Fraction(),
    )
    return Account(
        lines=lines,
        cents=cents,
        vat_cents=_half_up(cents * vat / (1 + vat)),
        reward_lines=rewards,
        reward_cents=sum(line.cents for line in rewards),
        energy_wh=float(energy_wh),
        flexible_wh=float(flexible_wh),
        flexible_s=int(_flexible_s(use)),
        exact_cents=total,
    )


def reward_lines(rule: Reward, use: Use) -> tuple[RewardLine, ...]:
    """What the driver gets for what she gave back and for being plugged in, line by line."""
    quantities = {
        Earned.DISCHARGED_KWH: _exact(max(use.discharged_wh, 0.0)) / _WH_PER_KWH,
        Earned.PLUGGED_HOUR: Fraction(_seconds(use.started_at, use.ended_at), _S_PER_H),
        Earned.FLEXIBLE_HOUR: Fraction(_flexible_s(use), _S_PER_H),
    }
    amounts = [
        (earned, eur, quantities[earned])
        for earned, eur in rule.rates.items()
        if eur > 0 and quantities[earned] > 0
    ]
    exact = [Fraction(eur) * quantity * _CENTS_PER_EUR for _earned, eur, quantity in amounts]
    total = sum(exact, Fraction())
    if rule.most_eur is not None and total > Fraction(rule.most_eur) * _CENTS_PER_EUR:
        most = Fraction(rule.most_eur) * _CENTS_PER_EUR
        amounts.append((Earned.CUT, rule.most_eur, Fraction(1)))
        exact.append(most - total)
        total = most
    return tuple(
        RewardLine(earned=earned, eur=eur, quantity=_shown(quantity), cents=cents)
        for (earned, eur, quantity), cents in zip(
            amounts, _parts(exact, _half_up(total)), strict=True
        )
    )


def _flexible_s(use: Use) -> Fraction:
    return sum((_seconds(start, end) for start, end in use.flexible), Fraction())


def _amounts(
    tariff: Tariff, use: Use, pieces: Sequence[tuple[dt.datetime, dt.datetime, Fraction]]
) -> Iterable[tuple[Component, Fraction]]:
    """Component and exact quantity of each line, in the order in which they are shown."""
    edges = [
        use.started_at,
        *local_edges(tariff.components, ZoneInfo(tariff.zone), use.started_at, use.ended_at),
        use.ended_at,
    ]
    spans = list(itertools.pairwise(edges))
    blocked_from = _blocked_from(tariff, use)
    found: dict[Component, Fraction] = {}
    for start, end in spans:
        is_last = end == use.ended_at
        quantities = {
            Per.KWH: _energy_within(pieces, start, end, is_last=is_last) / _WH_PER_KWH,
            Per.MINUTE: Fraction(_seconds(start, end), _S_PER_MIN),
            Per.IDLE_MINUTE: Fraction(_seconds(max(start, blocked_from), end), _S_PER_MIN),
        }
        local = (start + (end - start) / 2).astimezone(ZoneInfo(tariff.zone))
        for per, quantity in quantities.items():
            component = next((c for c in tariff.of(per) if c.holds_at(local)), None)
            if component is not None and quantity > 0:
                found[component] = found.get(component, Fraction()) + quantity
    for per, is_due in ((Per.SESSION, True), (Per.BOOST, use.is_boosted)):
        found |= {component: Fraction(1) for component in tariff.of(per)[:1] if is_due}
    return [(c, found[c]) for c in tariff.shown() if c in found]


def _blocked_from(tariff: Tariff, use: Use) -> dt.datetime:
    if use.full_at is None:
        return use.ended_at
    return max(use.started_at, use.full_at + dt.timedelta(minutes=tariff.idle_after_min))


def _energy_pieces(use: Use) -> list[tuple[dt.datetime, dt.datetime, Fraction]]:
    """What each pair of neighbouring readings adds, with its times brought into the session."""

    def within(moment: dt.datetime) -> dt.datetime:
        return min(max(moment, use.started_at), use.ended_at)

    ordered = sorted(set(use.registers))
    return [
        (within(before), within(after), _exact(wh_after) - _exact(wh_before))
        for (before, wh_before), (after, wh_after) in itertools.pairwise(ordered)
        if wh_after > wh_before
    ]


def _energy_within(
    pieces: Sequence[tuple[dt.datetime, dt.datetime, Fraction]],
    start: dt.datetime,
    end: dt.datetime,
    *,
    is_last: bool,
) -> Fraction:
    total = Fraction()
    for begin, finish, wh in pieces:
        if begin == finish:
            total += wh if start <= begin < end or (is_last and begin == end) else 0
            continue
        overlap = min(end, finish) - max(start, begin)
        if overlap > dt.timedelta():
            total += wh * Fraction(overlap // _TICK, (finish - begin) // _TICK)
    return total


_TICK = dt.timedelta(microseconds=1)


def _seconds(start: dt.datetime, end: dt.datetime) -> Fraction:
    return Fraction(max((end - start) // _TICK, 0), 1_000_000)


def _exact(value: float) -> Fraction:
    """The decimal number that a meter wrote, without what binary digits add."""
    return Fraction(repr(float(value)))


def _half_up(value: Fraction) -> int:
    return int((2 * value + 1) // 2)


def _shown(quantity: Fraction) -> Decimal:
    whole = Decimal(quantity.numerator) / Decimal(quantity.denominator)
    return whole.quantize(_PLACES, rounding=ROUND_HALF_UP)


def _parts(exact: Sequence[Fraction], cents: int) -> list[int]:
    """Whole cents near the exact amounts that add up to the total: largest remainders first."""
    parts = [int(amount // 1) for amount in exact]
    by_rest = sorted(range(len(exact)), key=lambda k: (parts[k] - exact[k], k))
    for k in by_rest[: cents - sum(parts)]:
        parts[k] += 1
    return parts
