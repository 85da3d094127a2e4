"""Parts of a task on a cluster: the same bytes wherever they work, also when workers are lost."""

import os
import signal
import socket
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import distributed
import numpy as np
import pytest

from viavolta.engines.charging import decompose
from viavolta.engines.charging.part import Part, bound_part, powers, renew_multipliers, soften
from viavolta.engines.charging.pool import ThreadPool
from viavolta.engines.charging.scheduler import schedule
from viavolta.model.errors import PeerError, UsageError
from viavolta.model.limit import LimitTree
from viavolta.model.schedule import Schedule
from viavolta.model.signal import SignalTable, one_zone
from viavolta.model.stay import StayTable, stay_table
from viavolta.storage import compute

N_STAYS, N_STEPS, N_PARTS, STEP_S = 48, 24, 3, 3600
START = np.datetime64("2026-01-12T12:00:00", "s")
READS = sorted(compute.READS, key=lambda function: function.__name__)


def _task() -> tuple[StayTable, LimitTree, SignalTable]:
    """48 stays at eight tight sites below two transformers and one system."""
    rng = np.random.default_rng(5)
    arrival_h = rng.integers(0, 10, N_STAYS)
    capacity = rng.choice([40.0, 60.0], N_STAYS)
    hour = np.timedelta64(STEP_S, "s")
    stays = stay_table(
        tuple(f"stay-{row}" for row in range(N_STAYS)),
        START + arrival_h * hour,
        departure=START + (arrival_h + rng.integers(6, 14, N_STAYS)) * hour,
        energy_kwh=rng.uniform(5.0, 20.0, N_STAYS),
        max_kw=11.0,
        max_discharge_kw=np.where(rng.random(N_STAYS) < 0.4, 11.0, 0.0),
        capacity_kwh=capacity,
        soc_arrival_kwh=0.4 * capacity,
        soc_min_kwh=0.2 * capacity,
        charge_efficiency=0.92,
        discharge_efficiency=0.92,
        wear_eur_per_kwh=0.03,
        limit=3 + np.arange(N_STAYS) // 6,
    )
    parent = np.array([-1, 0, 0, *([1] * 4), *([2] * 4)])
    import_kw = np.array([90.0, 50.0, 50.0, *([15.0] * 8)])[:, None] * np.ones(N_STEPS)
    limits = LimitTree(
        limit_id=tuple(f"limit-{row}" for row in range(len(parent))),
        parent=parent,
        import_kw=import_kw,
        export_kw=0.5 * import_kw,
        base_load_kw=np.zeros_like(import_kw),
        peak_eur_per_kw=np.array([0.5, *([0.0] * 10)]),
        peak_so_far_kw=np.zeros(len(parent)),
        zone=("",) * len(parent),
    )
    buy = 0.2 + 0.1 * np.sin(np.arange(N_STEPS))
    return stays, limits, one_zone(START, STEP_S, buy_eur_per_kwh=buy, sell_eur_per_kwh=buy - 0.02)


def _solve(make_pool: Callable[[list[Part]], Any] | None = None) -> Schedule:
    stays, limits, signals = _task()
    return schedule(
        stays,
        limits,
        signals,
        n_parts=N_PARTS,
        most_passes=8,
        make_pool=ThreadPool if make_pool is None else make_pool,
    )


def _bytes(found: Schedule) -> bytes:
    arrays = (
        found.plan.power_kw,
        found.plan.net_kw,
        found.prices.import_eur_per_kwh,
        found.prices.export_eur_per_kwh,
        found.prices.peak_eur_per_kwh,
        found.prices.energy_eur_per_kwh,
        np.array([found.plan.cost_eur, found.lower_bound_eur]),
    )
    return b"".join(values.tobytes() for values in arrays)


