"""One station's conversation with the central system, without sockets and without a clock.

What arrives goes into `receive`, what is wanted into `call` and `answer`; texts to send and what
became of each call come out. One call is in flight in each direction, as OCPP-J asks; the rest wait
in a queue. Every call ends in exactly one `Outcome`. Everything is validated, in both directions:
what this side would send wrong raises at once.
"""

from collections import OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from viavolta.protocols.ocpp.actions import FROM_CENTRAL, FROM_STATION, SENT_BY_STATION
from viavolta.protocols.ocpp.frames import (
    Call,
    ErrorCode,
    FrameError,
    Refusal,
    Result,
    as_written,
    code_of,
    read_frame,
    write_frame,
)
from viavolta.protocols.ocpp.schemas import Part, Version, Violation, first_violation

REMEMBERED = 64
"""Message ids of a station that are remembered with their answers, to answer a repeat the same."""

MAX_QUEUE = 200
"""Calls that may wait for one station."""


class Side(StrEnum):
    """Which end of the link this is."""

    CENTRAL = "central"
    STATION = "station"


class End(StrEnum):
    """What became of a call."""

    ANSWERED = "answered"
    REFUSED = "refused"
    """The other side answered with an error."""
    MISUNDERSTOOD = "misunderstood"
    """The answer breaks its schema."""
    TIMED_OUT = "timed-out"
    LOST = "lost"
    """The link broke before the answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of a call: the answer where there is one, else why not."""

    message_id: str
    action: str
    end: End
    payload: dict[str, Any] | None = None
    error_code: str = ""
    description: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """A valid call of the other side that waits for `answer` (a SEND waits for nothing)."""

    message_id: str
    action: str
    payload: dict[str, Any]
    is_send: bool


class NotAPayloadError(ValueError):
    """What this side was about to send is not what its schema allows."""


class QueueFullError(Exception):
    """Too many calls wait for this station already."""


@dataclass(slots=True)
class _Waiting:
    call: Call
    timeout_s: float
    due_s: float = 0.0


