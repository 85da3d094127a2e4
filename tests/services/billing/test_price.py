"""Accounts: exact, additive, monotone, the same whatever the order; nothing for nothing."""

import dataclasses
import datetime as dt
from decimal import Decimal
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from viavolta.services.billing.flexible import Said, flexible_spans
from viavolta.services.billing.price import Account, Use, account_of, reward_lines
from viavolta.services.billing.tariff import Component, Per, Reward, Tariff

ZONE = "Europe/Vienna"
T0 = dt.datetime(2026, 3, 2, 20, tzinfo=dt.UTC)  # 21:00 in Vienna, a Monday
HOUR = dt.timedelta(hours=1)


def price(per: Per, eur: str, *hours: int) -> Component:
    """A price, at all hours or from one full hour to another."""
    if not hours:
        return Component(per=per, eur=Decimal(eur))
    return Component(
        per=per, eur=Decimal(eur), from_min=hours[0] * 60, until_min=hours[1] * 60 or 1440
    )


FULL = Tariff(
    zone=ZONE,
    vat_share=Decimal("0.2"),
    idle_after_min=30,
    components=(
        price(Per.SESSION, "0.50"),
        price(Per.KWH, "0.29", 22, 6),
        price(Per.KWH, "0.49"),
        price(Per.MINUTE, "0.01"),
        price(Per.IDLE_MINUTE, "0.10", 8, 20),
        price(Per.BOOST, "1.50"),
    ),
)


def lines_of(account: Account) -> list[tuple[str, Decimal, int]]:
    """Lines as a reader sees them."""
    return [(line.component.per.value, line.quantity, line.cents) for line in account.lines]


def test_a_night_by_hand() -> None:
    """21:00 to 09:00 in Vienna, 24 kWh evenly until 05:00, full then: every line computed by hand.

    One hour of eight at the day's price: 3 kWh x 0.49 = 1.47; 21 kWh x 0.29 = 6.09; 720 min x 0.01
    = 7.20; the start 0.50; blocked from 05:30, charged from 08:00: 60 min x 0.10 = 6.00.
    """
    use = Use(
        started_at=T0,
        ended_at=T0 + 12 * HOUR,
        registers=((T0, 1000.0), (T0 + 8 * HOUR, 25_000.0), (T0 + 12 * HOUR, 25_000.0)),
        full_at=T0 + 8 * HOUR,
    )
    found = account_of(FULL, use)
    assert lines_of(found) == [
        ("kwh", Decimal("21.0000"), 609),
        ("kwh", Decimal("3.0000"), 147),
        ("minute", Decimal("720.0000"), 720),
        ("session", Decimal("1.0000"), 50),
        ("idle-minute", Decimal("60.0000"), 600),
    ]
    assert (found.cents, found.vat_cents, found.energy_wh) == (2126, 354, 24_000.0)


def test_a_night_of_25_hours() -> None:
    """When clocks go back the cheap hours from 22:00 to 06:00 are nine hours long."""
    start = dt.datetime(2026, 10, 24, 20, tzinfo=dt.UTC)  # 22:00, summer time
    tariff = Tariff(
        zone=ZONE, components=(price(Per.MINUTE, "0.01", 22, 6), price(Per.MINUTE, "1.00"))
    )
    registers = ((start, 0.0), (start + HOUR, 1.0))
    use = Use(started_at=start, ended_at=start + 10 * HOUR, registers=registers)
    assert [line.quantity for line in account_of(tariff, use).lines] == [540, 60]


def test_reward_has_a_top() -> None:
    """So much per kWh given back and per hour, up to a top."""
    rule = Reward(
        eur_per_discharged_kwh=Decimal("0.10"),
        eur_per_plugged_hour=Decimal("0.02"),
        most_eur=Decimal("0.90"),
    )
    tariff = Tariff(zone=ZONE, components=(), reward=rule)
    use = Use(started_at=T0, ended_at=T0 + 10 * HOUR, discharged_wh=4000.0)
    assert account_of(tariff, use).reward_cents == 60
    assert account_of(tariff, dataclasses.replace(use, discharged_wh=9000.0)).reward_cents == 90


rises = st.lists(st.integers(0, 9000), min_size=1, max_size=6)
steps = st.lists(st.integers(1, 7200), min_size=6, max_size=6)


