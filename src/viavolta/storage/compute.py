"""Work on other machines: charging parts and draws on a Dask cluster (`--cluster`).

Each part of a task sits on one worker, which changes it in place, call by call. A worker may be
lost at any time, with the parts that sat on it. What is needed to make them again stays here: a
copy of each part, renewed every so many calls, and the calls since. A part counts the calls it has
seen, so that none is ever made twice, or on an old copy; a part made again gives the same bytes.

Draws have no such memory: what is lost with a worker is simply asked for again.
"""

import pickle
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from platform import machine, python_version
from typing import TYPE_CHECKING, Any, Final, TypeVar

import numpy as np

import viavolta.engines
import viavolta.services
from viavolta.engines.charging.decompose import MakePool
from viavolta.engines.charging.part import (
    Part,
    bound_part,
    itself,
    multipliers,
    own_cost_eur,
    powers,
)
from viavolta.model.errors import PeerError, UsageError, Where
from viavolta.model.messages import text

if TYPE_CHECKING:
    from distributed import Client, Future

Job = TypeVar("Job")
Item = TypeVar("Item")
Result = TypeVar("Result")

CLUSTER_PARTS = 8
"""Parts of a task on a cluster, unless told otherwise; they, not the workers, fix the bytes."""

READS: Final = frozenset({bound_part, itself, multipliers, own_cost_eur, powers})
"""Calls that leave a part as it is: there is no need to make them again."""

_MOST_CALLS = 256
"""Changing calls after which a part is copied to this process: the most to be made again."""

_CONNECT_S = 10.0
_LOOK_AFTER_S = 1.0  # a call that takes longer makes one look whether its worker is still there
_PATIENCE_S = 60.0  # how long a cluster may be without any worker
_MOST_LOSSES = 100  # a cluster that loses more workers than that is not usable
_SHARED_BYTES = 1_000_000  # arguments above are sent to every worker once, not with every call
_ADDRESS = re.compile(r"(?:(?:tcp|tls)://)?(?:\[[0-9A-Fa-f:.%]+\]|[\w.-]+):[0-9]{1,5}")


class Seat:
    """A part on a worker, and how many changing calls it has seen."""

    def __init__(self, packed: bytes, n_calls: int) -> None:
        self.n_bytes = len(packed)
        self.n_calls = n_calls
        self._packed = packed
        self._part: Part | None = None

    def __sizeof__(self) -> int:
        """Size in bytes, for the cluster's book of memory."""
        return self.n_bytes

    def part(self) -> Part:
        """The part itself; unpacked where it is first needed."""
        if self._part is None:
            self._part, self._packed = pickle.loads(self._packed), b""  # noqa: S301 - packed by this module
        return self._part


@dataclass(frozen=True, slots=True)
class Stale:
    """Answer of a seat that has seen other calls than it should have."""


def call_seat(
    seat: Seat,
    number: int,
    *,
    function: Callable[..., Any],
    given: Any,
    options: dict[str, Any],
) -> Any:
    """Call a function on the part that sits here, if it is the one after `number` calls.

    While a changing call is under way the seat counts as unusable: what breaks off half way is made
    again from a copy, never continued.
    """
    if seat.n_calls != number:
        return Stale()
    if function in READS:
        return function(seat.part(), *given, **options)
    seat.n_calls = -1
    result = function(seat.part(), *given, **options)
    seat.n_calls = number + 1
    return result


def packed_part(part: Part) -> bytes:
    """A copy of a part that nothing changes any more."""
    return pickle.dumps(part, protocol=pickle.HIGHEST_PROTOCOL)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Call:
    function: Callable[..., Any]
    args: tuple[Any, ...]
    options: dict[str, Any]


@dataclass(slots=True, kw_only=True)
class _Place:
    """Where a part sits, and what it is made from again: a copy, and the calls since."""

    copy: bytes
    n_copied: int = 0
    calls: list[_Call] = field(default_factory=list)
    worker: str = ""
    seat: "Future[Seat] | None" = None

    @property
    def n_calls(self) -> int:
        return self.n_copied + len(self.calls)


