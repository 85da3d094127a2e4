"""OCPP-J frames: one JSON array per message, read with suspicion and written compactly.

Source: OCPP-J 1.6, chapter 4; OCPP 2.0.1 part 4, chapter 4; OCPP 2.1 part 4, chapter 4 (SEND and
CALLRESULTERROR are new in 2.1).
"""

import json
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from typing import Any

from viavolta.protocols.ocpp.schemas import Version, Violation

MAX_FRAME_BYTES = 1_000_000
"""Far above what stations send: a NotifyReport of thousands of variables comes in parts."""

MAX_DEPTH = 24
"""Nesting of arrays and objects; the deepest official payload needs 9."""

MAX_ID_CHARS = 36

MAX_DESCRIPTION_CHARS = 255

MAX_DIGITS = 17
"""Of a whole number, its sign included: what 64 bits hold, and a float nearly exactly."""


class Kind(IntEnum):
    """The message type number that opens a frame."""

    CALL = 2
    RESULT = 3
    ERROR = 4
    RESULT_ERROR = 5
    SEND = 6


class ErrorCode(StrEnum):
    """Why a call is refused, as 2.0.1 and 2.1 write it; `as_written` gives the words of 1.6."""

    FORMAT = "FormatViolation"
    GENERIC = "GenericError"
    INTERNAL = "InternalError"
    UNKNOWN_KIND = "MessageTypeNotSupported"
    NOT_IMPLEMENTED = "NotImplemented"
    NOT_SUPPORTED = "NotSupported"
    OCCURRENCE = "OccurrenceConstraintViolation"
    PROPERTY = "PropertyConstraintViolation"
    PROTOCOL = "ProtocolError"
    FRAMEWORK = "RpcFrameworkError"
    SECURITY = "SecurityError"
    TYPE = "TypeConstraintViolation"


_IN_1_6 = {
    ErrorCode.FORMAT: "FormationViolation",
    ErrorCode.UNKNOWN_KIND: "GenericError",
    ErrorCode.OCCURRENCE: "OccurenceConstraintViolation",  # spelt so in the standard
    ErrorCode.FRAMEWORK: "GenericError",
}

_TEXTS = re.compile(r'"(?:[^"\\]|\\.)*"', re.DOTALL)
_BRACKETS = re.compile(r"[\[\]{}]")

