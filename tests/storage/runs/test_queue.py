"""The queue of runs: turns, leases, stops, ends."""

import datetime as dt
from collections.abc import Callable

import pytest
from django.db import connection
from django.utils import timezone

from viavolta.storage.runs import queue
from viavolta.storage.tables.models import Run, RunState

Ask = Callable[..., Run]


def claim(worker: str = "w", *, is_quick: bool = False, most: int = 1) -> Run | None:
    return queue.claim(worker, is_quick=is_quick, most_per_owner=most)


def lapse(run: Run) -> None:
    Run.objects.filter(pk=run.pk).update(lease_until=timezone.now() - dt.timedelta(seconds=1))


def test_owners_take_turns(ask: Ask) -> None:
    """One who asks for many runs does not keep the others waiting."""
    many = [ask("done", owner="greedy") for _ in range(4)]
    few = ask("done", owner="modest")
    late = ask("done", owner="late")
    order = []
    for _ in range(6):
        run = claim()
        assert run is not None
        order.append(run.pk)
        queue.end("w", run.pk, RunState.DONE)
    assert order == [many[0].pk, few.pk, late.pk, *(run.pk for run in many[1:])]
    assert claim() is None


def test_nobody_has_more_runs_at_a_time_than_allowed(ask: Ask) -> None:
    """Further runs wait, though a worker is free; another owner's do not."""
    for _ in range(3):
        ask("done", owner="greedy")
    assert [claim(most=2) is None for _ in range(3)] == [False, False, True]
    other = ask("done", owner="other")
    taken = claim(most=2)
    assert taken is not None
    assert taken.pk == other.pk


def test_quick_runs_have_a_queue_of_their_own(ask: Ask) -> None:
    """A quick run is taken though its owner has a long one under way."""
    ask("done")
    quick = ask("done", kind="quick")
    assert claim() is not None
    taken = claim(is_quick=True)
    assert taken is not None
    assert taken.pk == quick.pk


def test_a_claimed_run_is_held_by_its_worker_alone(ask: Ask) -> None:
    """Another worker can neither tell, end nor give back what it does not hold."""
    run = ask("done")
    assert claim("mine") is not None
    queue.tell("other", run.pk, stage="x", share=0.5, message="")
    queue.give_back("other", run.pk)
    assert not queue.end("other", run.pk, RunState.DONE)
    assert queue.renew("other", [run.pk]) == set()
    run.refresh_from_db()
    assert (run.state, run.worker, run.stage) == ("running", "mine", "")
    queue.tell("mine", run.pk, stage="blocks", share=0.5, message="m" * 999)
    run.refresh_from_db()
    assert (run.stage, run.share_done, len(run.message)) == ("blocks", 0.5, 300)
    assert queue.renew("mine", [run.pk]) == {run.pk}


def test_a_waiting_run_is_cancelled_at_once(ask: Ask, ended: list[tuple[int, str]]) -> None:
    """It ends, what follows it happens, and it can be queued again."""
    run = ask("done")
    assert queue.cancel(run.pk)
    assert ended == [(run.pk, "stopped")]
    assert claim() is None
    assert not queue.cancel(run.pk)
    assert queue.resume(run.pk)
    assert not queue.resume(run.pk)
    assert claim() is not None


def test_a_running_run_is_asked_to_stop(ask: Ask) -> None:
    """Its worker learns of it; asking twice changes nothing."""
    run = ask("done")
    claim("w")
    assert queue.to_stop("w") == set()
    assert queue.cancel(run.pk)
    assert queue.cancel(run.pk)
    assert queue.to_stop("w") == {run.pk}
    assert queue.to_stop("other") == set()
    assert not queue.cancel(run.pk + 1)


def test_a_lapsed_run_is_queued_again_and_fails_after_three_tries(
    ask: Ask, ended: list[tuple[int, str]]
) -> None:
    """Leases that end without a word count; the third says so."""
    run = ask("done")
    for tries in (1, 2, 3):
        taken = claim()
        assert taken is not None
        assert taken.tries == tries
        assert queue.recover() == 0
        lapse(run)
        assert queue.recover() == 1
    run.refresh_from_db()
    assert run.state == RunState.FAILED
    assert run.error is not None
    assert run.error["code"] == "run-lost"
    assert run.error["hint"]
    assert ended == [(run.pk, "failed")]
    assert queue.resume(run.pk)
    run.refresh_from_db()
    assert (run.tries, run.error, run.ended_at) == (0, None, None)


def test_a_lapsed_run_that_was_to_stop_is_stopped(ask: Ask) -> None:
    """The wish to stop outlives the worker."""
    run = ask("done")
    claim()
    queue.cancel(run.pk)
    lapse(run)
    queue.recover()
    run.refresh_from_db()
    assert run.state == RunState.STOPPED


def test_runs_of_a_lost_worker_are_taken_before_their_lease_ends(ask: Ask) -> None:
    """Where a worker is known to be gone nobody waits for its lease."""
    run = ask("done")
    claim("gone")
    assert queue.workers_at_work() == {"gone"}
    assert queue.recover(lost=["gone"]) == 1
    run.refresh_from_db()
    assert run.state == RunState.QUEUED


def test_a_run_given_back_was_no_try(ask: Ask) -> None:
    """A worker that is shut down costs a run nothing."""
    run = ask("done")
    claim()
    queue.give_back("w", run.pk)
    run.refresh_from_db()
    assert (run.state, run.tries, run.lease_until) == ("queued", 0, None)


def test_an_unknown_kind_cannot_be_queued() -> None:
    """What no worker could do is refused at once."""
    with pytest.raises(KeyError):
        queue.enqueue("unknown", owner_key="a", arguments={})


@pytest.mark.django_db(transaction=True)
def test_claims_at_the_same_time_take_different_runs(ask: Ask) -> None:
    """On PostgreSQL, sixteen claims at once take eight runs once each, two at most per owner."""
    if connection.vendor != "postgresql":
        pytest.skip("SQLite has one writer at a time")
    from concurrent.futures import ThreadPoolExecutor  # noqa: PLC0415 - PostgreSQL alone

    for n in range(12):
        ask("done", owner=str(n % 4))

    def take(n: int) -> Run | None:
        try:
            return claim(str(n), most=2)
        finally:
            connection.close()

    with ThreadPoolExecutor(16) as threads:
        taken = [run for run in threads.map(take, range(16)) if run is not None]
    assert len(taken) == len({run.pk for run in taken}) == 8
    assert sorted(run.owner_key for run in taken) == [*"00112233"]
