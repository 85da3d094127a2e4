"""Whether a plan for an electric vehicle scheduling benchmark is what it says it is.

From the instance's numbers and the plan's JSON alone: every route is driven anew by the rules of
the benchmark, cost, vehicles and gap are counted anew, and the bound is proven anew from the duals.
"""

import math
from collections import Counter
from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Any

from viavolta.checks.evsp_bound import NoProofError, proven_bound
from viavolta.checks.evsp_instance import Instance
from viavolta.checks.finding import Finding
from viavolta.model.messages import text

VEHICLE_COST = 10_000.0
TOLERANCE = 1e-6
"""Minutes, energy units and shares by which figures may differ through rounding."""

PROVEN_BY_DUALS = "column-generation"
"""The kind of bound that a plan's duals prove."""

_NUMBERS = ("cost", "lower_bound", "gap", "runtime_s")
_WORDS = ("instance", "bound_kind")
_COUNTS = ("seed", "vehicles")
_LAYOVER = "min_layover_s"
_MOST = "vehicles_per_depot"
_TOLLS = "depot_tolls"
_PLAN = "plan"
_BLOCKS = "blocks"


def check_evsp(instance: Instance, plan: Any) -> list[Finding]:
    """Check a plan, as `viavolta blocks solve` writes it, against its instance.

    `plan` is decoded JSON of any shape. No finding means: every trip is served once, in time and
    with charge in the battery, and the figures are true. That the bound is proven cannot be seen
    from here; that it does not lie above the cost can.
    """
    shape = list(_shape(plan, instance.n_depots))
    if shape:
        return shape
    routes = [block["vertices"] for block in plan["blocks"]]
    findings = [
        finding
        for row, block in enumerate(plan["blocks"])
        for finding in _check_block(instance, block, f"block {row}", layover_min=_layover_min(plan))
    ]
    if any(finding.rule in {"evsp-vertex", "evsp-depot"} for finding in findings):
        return findings
    findings += _check_cover(instance, routes)
    findings += _check_depots(plan, routes)
    findings += _check_figures(instance, plan, routes)
    findings += _check_proof(instance, plan)
    return findings


def _shape(plan: Any, n_depots: int) -> Iterator[Finding]:
    """What keeps the plan from being read at all."""
    if not isinstance(plan, Mapping):
        yield _finding("evsp-shape", _PLAN, "", text("the plan is not a JSON object"))
        return
    for key in _NUMBERS:
        if not _is_number(plan.get(key)):
            yield _finding("evsp-shape", _PLAN, key, text("not a finite number"))
    for key in _COUNTS:
        if not _is_count(plan.get(key)):
            yield _finding("evsp-shape", _PLAN, key, text("not a whole number"))
    for key in _WORDS:
        if not isinstance(plan.get(key), str) or not plan[key]:
            yield _finding("evsp-shape", _PLAN, key, text("not a word"))
    layover_s = plan.get(_LAYOVER, 0.0)
    if not _is_number(layover_s) or layover_s < 0.0:
        yield _finding("evsp-shape", _PLAN, _LAYOVER, text("not a number of seconds"))
    most = plan.get(_MOST)
    if most is not None and not (
        isinstance(most, list) and len(most) == n_depots and all(_is_count(n) for n in most)
    ):
        message = text("not a list of {n} whole numbers, one for each depot", n=n_depots)
        yield _finding("evsp-shape", _PLAN, _MOST, message)
    yield from _blocks_shape(plan.get("blocks"))


def _blocks_shape(blocks: Any) -> Iterator[Finding]:
    if not isinstance(blocks, list):
        yield _finding("evsp-shape", _PLAN, "blocks", text("not a list"))
        return
    for row, block in enumerate(blocks):
        is_block = isinstance(block, Mapping) and _is_count(block.get("depot"))
        vertices = block.get("vertices") if is_block else None
        if not isinstance(vertices, list) or not all(_is_count(v) for v in vertices):
            message = text("not a depot with a list of vertex numbers")
            yield _finding("evsp-shape", _BLOCKS, f"block {row}", message)


