"""JSON that programs send: bounded in size and depth, without numbers and texts that break later.

A body that is refused here never reaches the rules of the protocol that it belongs to.
"""

import json
import math
import re
from collections.abc import Iterator
from http import HTTPStatus
from typing import Any

from django.http import HttpRequest

MOST_BYTES = 1_000_000
MOST_NESTED = 20
_OPEN = (b"[", b"{")
_BRACKET = re.compile(rb"[\[\]{}]")
_TEXT = re.compile(rb'"(?:[^"\\]|\\.)*+"', re.DOTALL)


class BodyError(Exception):
    """A body that is not read, with the status of HTTP that says so."""

    def __init__(self, status: HTTPStatus, detail: str) -> None:
        super().__init__(detail)
        self.status, self.detail = status, detail


def json_object(request: HttpRequest) -> dict[str, Any]:
    """The JSON object that a request brings.

    Raises
    ------
    BodyError: too large, nested too deep, no JSON, or no object.
    """
    length = request.headers.get("Content-Length") or "0"
    if not length.isdecimal() or int(length) > MOST_BYTES:
        raise BodyError(
            HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"a body of more than {MOST_BYTES} bytes"
        )
    content = json_of(request.body)
    if not isinstance(content, dict):
        msg = "the body is no JSON object"
        raise _bad(msg)
    return content


def json_of(raw: bytes) -> Any:
    """What a text of JSON says.

    Raises
    ------
    BodyError: nested too deep, no JSON, or a text that holds NUL or half a character.
    """
    if _depth(raw) > MOST_NESTED:
        msg = f"the body is nested more than {MOST_NESTED} deep"
        raise _bad(msg)
    try:
        content = json.loads(raw, parse_constant=_no_number, parse_float=_finite)
    except ValueError as error:
        msg = "the body is no JSON"
        raise _bad(msg) from error
    for words in _texts(content):
        if "\0" in words or (not words.isprintable() and _is_broken(words)):
            msg = "a text holds NUL or half a character"
            raise _bad(msg)
    return content


def _bad(detail: str) -> BodyError:
    return BodyError(HTTPStatus.BAD_REQUEST, detail)


def _depth(raw: bytes) -> int:
    """How deep brackets are nested outside of texts."""
    depth = deepest = 0
    for sign in _BRACKET.findall(_TEXT.sub(b"", raw)):
        depth += 1 if sign in _OPEN else -1
        deepest = max(deepest, depth)
    return deepest


def _texts(content: Any) -> Iterator[str]:
    if isinstance(content, str):
        yield content
    elif isinstance(content, dict):
        for key, value in content.items():
            yield key
            yield from _texts(value)
    elif isinstance(content, list):
        for value in content:
            yield from _texts(value)


def _is_broken(words: str) -> bool:
    try:
        words.encode()
    except UnicodeEncodeError:
        return True
    return False


def _finite(words: str) -> float:
    value = float(words)
    if not math.isfinite(value):
        raise ValueError(words)
    return value


def _no_number(words: str) -> float:
    raise ValueError(words)
