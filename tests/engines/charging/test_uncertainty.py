"""Early departures and stays to come: sampled fairly, seeded, and whatever the order of stays."""

import csv
import datetime as dt
import gzip
import math
from dataclasses import replace
from pathlib import Path
from statistics import NormalDist

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from viavolta.engines.charging.scheduler import schedule
from viavolta.engines.charging.uncertainty import (
    early_departure_share,
    early_departure_share_recorded,
    forecast_stays,
    joined,
    normal_share,
)
from viavolta.engines.charging.window import sum_by_stay, windows
from viavolta.model.limit import one_limit
from viavolta.model.signal import SignalTable, one_zone
from viavolta.model.stay import StayTable, stay_table

T0 = np.datetime64("2025-01-06T00:00:00")  # a Monday
HOUR = np.timedelta64(3600, "s")
DAY = np.timedelta64(1, "D")
FIELDS = (
    "arrival",
    "departure",
    "energy_kwh",
    "max_kw",
    "min_kw",
    "max_discharge_kw",
    "capacity_kwh",
    "soc_arrival_kwh",
    "soc_min_kwh",
    "charge_efficiency",
    "discharge_efficiency",
    "wear_eur_per_kwh",
    "limit",
    "taper_soc",
    "knee_kw",
    "efficiency_above_knee",
    "charging_loss_kw",
    "standing_loss_kw",
    "ageing_soc",
    "ageing_eur_per_kwh_h",
    "phase",
)
derandomized = settings(deadline=None, derandomize=True, max_examples=40)


