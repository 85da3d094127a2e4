"""One decision for all sessions of a tenant: limits, precedence, minimum, fairness, loads."""

import datetime as dt
import random
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from plugs import NOW, plug

from viavolta.protocols.ocpp.charging_profile import violation
from viavolta.protocols.ocpp.schemas import Version
from viavolta.services.live.control import STEP_S, Decided, decide
from viavolta.services.live.facts import (
    AtPlug,
    Giver,
    LimitFacts,
    LimitSpan,
    NeedsFacts,
    PriceFacts,
    TenantFacts,
    WishFacts,
)
from viavolta.services.live.figures import live_figures
from viavolta.services.live.orders import Why, is_same
from viavolta.services.live.safe import safe_kw
from viavolta.services.live.wire import default_call, session_call

FIGURES = live_figures()
SIX_HOURS = NOW + dt.timedelta(hours=6)
MORNING = NOW + dt.timedelta(hours=12)


def site(import_kw: float | None = 40.0, **more: Any) -> LimitFacts:
    """A connection under a transformer that binds nobody."""
    return LimitFacts(
        limit_id="site", parent="transformer", import_kw=import_kw, **{"export_kw": 40.0} | more
    )


def facts(*sessions: AtPlug, limit: LimitFacts | None = None, **more: Any) -> TenantFacts:
    """A tenant with a flat price."""
    fields: dict[str, Any] = {
        "sessions": sessions,
        "limits": (LimitFacts(limit_id="transformer"), limit or site()),
        "prices": (price(0, 0.2),),
        "outlets": (("site", 4),),
    }
    return TenantFacts(**fields | more)


def price(hours: float, eur: float) -> PriceFacts:
    """A price from so many hours on."""
    return PriceFacts(
        starts_at=NOW + dt.timedelta(hours=hours), buy_eur_per_kwh=eur, sell_eur_per_kwh=eur - 0.01
    )


def ac(**more: Any) -> NeedsFacts:
    """A car of 11 kW on three phases that wants 22 kWh."""
    fields = {"energy_kwh": 22.0, "max_kw": 11.0, "min_kw": 4.14, "phases": 3}
    return NeedsFacts(**fields | more)


def decided(*sessions: AtPlug, **more: Any) -> dict[str, Decided]:
    """What is decided of some sessions, by their names."""
    found = decide(facts(*sessions, **more), now=NOW, figures=FIGURES)
    return {one.plug.session_id: one for one in found.sessions}


def lender(**more: Any) -> AtPlug:
    """A battery that may give back."""
    needs = ac(
        energy_kwh=6.0, max_discharge_kw=10.0, capacity_kwh=60.0, soc=0.7, departure_at=MORNING
    )
    return plug(
        **{
            "needs": needs,
            "soc": 0.7,
            "wish": WishFacts(may_discharge=True, min_soc=0.4),
        }
        | more
    )


DEAR_THEN_CHEAP = (price(-1, 0.60), price(1, 0.10))


def test_the_drivers_word_counts_for_energy_and_hour() -> None:
    """80 % of 50 kWh from 40 %: 20 kWh by her own time, whatever the vehicle says."""
    wish = WishFacts(target_soc=0.8, capacity_kwh=50.0, ready_at=SIX_HOURS)
    (one,) = decided(plug(wish=wish, needs=ac(departure_at=MORNING), soc=0.4)).values()
    assert one.energy_kwh == pytest.approx(20)
    assert one.leaves.at == SIX_HOURS
    assert one.served_at is not None
    assert one.served_at <= SIX_HOURS


def test_a_driver_who_lets_it_lends_and_no_other() -> None:
    """The vehicle could: without a word of driver or fleet nothing is taken out of it."""
    (lends,) = decided(lender(), prices=DEAR_THEN_CHEAP).values()
    assert (lends.power_kw, lends.why) == (pytest.approx(-10), Why.GIVES_BACK)
    fleet = WishFacts(giver=Giver.FLEET, may_discharge=True)
    (of_fleet,) = decided(lender(wish=fleet), prices=DEAR_THEN_CHEAP).values()
    assert of_fleet.power_kw < -9.9
    for session in (
        lender(wish=None),
        lender(wish=WishFacts()),
        lender(version=Version.V201),
    ):
        (keeps,) = decided(session, prices=DEAR_THEN_CHEAP).values()
        assert keeps.power_kw >= 0