class DaskPool:
    """Parts on the workers of a cluster. Results do not depend on how many there are."""

    def __init__(self, parts: list[Part], client: "Client", *, address: str = "") -> None:
        self._client = client
        self._address = address
        self._n_losses = 0
        self._places = [_Place(copy=packed_part(part)) for part in parts]
        for index in range(len(parts)):
            self._seat(index)

    @property
    def n_parts(self) -> int:
        """Number of parts."""
        return len(self._places)

    @property
    def n_losses(self) -> int:
        """How many times a part had to be made again."""
        return self._n_losses

    def each(self, function: Callable[..., Any], *args: Any, **options: Any) -> list[Any]:
        """Call function(part, *args, **options) on every part; results in order of the parts.

        Raises
        ------
        PeerError: the cluster is gone, has no worker left, or loses one after the other.
        """
        call = _Call(function=function, args=args, options=options)
        with _reachable(self._address):
            return self._results(range(self.n_parts), call)

    def one(self, index: int, function: Callable[..., Any], *args: Any, **options: Any) -> Any:
        """Call a function on one part. Raises as `each`."""
        call = _Call(function=function, args=args, options=options)
        with _reachable(self._address):
            return self._results(range(index, index + 1), call)[0]

    def _results(self, indices: range, call: _Call) -> list[Any]:
        given = self._shared(call.args) if len(indices) > 1 else call.args
        futures = [self._ask(index, call, given=given) for index in indices]
        results = self._answers(indices, futures)
        for place, index in enumerate(indices):
            while isinstance(results[place], Stale):
                self._make_again(index)
                results[place] = self._answer(index, self._ask(index, call, given=call.args))
        if call.function not in READS:
            for index in indices:
                self._note(index, call)
        return results

    def _shared(self, args: tuple[Any, ...]) -> Any:
        """Large arguments, sent to all workers once."""
        n_bytes = sum(arg.nbytes for arg in args if isinstance(arg, np.ndarray))
        if n_bytes <= _SHARED_BYTES:
            return args
        return self._client.scatter([args], broadcast=True, hash=False)[0]

    def _ask(self, index: int, call: _Call, *, given: Any) -> "Future[Any]":
        place = self._places[index]
        return self._client.submit(
            call_seat,
            place.seat,
            place.n_calls,
            function=call.function,
            given=given,
            options=call.options,
            workers=[place.worker],
            pure=False,
        )

    def _answers(self, indices: range, futures: "list[Future[Any]]") -> list[Any]:
        """Results of a call, stale where a worker was lost; in one message where all goes well."""
        from distributed.client import FutureCancelledError  # noqa: PLC0415 - optional
        from distributed.scheduler import KilledWorker  # noqa: PLC0415 - optional

        async def gathered() -> Any:
            return await self._client.gather(futures, asynchronous=True)

        try:
            results: list[Any] = self._client.sync(gathered, callback_timeout=_LOOK_AFTER_S)
        except (TimeoutError, FutureCancelledError, KilledWorker):
            results = [
                self._answer(index, future) for index, future in zip(indices, futures, strict=True)
            ]
        return results

    def _answer(self, index: int, future: "Future[Any]") -> Any:
        """Result of a call, or stale where the worker was lost."""
        from distributed.client import FutureCancelledError  # noqa: PLC0415 - optional
        from distributed.scheduler import KilledWorker  # noqa: PLC0415 - optional

        while True:
            try:
                return future.result(timeout=_LOOK_AFTER_S)
            except TimeoutError:
                if self._places[index].worker not in self._workers():
                    return Stale()
            except (FutureCancelledError, KilledWorker):
                return Stale()

    def _note(self, index: int, call: _Call) -> None:
        """Remember a call that was made; now and then a new copy of the part instead."""
        place = self._places[index]
        place.calls.append(call)
        if len(place.calls) < _MOST_CALLS:
            return
        copy = self._answer(
            index, self._ask(index, _Call(function=itself, args=(), options={}), given=())
        )
        if not isinstance(copy, Stale):  # else with one of the next calls, after it is made again
            place.copy, place.n_copied, place.calls = packed_part(copy), place.n_calls, []

    def _make_again(self, index: int) -> None:
        """Seat a copy of a part on a worker that is there, and make the calls since."""
        place = self._places[index]
        is_made = False
        while not is_made:
            self._n_losses += 1
            if self._n_losses > _MOST_LOSSES:
                raise _without_workers(text("the cluster loses one worker after the other"))
            calls, place.calls = place.calls, []
            self._seat(index)
            is_made = True
            for call in calls:
                result = None
                if is_made:
                    result = self._answer(index, self._ask(index, call, given=call.args))
                is_made = is_made and not isinstance(result, Stale)
                place.calls.append(call)

    def _seat(self, index: int) -> None:
        """Bring a copy of a part to a worker: the one with the fewest parts per thread."""
        place = self._places[index]
        threads = self._workers()
        taken = [other.worker for other in self._places if other is not place]
        place.worker = min(
            sorted(threads), key=lambda worker: (taken.count(worker) + 1) / threads[worker]
        )
        place.seat = self._client.scatter(
            [Seat(place.copy, place.n_copied)], workers=[place.worker], hash=False
        )[0]

    def _workers(self) -> dict[str, int]:
        """Workers that are there, and their threads; waits for one where there is none."""
        threads: dict[str, int] = self._client.nthreads()
        if not threads:
            _wait_for_workers(self._client, timeout_s=_PATIENCE_S)
            threads = self._client.nthreads()
        return {worker: max(1, number) for worker, number in threads.items()}


