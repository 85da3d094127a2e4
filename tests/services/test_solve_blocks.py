"""Benchmark plans: optimal where the optimum is known, sound and bounded everywhere."""

import csv
import itertools
import json
import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from viavolta.checks.evsp import check_evsp
from viavolta.cli.blocks import app
from viavolta.formats.evsp import EvspInstance, read_evsp
from viavolta.model.errors import NoSolutionError, UsageError
from viavolta.model.progress import never, silent
from viavolta.services.solve_blocks import (
    BENCHMARK,
    COLUMN_BOUND,
    EFFORTS,
    FLOW_BOUND,
    VEHICLE_COST,
    BlockRules,
    flow_of,
    plan_days,
    plan_document,
    solve_blocks,
    way_cost,
)

# Depots 0 and 1, station 2, trips 3, 4 and 5. Every way takes 10, save to and from station 2 (5).
# Trips 3 and 5 run at once; each trip uses 30, so that two in a row on a battery of 60 need the
# station. By hand: two vehicles, 10 + 5 + 5 + 10 and 10 + 10 of ways.
SMALL_OPTIMUM = 20_050.0


def small(max_charge: float = 60.0, consumption: float = 30.0) -> EvspInstance:
    ways = np.full((6, 6), 10.0)
    ways[2, :] = ways[:, 2] = 5.0
    return EvspInstance(
        name="small",
        n_depots=2,
        n_stations=1,
        n_trips=3,
        ready_min=np.array([0.0, 0.0, 0.0, 100.0, 170.0, 100.0]),
        due_min=np.array([500.0, 500.0, 500.0, 120.0, 190.0, 120.0]),
        consumption=np.array([0.0, 0.0, 0.0, *[consumption] * 3]),
        deadhead=ways,
        max_charge=max_charge,
        recharge_min_per_unit=1.0,
    )


def changed(instance: EvspInstance, **changes) -> EvspInstance:
    return EvspInstance(
        **{name: getattr(instance, name) for name in EvspInstance.__slots__} | changes
    )


def write(instance: EvspInstance, path: Path) -> Path:
    counts = (instance.n_depots, instance.n_stations, instance.n_trips, 1, 1)
    lines = [" ".join(map(str, counts))]
    rows = zip(instance.ready_min, instance.due_min, instance.consumption, strict=True)
    lines += [f"{ready} {due} {due - ready} {used}" for ready, due, used in rows]
    lines += [" ".join(map(str, row)) for row in instance.deadhead]
    lines.append(f"{instance.max_charge} {instance.recharge_min_per_unit}")
    path.write_text("\n".join(lines) + "\n")
    return path


def planned(
    instance: EvspInstance, effort: str = "low", seed: int = 1, stop=never, rules=BENCHMARK
):
    """The document of a plan, and its check's findings."""
    fleet = flow_of(instance, rules)
    rng = np.random.default_rng(seed)
    plan = plan_days(
        instance, fleet, EFFORTS[effort], rules=rules, rng=rng, progress=silent, stop=stop
    )
    document = {
        "instance": instance.name,
        "seed": seed,
        "runtime_s": 0.0,
        **plan_document(instance, plan, fleet, rules),
    }
    return document, check_evsp(instance, document)


# ------------------------------------------------------------------ known optima


def test_the_small_instance_is_solved_to_the_optimum_by_hand():
    """Cost and bound meet, so that the plan is proven optimal."""
    document, findings = planned(small())
    assert findings == []
    assert document["cost"] == pytest.approx(SMALL_OPTIMUM)
    assert document["lower_bound"] == pytest.approx(SMALL_OPTIMUM)