@pytest.fixture(scope="module", autouse=True)
def _few_calls() -> Iterator[None]:
    """Fewer batches in each pass, so that the tests do not take long."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(decompose, "_BATCHES", 4)
        yield


class _TakenError(Exception):
    """Ends a schedule once its parts are taken."""


@pytest.fixture(scope="module")
def parts() -> list[Part]:
    """Parts of the task, before their first call."""
    taken: list[Part] = []

    def take(parts: list[Part]) -> Any:
        taken.extend(parts)
        raise _TakenError

    with pytest.raises(_TakenError):
        _solve(take)
    return taken


@pytest.fixture(scope="module")
def here() -> Schedule:
    """The schedule that this process finds."""
    return _solve()


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    """A cluster of this machine: processes that speak over loopback."""
    with distributed.LocalCluster(
        n_workers=1, threads_per_worker=1, dashboard_address=None, silence_logs=50
    ) as started:
        yield started


def _with_workers(cluster: Any, n_workers: int) -> str:
    cluster.scale(n_workers)
    with distributed.Client(cluster, set_as_default=False) as client:
        client.wait_for_workers(n_workers, timeout=60)
    return str(cluster.scheduler_address)


class _Killing(compute.DaskPool):
    """Kills the worker of the first part before some of its calls."""

    n_asked = 0
    kill_before: tuple[int, ...] = ()

    def each(self, function: Callable[..., Any], *args: Any, **options: Any) -> list[Any]:
        self.n_asked += 1
        if self.n_asked in self.kill_before:
            worker = self._places[0].worker
            os.kill(self._client.run(os.getpid, workers=[worker])[worker], signal.SIGKILL)
        return super().each(function, *args, **options)


def test_one_and_two_workers_give_the_bytes_of_one_process(cluster: Any, here: Schedule) -> None:
    """At the same number of parts, and with the same gap."""
    for n_workers in (1, 2):
        with compute.cluster_pool(_with_workers(cluster, n_workers)) as make_pool:
            found = _solve(make_pool)
        assert _bytes(found) == _bytes(here)
        assert found.gap == here.gap


def test_killed_workers_change_nothing(
    cluster: Any, here: Schedule, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Once from the first copy, once from a later one: the parts are made again."""
    monkeypatch.setattr(compute, "_MOST_CALLS", 15)
    monkeypatch.setattr(compute, "DaskPool", _Killing)
    monkeypatch.setattr(_Killing, "kill_before", (8, 40))
    pools: list[Any] = []
    with compute.cluster_pool(_with_workers(cluster, 2)) as make_pool:

        def kept(parts: list[Part]) -> Any:
            pools.append(make_pool(parts))
            return pools[0]

        found = _solve(kept)
    assert _bytes(found) == _bytes(here)
    assert pools[0].n_losses >= 2


def test_a_worker_that_dies_in_a_call_is_survived(
    cluster: Any, parts: list[Part], tmp_path: Path
) -> None:
    """The call is made again on a part that had seen none of it."""
    flag = tmp_path / "died"

    def soften_or_die(part: Part, factor: float) -> float:
        part.rows.stiffness[:] *= factor
        if not flag.exists():
            flag.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return float(part.rows.stiffness.sum())

    with compute.cluster_pool(_with_workers(cluster, 2)) as make_pool:
        pool = make_pool(parts)
        pool.each(soften, 2.0)
        sums = pool.each(soften_or_die, 3.0)
    np.testing.assert_allclose(sums, [6.0 * part.rows.stiffness.sum() for part in parts])


