"""The figures behind the charge report: reach, shortfalls, windows, the tree, the clock."""

import dataclasses
import datetime as dt
from collections.abc import Callable
from typing import Any

import numpy as np
import polars as pl
import pytest

from viavolta.model.study import Study
from viavolta.reports.charge.clock import LocalClock, zone_of
from viavolta.reports.charge.facts import facts_of
from viavolta.reports.charge.flows import flows_of
from viavolta.reports.charge.reach import offered_kwh, reach_kwh
from viavolta.reports.charge.shortfall import PRICES, REASONS, Reason, shortfalls_of
from viavolta.reports.charge.shortfalls import shortfalls
from viavolta.reports.charge.tree import tree_of
from viavolta.reports.charge.words import euros, kilowatt_hours, kilowatts, small_percent
from viavolta.reports.charge.worth import dearest_window

STEP_S = 900


def stay(**columns: Any) -> pl.DataFrame:
    plain = {"begin_s": 0, "end_s": 3600, "max_kw": 10.0, "charge_efficiency": 0.9}
    return pl.DataFrame({name: [value] for name, value in (plain | columns).items()})


def reach(**columns: Any) -> float:
    return float(reach_kwh(stay(**columns), step_s=STEP_S)[0])


def test_reach_of_a_plain_stay_is_power_times_time() -> None:
    """10 kW for an hour at 90 percent; half a step less is an eighth less; room ends it."""
    assert reach() == pytest.approx(9.0)
    assert reach(end_s=3600 - 450) == pytest.approx(9.0 * 7 / 8)
    assert reach(capacity_kwh=50.0, soc_arrival_kwh=45.0) == pytest.approx(5.0)


def test_reach_with_losses_and_knee() -> None:
    """Above the knee of 6 kW 4 kW are stored at 50 percent; losses go off the hour."""
    assert reach(knee_kw=6.0, efficiency_above_knee=0.5) == pytest.approx(6 * 0.9 + 4 * 0.5)
    assert reach(charging_loss_kw=1.0) == pytest.approx(8.0)
    battery = {"capacity_kwh": 50.0, "soc_arrival_kwh": 10.0}
    assert reach(standing_loss_kw=1.0, **battery) == pytest.approx(8.0)


def test_reach_under_a_curve_keeps_the_curve() -> None:
    """Step by step the power is what the curve allows at the charge the step ends with."""
    energy, capacity, knee = 16.0, 20.0, 0.8
    for _ in range(4):
        power = 10 / (1 - knee) * (1 - energy / capacity)
        power /= 1 + 10 / (1 - knee) * 0.25 * 0.9 / capacity
        assert power == pytest.approx(10 * (1 - (energy + 0.225 * power) / capacity) / (1 - knee))
        energy += 0.25 * 0.9 * power
    curved = {"capacity_kwh": capacity, "soc_arrival_kwh": 16.0, "taper_soc": knee}
    assert reach(**curved) == pytest.approx(energy - 16.0)


def test_reach_does_not_depend_on_company() -> None:
    """Stays of different lengths, together or one by one, reach the same."""
    stays = [stay(end_s=900 * k + 100, charging_loss_kw=0.2 * k) for k in range(1, 9)]
    together = reach_kwh(pl.concat(stays), step_s=STEP_S)
    assert together == pytest.approx([reach_kwh(one, step_s=STEP_S)[0] for one in stays])


def test_shortfall_is_taken_apart_to_the_last_kwh(study: Study) -> None:
    """Parts sum to what is missing; time first, then the battery, the rest at a limit."""
    full = study.tables["stays"].with_columns(
        capacity_kwh=pl.when(pl.col("stay_id") == "van-2").then(60.0),
        soc_arrival_kwh=pl.when(pl.col("stay_id") == "van-2").then(25.0),
        # the van lacks 5 kWh for want of room, 3 for the limit
    )
    facts = facts_of(dataclasses.replace(study, tables=study.tables | {"stays": full}))
    flows = flows_of(facts)
    assert flows is not None
    short = shortfalls_of(facts, flows)
    assert short is not None
    assert short.stays["stay_id"].to_list() == ["van-0", "van-2"]
    assert short.missing_kwh.sum(axis=1) == pytest.approx([30.0, 8.0])
    assert short.missing_kwh[1] == pytest.approx([0.0, 5.0, 0.0, 3.0])
    assert [REASONS[r] for r in short.reason] == [Reason.TIME, Reason.BATTERY]
    assert flows.tree.name(int(short.limit[1])) == "site-2"


def test_capacity_price_can_hold_back(study: Study) -> None:
    """Where the price of the peak sums up higher than that of any limit, it is the reason."""
    prices = study.tables["prices"].with_columns(
        peak_eur_per_kwh=pl.when(pl.col("limit_id") == "root-0").then(1.0).otherwise(0.0)
    )
    facts = facts_of(dataclasses.replace(study, tables=study.tables | {"prices": prices}))
    flows = flows_of(facts)
    assert flows is not None
    short = shortfalls_of(facts, flows)
    assert short is not None
    assert REASONS[short.reason[1]] is Reason.PEAK


def test_full_phase_can_hold_back(study: Study) -> None:
    """A van on L2 is held back by the price of its own phase, not by that of another."""
    at_root = pl.when(pl.col("limit_id") == "root-0")
    prices = study.tables["prices"].with_columns(
        phase_1_eur_per_kwh=at_root.then(9.0).otherwise(0.0),
        phase_2_eur_per_kwh=at_root.then(1.0).otherwise(0.0),
        phase_3_eur_per_kwh=pl.lit(0.0),
    )
    stays = study.tables["stays"].with_columns(phase_used=pl.lit("L2"))
    tables = study.tables | {"prices": prices, "stays": stays}
    facts = facts_of(dataclasses.replace(study, tables=tables))
    flows = flows_of(facts)
    assert flows is not None
    short = shortfalls_of(facts, flows)
    assert short is not None
    assert REASONS[short.reason[1]] is Reason.LIMIT
    assert PRICES[short.price[1]] == "phase_2_eur_per_kwh"
    assert "Phase L2 of root-0 is full" in shortfalls(facts, flows)