def test_the_minimum_is_never_lent_and_filled_first() -> None:
    """At its minimum a battery lends nothing; below it charges at once, dear as it is."""
    (at,) = decided(lender(soc=0.4), prices=DEAR_THEN_CHEAP).values()
    assert at.power_kw >= -0.01
    (below,) = decided(lender(soc=0.3), prices=DEAR_THEN_CHEAP).values()
    assert (below.power_kw, below.why) == (pytest.approx(11, rel=0.1), Why.FULL_POWER)
    needy = lender(session_id="a", soc=0.3)
    waits = plug("b", needs=ac(departure_at=SIX_HOURS), wish=WishFacts(is_now=True))
    both = decided(needy, waits, limit=site(12.0))
    assert both["a"].power_kw == pytest.approx(11, abs=0.2)


def test_who_comes_first_charges_now_though_there_is_too_little_for_all() -> None:
    """A battery below its minimum has all but another's least current; the others lack the rest."""
    leaves = NOW + dt.timedelta(hours=8)
    wish = WishFacts(is_now=True, target_soc=0.9, capacity_kwh=60.0, ready_at=leaves)
    first = plug("a", needs=ac(), soc=0.1, wish=replace(wish, min_soc=0.3))
    others = [plug(k, needs=ac(), soc=0.4, wish=wish) for k in "bc"]
    found = decided(first, *others, limit=site(14.0))
    assert found["a"].power_kw > 14 - 4.14 - 0.01
    assert found["a"].missing_kwh == pytest.approx(0, abs=0.05)
    assert sum(one.missing_kwh for one in found.values()) > 1.0


def test_limits_leave_everybody_the_same_share() -> None:
    """Three want 22 kWh in four hours, the site bears half of that: each gets half of it."""
    leaves = NOW + dt.timedelta(hours=4, minutes=-7)
    three = [plug(k, needs=ac(departure_at=leaves)) for k in "abc"]
    kw = 22 * 3 / FIGURES.efficiency / 2 / (leaves - NOW).total_seconds() * 3600
    found = decided(*three, limit=site(kw))
    for one in found.values():
        assert one.share == pytest.approx(0.5, abs=0.03)
        assert one.missing_kwh == pytest.approx(11, abs=2.0)
        assert (one.why, one.limit_id) == (Why.LIMITED, "site")
    first = replace(three[0], wish=WishFacts(has_priority=True))
    found = decided(first, *three[1:], limit=site(kw))
    assert found["a"].share > 0.98
    assert found["b"].share == pytest.approx(found["c"].share, abs=0.02)
    assert found["b"].share < 0.3


def test_less_than_the_least_current_is_nothing() -> None:
    """7 kW for two cars that need 4.14 kW each: one waits while the other charges."""
    two = [plug(k, needs=ac(departure_at=MORNING), wish=WishFacts(is_now=True)) for k in "ab"]
    powers = sorted(one.power_kw for one in decided(*two, limit=site(7.0)).values())
    assert powers[0] == pytest.approx(0, abs=1e-3)
    assert 4.13 < powers[1] <= 7.0


def test_of_all_that_limits_the_smallest_counts() -> None:
    """Contract, an event, a slider, a fuse, the base load: what is left of the least is used."""
    now = plug(needs=ac(max_kw=22.0), wish=WishFacts(is_now=True))
    event = LimitSpan(limit_id="site", starts_at=NOW, import_kw=9.0)
    over = LimitSpan(
        limit_id="site", starts_at=NOW - dt.timedelta(hours=1), ends_at=NOW, import_kw=1.0
    )
    (limited,) = decided(now, spans=(event, over)).values()
    assert limited.power_kw == pytest.approx(9, abs=0.01)
    (above,) = decided(now, spans=(replace(event, limit_id="transformer", import_kw=8.0),)).values()
    assert above.power_kw == pytest.approx(8, abs=0.01)
    (with_base,) = decided(now, limit=site(40.0, base_load_kw=30.0)).values()
    assert with_base.power_kw == pytest.approx(10, abs=0.01)
    (fused,) = decided(now, limit=site(None, fuse_a=16.0)).values()
    assert fused.power_kw == pytest.approx(16 * 0.23 * 3, abs=0.01)
    one_phase = plug(needs=ac(max_kw=7.4, min_kw=1.38, phases=1), wish=WishFacts(is_now=True))
    (single,) = decided(one_phase, limit=site(None, fuse_a=16.0, base_load_kw=3.0)).values()
    assert single.power_kw == pytest.approx(16 * 0.23 - 1.0, abs=0.01)