class DaskMap:
    """Maps a function over items on the workers of a cluster.

    Each result depends on the job and the item alone, so that it does not matter where it is made,
    nor how often a worker is lost on the way.
    """

    def __init__(self, client: "Client", *, address: str = "") -> None:
        self._client = client
        self._address = address
        self._sent: tuple[object, Future[Any]] | None = None
        self.n_losses = 0

    def __call__(
        self, function: Callable[[Job, Item], Result], job: Job, items: Sequence[Item]
    ) -> list[Result]:
        """Call function(job, item) for every item; results in order of the items.

        Raises
        ------
        PeerError: the cluster is gone, has no worker left, or loses one after the other.
        """
        results: dict[int, Result] = {}
        with _reachable(self._address):
            while len(results) < len(items):
                self._make_some(function, job, items, results)
        return [results[number] for number in range(len(items))]

    def _make_some(
        self,
        function: Callable[[Job, Item], Result],
        job: Job,
        items: Sequence[Item],
        results: dict[int, Result],
    ) -> None:
        """Ask for what lacks; what goes with a lost worker is left for the next time."""
        from distributed.client import FutureCancelledError  # noqa: PLC0415 - optional
        from distributed.scheduler import KilledWorker  # noqa: PLC0415 - optional

        if not self._client.nthreads():
            _wait_for_workers(self._client, timeout_s=_PATIENCE_S)
        there = self._job_there(job)
        futures = {
            number: self._client.submit(function, there, item, pure=False)
            for number, item in enumerate(items)
            if number not in results
        }
        for number, future in futures.items():
            try:
                results[number] = self._result(future)
            except (FutureCancelledError, KilledWorker):
                self._sent = None
                self.n_losses += 1
                if self.n_losses > _MOST_LOSSES:
                    raise _without_workers(
                        text("the cluster loses one worker after the other")
                    ) from None

    def _result(self, future: "Future[Any]") -> Any:
        """Wait for a result, as long as there are workers that could make it."""
        while True:
            try:
                return future.result(timeout=_LOOK_AFTER_S)
            except TimeoutError:
                if not self._client.nthreads():
                    _wait_for_workers(self._client, timeout_s=_PATIENCE_S)

    def _job_there(self, job: object) -> "Future[Any]":
        """The job on all workers, sent once."""
        if self._sent is None or self._sent[0] is not job:
            there = self._client.scatter([job], broadcast=True, hash=False)[0]
            self._sent = (job, there)
        return self._sent[1]


@contextmanager
def cluster_map(address: str) -> Iterator[DaskMap]:
    """Connect to a cluster, and give what maps a function over its workers.

    Parameters and errors as `cluster_pool`.
    """
    client = _connect(address)
    try:
        _wait_for_workers(client, timeout_s=_CONNECT_S)
        _check_versions(client)
        yield DaskMap(client, address=address)
    finally:
        client.close()