def test_a_trip_that_needs_a_station_on_both_sides_is_served():
    """On 44 units every trip needs the station before and after; two vehicles still do."""
    document, findings = planned(small(max_charge=44.0))
    assert findings == []
    assert document["cost"] == pytest.approx(SMALL_OPTIMUM)
    assert sorted(len(block["vertices"]) for block in document["blocks"]) == [5, 7]
    for block in document["blocks"]:
        assert block["vertices"][1::2] == [2] * (len(block["vertices"]) // 2)


def test_a_trip_that_nobody_can_serve_is_named():
    """On 36 units no station helps: the error names the trip, the limit and what to relax."""
    with pytest.raises(NoSolutionError) as raised:
        planned(small(max_charge=36.0))
    assert raised.value.code == "evsp-trip-impossible"
    assert raised.value.where.value == "3"
    assert "36" in raised.value.expected
    assert raised.value.hint


def test_a_depot_that_opens_late_is_not_used():
    """The depot's own opening stands for the end of the trip before the first."""
    instance = small()
    late = changed(instance, ready_min=np.array([95.0, 0.0, 0.0, 100.0, 170.0, 100.0]))
    document, findings = planned(late)
    assert findings == []
    assert all(
        block["depot"] == 1 for block in document["blocks"] if set(block["vertices"]) & {3, 5}
    )


# ------------------------------------------------------------------ properties


@st.composite
def instances(draw) -> EvspInstance:
    """Few trips between points of a plane, often tight in time and energy."""
    m, k, n = draw(st.integers(1, 2)), draw(st.integers(0, 2)), draw(st.integers(1, 4))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    ends = rng.uniform(0, 30, (m + k + n, 2))
    starts = np.concatenate([ends[: m + k], rng.uniform(0, 30, (n, 2))])
    ways = np.hypot(*(ends[:, None] - starts[None]).transpose(2, 0, 1))
    if draw(st.booleans()):  # published files close ways this way, and so break the triangle rule
        ways[rng.random(ways.shape) < 0.1] = 1e6
        ways[:m], ways[:, :m] = np.minimum(ways[:m], 50.0), np.minimum(ways[:, :m], 50.0)
    ready = np.concatenate([np.zeros(m + k), rng.uniform(40, 200, n)])
    duration = np.concatenate([np.full(m + k, 400.0), rng.uniform(5, 40, n)])
    return EvspInstance(
        name="random",
        n_depots=m,
        n_stations=k,
        n_trips=n,
        ready_min=ready,
        due_min=ready + duration,
        consumption=np.concatenate([np.zeros(m + k), rng.uniform(0, 40, n)]),
        deadhead=ways,
        max_charge=draw(st.sampled_from([80.0, 110.0, 150.0])),
        recharge_min_per_unit=draw(st.sampled_from([0.2, 0.8, 3.0])),
    )


def slow_route_cost(
    instance: EvspInstance, chain: tuple[int, ...], depots=None, layover_s: float = 0.0
) -> float:
    """Least cost of one vehicle for these trips: every depot, every station in every gap."""
    visits = [(), *((s,) for s in range(instance.n_depots, instance.first_trip))]
    depots = range(instance.n_depots) if depots is None else depots
    choices = itertools.product(depots, *itertools.repeat(visits, len(chain) + 1))
    best = math.inf
    for depot, out, *ways in choices:
        legs = itertools.chain.from_iterable(zip(chain, ways, strict=True))
        vertices = itertools.chain.from_iterable(
            (leg,) if isinstance(leg, int) else leg for leg in legs
        )
        route = [depot, *out, *vertices, depot]
        plan = {
            "instance": "one",
            "seed": 1,
            "min_layover_s": layover_s,
            "vehicles": 1,
            "bound_kind": "none",
            "cost": VEHICLE_COST + way_cost(instance, tuple(route)),
            "lower_bound": 0.0,
            "gap": 1.0,
            "runtime_s": 0.0,
            "blocks": [{"depot": depot, "vertices": route}],
        }
        is_sound = {f.rule for f in check_evsp(instance, plan)} <= {"evsp-cover"}
        best = min(best, plan["cost"]) if is_sound else best
    return best


def slow_optimum(instance: EvspInstance, trips: tuple[int, ...]) -> float:
    """The true optimum by trying every partition of the trips."""
    if not trips:
        return 0.0
    best, rest = math.inf, trips[1:]
    for size in range(len(rest) + 1):
        for others in itertools.combinations(rest, size):
            chain = tuple(sorted((trips[0], *others), key=lambda t: instance.ready_min[t]))
            left = tuple(t for t in rest if t not in others)
            best = min(best, slow_route_cost(instance, chain) + slow_optimum(instance, left))
    return best


@settings(max_examples=30, deadline=None)
@given(instance=instances())
def test_the_bound_is_below_every_plan_and_every_plan_is_sound(instance):
    """bound <= optimum by enumeration <= cost, and the check finds nothing."""
    optimum = slow_optimum(instance, tuple(range(instance.first_trip, instance.n_vertices)))
    try:
        document, findings = planned(instance)
    except NoSolutionError:
        assert optimum == math.inf
        return
    assert findings == []
    assert document["lower_bound"] <= optimum + 1e-6
    assert optimum <= document["cost"] + 1e-6


def slow_optimum_within(instance: EvspInstance, rules: BlockRules) -> float:
    """The true optimum within the rules: every partition of the trips, every depot for each part.

    Vehicles of one depot are alike, so that only their number counts.
    """
    trips = tuple(
        sorted(range(instance.first_trip, instance.n_vertices), key=lambda t: instance.ready_min[t])
    )
    cost = {
        (depot, chain): slow_route_cost(instance, chain, (depot,), rules.min_layover_s)
        for size in range(1, len(trips) + 1)
        for chain in itertools.combinations(trips, size)
        for depot in range(instance.n_depots)
    }

    def least(left: tuple[int, ...], places: tuple[int, ...]) -> float:
        if not left:
            return 0.0
        best, rest = math.inf, left[1:]
        for size in range(len(rest) + 1):
            for others in itertools.combinations(rest, size):
                after = tuple(t for t in rest if t not in others)
                for depot, n in enumerate(places):
                    own = cost[depot, (left[0], *others)]
                    if n > 0 and own < math.inf:
                        fewer = (*places[:depot], n - 1, *places[depot + 1 :])
                        best = min(best, own + least(after, fewer))
        return best

    return least(trips, rules.vehicles_per_depot or (len(trips),) * instance.n_depots)


@settings(max_examples=30, deadline=None, derandomize=True)
@given(
    instance=instances(),
    most=st.lists(st.integers(0, 2), min_size=2, max_size=2),
    layover_s=st.sampled_from([0.0, 300.0, 1200.0]),
)
def test_within_depots_and_layovers_the_bound_is_below_every_plan(instance, most, layover_s):
    """bound <= optimum by enumeration <= cost, and the check finds nothing; or none is found."""
    rules = BlockRules(min_layover_s=layover_s, vehicles_per_depot=tuple(most[: instance.n_depots]))
    optimum = slow_optimum_within(instance, rules)
    refusal = ""
    try:
        document, findings = planned(instance, "high", rules=rules)
    except NoSolutionError as error:
        refusal = error.message
    if refusal:
        assert optimum == math.inf or "no plan was found" in refusal
        return
    assert findings == []
    assert document["lower_bound"] <= optimum + 1e-6
    assert optimum <= document["cost"] + 1e-6


def test_a_depot_that_is_full_sends_others():
    """On an easy day each depot gets two vehicles less than it would like: dearer, and proven."""
    free, _ = planned(city(), "normal")
    sent = [sum(block["depot"] == depot for block in free["blocks"]) for depot in range(2)]
    larger = int(np.argmax(sent))
    most = [50, 50]
    most[larger] = sent[larger] - 2
    document, findings = planned(city(), "normal", rules=BlockRules(vehicles_per_depot=tuple(most)))
    assert findings == []
    assert document["bound_kind"] == COLUMN_BOUND
    assert sum(block["depot"] == larger for block in document["blocks"]) <= most[larger]
    assert document["cost"] > free["cost"]
    assert document["gap"] < 5e-3
    assert len(document["depot_tolls"]) == 2


def test_a_longer_layover_never_costs_less():
    """The bound rises with the layover, and the check drives every day with it."""
    bounds = []
    for layover_s in (0.0, 600.0, 1800.0):
        document, findings = planned(city(), rules=BlockRules(min_layover_s=layover_s))
        assert findings == []
        assert document["bound_kind"] == COLUMN_BOUND
        bounds.append(document["lower_bound"])
    assert bounds[0] < bounds[1] < bounds[2]


def test_depots_that_send_out_too_few_are_no_solution():
    """Two trips at once and one vehicle: proven that there is no plan, with what would do."""
    with pytest.raises(NoSolutionError) as raised:
        planned(small(), rules=BlockRules(vehicles_per_depot=(1, 0)))
    error = raised.value
    assert error.code == "evsp-depots-too-small"
    assert error.where.value == "1,0"
    assert "no plan at all" in error.message
    assert "take 2" in error.expected
    assert error.hint


def test_numbers_for_other_depots_are_refused():
    """One number stands for all depots; three for two depots are a mistake."""
    rules = BlockRules(vehicles_per_depot=(3,))
    assert rules.of(small()).vehicles_per_depot == (3, 3)
    with pytest.raises(UsageError) as raised:
        BlockRules(vehicles_per_depot=(1, 2, 3)).of(small())
    assert raised.value.code == "evsp-depot-count"
    assert raised.value.where.value == "1,2,3"


@pytest.mark.parametrize("n_ticks", [3, 30, 100])
def test_a_time_limit_cuts_inside_the_search(tmp_path, n_ticks):
    """Wherever the clock runs out, inside programs and pricings too, the plan is sound."""
    path = write(city(), tmp_path / "city.txt")
    document = solve_blocks(
        path,
        seed=1,
        effort="normal",
        time_limit_s=float(n_ticks),
        progress=silent,
        clock=itertools.count().__next__,
    )
    assert document["was_cut_short"]
    assert check_evsp(read_evsp(path), document) == []


def city(n_trips: int = 40, seed: int = 1) -> EvspInstance:
    """A town of 20 x 20 with two depots, three stations and as many trips as asked."""
    rng = np.random.default_rng(seed)
    ends = rng.uniform(0, 20, (5 + n_trips, 2))
    starts = np.concatenate([ends[:5], rng.uniform(0, 20, (n_trips, 2))])
    ready = np.concatenate([np.zeros(5), rng.uniform(300, 1100, n_trips)])
    duration = np.concatenate([np.full(5, 1440.0), rng.uniform(20, 60, n_trips)])
    return EvspInstance(
        name="city",
        n_depots=2,
        n_stations=3,
        n_trips=n_trips,
        ready_min=ready,
        due_min=ready + duration,
        consumption=np.concatenate([np.zeros(5), rng.uniform(5, 40, n_trips)]),
        deadhead=np.hypot(*(ends[:, None] - starts[None]).transpose(2, 0, 1)),
        max_charge=100.0,
        recharge_min_per_unit=0.8,
    )


@pytest.mark.parametrize("effort", EFFORTS)
def test_every_effort_proves_its_plan(effort):
    """Duals prove the bound of each effort, and the gap is below a thousandth on an easy day."""
    document, findings = planned(city(), effort)
    assert findings == []
    assert document["bound_kind"] == COLUMN_BOUND
    assert len(document["duals"]) == 40
    assert document["gap"] < 1e-3


def test_more_effort_never_costs_more():
    """Polishing and longer dives keep what is better; the bound is no weaker."""
    low, normal, high = (planned(city(seed=4), effort)[0] for effort in EFFORTS)
    assert low["cost"] >= normal["cost"] - 1e-6
    assert normal["cost"] >= high["cost"] - 1e-6
    assert low["lower_bound"] <= normal["lower_bound"] + 0.1 <= high["lower_bound"] + 0.2


def test_the_order_of_the_trips_is_irrelevant():
    """The same day with its trips in another order has the same bound, and a plan as good."""
    instance = city(n_trips=25)
    rng = np.random.default_rng(5)
    first = instance.first_trip
    order = np.concatenate([np.arange(first), first + rng.permutation(instance.n_trips)])
    shuffled = changed(
        instance,
        ready_min=instance.ready_min[order],
        due_min=instance.due_min[order],
        consumption=instance.consumption[order],
        deadhead=instance.deadhead[np.ix_(order, order)],
    )
    one, other = (planned(some, "high")[0] for some in (instance, shuffled))
    assert one["lower_bound"] == pytest.approx(other["lower_bound"], rel=1e-6)
    assert one["cost"] == pytest.approx(other["cost"], rel=1e-5)


def test_a_bound_of_duals_that_proves_less_than_the_flow_gives_way_to_it():
    """Stopped before the relaxation has a bound, the plan names the flow, and hands on no duals."""
    document, findings = planned(city(), stop=lambda: True)
    assert findings == []
    assert document["bound_kind"] == FLOW_BOUND
    assert "duals" not in document


def test_trips_without_duration_that_follow_both_ways_get_the_flow_as_bound():
    """Two trips at one point and minute: no order of them is complete, so no duals are shown."""
    instance = small()
    ways = instance.deadhead.copy()
    ways[np.ix_([3, 5], [3, 5])] = 0.0
    ends = np.array([500.0, 500.0, 500.0, 100.0, 190.0, 100.0])
    document, findings = planned(changed(instance, deadhead=ways, due_min=ends))
    assert findings == []
    assert document["bound_kind"] == FLOW_BOUND


def pair(ways: np.ndarray, ready: list[float], due: list[float]) -> EvspInstance:
    """One depot, no station, two trips."""
    return EvspInstance(
        name="pair",
        n_depots=1,
        n_stations=0,
        n_trips=2,
        ready_min=np.array([0.0, *ready]),
        due_min=np.array([2000.0, *due]),
        consumption=np.zeros(3),
        deadhead=ways,
        max_charge=1000.0,
        recharge_min_per_unit=1.0,
    )


def test_rounding_forbids_no_connection_that_fits_exactly():
    """411.24 + 15.78 is 427.02, whatever binary digits make of it: one vehicle does both."""
    ways = np.array([[0.0, 10.0, 10.0], [10.0, 0.0, 15.78], [10.0, 15.78, 0.0]])
    instance = pair(ways, [400.0, 427.02], [411.24, 440.0])
    assert flow_of(instance).cost_lower_bound <= 10_035.78
    document, findings = planned(instance)
    assert findings == []
    assert (document["vehicles"], document["bound_kind"]) == (1, COLUMN_BOUND)


def test_the_flow_bounds_trips_without_duration_in_any_order():
    """Two at one minute, best in the order in which the file does not have them."""
    ways = np.array([[0.0, 15.0, 5.0], [5.0, 0.0, 5.0], [15.0, 0.0, 0.0]])
    instance = pair(ways, [100.0, 100.0], [100.0, 100.0])
    assert flow_of(instance).cost_lower_bound <= 10_010.0
    document, _ = planned(instance)
    assert document["lower_bound"] <= 10_010.0


def test_same_seed_same_plan():
    """A seed gives one plan and one proof, to the byte."""
    first, again = (json.dumps(planned(city(), "normal", seed=7)[0]) for _ in range(2))
    assert first == again


def test_a_stopped_search_gives_a_sound_plan(tmp_path):
    """With no time at all the plan is poorer, says that it was cut short, and is sound."""
    path = write(city(), tmp_path / "city.txt")
    document = solve_blocks(
        path,
        seed=1,
        effort="normal",
        time_limit_s=0.0,
        progress=silent,
        clock=itertools.count().__next__,
    )
    assert document["was_cut_short"]
    assert check_evsp(read_evsp(path), document) == []


# ------------------------------------------------------------------ the command


def run(*arguments: object):
    result = CliRunner().invoke(app, ["solve", *map(str, arguments), "--json"])
    lines = result.stdout.splitlines()
    assert len(lines) == 1, "stdout carries exactly one JSON document"
    return result.exit_code, json.loads(lines[0])


def test_the_command_writes_the_contract(tmp_path):
    """The file holds what the contract lists; stdout the same without the blocks, and `out`."""
    path, out = write(small(), tmp_path / "small.txt"), tmp_path / "plan.json"
    code, summary = run(path, "--out", out, "--effort", "low", "--seed", 5)
    assert code == 0
    plan = json.loads(out.read_text())
    assert (plan["instance"], plan["seed"], plan["vehicles"]) == ("small", 5, 2)
    assert check_evsp(small(), plan) == []
    assert plan["bound_kind"] == COLUMN_BOUND
    told = {key: plan[key] for key in plan if key not in {"blocks", "duals"}}
    assert told | {"out": str(out)} == summary
    assert [p.name for p in sorted(tmp_path.iterdir())] == ["plan.json", "small.txt"]


def test_the_command_keeps_depots_and_layovers(tmp_path):
    """The rules stand in the file, so that the check can hold the plan against them."""
    path, out = write(small(), tmp_path / "small.txt"), tmp_path / "plan.json"
    options = ("--effort", "low", "--min-layover", "600", "--vehicles-per-depot", "2, 1")
    code, summary = run(path, "--out", out, *options)
    assert code == 0
    plan = json.loads(out.read_text())
    assert check_evsp(small(), plan) == []
    assert (plan["min_layover_s"], plan["vehicles_per_depot"]) == (600.0, [2, 1])
    assert len(plan["depot_tolls"]) == 2
    assert not {"blocks", "duals", "depot_tolls"} & summary.keys()


def test_an_existing_plan_is_kept_without_force(tmp_path):
    """Exit 2 and the old bytes; with --force the new plan."""
    path, out = write(small(), tmp_path / "small.txt"), tmp_path / "plan.json"
    out.write_text("old")
    code, document = run(path, "--out", out, "--effort", "low")
    assert (code, document["error"]["code"], out.read_text()) == (2, "output-exists", "old")
    assert run(path, "--out", out, "--effort", "low", "--force")[0] == 0
    assert json.loads(out.read_text())["vehicles"] == 2


def test_errors_end_with_the_contracts_exit_codes_and_leave_no_file(tmp_path):
    """Bad content 5, no solution 3, missing paths and bad options 2; nothing is written."""
    good = write(small(), tmp_path / "small.txt")
    bad = tmp_path / "bad.txt"
    bad.write_text(good.read_text().replace("60.0", "sixty", 1))
    weak = write(small(max_charge=36.0), tmp_path / "weak.txt")
    out = tmp_path / "plan.json"
    for arguments, exit_code, error in (
        ((bad, "--out", out), 5, "evsp-not-a-number"),
        ((weak, "--out", out), 3, "evsp-trip-impossible"),
        ((tmp_path / "nothing.txt", "--out", out), 2, "missing-path"),
        ((good, "--out", tmp_path), 2, "output-exists"),
        ((good, "--out", tmp_path / "no" / "plan.json"), 2, "output-no-folder"),
        ((good, "--out", out, "--effort", "silly"), 2, "unknown-effort"),
        ((good, "--out", out, "--time-limit", "inf"), 2, "option-out-of-range"),
        ((good, "--out", out, "--min-layover", "nan"), 2, "option-out-of-range"),
        ((good, "--out", out, "--vehicles-per-depot", "many"), 2, "option-out-of-range"),
        ((good, "--out", out, "--vehicles-per-depot", "3,-1"), 2, "option-out-of-range"),
        ((good, "--out", out, "--vehicles-per-depot", "1,2,3"), 2, "evsp-depot-count"),
        ((good, "--out", out, "--vehicles-per-depot", "1,0"), 3, "evsp-depots-too-small"),
    ):
        code, document = run(*arguments)
        assert (code, document["error"]["code"]) == (exit_code, error)
    for option in (
        ("--min-layover", "-1"),
        ("--seed", "-1"),
        ("--time-limit", "-1"),
        ("--time-limit", "nan"),
    ):
        result = CliRunner().invoke(app, ["solve", str(good), "--out", str(out), *option])
        assert result.exit_code == 2
    assert not out.exists()
    assert run(bad, "--out", out)[1]["error"]["row"] == 14


def test_people_read_vehicles_cost_and_proof(tmp_path):
    """Without --json the summary says what was found, what is proven and where it is."""
    path, out = write(small(), tmp_path / "small.txt"), tmp_path / "plan.json"
    result = CliRunner().invoke(app, ["solve", str(path), "--out", str(out), "--effort", "low"])
    assert result.exit_code == 0
    for part in ("2 vehicles", "20050.00", "proven", "plan.json"):
        assert part in result.stdout


@pytest.mark.bench_data
def test_bounds_hold_on_the_published_optima(bench_data):
    """No bound lies above a proven optimum, nor by more than a five-thousandth below."""
    with (bench_data / "evsp" / "best_known.csv").open() as table:
        rows = {row["instance"]: row for row in csv.DictReader(table)}
    for name, row in rows.items():
        if row["exact_optimum"]:
            instance = read_evsp(bench_data / "evsp" / f"{name}.txt.xz")
            document, findings = planned(instance)
            optimum = float(row["exact_optimum"])
            assert findings == []
            assert document["lower_bound"] <= optimum + 1e-2
            assert document["lower_bound"] >= (1.0 - 2e-4) * optimum
            assert optimum - 1e-2 <= document["cost"]
