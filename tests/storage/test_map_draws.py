"""Draws on a cluster: the same results wherever they are made, also when workers are lost."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import distributed
import numpy as np
import pytest
from hosting_grids import START, STEP_S, pool, street, street_task

from viavolta.engines.grid.hosting.task import HostingTask
from viavolta.model.errors import PeerError
from viavolta.model.grid import NodeLoads, Phase
from viavolta.model.stay import stay_table
from viavolta.services.ev_behaviour import DrawnStays
from viavolta.services.hosting.draws import DrawOrder, DrawResult, HostingJob, run_draw
from viavolta.services.hosting.vehicles import VehicleYears
from viavolta.storage import compute

N_STEPS, N_VEHICLES = 2 * 96, 30


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


def _job() -> HostingJob:
    """The street of the engine's tests, with a pool of vehicles that are never managed."""
    task: HostingTask = street_task(street(), n_steps=N_STEPS)
    vehicles = pool(N_VEHICLES, n_steps=N_STEPS)
    stays = stay_table(
        tuple(str(v) for v in range(N_VEHICLES)),
        np.repeat(START, N_VEHICLES),
        departure=np.repeat(START + np.timedelta64(3600, "s"), N_VEHICLES),
        energy_kwh=1.0,
        max_kw=vehicles.plug_kw,
    )
    row = np.arange(N_VEHICLES + 1)
    return HostingJob(
        grid=task.grid,
        loads=NodeLoads(
            start=task.start,
            step_s=STEP_S,
            node=np.arange(task.grid.n_nodes),
            phase=(Phase.ABC,) * task.grid.n_nodes,
            p_kw=task.p_kw,
            q_kvar=task.q_kvar,
        ),
        households=task.households,
        low_pu=task.low_pu,
        limit_share=task.limit_share,
        years=VehicleYears(
            drawn=DrawnStays(stays=stays, vehicle=row[:-1], plug_kw=vehicles.plug_kw),
            pool=vehicles,
            first_row=row,
        ),
        nodes=np.array([2, 3]),
        shares=(0.0, 0.2),
        strategies=("unmanaged",),
        unmet_share=0.01,
        n_weeks=1,
        most_passes=20,
        seed=1,
    )


def _orders(n: int) -> list[DrawOrder]:
    return [
        DrawOrder(number=number, is_managed=False, has_nodes=True, is_verified=number == 0)
        for number in range(n)
    ]


def _bytes(results: list[DrawResult]) -> list[bytes]:
    return [
        b"".join(
            np.ascontiguousarray(values).tobytes()
            for values in (
                result.found["unmanaged"].n_vehicles,
                result.found["unmanaged"].plug_kw,
                result.peaks_kw["unmanaged"],
                *result.firm_kw.values(),
            )
        )
        for result in results
    ]


def test_one_and_two_workers_give_the_bytes_of_one_process(cluster: Any) -> None:
    """In order of the draws, whoever made them."""
    job, orders = _job(), _orders(5)
    here = [run_draw(job, order) for order in orders]
    for n_workers in (1, 2):
        with compute.cluster_map(_with_workers(cluster, n_workers)) as map_draws:
            found = map_draws(run_draw, job, orders)
        assert [result.number for result in found] == list(range(5))
        assert _bytes(found) == _bytes(here)
        assert found[0].is_verified is here[0].is_verified is True


def test_what_is_lost_with_a_worker_is_made_again(cluster: Any, tmp_path: Path) -> None:
    """A worker that dies in the middle of a draw, with what it had finished."""
    flag = tmp_path / "died"

    def double_or_die(job: int, item: int) -> int:
        if item == 3 and not flag.exists():
            flag.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return job * item

    with compute.cluster_map(_with_workers(cluster, 2)) as map_draws:
        assert map_draws(double_or_die, 2, range(8)) == [2 * item for item in range(8)]
    assert flag.exists()


def test_a_draw_that_kills_every_worker_ends_the_run(
    cluster: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not for ever: after some losses the error says that workers are lost."""
    monkeypatch.setattr(compute, "_MOST_LOSSES", 0)

    def die(job: int, item: int) -> int:
        os.kill(os.getpid(), signal.SIGKILL)
        return job * item

    with (
        compute.cluster_map(_with_workers(cluster, 2)) as map_draws,
        pytest.raises(PeerError) as caught,
    ):
        map_draws(die, 2, [1])
    assert caught.value.code == "cluster-without-workers"


def test_an_error_in_a_draw_is_raised_here(cluster: Any) -> None:
    """And not taken for a lost worker."""

    def fails(job: str, item: int) -> None:
        msg = f"{job} {item}"
        raise ValueError(msg)

    with (
        compute.cluster_map(_with_workers(cluster, 1)) as map_draws,
        pytest.raises(ValueError, match="draw 7"),
    ):
        map_draws(fails, "draw", [7])