@contextmanager
def cluster_pool(address: str) -> Iterator[MakePool]:
    """Connect to a cluster, and give what puts the parts of a task on its workers.

    Parameters
    ----------
    address
        HOST:PORT of the cluster's scheduler, with tcp:// or tls:// before it or without.

    Raises
    ------
    UsageError: no address, or the optional library is missing.
    PeerError: nobody answers, there is no worker, or other versions run there than here.
    """
    client = _connect(address)
    try:
        _wait_for_workers(client, timeout_s=_CONNECT_S)
        _check_versions(client)
        yield lambda parts: DaskPool(parts, client, address=address)
    finally:
        client.close()


def _connect(address: str) -> "Client":
    if not _ADDRESS.fullmatch(address):
        raise UsageError(
            code="cluster-address-unreadable",
            message=text("--cluster {address} is no address", address=address[:200]),
            where=Where(field="--cluster", value=address[:200]),
            expected=text("HOST:PORT, tcp://HOST:PORT or tls://HOST:PORT"),
            hint=text("a Dask scheduler prints its address when it starts"),
        )
    try:
        from distributed import Client  # noqa: PLC0415 - optional
    except ImportError as error:
        raise UsageError(
            code="cluster-needs-distributed",
            message=text("--cluster needs the optional library distributed"),
            where=Where(field="--cluster", value=address[:200]),
            hint='pip install "viavolta[cluster]"',
        ) from error
    with _reachable(address):
        try:
            return Client(address, timeout=_CONNECT_S, set_as_default=False)
        except TypeError as error:  # what Dask raises for tls:// when it is told of no certificates
            raise UsageError(
                code="cluster-needs-certificates",
                message=text("{address} needs certificates", address=address[:200]),
                where=Where(field="--cluster", value=address[:200]),
                hint=text("set DASK_DISTRIBUTED__COMM__TLS__CA_FILE and its siblings, see Dask"),
            ) from error


@contextmanager
def _reachable(address: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:  # a time-out is one
        raise PeerError(
            code="cluster-unreachable",
            message=text("no compute cluster answers at {address}", address=address[:200]),
            where=Where(field="--cluster", value=address[:200]),
            hint=text(
                "start a Dask scheduler there, or leave --cluster out to work on this machine"
            ),
        ) from error


def _wait_for_workers(client: "Client", *, timeout_s: float) -> None:
    try:
        client.wait_for_workers(1, timeout=timeout_s)
    except TimeoutError as error:
        raise _without_workers(text("the compute cluster has no worker")) from error


def _without_workers(message: str) -> PeerError:
    return PeerError(
        code="cluster-without-workers",
        message=message,
        where=Where(field="--cluster"),
        hint=text("start Dask workers for its scheduler; their logs say why they ended"),
    )


def software() -> dict[str, str]:
    """What must be the same on every worker for the same bytes: versions, and the engine's code."""
    code = sha256()
    for room in (viavolta.engines, viavolta.services):
        for path in sorted(Path(room.__path__[0]).rglob("*.py")):
            code.update(path.read_bytes())
    return {
        "Python": python_version(),
        "processor": machine(),
        **{name: version(name) for name in ("viavolta", "numpy", "numba", "distributed")},
        "engine code": code.hexdigest()[:12],
    }


def _check_versions(client: "Client") -> None:
    here = software()
    there = client.run(software, on_error="return")
    for worker, found in sorted(there.items()):
        if isinstance(found, Exception):
            message = text(
                "viavolta does not run on worker {worker}: {problem}",
                worker=worker,
                problem=str(found)[:200],
            )
        elif found != here:
            names = [name for name in here if here[name] != found.get(name)]
            message = text(
                "worker {worker} runs {there}, this machine {here}",
                worker=worker,
                there=", ".join(f"{name} {found.get(name)}" for name in names),
                here=", ".join(f"{name} {here[name]}" for name in names),
            )
        else:
            continue
        raise PeerError(
            code="cluster-versions-differ",
            message=message,
            where=Where(field="--cluster"),
            hint=text("install the same locked versions everywhere: requirements/base.txt"),
        )