def test_who_refuses_and_who_is_away_count_as_loads() -> None:
    """The first as it draws, the second as it was told last, and its safe default after that."""
    until = NOW + dt.timedelta(minutes=30)
    refuses = plug("a", refuses=True, power_kw=6.0)
    away = plug("b", is_on_line=False, held=((NOW, 8.0), (until, 0.0)), power_kw=7.0)
    follows = plug("c", needs=ac(departure_at=MORNING, energy_kwh=100.0))
    found = decided(refuses, away, follows, limit=site(20.0))
    assert (found["a"].why, found["a"].is_taken, found["a"].profile) == (Why.BY_ITSELF, False, None)
    assert (found["b"].why, found["b"].levels) == (Why.AWAY, away.held)
    powers = dict(found["c"].levels)
    assert max(kw for at, kw in powers.items() if at < until) == pytest.approx(6, abs=0.01)
    assert max(powers.values()) <= 20 - 6 - 5 + 0.01
    assert safe_kw("site", facts(limit=site(20.0))) == 5.0


def test_without_any_word_charging_goes_on() -> None:
    """Nobody said anything, and it took more than was believed: it gets power, dear as it is."""
    silent = plug(drawn_kwh=200.0, started_at=NOW - dt.timedelta(hours=9))
    (one,) = decided(silent, prices=DEAR_THEN_CHEAP).values()
    assert one.power_kw == pytest.approx(FIGURES.plug_kw)
    assert one.leaves.source == "assumed"
    (seen,) = decided(replace(silent, draws_at_most_kw=7.4)).values()
    assert seen.power_kw == pytest.approx(7.4)


@pytest.mark.parametrize("version", list(Version))
def test_calls_are_valid_in_every_version(version: Version) -> None:
    """What is sent passes the official schema, the default too."""
    session = plug(version=version, transaction="17", needs=ac())
    (one,) = decided(session).values()
    assert one.profile is not None
    for call in (session_call(session, one.profile), default_call(version, 4.2)):
        content = call.get("csChargingProfiles") or call["chargingProfile"]
        assert violation(version, content) is None


def test_the_same_course_is_not_sent_twice() -> None:
    """What has passed does not count, nor how a course is cut into pieces."""
    at = [NOW + dt.timedelta(minutes=15 * k) for k in range(5)]
    held = ((at[0], 11.0), (at[1], 7.0), (at[2], 7.0), (at[4], 0.0))
    assert is_same(held, ((at[1], 7.0), (at[4], 0.0)), now=at[1])
    assert not is_same(held, ((at[1], 7.0), (at[3], 0.0)), now=at[1])
    assert not is_same(held, ((at[0], 11.1), *held[1:]), now=at[0])
    assert not is_same((), held, now=at[0])


