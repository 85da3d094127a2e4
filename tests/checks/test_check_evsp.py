"""The check of benchmark plans: a sound plan passes, each kind of tampering shows."""

import copy
import math
import re
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from viavolta.checks import evsp as evsp_check
from viavolta.checks import evsp_bound as bound_check
from viavolta.checks.evsp import check_evsp

# Depots 0 and 1, station 2, trips 3, 4 and 5. Every way takes 10, save to and from station 2 (5).
# Each trip uses 30 of a battery of 60: two trips in a row need the station, which gives 40 in the
# gap of 50 - 5 - 5 minutes at one minute per unit.
WAYS = np.full((6, 6), 10.0)
WAYS[2, :] = WAYS[:, 2] = 5.0
INSTANCE = SimpleNamespace(
    n_depots=2,
    n_stations=1,
    n_trips=3,
    ready_min=np.array([0.0, 0.0, 0.0, 100.0, 170.0, 100.0]),
    due_min=np.array([500.0, 500.0, 500.0, 120.0, 190.0, 120.0]),
    consumption=np.array([0.0, 0.0, 0.0, 30.0, 30.0, 30.0]),
    deadhead=WAYS,
    max_charge=60.0,
    recharge_min_per_unit=1.0,
)
COST = 2 * 10_000.0 + 10 + 5 + 5 + 10 + 10 + 10
BOUND = 20_040.0
PLAN = {
    "instance": "small",
    "seed": 1,
    "vehicles": 2,
    "cost": COST,
    "lower_bound": BOUND,
    "bound_kind": "by-hand",
    "gap": (COST - BOUND) / COST,
    "runtime_s": 0.1,
    "blocks": [
        {"depot": 0, "vertices": [0, 3, 2, 4, 0]},
        {"depot": 1, "vertices": [1, 5, 1]},
    ],
}


def rules(**changes):
    plan = copy.deepcopy(PLAN)
    plan.update(changes)
    return {finding.rule for finding in check_evsp(INSTANCE, plan)}


def with_first(vertices, depot=0):
    return [{"depot": depot, "vertices": vertices}, PLAN["blocks"][1]]


def test_a_sound_plan_has_no_findings():
    """Counted by hand: 30 + 10 used, 5 to the station, 40 charged, 5, 30 and 10 home: 50 of 60."""
    assert check_evsp(INSTANCE, PLAN) == []


@pytest.mark.parametrize(
    ("vertices", "depot", "rule"),
    [
        ([0, 3, 4, 0], 0, "evsp-empty"),
        ([0, 3, 2, 4, 1], 0, "evsp-depot"),
        ([0, 3, 2, 4, 0], 1, "evsp-depot"),
        ([2, 3, 4, 2], 2, "evsp-depot"),
        ([0], 0, "evsp-depot"),
        ([], 0, "evsp-depot"),
        ([0, 3, 1, 4, 0], 0, "evsp-depot-inside"),
        ([0, 3, 2, 2, 4, 0], 0, "evsp-two-stations"),
        ([0, 3, 2, 99, 0], 0, "evsp-vertex"),
        ([0, 3, 2, 0], 0, "evsp-cover"),
        ([0, 3, 2, 4, 2, 4, 0], 0, "evsp-cover"),
        ([0, 4, 2, 3, 0], 0, "evsp-late"),
        ([0, 3, 5, 2, 4, 0], 0, "evsp-late"),
        ([0, 2, 0], 0, "evsp-no-trip"),
        ([0, 0], 0, "evsp-no-trip"),
    ],
)
def test_a_route_that_breaks_a_rule_shows(vertices, depot, rule):
    """Each rule of the benchmark has its finding."""
    assert rule in rules(blocks=with_first(vertices, depot))


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"vehicles": 1}, "evsp-figure"),
        ({"cost": COST - 1.0}, "evsp-figure"),
        ({"gap": 0.0}, "evsp-figure"),
        ({"lower_bound": COST + 1.0, "gap": -1.0 / COST}, "evsp-bound"),
        ({"cost": math.nan}, "evsp-shape"),
        ({"cost": "much"}, "evsp-shape"),
        ({"cost": 10**400}, "evsp-shape"),
        ({"vehicles": True}, "evsp-shape"),
        ({"vehicles": 2.0}, "evsp-shape"),
        ({"bound_kind": ""}, "evsp-shape"),
        ({"instance": None}, "evsp-shape"),
        ({"blocks": None}, "evsp-shape"),
        ({"blocks": [7]}, "evsp-shape"),
        ({"blocks": [{"depot": 0, "vertices": [0, -1, 0]}]}, "evsp-shape"),
        ({"blocks": [{"depot": 0, "vertices": "0 3 0"}]}, "evsp-shape"),
        ({"blocks": []}, "evsp-cover"),
    ],
)
def test_a_wrong_figure_or_shape_shows(changes, rule):
    """Counts, cost, gap and bound are counted anew, and a plan of any shape is survived."""
    assert rule in rules(**changes)