def _layover_min(plan: Mapping[str, Any]) -> float:
    return float(plan.get(_LAYOVER, 0.0)) / 60.0


def _check_block(
    instance: Instance, block: Mapping[str, Any], where: str, *, layover_min: float
) -> Iterator[Finding]:
    vertices, depot = block["vertices"], block["depot"]
    n = instance.n_depots + instance.n_stations + instance.n_trips
    strange = [v for v in vertices if v >= n]
    if strange:
        message = text("vertex {v} is not in the file", v=strange[0])
        yield _finding("evsp-vertex", _BLOCKS, where, message)
        return
    ends_at_home = len(vertices) > 1 and vertices[0] == vertices[-1] == depot
    if depot >= instance.n_depots or not ends_at_home:
        message = text("a route must start and end at its depot {depot}", depot=depot)
        yield _finding("evsp-depot", _BLOCKS, where, message)
        return
    kinds = ["depot" if v < instance.n_depots else _kind(instance, v) for v in vertices]
    if "depot" in kinds[1:-1]:
        message = text("a depot stands in the middle of the route")
        yield _finding("evsp-depot-inside", _BLOCKS, where, message)
        return
    if "trip" not in kinds:
        yield _finding("evsp-no-trip", _BLOCKS, where, text("the route serves no trip"))
    if ("station", "station") in pairwise(kinds):
        message = text("two stations stand in a row, where one is allowed")
        yield _finding("evsp-two-stations", _BLOCKS, where, message)
        return
    yield from _drive(instance, vertices, where, layover_min=layover_min)


def _kind(instance: Instance, vertex: int) -> str:
    return "station" if vertex < instance.n_depots + instance.n_stations else "trip"


def _drive(
    instance: Instance, vertices: list[int], where: str, *, layover_min: float
) -> Iterator[Finding]:
    """Follow a route minute by minute; only its first break of each rule is told.

    The layover lies between two trips, not behind the last nor before the first.
    """
    home, is_told = vertices[0], set()
    free_min, used = float(instance.ready_min[home]), 0.0
    stops = [k for k, v in enumerate(vertices) if k == 0 or _is_stop(instance, vertices, k, v)]
    for a, b in pairwise(stops):
        is_home = b == len(vertices) - 1
        leg, target = vertices[a : b + 1], vertices[b]
        way = sum(float(instance.deadhead[i, j]) for i, j in pairwise(leg))
        until_min = float(instance.due_min[home] if is_home else instance.ready_min[target])
        slack_min = until_min - free_min - way
        slack_min -= layover_min if a > 0 and not is_home else 0.0
        if slack_min < -TOLERANCE and not is_home and "evsp-late" not in is_told:
            is_told.add("evsp-late")
            message = text("trip {v} is reached {late:.6g} minutes late", v=target, late=-slack_min)
            yield _finding("evsp-late", _BLOCKS, where, message)
        for i, j in pairwise(leg):
            if i != leg[0]:
                used = max(0.0, used - max(0.0, slack_min) / instance.recharge_min_per_unit)
            used += float(instance.deadhead[i, j])
            if j == target and not is_home:
                used += float(instance.consumption[j])
            if used > instance.max_charge + TOLERANCE and "evsp-empty" not in is_told:
                is_told.add("evsp-empty")
                message = text(
                    "{used:.6g} energy units are used at vertex {v}, of {full:.6g}",
                    used=used,
                    v=j,
                    full=instance.max_charge,
                )
                yield _finding("evsp-empty", _BLOCKS, where, message)
        free_min = float(instance.due_min[target])


def _is_stop(instance: Instance, vertices: list[int], k: int, vertex: int) -> bool:
    """Whether a vertex of a route is a trip or the way's end, not a station on the way."""
    return k == len(vertices) - 1 or _kind(instance, vertex) == "trip"