def test_large_arguments_reach_every_part(
    cluster: Any, parts: list[Part], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Sent once to all workers, they arrive as they are."""
    monkeypatch.setattr(compute, "_SHARED_BYTES", 0)
    prices = np.linspace(0.0, 0.4, 40 * N_STEPS).reshape(40, N_STEPS)
    with compute.cluster_pool(_with_workers(cluster, 1)) as make_pool:
        assert make_pool(parts).each(bound_part, prices) == [
            bound_part(part, prices) for part in parts
        ]


def test_an_error_in_a_call_is_raised_here(cluster: Any, parts: list[Part]) -> None:
    """And not taken for a lost worker."""

    def fails(part: Part) -> None:
        msg = f"{part.n_vehicles} vehicles"
        raise ValueError(msg)

    with compute.cluster_pool(_with_workers(cluster, 1)) as make_pool:
        pool = make_pool(parts)
        with pytest.raises(ValueError, match="16 vehicles"):
            pool.each(fails)


@pytest.mark.parametrize("function", READS, ids=lambda function: function.__name__)
def test_reading_calls_change_nothing(function: Callable[..., Any], parts: list[Part]) -> None:
    """What is not made again after a loss leaves the part as it was, but for its working arrays."""
    part, same = (compute.Seat(compute.packed_part(parts[0]), 0).part() for _ in range(2))
    without_room: Any = None
    function(part, *((np.full((40, N_STEPS), 0.2),) if function is bound_part else ()))
    part.room = same.room = without_room
    assert compute.packed_part(part) == compute.packed_part(same)


def test_a_seat_takes_each_call_once(parts: list[Part]) -> None:
    """A call that was made, one out of turn, and one after a failure are refused."""
    seat = compute.Seat(compute.packed_part(parts[0]), 4)

    def call(number: int, function: Callable[..., Any], *given: Any) -> Any:
        return compute.call_seat(seat, number, function=function, given=given, options={})

    call(4, soften, 2.0)
    stale = call(4, soften, 2.0)
    assert stale == call(6, soften, 2.0) == compute.Stale()
    np.testing.assert_array_equal(seat.part().rows.stiffness, 2.0 * parts[0].rows.stiffness)
    assert len(call(5, powers)) == 2
    with pytest.raises(TypeError):
        call(5, renew_multipliers)
    assert call(5, soften, 2.0) == stale


def test_nobody_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    """A port on which nobody listens: a plain sentence after the time-out."""
    monkeypatch.setattr(compute, "_CONNECT_S", 0.3)
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{unused.getsockname()[1]}"
        with pytest.raises(PeerError) as caught, compute.cluster_pool(address):
            pass
    assert caught.value.code == "cluster-unreachable"
    assert caught.value.hint


@pytest.mark.parametrize("address", ["", "cluster", "http://x:1", "tcp://", "a b:1", "inproc://1"])
def test_what_is_no_address_is_refused(address: str) -> None:
    """Before anything is tried."""
    with pytest.raises(UsageError) as caught, compute.cluster_pool(address):
        pass
    assert caught.value.code == "cluster-address-unreadable"


def test_tls_without_certificates_is_refused() -> None:
    """Nothing is sent in the clear instead."""
    with pytest.raises(UsageError) as caught, compute.cluster_pool("tls://127.0.0.1:1"):
        pass
    assert caught.value.code == "cluster-needs-certificates"


def test_the_library_is_optional(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without it the message says what to install."""
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(UsageError) as caught, compute.cluster_pool("127.0.0.1:8786"):
        pass
    assert caught.value.code == "cluster-needs-distributed"


def test_other_versions_on_a_worker_are_refused(
    cluster: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They could give other bytes."""
    address = _with_workers(cluster, 1)
    monkeypatch.setattr(compute, "version", lambda name: f"{name}-0.0")
    with pytest.raises(PeerError) as caught, compute.cluster_pool(address):
        pass
    assert caught.value.code == "cluster-versions-differ"
    assert "numba-0.0" in caught.value.message


def test_a_cluster_without_workers_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """A scheduler alone does no work."""
    monkeypatch.setattr(compute, "_CONNECT_S", 0.3)
    with (
        distributed.LocalCluster(n_workers=0, dashboard_address=":0", silence_logs=50) as empty,
        pytest.raises(PeerError) as caught,
        compute.cluster_pool(empty.scheduler_address),
    ):
        pass
    assert caught.value.code == "cluster-without-workers"