def use_of(wh: list[int], seconds: list[int], *, start: dt.datetime = T0, base: int = 0) -> Use:
    """A session whose meter rises so much in so many seconds each."""
    at, total, registers = start, base, [(start, float(base))]
    for rise, pause in zip(wh, seconds, strict=False):
        at, total = at + dt.timedelta(seconds=pause), total + rise
        registers.append((at, float(total)))
    return Use(started_at=start, ended_at=at, registers=tuple(registers))


@given(wh=rises, seconds=steps, data=st.data())
def test_order_and_repeats_do_not_matter(
    wh: list[int], seconds: list[int], data: st.DataObject
) -> None:
    """Readings in any order, some of them twice: the same account."""
    use = use_of(wh, seconds)
    again = data.draw(st.permutations([*use.registers, *use.registers[:2]]))
    assert account_of(FULL, dataclasses.replace(use, registers=tuple(again))) == account_of(
        FULL, use
    )


@given(wh=rises, seconds=steps)
def test_cents_of_the_lines_add_up(wh: list[int], seconds: list[int]) -> None:
    """The total is the exact amount, rounded; the lines add up to it, none is a cent off."""
    found = account_of(FULL, use_of(wh, seconds))
    assert sum(line.cents for line in found.lines) == found.cents
    assert abs(found.exact_cents - found.cents) <= Fraction(1, 2)
    for line in found.lines:
        assert abs(line.cents - 100 * line.component.eur * line.quantity) < 1 + Decimal("0.05")


@given(first=rises, second=rises, seconds=steps)
def test_two_halves_cost_what_the_whole_costs(
    first: list[int], second: list[int], seconds: list[int]
) -> None:
    """Energy and minutes are additive: a session cut in two, to the exact fraction of a cent."""
    tariff = dataclasses.replace(FULL, components=FULL.components[1:4])
    half = use_of([*first, 1], [*seconds, 60])
    _, base = half.registers[-1]
    rest = use_of([*second, 1], [*seconds, 60], start=half.ended_at, base=int(base))
    whole = Use(
        started_at=T0, ended_at=rest.ended_at, registers=half.registers + rest.registers[1:]
    )
    parts = (account_of(tariff, half), account_of(tariff, rest))
    assert account_of(tariff, whole).exact_cents == sum(p.exact_cents for p in parts)
    assert account_of(tariff, whole).energy_wh == sum(p.energy_wh for p in parts)


@given(wh=rises, seconds=steps, more=st.integers(0, 5000), k=st.integers(0, 5))
def test_more_never_costs_less(wh: list[int], seconds: list[int], more: int, k: int) -> None:
    """More energy, a longer stay or a boost never lower the price."""
    use = use_of(wh, seconds)
    least = account_of(FULL, use)
    wh[k % len(wh)] += more
    assert account_of(FULL, use_of(wh, seconds)).exact_cents >= least.exact_cents
    longer = dataclasses.replace(use, ended_at=use.ended_at + HOUR)
    assert account_of(FULL, longer).exact_cents >= least.exact_cents
    boosted = account_of(FULL, dataclasses.replace(use, is_boosted=True))
    assert boosted.exact_cents >= least.exact_cents


@given(hours=st.integers(0, 30), wh=st.floats(0, 1e7, allow_nan=False))
def test_nothing_for_nothing(hours: int, wh: float) -> None:
    """Without energy nothing is charged, not even the start; a falling meter charges nothing."""
    registers = ((T0, wh), (T0 + HOUR, wh / 2))
    use = Use(started_at=T0, ended_at=T0 + hours * HOUR, registers=registers, is_boosted=True)
    found = account_of(FULL, use)
    assert (found.cents, found.vat_cents, found.lines, found.energy_wh) == (0, 0, (), 0.0)


@given(wh=rises, seconds=steps)
def test_hours_only_share_out(wh: list[int], seconds: list[int]) -> None:
    """With the same price at every hour the hours make no difference, to the last digit."""
    plain = Tariff(zone=ZONE, components=(price(Per.KWH, "0.37"),))
    split = Tariff(
        zone=ZONE, components=(price(Per.KWH, "0.37", 22, 6), price(Per.KWH, "0.37", 6, 22))
    )
    use = use_of(wh, seconds)
    assert account_of(split, use).exact_cents == account_of(plain, use).exact_cents
    energy = Fraction(int(use.registers[-1][1]), 1000)
    assert account_of(plain, use).exact_cents == energy * 37