@pytest.mark.parametrize("plan", [None, [], 3, "plan", {}])
def test_what_is_no_plan_is_a_finding(plan):
    """No document whatever raises."""
    assert {finding.rule for finding in check_evsp(INSTANCE, plan)} == {"evsp-shape"}


def test_charge_never_goes_above_full():
    """A station before the first trip gives back what was used, no more."""
    instance = copy.copy(INSTANCE)
    instance.max_charge = 49.9  # by the station: 5, back to full, 5, 30, 10 home: 45
    plan = copy.deepcopy(PLAN)
    plan["blocks"] = [{"depot": 0, "vertices": [0, 2, trip, 0]} for trip in (3, 4, 5)]
    assert "evsp-empty" not in {finding.rule for finding in check_evsp(instance, plan)}
    instance.max_charge = 44.9
    assert "evsp-empty" in {finding.rule for finding in check_evsp(instance, plan)}


def test_the_way_home_charges_until_the_depot_closes():
    """After the last trip the depot's closing time ends the charging, as in the published plans."""
    instance = copy.copy(INSTANCE)
    instance.max_charge = 46.0  # 10 out, 30, 5 to the station: 45; home needs 5 more than is left
    instance.deadhead = WAYS.copy()
    plan = copy.deepcopy(PLAN)
    plan["blocks"] = [{"depot": 0, "vertices": [0, trip, 2, 0]} for trip in (3, 4, 5)]
    assert "evsp-empty" not in {finding.rule for finding in check_evsp(instance, plan)}
    instance.due_min = np.array([0.0, 0.0, 500.0, 120.0, 190.0, 120.0])
    assert "evsp-empty" in {finding.rule for finding in check_evsp(instance, plan)}


# By hand: a day of one trip costs 10,020, of trips 3 and 4 or of 5 and 4 by the station 10,030.
# With these duals no day is worth more than it costs, so their sum is a bound: the cost itself.
DUALS = [10_020.0, 10.0, 10_020.0]
PROVEN = {"lower_bound": COST, "gap": 0.0, "bound_kind": "column-generation", "duals": DUALS}


def test_duals_are_priced_by_hand():
    """The sum where no day is overpriced; cut by the most overpriced day where one is."""
    assert bound_check.proven_bound(INSTANCE, DUALS, 10_000.0) == COST
    assert bound_check.proven_bound(INSTANCE, [0.0, 0.0, 0.0], 10_000.0) == 0.0
    proven = bound_check.proven_bound(INSTANCE, [12_000.0] * 3, 10_000.0)
    assert proven == pytest.approx(36_000.0 / (1.0 + (24_000.0 - 10_030.0) / 10_000.0))


def test_duals_that_prove_the_bound_pass():
    """A bound at or below what the duals prove has no findings."""
    assert rules(**PROVEN) == set()
    assert rules(**PROVEN | {"lower_bound": BOUND, "gap": (COST - BOUND) / COST}) == set()


@pytest.mark.parametrize(
    "duals",
    [
        [dual + 1.0 for dual in DUALS],
        [0.9 * dual for dual in DUALS],
        DUALS[::-1][1:] + DUALS[:1],
        DUALS[:2],
        [*DUALS, 0.0],
        [*DUALS[:2], math.nan],
        [*DUALS[:2], "much"],
        "many",
        None,
    ],
)
def test_duals_that_do_not_prove_the_bound_show(duals):
    """Too much, too little, out of order, too many, too few, no numbers, or none at all."""
    assert rules(**PROVEN | {"duals": duals}) == {"evsp-proof"}


def test_another_kind_of_bound_needs_no_duals():
    """A bound of another kind passes without; duals that stand beside it must prove it."""
    assert rules() == set()
    assert rules(duals=[0.0, 0.0, 0.0]) == {"evsp-proof"}