_CODE_OF_RULE = {
    "additionalProperties": ErrorCode.FORMAT,
    "required": ErrorCode.OCCURRENCE,
    "minItems": ErrorCode.OCCURRENCE,
    "maxItems": ErrorCode.OCCURRENCE,
    "type": ErrorCode.TYPE,
    "format": ErrorCode.TYPE,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A request that wants an answer, or (`is_send`) wants none."""

    message_id: str
    action: str
    payload: dict[str, Any]
    is_send: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """The answer to a call."""

    message_id: str
    payload: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """A call, or (`of_result`) an answer to a call, that the other side could not take."""

    message_id: str
    error_code: str
    description: str
    details: dict[str, Any]
    of_result: bool = False


Frame = Call | Result | Refusal


class FrameError(Exception):
    """A frame that cannot be read; `message_id` is None where not even that could be."""

    def __init__(self, code: ErrorCode, description: str, message_id: str | None = None) -> None:
        super().__init__(description)
        self.code, self.description, self.message_id = code, description, message_id


def as_written(code: ErrorCode, version: Version) -> str:
    """An error code in the words of a version."""
    return _IN_1_6.get(code, code.value) if version is Version.V16 else code.value


def code_of(violation: Violation) -> ErrorCode:
    """The error code for a payload that breaks its schema."""
    return _CODE_OF_RULE.get(violation.rule, ErrorCode.PROPERTY)


def read_frame(raw: str | bytes, version: Version, *, max_bytes: int = MAX_FRAME_BYTES) -> Frame:
    """Read one frame; payloads are not yet held against their schemas.

    Raises
    ------
    FrameError: too long, too deep, no JSON, or not a frame of this version.
    """
    parts, is_plain = _array_of(raw, max_bytes)
    message_id = parts[1] if len(parts) > 1 and isinstance(parts[1], str) else None
    if message_id is None or not 0 < len(message_id) <= MAX_ID_CHARS:
        raise FrameError(ErrorCode.FRAMEWORK, f"no message id of 1 to {MAX_ID_CHARS} characters")
    if not _is_plain(message_id):
        raise FrameError(ErrorCode.FRAMEWORK, "a message id with characters that are none")
    if not is_plain:
        raise FrameError(ErrorCode.FORMAT, "NUL, or half a character", message_id)
    kind = _kind_of(parts[0], version, message_id)
    match kind, parts[2:]:
        case ((Kind.CALL | Kind.SEND), [str(action), dict(payload)]):
            return Call(
                message_id=message_id, action=action, payload=payload, is_send=kind is Kind.SEND
            )
        case Kind.RESULT, [dict(payload)]:
            return Result(message_id=message_id, payload=payload)
        case ((Kind.ERROR | Kind.RESULT_ERROR), [str(code), str(description), dict(details)]):
            return Refusal(
                message_id=message_id,
                error_code=code,
                description=description,
                details=details,
                of_result=kind is Kind.RESULT_ERROR,
            )
        case _:
            what = f"a frame of type {kind.value} has other parts"
            raise FrameError(ErrorCode.FRAMEWORK, what, message_id)


def write_frame(frame: Frame) -> str:
    """Write a frame as compact JSON, payload names as they are on the wire."""
    match frame:
        case Call():
            kind = Kind.SEND if frame.is_send else Kind.CALL
            parts: list[Any] = [kind, frame.message_id, frame.action, frame.payload]
        case Result():
            parts = [Kind.RESULT, frame.message_id, frame.payload]
        case Refusal():
            kind = Kind.RESULT_ERROR if frame.of_result else Kind.ERROR
            description = frame.description[:MAX_DESCRIPTION_CHARS]
            parts = [kind, frame.message_id, frame.error_code, description, frame.details]
    return _WRITER.encode(parts)


def _array_of(raw: str | bytes, max_bytes: int) -> tuple[list[Any], bool]:
    """The array, and whether all of its texts are plain (`_is_plain`)."""
    if len(raw) > max_bytes:
        raise FrameError(ErrorCode.FRAMEWORK, f"longer than {max_bytes} bytes")
    try:
        text = raw.decode("utf-8") if isinstance(raw, bytes) else raw
        if _is_too_deep(text):
            raise FrameError(ErrorCode.FRAMEWORK, f"nested deeper than {MAX_DEPTH} levels")
        parts = _READER.decode(text)
    except ValueError as error:
        raise FrameError(ErrorCode.FRAMEWORK, "no JSON text") from error
    if not isinstance(parts, list) or not parts:
        raise FrameError(ErrorCode.FRAMEWORK, "no JSON array")
    # neither can stand in a text but escaped
    is_plain = "\\u" not in text or all(map(_is_plain, _texts_in(parts)))
    return parts, is_plain


def _texts_in(value: Any) -> Iterator[str]:
    """All texts in a value, names included; its depth is bounded already."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for part in value:
            yield from _texts_in(part)
    elif isinstance(value, dict):
        for name, part in value.items():
            yield name
            yield from _texts_in(part)


def _is_plain(text: str) -> bool:
    """Whether a text has neither NUL nor half of a surrogate pair: UTF-8 and databases refuse."""
    try:
        return b"\0" not in text.encode()
    except UnicodeEncodeError:
        return False


def _whole(digits: str) -> int:
    if len(digits) > MAX_DIGITS:
        msg = "a whole number with too many digits"
        raise ValueError(msg)
    return int(digits)


def _finite(digits: str) -> float:
    number = float(digits)
    if math.isinf(number):
        msg = "a number that is too large"
        raise ValueError(msg)
    return number


def _no_constant(word: str) -> None:
    msg = f"{word} is not JSON"
    raise ValueError(msg)


def _is_too_deep(text: str) -> bool:
    """Whether brackets nest too deep, before a parser trusts them; those in texts do not count."""
    if text.count("[") + text.count("{") <= MAX_DEPTH:
        return False
    depth = 0
    for bracket in _BRACKETS.findall(_TEXTS.sub("", text)):
        depth += 1 if bracket in "[{" else -1
        if depth > MAX_DEPTH:
            return True
    return False


def _kind_of(number: Any, version: Version, message_id: str) -> Kind:
    is_known = isinstance(number, int) and not isinstance(number, bool) and number in set(Kind)
    if not is_known or (number > Kind.ERROR and version is not Version.V21):
        what = f"message type {str(number)[:20]} is not known in OCPP {version}"
        raise FrameError(ErrorCode.UNKNOWN_KIND, what, message_id)
    return Kind(number)


# made once: `json.loads` and `json.dumps` with options make new ones for every message
_READER = json.JSONDecoder(parse_constant=_no_constant, parse_int=_whole, parse_float=_finite)
_WRITER = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False, allow_nan=False)