class Link:
    """The state of one conversation.

    Parameters
    ----------
    version, side
        What is spoken, and which end this is.
    new_id
        Makes a message id that was never used on this link.
    """

    def __init__(self, version: Version, side: Side, *, new_id: Callable[[], str]) -> None:
        self.version, self.side = version, side
        self._new_id = new_id
        self._queue: deque[_Waiting] = deque()
        self._flying: _Waiting | None = None
        self._pending: dict[str, str] = {}
        self._answered: OrderedDict[str, str] = OrderedDict()
        self._out: list[str] = []
        self._ended: list[Outcome] = []

    def receive(self, raw: str | bytes) -> Heard | None:
        """Take in one frame; returns a call that wants `answer`, if it is one.

        A frame that breaks the rules is answered with an error where it can be. A call whose id
        was answered before gets the same answer again and is not heard twice.
        """
        try:
            frame = read_frame(raw, self.version)
        except FrameError as error:
            # where not even an id is there, 2.0.1 part 4 says to answer with the id "-1"
            refusal = self._refusal(error.message_id or "-1", error.code, error.description)
            self._out.append(write_frame(refusal))
            return None
        match frame:
            case Call():
                return self._hear(frame)
            case Result():
                self._take_result(frame)
            case Refusal():
                self._take_refusal(frame)
        return None

    def call(self, action: str, payload: dict[str, Any], *, timeout_s: float) -> str:
        """Queue a call; returns its message id, under which its `Outcome` will come.

        Raises
        ------
        NotAPayloadError: no such action on this side, or its schema does not allow the payload.
        QueueFullError: too many calls wait already.
        """
        if action not in self._own_actions():
            msg = f"{action} is no call of the {self.side} in OCPP {self.version}"
            raise NotAPayloadError(msg)
        self._require(action, payload, Part.REQUEST)
        if len(self._queue) >= MAX_QUEUE:
            raise QueueFullError
        call = Call(message_id=self._new_id(), action=action, payload=payload)
        self._queue.append(_Waiting(call=call, timeout_s=timeout_s))
        return call.message_id

    def answer(self, message_id: str, payload: dict[str, Any]) -> None:
        """Answer a call that `receive` returned.

        Raises
        ------
        NotAPayloadError: the schema does not allow the answer. KeyError: no such call waits.
        """
        self._require(self._pending[message_id], payload, Part.RESPONSE)
        del self._pending[message_id]
        self._reply(message_id, write_frame(Result(message_id=message_id, payload=payload)))

    def refuse(self, message_id: str, code: ErrorCode, description: str) -> None:
        """Answer a call that `receive` returned with an error. KeyError: no such call waits."""
        del self._pending[message_id]
        self._refuse(message_id, code, description)

    def to_send(self, now_s: float) -> list[str]:
        """Texts to send now, in order; starts the next call where none is in flight."""
        if self._flying is not None and now_s >= self._flying.due_s:
            self._end(End.TIMED_OUT)
        if self._flying is None and self._queue:
            self._flying = self._queue.popleft()
            self._flying.due_s = now_s + self._flying.timeout_s
            self._out.append(write_frame(self._flying.call))
        out, self._out = self._out, []
        return out

    def next_due_s(self) -> float | None:
        """When the call in flight times out, on the clock that `to_send` was given."""
        return None if self._flying is None else self._flying.due_s

    def outcomes(self) -> list[Outcome]:
        """What became of calls since the last time this was asked."""
        ended, self._ended = self._ended, []
        return ended

    def close(self) -> list[Outcome]:
        """The link is gone: every call that waits or flies is lost, and nobody is answered."""
        if self._flying is not None:
            self._end(End.LOST)
        while self._queue:
            self._flying = self._queue.popleft()
            self._end(End.LOST)
        self._pending.clear()
        self._out.clear()
        return self.outcomes()

    def _own_actions(self) -> frozenset[str]:
        return (FROM_CENTRAL if self.side is Side.CENTRAL else FROM_STATION)[self.version]

    def _their_actions(self, *, is_send: bool) -> frozenset[str]:
        if self.side is Side.STATION:
            return frozenset() if is_send else FROM_CENTRAL[self.version]
        return (SENT_BY_STATION if is_send else FROM_STATION)[self.version]

    def _hear(self, call: Call) -> Heard | None:
        message_id = call.message_id
        if message_id in self._answered:
            self._out.append(self._answered[message_id])
            return None
        if message_id in self._pending:
            return None
        if call.action not in self._their_actions(is_send=call.is_send):
            if not call.is_send:
                what = f"{call.action[:50]} is no call of the other side in OCPP {self.version}"
                self._refuse(message_id, ErrorCode.NOT_IMPLEMENTED, what)
            return None
        part = Part.SEND if call.is_send else Part.REQUEST
        wrong = first_violation(self.version, call.action, call.payload, part)
        if wrong is not None:
            if not call.is_send:
                self._refuse(message_id, code_of(wrong), str(wrong))
            return None
        if not call.is_send:
            self._pending[message_id] = call.action
        return Heard(
            message_id=message_id, action=call.action, payload=call.payload, is_send=call.is_send
        )

    def _take_result(self, result: Result) -> None:
        flying = self._flying
        if flying is None or flying.call.message_id != result.message_id:
            return
        wrong = first_violation(self.version, flying.call.action, result.payload, Part.RESPONSE)
        if wrong is None:
            self._end(End.ANSWERED, payload=result.payload)
            return
        if self.version is Version.V21:
            refusal = self._refusal(result.message_id, code_of(wrong), str(wrong), of_result=True)
            self._out.append(write_frame(refusal))
        self._end(End.MISUNDERSTOOD, error_code=code_of(wrong).value, description=str(wrong))

    def _take_refusal(self, refusal: Refusal) -> None:
        flying = self._flying
        if refusal.of_result or flying is None or flying.call.message_id != refusal.message_id:
            return
        self._end(End.REFUSED, error_code=refusal.error_code, description=refusal.description)

    def _end(
        self,
        end: End,
        *,
        payload: dict[str, Any] | None = None,
        error_code: str = "",
        description: str = "",
    ) -> None:
        if self._flying is None:
            return
        call, self._flying = self._flying.call, None
        outcome = Outcome(
            message_id=call.message_id,
            action=call.action,
            end=end,
            payload=payload,
            error_code=error_code,
            description=description,
        )
        self._ended.append(outcome)

    def _require(self, action: str, payload: dict[str, Any], part: Part) -> None:
        wrong: Violation | None = first_violation(self.version, action, payload, part)
        if wrong is not None:
            msg = f"{action}{part.value} {wrong}"
            raise NotAPayloadError(msg)

    def _refuse(self, message_id: str, code: ErrorCode, description: str) -> None:
        self._reply(message_id, write_frame(self._refusal(message_id, code, description)))

    def _refusal(
        self, message_id: str, code: ErrorCode, description: str, *, of_result: bool = False
    ) -> Refusal:
        return Refusal(
            message_id=message_id,
            error_code=as_written(code, self.version),
            description=description,
            details={},
            of_result=of_result,
        )

    def _reply(self, message_id: str, text: str) -> None:
        self._out.append(text)
        self._answered[message_id] = text
        if len(self._answered) > REMEMBERED:
            self._answered.popitem(last=False)