def signals(hours: int = 24, step_s: int = 900) -> SignalTable:
    """Prices that do not matter."""
    return one_zone(T0, step_s, buy_eur_per_kwh=np.full(hours * 3600 // step_s, 0.2))


def some_stays(seed: int, n_stays: int = 7) -> StayTable:
    """Stays at odd times within a day."""
    rng = np.random.default_rng(seed)
    arrival_s = rng.integers(0, 80_000, n_stays)
    departure_s = np.minimum(arrival_s + rng.integers(60, 40_000, n_stays), 86_400)
    return stay_table(
        tuple(f"s{i}" for i in range(n_stays)),
        T0 + arrival_s.astype("timedelta64[s]"),
        departure=T0 + departure_s.astype("timedelta64[s]"),
        energy_kwh=rng.uniform(1, 30, n_stays),
        max_kw=11.0,
    )


def picked(stays: StayTable, rows: list[int]) -> StayTable:
    """Some of the stays, in this order."""
    return replace(
        stays,
        stay_id=tuple(stays.stay_id[row] for row in rows),
        vehicle_id=tuple(stays.vehicle_id[row] for row in rows) if stays.vehicle_id else (),
        **{name: getattr(stays, name)[rows] for name in FIELDS},
    )


def by_stay(share: np.ndarray, stays: StayTable, prices: SignalTable) -> dict[str, list[float]]:
    offsets = windows(stays, prices).offsets
    return {
        name: share[offsets[row] : offsets[row + 1]].tolist()
        for row, name in enumerate(stays.stay_id)
    }


@derandomized
@given(seed=st.integers(0, 2**32), n=st.integers(1, 200), spread=st.floats(0.01, 20))
def test_shares_are_chances(seed: int, n: int, spread: float) -> None:
    """Each share is a whole number of samples, a stay's sum is at most 1, its last step has 0."""
    stays, prices = some_stays(seed), signals()
    share = early_departure_share(
        stays, prices, rng=np.random.default_rng(seed), n_samples=n, spread_h=spread
    )
    offsets = windows(stays, prices).offsets
    assert share.shape == (offsets[-1],)
    assert (share >= 0).all()
    assert sum_by_stay(share, offsets) == pytest.approx(
        np.clip(sum_by_stay(share, offsets), 0, 1), abs=1e-12
    )
    assert (share[offsets[1:] - 1] == 0).all()
    assert share * n == pytest.approx(np.round(share * n), abs=1e-9)


@derandomized
@given(seed=st.integers(0, 2**32), shuffle=st.integers(0, 2**32))
def test_the_order_of_stays_does_not_matter(seed: int, shuffle: int) -> None:
    """A stay gets the same samples wherever it stands, and whoever else is there."""
    stays, prices = some_stays(seed), signals()
    order = np.random.default_rng(shuffle).permutation(len(stays)).tolist()
    some = order[: len(order) // 2]

    def shares(table: StayTable) -> dict[str, list[float]]:
        found = early_departure_share(table, prices, rng=np.random.default_rng(3), n_samples=20)
        return by_stay(found, table, prices)

    everything = shares(stays)
    assert shares(picked(stays, order)) == everything
    assert shares(picked(stays, some)).items() <= everything.items()


def test_the_share_is_that_of_the_distribution() -> None:
    """Ten hourly steps, leaving 2 +- 1.5 h early: within a sample's weight of the exact chance.

    The last chance of 9 h early or more falls to the end of the first step.
    """
    stays = stay_table(("a",), [T0], departure=[T0 + 10 * HOUR], energy_kwh=9.0, max_kw=5.0)
    normal = NormalDist(2.0, 1.5)
    exact = [normal.cdf(9 - row) - normal.cdf(8 - row) for row in range(9)]
    exact[0] = 1 - normal.cdf(8)
    share = early_departure_share(
        stays,
        signals(step_s=3600),
        rng=np.random.default_rng(1),
        n_samples=1000,
        spread_h=1.5,
        mean_h=2.0,
    )
    assert share[:9] == pytest.approx(exact, abs=1.001e-3)
    assert share[9] == 0
    assert 1 - share.sum() == pytest.approx(normal.cdf(0), abs=1.001e-3)


def test_the_mean_over_seeds_is_exact() -> None:
    """Three samples only, many seeds: no bias."""
    stays = stay_table(("a",), [T0], departure=[T0 + 4 * HOUR], energy_kwh=9.0, max_kw=5.0)
    prices, normal = signals(step_s=3600), NormalDist(0.0, 1.5)
    found = [
        early_departure_share(
            stays, prices, rng=np.random.default_rng(seed), n_samples=3, spread_h=1.5
        )
        for seed in range(3000)
    ]
    exact = [1 - normal.cdf(2), normal.cdf(2) - normal.cdf(1), normal.cdf(1) - normal.cdf(0), 0]
    assert np.mean(found, axis=0) == pytest.approx(exact, abs=0.012)


def test_recorded_hours_by_hand() -> None:
    """Of four sessions one left 30 min early, one 2 h 30, one on time, one an hour late.

    Four hourly steps: 30 min early is in the last step, so gone after the third; 2 h 30 early is
    in the second step, so gone after the first.
    """
    stays = stay_table(("a",), [T0], departure=[T0 + 4 * HOUR], energy_kwh=9.0, max_kw=5.0)
    share = early_departure_share_recorded(
        stays,
        signals(step_s=3600),
        rng=np.random.default_rng(1),
        earlier_h=[0.5, 2.5, 0.0, -1.0],
        n_samples=4,
    )
    assert share == pytest.approx([0.25, 0, 0.25, 0])


def test_recorded_hours_drawn_from_a_normal_agree_with_it() -> None:
    """The two ways meet on the same distribution."""
    stays, prices = some_stays(5), signals()
    hours = [NormalDist(0.3, 1.2).inv_cdf((i + 0.5) / 20_000) for i in range(20_000)]
    recorded = early_departure_share_recorded(
        stays, prices, rng=np.random.default_rng(2), earlier_h=hours, n_samples=500
    )
    normal = early_departure_share(
        stays, prices, rng=np.random.default_rng(2), n_samples=500, spread_h=1.2, mean_h=0.3
    )
    assert recorded == pytest.approx(normal, abs=1.001 / 500)


def test_same_seed_same_bytes_and_another_seed_others() -> None:
    """The generator is all there is to chance."""
    stays, prices = some_stays(1), signals()

    def drawn(seed: int) -> bytes:
        rng = np.random.default_rng(seed)
        return early_departure_share(stays, prices, rng=rng, n_samples=5).tobytes()

    assert drawn(1) == drawn(1)
    assert drawn(1) != drawn(2)


def test_the_kernel_agrees_with_the_textbook() -> None:
    """Compiled, uncompiled, and the standard library."""
    value = np.linspace(-9, 9, 301)
    slow = [NormalDist().cdf(v) for v in value.tolist()]
    assert normal_share(value) == pytest.approx(slow, abs=1e-15)
    assert normal_share.py_func(value) == pytest.approx(slow, abs=1e-15)


def test_no_stays_no_shares() -> None:
    """An empty table is no special case."""
    stays = picked(some_stays(1), [])
    assert early_departure_share(stays, signals(), rng=np.random.default_rng(1)).shape == (0,)


@pytest.mark.parametrize("wrong", [{"n_samples": 0}, {"spread_h": 0.0}, {"mean_h": math.nan}])
def test_impossible_samples_are_refused(wrong: dict[str, float]) -> None:
    """Wrong settings are errors, not shares."""
    with pytest.raises(ValueError, match="n_samples|spread_h"):  # noqa: RUF043 - a choice of two
        early_departure_share(some_stays(1), signals(), rng=np.random.default_rng(1), **wrong)
    with pytest.raises(ValueError, match="earlier_h"):
        early_departure_share_recorded(
            some_stays(1), signals(), rng=np.random.default_rng(1), earlier_h=[]
        )


@pytest.mark.bench_data
def test_recorded_workplaces_leave_early_as_they_did(bench_data: Path) -> None:
    """Caltech and JPL 2019: the share that leaves early is that of the records."""
    path = bench_data / "ev-sessions" / "acn-caltech-jpl-2019" / "sessions.csv.gz"
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        claimed = [row for row in csv.DictReader(lines) if row["claimed"] == "True"]
    said, real = (
        np.array([dt.datetime.fromisoformat(row[name]).timestamp() for row in claimed])
        for name in ("estimated_departure", "departure")
    )
    earlier_h = (said - real) / 3600
    stays = stay_table(("a",), [T0], departure=[T0 + 24 * HOUR], energy_kwh=9.0, max_kw=5.0)
    share = early_departure_share_recorded(
        stays,
        signals(),
        rng=np.random.default_rng(1),
        earlier_h=earlier_h,
        n_samples=10_000,
    )
    assert share.sum() == pytest.approx((earlier_h > 0).mean(), abs=1e-3)


# forecasts


def history() -> StayTable:
    """Three recorded days: Monday two stays, Tuesday none, Saturday one.

    The two of Monday are one vehicle with a battery.
    """
    monday, saturday = T0 - 7 * DAY, T0 - 2 * DAY
    return stay_table(
        ("m1", "m2", "sat"),
        [monday + 8 * HOUR, monday + 18 * HOUR, saturday + 10 * HOUR],
        departure=[monday + 12 * HOUR, monday + 30 * HOUR, saturday + 11 * HOUR],
        energy_kwh=[10.0, 24.0, 5.0],
        max_kw=[11.0, 22.0, 50.0],
        min_kw=[4.14, 0.0, 0.0],
        capacity_kwh=[60.0, 60.0, np.nan],
        soc_arrival_kwh=[20.0, 12.0, np.nan],
        max_discharge_kw=[10.0, 0.0, 0.0],
        charge_efficiency=0.9,
        wear_eur_per_kwh=0.05,
        charging_loss_kw=0.3,
        vehicle_id=("bus", "bus", ""),
        limit=[2, 1, 0],
        phase=[0, -1, 2],
    )


RECORDED = [T0 - 7 * DAY, T0 - 6 * DAY, T0 - 2 * DAY]


def forecast(n_scenarios: int, hours: int = 24, seed: int = 1, **changed) -> StayTable:
    arguments = {
        "history_days": RECORDED,
        "first_arrival": T0,
        "rng": np.random.default_rng(seed),
        **changed,
    }
    return forecast_stays(history(), signals(hours), n_scenarios=n_scenarios, **arguments)


def test_each_scenario_is_a_recorded_day() -> None:
    """On a Monday to come: the Monday's two stays, or the Tuesday's none; never the Saturday's."""
    found = forecast(40)
    names = [name.rsplit("/", 1) for name in found.stay_id]
    assert {name for _, name in names} == {"m1", "m2"}
    n_mondays = len({day for day, _ in names})
    assert 10 < n_mondays < 30
    assert len(names) == 2 * n_mondays
    first = found.stay_id.index(names[0][0] + "/m1")
    assert found.arrival[first] == T0 + 8 * HOUR
    assert found.departure[first] == T0 + 12 * HOUR


def test_the_weight_scales_what_can_be_added_up_and_nothing_else() -> None:
    """A tenth of a vehicle: a tenth of power and energy, the same efficiency, price and place."""
    found = forecast(10, hours=48)
    row = next(i for i, name in enumerate(found.stay_id) if name.endswith("2025-01-06/m1"))
    tenth = {
        "energy_kwh": 1.0,
        "max_kw": 1.1,
        "min_kw": 0.414,
        "capacity_kwh": 6.0,
        "soc_arrival_kwh": 2.0,
        "max_discharge_kw": 1.0,
        "charging_loss_kw": 0.03,
    }
    same = {"charge_efficiency": 0.9, "wear_eur_per_kwh": 0.05, "limit": 2, "phase": 0}
    for name, value in (tenth | same).items():
        assert getattr(found, name)[row] == pytest.approx(value), name
    assert found.vehicle_id[row] == found.stay_id[row].replace("m1", "bus")
    assert np.isinf(found.knee_kw).all()


def test_a_stay_beyond_the_signals_is_cut_with_its_energy() -> None:
    """Six of twelve hours: half of the 24 kWh."""
    found = forecast(30)
    evening = [i for i, name in enumerate(found.stay_id) if name.endswith("m2")]
    assert (found.departure[evening] == T0 + 24 * HOUR).all()
    assert found.energy_kwh[evening] == pytest.approx(12.0 / 30)


def test_only_what_is_still_to_come() -> None:
    """From noon on the morning's stay is no news."""
    names = forecast(30, first_arrival=T0 + 12 * HOUR).stay_id
    assert {name.rsplit("/", 1)[1] for name in names} == {"m2"}


def test_the_mean_is_that_of_the_record() -> None:
    """Half of the weekdays are like Monday: 5 kWh expected in the morning, 11 kW at most."""
    found = forecast(2000)
    morning = found.arrival == T0 + 8 * HOUR
    assert found.energy_kwh[morning].sum() == pytest.approx(5.0, abs=0.4)
    assert found.max_kw[morning].sum() == pytest.approx(5.5, abs=0.4)


def test_parts_of_a_vehicle_are_planned_like_the_whole() -> None:
    """Where only one day is on record, its scenarios together cost what that day costs."""
    record = some_stays(4)
    limits, prices = one_limit("root", 14.0, n_steps=24), signals(step_s=3600)
    prices = replace(prices, buy_eur_per_kwh=0.2 + 0.1 * np.sin(np.arange(24.0))[np.newaxis])
    drawn = forecast_stays(
        record,
        prices,
        history_days=[T0],
        first_arrival=T0,
        rng=np.random.default_rng(1),
        n_scenarios=4,
    )
    assert len(drawn) == 4 * len(record)
    whole = schedule(record, limits, prices, gap=1e-4)
    parts = schedule(drawn, limits, prices, gap=1e-4)
    assert parts.cost_eur == pytest.approx(whole.cost_eur, rel=2e-4)
    assert parts.lower_bound_eur <= whole.cost_eur
    assert whole.lower_bound_eur <= parts.cost_eur


@derandomized
@given(seed=st.integers(0, 2**32), order=st.permutations([0, 1, 2]))
def test_the_order_of_the_record_does_not_matter(seed: int, order: list[int]) -> None:
    """The same forecast, byte for byte."""
    shuffled = picked(history(), order)
    one, other = (
        forecast_stays(
            record,
            signals(72),
            history_days=days,
            first_arrival=T0,
            rng=np.random.default_rng(seed),
            n_scenarios=5,
        )
        for record, days in ((history(), RECORDED), (shuffled, RECORDED[::-1]))
    )
    assert one.stay_id == other.stay_id
    assert one.vehicle_id == other.vehicle_id
    for name in FIELDS:
        assert getattr(one, name).tobytes() == getattr(other, name).tobytes(), name


def test_known_and_forecast_stays_stand_together() -> None:
    """One table for the scheduler; a name twice is an error."""
    known, to_come = some_stays(1), forecast(3)
    both = joined(known, to_come)
    assert both.stay_id == known.stay_id + to_come.stay_id
    assert both.vehicle_id == ("",) * len(known) + to_come.vehicle_id
    assert both.energy_kwh.sum() == pytest.approx(known.energy_kwh.sum() + to_come.energy_kwh.sum())
    with pytest.raises(ValueError, match="unique"):
        joined(known, known)


def test_impossible_forecasts_are_refused() -> None:
    """No such day in the record, no scenario, nothing to come."""
    with pytest.raises(ValueError, match="no weekend day"):
        forecast(3, hours=6 * 24, history_days=RECORDED[:2])
    with pytest.raises(ValueError, match="n_scenarios"):
        forecast(0)
    with pytest.raises(ValueError, match="first_arrival"):
        forecast(3, first_arrival=T0 + 24 * HOUR)