def _check_cover(instance: Instance, routes: list[list[int]]) -> Iterator[Finding]:
    first = instance.n_depots + instance.n_stations
    served = Counter(v for route in routes for v in route if v >= first)
    for vertex in range(first, first + instance.n_trips):
        if served[vertex] != 1:
            message = text("served {n} times, not once", n=served[vertex])
            yield _finding("evsp-cover", _BLOCKS, f"vertex {vertex}", message)


def _check_depots(plan: Mapping[str, Any], routes: list[list[int]]) -> Iterator[Finding]:
    """No depot sends out more vehicles than the plan says it may."""
    sent = Counter(route[0] for route in routes)
    for depot, most in enumerate(plan.get(_MOST) or ()):
        if sent[depot] > most:
            message = text("{n} vehicles leave it, of {most} allowed", n=sent[depot], most=most)
            yield _finding("evsp-depot-full", _BLOCKS, f"depot {depot}", message)


def _check_figures(
    instance: Instance, plan: Mapping[str, Any], routes: list[list[int]]
) -> Iterator[Finding]:
    ways = [float(instance.deadhead[i, j]) for route in routes for i, j in pairwise(route)]
    cost = VEHICLE_COST * len(routes) + math.fsum(ways)
    bound = plan["lower_bound"]
    gap = (cost - bound) / cost if cost else 0.0
    for key, expected, scale in (
        ("vehicles", float(len(routes)), 1.0),
        ("cost", cost, max(1.0, cost)),
        ("gap", gap, 1.0),
    ):
        if not abs(plan[key] - expected) <= TOLERANCE * scale:
            message = text("is {value}, counted {expected:.9g}", value=plan[key], expected=expected)
            yield _finding("evsp-figure", _PLAN, key, message)
    if bound > cost + TOLERANCE * max(1.0, cost):
        message = text("the bound {bound:.9g} is above the cost {cost:.9g}", bound=bound, cost=cost)
        yield _finding("evsp-bound", _PLAN, "lower_bound", message)


def _check_proof(instance: Instance, plan: Mapping[str, Any]) -> Iterator[Finding]:
    """Hold the bound against what the duals prove; a bound of column generation must have them."""
    duals, most = plan.get("duals"), plan.get(_MOST) or [0] * instance.n_depots
    if duals is None and plan["bound_kind"] != PROVEN_BY_DUALS:
        return
    tolls = [0.0] * instance.n_depots if plan.get(_MOST) is None else plan.get(_TOLLS)
    message = ""
    if not isinstance(duals, list) or not all(_is_number(dual) for dual in duals):
        message = text("not a list of finite numbers")
    elif len(duals) != instance.n_trips:
        message = text("{n} duals for {trips} trips", n=len(duals), trips=instance.n_trips)
    elif not (
        isinstance(tolls, list)
        and len(tolls) == instance.n_depots
        and all(_is_number(toll) and toll >= 0.0 for toll in tolls)
    ):
        message = text("depot_tolls are not {n} numbers from 0 up", n=instance.n_depots)
    else:
        try:
            proven = proven_bound(
                instance,
                duals,
                VEHICLE_COST,
                layover_min=_layover_min(plan),
                tolls=tolls,
                places=most,
            )
        except NoProofError:
            message = text("trips without duration follow one another both ways: no proof is known")
        else:
            bound = plan["lower_bound"]
            if bound > proven + TOLERANCE * max(1.0, abs(proven)):
                message = text(
                    "the duals prove {proven:.9g}, not {bound:.9g}", proven=proven, bound=bound
                )
    if message:
        yield _finding("evsp-proof", _PLAN, "duals", message)


def _is_number(value: Any) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return abs(value) < 1e15 and math.isfinite(value)  # noqa: PLR2004 - beyond any plan


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _finding(rule: str, table: str, where: str, message: str) -> Finding:
    return Finding(rule=rule, table=table, where=where, message=message)
