"""A case: what a station says and is asked, and what must be answered and stored."""

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from viavolta.protocols.ocpp.schemas import Version

Payload = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Says:
    """The station calls; the answer has at least what is `expected`, or is the error `refused`.

    `keep` names a field of the answer that later payloads may use as `Kept(name)`; `lacks` fields
    that it must not have.
    """

    action: str
    payload: Payload
    expected: Payload = field(default_factory=dict)
    refused: str = ""
    keep: str = ""
    lacks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Sends:
    """The station sends what nobody answers (type 6)."""

    action: str
    payload: Payload


@dataclass(frozen=True, slots=True)
class Asked:
    """The operator asks; the station hears exactly that and answers; the row tells the answer.

    With `error` the station answers with that error code instead.
    """

    action: str
    payload: Payload = field(default_factory=dict)
    answer: Payload = field(default_factory=lambda: {"status": "Accepted"})
    error: str = ""


@dataclass(frozen=True, slots=True)
class Hears:
    """The central system asks on its own; `check` looks at the payload, `answer` goes back."""

    action: str
    check: Callable[[Any, Payload], None]
    answer: Payload = field(default_factory=lambda: {"status": "Accepted"})


@dataclass(frozen=True, slots=True)
class Does:
    """Something that no message is: the operator or the station acts."""

    what: Callable[[Any], None]


@dataclass(frozen=True, slots=True)
class Comes:
    """The station calls the gateway anew, after the old link was closed.

    `password`: None for its own, "new" for the one that it was given last. `refused`: the status of
    HTTP, or -1 where TLS or the closing of the link says so. `tls`: which port, None for the one
    of before. `shows`: "own" or "other" certificate.
    """

    password: str | None = None
    refused: int = 0
    user: str = ""
    offers: str = ""
    tls: bool | None = None
    shows: str = ""
    is_old_tls: bool = False


@dataclass(frozen=True, slots=True)
class Stored:
    """Rows that must be there once the journal is in the tables."""

    check: Callable[[Any], None]


@dataclass(frozen=True, slots=True)
class Kept:
    """A field of an earlier answer."""

    name: str


@dataclass(frozen=True, slots=True)
class In21:
    """A field that only 2.1 has: left out in older versions."""

    value: Any


Step = Says | Sends | Asked | Hears | Does | Comes | Stored


class Source(StrEnum):
    """Where the name and the course of a case can be read in public."""

    EVTIVITY_16 = "EVtivity, csms-ocpp16"
    EVTIVITY_21 = "EVtivity, csms-ocpp21"
    RAILS = "ocpp-rails, test plan of OCPP 1.6"
    TZI = "tzi-OCTT, 2.0.1"
    SPEC = "text of the standard"


@dataclass(frozen=True, kw_only=True)
class Case:
    """A case that is played (`steps`), or one that is not (`missing` says why)."""

    id: str
    name: str
    version: Version
    block: str
    source: Source
    steps: tuple[Step, ...] = ()
    missing: str = ""

    def __post_init__(self) -> None:
        if bool(self.steps) == bool(self.missing):
            msg = f"{self.id}: steps, or why there are none"
            raise ValueError(msg)