def test_the_layover_lies_between_two_trips():
    """The gap of 50 leaves 40 to charge; ten minutes of layover leave 30, which is 50 of 60 home.

    With 21 the battery does not last, and with 51 the trip is not reached.
    """
    assert rules(min_layover_s=600.0) == set()
    assert rules(min_layover_s=600.0 * 2.1) == {"evsp-empty"}
    assert "evsp-late" in rules(min_layover_s=60.0 * 51)
    alone = [{"depot": 0, "vertices": [0, trip, 0]} for trip in (3, 4, 5)]
    assert not {"evsp-late", "evsp-empty"} & rules(min_layover_s=60.0 * 500, blocks=alone)


@pytest.mark.parametrize(
    "changes",
    [
        {"min_layover_s": -1.0},
        {"min_layover_s": "long"},
        {"min_layover_s": math.nan},
        {"vehicles_per_depot": [1]},
        {"vehicles_per_depot": [1, -1]},
        {"vehicles_per_depot": [1, 1.5]},
        {"vehicles_per_depot": "many"},
    ],
)
def test_rules_of_a_wrong_shape_show(changes):
    """What the plan says it keeps must be readable."""
    assert rules(**changes) == {"evsp-shape"}


def test_depots_send_out_no_more_than_the_plan_says():
    """One vehicle of each depot is as allowed; none of depot 1 is not."""
    assert rules(vehicles_per_depot=[1, 1]) == set()
    assert rules(vehicles_per_depot=[1, 0]) == {"evsp-depot-full"}


# With one vehicle of each depot: who pays 5 at depot 0 can earn 5 more by each of two trips.
def test_tolls_are_priced_by_hand():
    """sum - tolls x places; a day of depot 0 costs 5 more, so that duals may be 5 higher there.

    Days of depot 1 do not: 5 less than they are worth, they cut the bound.
    """
    both = bound_check.proven_bound(
        INSTANCE, [dual + 5.0 for dual in DUALS], 10_000.0, tolls=[10.0, 10.0], places=[1, 1]
    )
    assert both == pytest.approx(sum(DUALS) + 15.0 - 20.0)
    one = bound_check.proven_bound(
        INSTANCE, [dual + 5.0 for dual in DUALS], 10_000.0, tolls=[10.0, 0.0], places=[1, 1]
    )
    assert one == pytest.approx((sum(DUALS) + 15.0 - 10.0) / (1.0 + 10.0 / 10_000.0))
    late = bound_check.proven_bound(INSTANCE, DUALS, 10_000.0, layover_min=51.0)
    assert late == pytest.approx(sum(DUALS))


@pytest.mark.parametrize(
    "tolls", [None, [0.0], [0.0, -1.0], [0.0, math.nan], "none", [0.0, "much"], [1.0, 1.0]]
)
def test_tolls_that_prove_nothing_show(tolls):
    """Missing, too few, below zero, no numbers, or so high that they cost what they prove."""
    plan = PROVEN | {"vehicles_per_depot": [1, 1], "depot_tolls": tolls}
    assert rules(**plan) == {"evsp-proof"}
    assert rules(**plan | {"depot_tolls": [0.0, 0.0]}) == set()


def test_trips_in_a_circle_have_no_proof():
    """Two trips of no length in one place and minute: what cannot be seen is not claimed."""
    instance = copy.copy(INSTANCE)
    instance.due_min = np.array([500.0, 500.0, 500.0, 100.0, 190.0, 100.0])
    instance.deadhead = WAYS.copy()
    instance.deadhead[3, 5] = instance.deadhead[5, 3] = 0.0
    with pytest.raises(bound_check.NoProofError):
        bound_check.proven_bound(instance, DUALS, 10_000.0)
    plan = copy.deepcopy(PLAN) | {"duals": DUALS}
    assert "evsp-proof" in {finding.rule for finding in check_evsp(instance, plan)}


def test_every_rule_is_on_the_page() -> None:
    """The page of rules for benchmark plans names the rules of the check, and no other."""
    page = Path(__file__).parents[2] / "docs" / "reference" / "check-rules-blocks.md"
    modules = (evsp_check.__file__, bound_check.__file__)
    code = "".join(Path(module).read_text(encoding="utf-8") for module in modules)
    rule = re.compile(r"evsp-[a-z-]+")
    assert set(rule.findall(page.read_text(encoding="utf-8"))) == set(rule.findall(code))