def test_powers_that_vary_offer_less() -> None:
    """10 kW for half an hour, then 4 kW: 7 kWh at the plug, 6.3 in the battery."""
    named = stay(stay_id="a")
    profile = pl.DataFrame({"stay_id": ["a", "b", "a"], "s": [1800, 0, 7200],
                            "max_kw": [4.0, 99.0, 99.0]})  # fmt: skip
    assert offered_kwh(named, profile)[0] == pytest.approx(6.3)
    assert offered_kwh(named, None)[0] == pytest.approx(9.0)


def test_base_load_sums_up_the_tree(study: Study) -> None:
    """Four sites of 2 kW make 8 kW at the root in every step."""
    flows = flows_of(facts_of(study))
    assert flows is not None
    assert flows.roots["base_kw"].unique().to_list() == [8.0]


def test_dearest_window_is_the_shortest_that_holds_four_fifths() -> None:
    """Against every window of the day tried one by one, also past midnight."""
    rng = np.random.default_rng(3)
    slots = np.tile(np.arange(24), 3)
    for _ in range(50):
        price = rng.random(72) * (rng.random(72) < 0.3)
        found = dearest_window(price, slots, step_s=3600)
        day = price.reshape(3, 24).sum(axis=0)
        enough = [
            (length, -sum(day[(a + k) % 24] for k in range(length)))
            for a in range(24)
            for length in range(1, 25)
            if sum(day[(a + k) % 24] for k in range(length)) >= 0.8 * day.sum() * (1 - 2e-6)
        ]
        assert found is not None
        length, value = min(enough)
        assert found.end_s - found.begin_s == 3600 * length
        assert found.value_eur == pytest.approx(-value)


def test_no_price_has_no_window() -> None:
    """A limit without a price is not named."""
    assert dearest_window(np.zeros(24), np.arange(24), step_s=3600) is None


def test_tree_levels_and_strangers() -> None:
    """Levels count from the root; a cycle and an unknown parent end the way up."""
    table = pl.DataFrame(
        {
            "limit_id": ["c", "a", "b", "x", "y", "z"],
            "parent_id": ["b", None, "a", "y", "x", "nowhere"],
            "zone": [""] * 6,
            **{
                name: [0.0] * 6
                for name in ("peak_eur_per_kw", "peak_so_far_kw", "peak_kw", "peak_unmanaged_kw")
            },
        }
    )
    tree = tree_of(table)
    assert tree.limit_id.to_list() == ["a", "b", "c", "x", "y", "z"]
    assert tree.level.tolist() == [1, 2, 3, 1, 1, 1]
    assert tree.root.tolist() == [0, 0, 0, 3, 4, 5]
    assert tree.rows_of(pl.Series(["c", "nobody"])).tolist() == [2, -1]


def clock(zone: str, start: dt.datetime, n_steps: int) -> LocalClock:
    tz, name = zone_of(zone)
    return LocalClock(
        first_s=int(start.timestamp()), step_s=STEP_S, n_steps=n_steps, zone=tz, zone_name=name
    )


def test_axis_of_the_day_that_lacks_an_hour() -> None:
    """On the last Sunday of March there is no 03:00 in Riga; labels stay true to the clock."""
    local = clock("Europe/Riga", dt.datetime(2026, 3, 28, 22, tzinfo=dt.UTC), 92)
    labels = local.axis(width=810, with_title=True)["labelExpr"]
    assert '"18000": "06:00"' in labels
    assert "03:00" not in labels
    assert '"0": ["00:00", "Sun 29 Mar"]' in labels


def test_long_axis_has_days() -> None:
    """A month is labelled by days at local midnight."""
    local = clock("Europe/Riga", dt.datetime(2026, 3, 1, tzinfo=dt.UTC), 31 * 96)
    axis = local.axis(width=810, with_title=True)
    assert axis["title"].startswith("days (Europe/Riga), from Sunday 1 March 2026")
    assert 4 <= len(axis["values"]) <= 12


@pytest.mark.parametrize("name", ["", "../../etc/passwd", "Mars/X", "A" * 5000, "Europe", "\x00"])
def test_unknown_zone_is_utc(name: str) -> None:
    """A zone that is none shows UTC, and says so."""
    assert zone_of(name) == (dt.UTC, "UTC")


@pytest.mark.parametrize(
    ("say", "value", "words"),
    [
        (euros, 24.1, "24.10 EUR"),
        (euros, 12_345.6, "12,346 EUR"),
        (euros, -3.5, "\N{MINUS SIGN}3.50 EUR"),
        (kilowatts, 7.4, "7.4 kW"),
        (kilowatts, 22, "22 kW"),
        (kilowatts, 2576.4, "2.58 MW"),
        (kilowatt_hours, 250_000.0, "250 MWh"),
        (small_percent, 0.00001, "less than 0.01 %"),
        (small_percent, 0.0, "0 %"),
        (small_percent, 0.0123, "1.23 %"),
        (euros, None, "\N{EN DASH} EUR"),
    ],
)
def test_figures_in_words(say: Callable[[object], str], value: object, words: str) -> None:
    """Digits follow the size of a figure, and a gap is never rounded down to nothing."""
    assert say(value).replace("\N{NO-BREAK SPACE}", " ") == words
