"""What goes around every object of OCPI: status, authorisation, pages."""

import base64
import binascii
import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Any
from urllib.parse import urlencode

from viavolta.protocols.ocpi.objects import as_date_time, moment_of

VERSION = "2.2.1"
PAGE = 50
_MOST_DIGITS = 9
LONGEST_PAGE = 200


class Status(IntEnum):
    """The status codes of chapter 5."""

    SUCCESS = 1000
    CLIENT_ERROR = 2000
    INVALID = 2001
    TOO_LITTLE = 2002
    UNKNOWN_LOCATION = 2003
    UNKNOWN_TOKEN = 2004
    SERVER_ERROR = 3000
    UNUSABLE_API = 3001
    UNSUPPORTED_VERSION = 3002
    NO_ENDPOINTS = 3003

    @property
    def is_success(self) -> bool:
        """Whether the request was done."""
        return self < Status.CLIENT_ERROR


def envelope(
    data: Any = None, *, now: dt.datetime, status: Status = Status.SUCCESS, message: str = ""
) -> dict[str, Any]:
    """An answer: data, status and time."""
    body: dict[str, Any] = {"status_code": int(status), "timestamp": as_date_time(now)}
    if message:
        body["status_message"] = message
    if data is not None:
        body["data"] = data
    return body


def authorization(token: str) -> str:
    """The Authorization header for a credentials token: Base64, as from 2.2 on."""
    return f"Token {base64.b64encode(token.encode()).decode('ascii')}"


def token_of(header: str) -> str | None:
    """The credentials token of an Authorization header; None where there is none."""
    scheme, _, coded = header.partition(" ")
    if scheme.lower() != "token":
        return None
    try:
        token = base64.b64decode(coded.strip(), validate=True).decode("ascii")
    except (binascii.Error, ValueError):
        return None
    return token if token.isprintable() and token else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Which part of a list is asked for; `date_to` is excluded."""

    date_from: dt.datetime | None = None
    date_to: dt.datetime | None = None
    offset: int = 0
    limit: int = PAGE

    def next_link(self, address: str, total: int) -> str:
        """The Link header to the next page; empty on the last."""
        offset = self.offset + self.limit
        if offset >= total:
            return ""
        words: dict[str, str | int] = {"offset": offset, "limit": self.limit}
        for name, moment in (("date_from", self.date_from), ("date_to", self.date_to)):
            if moment is not None:
                words[name] = as_date_time(moment)
        return f'<{address}?{urlencode(words, safe=":")}>; rel="next"'


def page_of(query: Mapping[str, str]) -> Page:
    """The page that a query asks for.

    Raises
    ------
    ValueError: a word that cannot be read; its text says which.
    """
    moments: dict[str, dt.datetime | None] = {}
    for name in ("date_from", "date_to"):
        text = query.get(name)
        moments[name] = moment_of(text)
        if text is not None and moments[name] is None:
            msg = f"{name}: a time in UTC such as 2026-12-01T08:00:00Z"
            raise ValueError(msg)
    return Page(
        **moments,
        offset=_count(query, "offset", 0, least=0),
        limit=min(_count(query, "limit", PAGE, least=1), LONGEST_PAGE),
    )


def next_address(link: str) -> str:
    """The address of the next page in a Link header; empty where there is none."""
    for part in link.split(","):
        address, _, words = part.strip().partition(">")
        if address.startswith("<") and "next" in words.replace('"', "").split("rel=")[-1]:
            return address[1:]
    return ""


def _count(query: Mapping[str, str], name: str, otherwise: int, *, least: int) -> int:
    text = query.get(name, str(otherwise))
    if not (
        text.isdecimal() and text.isascii() and len(text) <= _MOST_DIGITS and int(text) >= least
    ):
        msg = f"{name}: a whole number from {least}"
        raise ValueError(msg)
    return int(text)