@st.composite
def tenants(draw: st.DrawFn) -> TenantFacts:
    """Some sessions of all kinds under a tree of limits, base loads and prices."""
    kw = st.floats(0, 60)
    sessions = []
    for k in range(draw(st.integers(1, 7))):
        capacity_kwh = draw(st.sampled_from([None, 40.0, 77.0]))
        needs = draw(
            st.none()
            | st.builds(
                NeedsFacts,
                departure_at=st.none()
                | st.integers(-2, 14).map(lambda h: NOW + dt.timedelta(hours=h)),
                energy_kwh=st.none() | kw,
                max_kw=st.sampled_from([None, 3.7, 11.0, 22.0]),
                min_kw=st.sampled_from([None, 0.0]),
                max_discharge_kw=st.sampled_from([None, 10.0]),
                capacity_kwh=st.just(capacity_kwh),
                phases=st.sampled_from([None, 1, 3]),
            )
        )
        wish = draw(
            st.none()
            | st.builds(
                WishFacts,
                ready_at=st.none() | st.integers(-2, 14).map(lambda h: NOW + dt.timedelta(hours=h)),
                target_soc=st.none() | st.floats(0, 1),
                min_soc=st.none() | st.floats(0, 1),
                is_now=st.booleans(),
                may_discharge=st.booleans(),
                has_priority=st.booleans(),
            )
        )
        sessions.append(
            plug(
                f"{k}",
                limit_id=draw(st.sampled_from(["site", "transformer", "nowhere"])),
                version=draw(st.sampled_from(list(Version))),
                soc=draw(st.none() | st.floats(0, 1)),
                drawn_kwh=draw(kw),
                power_kw=draw(st.none() | st.floats(-10, 22)),
                is_on_line=draw(st.booleans()),
                refuses=draw(st.booleans()),
                needs=needs,
                wish=wish,
            )
        )
    limit = site(draw(st.none() | kw), base_load_kw=draw(st.floats(-20, 30)))
    top = LimitFacts(
        limit_id="transformer", import_kw=draw(kw), export_kw=draw(kw), fuse_a=draw(st.none() | kw)
    )
    spans = draw(
        st.lists(
            st.builds(
                LimitSpan,
                limit_id=st.sampled_from(["site", "transformer"]),
                starts_at=st.integers(-120, 600).map(lambda m: NOW + dt.timedelta(minutes=m)),
                ends_at=st.none()
                | st.integers(1, 900).map(lambda m: NOW + dt.timedelta(minutes=m)),
                import_kw=st.none() | kw,
                export_kw=st.none() | kw,
            ),
            max_size=3,
        )
    )
    prices = draw(st.lists(st.builds(price, st.integers(-3, 12), st.floats(-0.1, 0.6)), max_size=4))
    unique = {one.starts_at: one for one in prices}
    return TenantFacts(
        sessions=tuple(sessions),
        limits=(top, limit),
        spans=tuple(spans),
        prices=tuple(unique.values()),
        outlets=(("site", 3), ("transformer", 2)),
    )


@settings(max_examples=60, deadline=None)
@given(tenant=tenants(), seed=st.integers(0, 99))
def test_limits_hold_at_every_moment_in_whatever_order_facts_come(
    tenant: TenantFacts, seed: int
) -> None:
    """Sums of profiles and loads stay within the limits; the order of rows changes nothing."""
    found = decide(tenant, now=NOW, figures=FIGURES)
    rng = random.Random(seed)  # noqa: S311 - an order, no secret

    def shuffled(rows: tuple[Any, ...]) -> tuple[Any, ...]:
        return tuple(rng.sample(rows, len(rows)))

    other = decide(
        replace(
            tenant,
            sessions=shuffled(tenant.sessions),
            limits=shuffled(tenant.limits),
            spans=shuffled(tenant.spans),
            prices=shuffled(tenant.prices),
        ),
        now=NOW,
        figures=FIGURES,
    )
    by_name = {one.plug.session_id: one for one in other.sessions}
    assert {one.plug.session_id: one for one in found.sessions} == by_name
    assert len(found.sessions) == len(tenant.sessions)
    if found.plan is not None:
        _limits_hold(found.plan.limits, found.sessions, found.plan.signals.start)


def _limits_hold(tree: Any, sessions: tuple[Decided, ...], starts: Any) -> None:
    """At the middle of what is left of each step, from the profiles as they are sent."""
    step = np.timedelta64(STEP_S, "s")
    for t, start in enumerate(starts):
        begin = max(start, np.datetime64(NOW.replace(tzinfo=None), "s"))
        at = (begin + (start + step - begin) / 2).astype("datetime64[s]").astype(dt.datetime)
        moment = at.replace(tzinfo=dt.UTC)
        whole = float((start + step - begin) / step)
        net = tree.base_load_kw[:, t] / whole
        base = net.copy()
        for one in sessions:
            if one.profile is None:
                continue
            past = [kw for when, kw in one.levels if when <= moment]
            place = one.plug.limit_id if one.plug.limit_id in tree.limit_id else "-"
            net[tree.limit_id.index(place)] += past[-1] if past else 0.0
        for row in (k for k in range(len(tree)) if tree.parent[k] >= 0):
            net[tree.parent[row]] += net[row]
            base[tree.parent[row]] += base[row]
        highest = np.maximum(tree.import_kw[:, t] / whole, base)
        lowest = -np.maximum(tree.export_kw[:, t] / whole, -base)
        assert (net <= highest + 1e-3).all()
        assert (net >= lowest - 1e-3).all()