def test_a_reward_is_told_line_by_line() -> None:
    """4 kWh x 0.12 = 0.48, 10 h x 0.01 = 0.10, 2 h flexible x 0.05 = 0.10; cut at half a euro."""
    rule = Reward(
        eur_per_discharged_kwh=Decimal("0.12"),
        eur_per_plugged_hour=Decimal("0.01"),
        eur_per_flexible_hour=Decimal("0.05"),
    )
    use = Use(
        started_at=T0,
        ended_at=T0 + 10 * HOUR,
        discharged_wh=4000.0,
        flexible=((T0 + HOUR, T0 + 2 * HOUR), (T0 + 5 * HOUR, T0 + 6 * HOUR)),
    )
    account = account_of(Tariff(zone=ZONE, components=(), reward=rule), use)
    assert [line.cents for line in account.reward_lines] == [48, 10, 10]
    assert (account.reward_cents, account.flexible_s) == (68, 7200)
    cut = dataclasses.replace(rule, most_eur=Decimal("0.50"))
    account = account_of(Tariff(zone=ZONE, components=(), reward=cut), use)
    assert [line.cents for line in account.reward_lines] == [48, 10, 10, -18]
    assert account.reward_cents == 50


def test_energy_is_flexible_while_the_power_is_left_to_the_plan() -> None:
    """Evenly charged over four hours, flexible in the second and third."""
    use = Use(
        started_at=T0,
        ended_at=T0 + 4 * HOUR,
        registers=((T0, 0.0), (T0 + 4 * HOUR, 8000.0)),
        flexible=((T0 + HOUR, T0 + 3 * HOUR),),
    )
    account = account_of(FULL, use)
    assert (account.energy_wh, account.flexible_wh) == (8000.0, 4000.0)


_SAID = st.lists(
    st.builds(
        lambda minutes, flexible: Said(at=T0 + dt.timedelta(minutes=minutes), is_flexible=flexible),
        st.integers(-60, 300),
        st.booleans(),
    ),
    max_size=6,
)


@given(
    said=_SAID,
    rates=st.lists(st.integers(0, 30), min_size=3, max_size=3),
    most=st.none() | st.integers(0, 100),
    wh=st.integers(0, 20_000),
)
def test_reward_lines_add_up_and_no_time_counts_twice(
    said: list[Said], rates: list[int], most: int | None, wh: int
) -> None:
    """To the cent, never above the top; flexible time is within the session, in order, apart."""
    end = T0 + 4 * HOUR
    spans = flexible_spans(said, T0, end)
    edges = [moment for span in spans for moment in span]
    assert edges == sorted(set(edges))
    assert not edges or (edges[0] >= T0 and edges[-1] <= end)
    rule = Reward(
        eur_per_discharged_kwh=Decimal(rates[0]) / 100,
        eur_per_plugged_hour=Decimal(rates[1]) / 100,
        eur_per_flexible_hour=Decimal(rates[2]) / 100,
        most_eur=None if most is None else Decimal(most) / 100,
    )
    use = Use(started_at=T0, ended_at=end, discharged_wh=float(wh), flexible=spans)
    lines = reward_lines(rule, use)
    exact = sum(
        Fraction(line.eur) * {"discharged-kwh": Fraction(wh, 1000)}.get(line.earned, Fraction(0))
        for line in lines
    )
    total = sum(line.cents for line in lines)
    assert total >= 0
    assert most is None or total <= most
    assert most is not None or total + 0.5 >= float(exact) * 100 - 0.5
    is_flexible = [
        any(start <= T0 + dt.timedelta(minutes=m, seconds=30) < stop for start, stop in spans)
        for m in range(240)
    ]
    assert is_flexible == [
        _twin(said, T0 + dt.timedelta(minutes=m, seconds=30)) for m in range(240)
    ]


def _twin(said: list[Said], moment: dt.datetime) -> bool:
    """The last of the wishes that were given by then, as a reader would look it up."""
    latest = [one.is_flexible for one in said if one.at <= moment]
    return latest[-1] if latest else False
