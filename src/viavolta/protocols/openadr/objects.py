"""The objects of OpenADR 3, what they must hold, and how its versions write them.

Inside stands the form of 3.0.1; 3.1 writes targets as plain names, keeps resources beside VENs and
leaves the programme out of a report. Source: OpenADR 3.0.1 OpenAPI document and OpenADR 3.1.0
Definitions, OpenADR Alliance; the rules below are our own writing of what they ask for.
"""

from collections.abc import Mapping
from enum import StrEnum
from functools import cache
from typing import Any

import jsonschema_rs

from viavolta.protocols.openadr.intervals import FOREVER, moment_of, targets_of

METADATA = frozenset({"id", "createdDateTime", "modificationDateTime", "objectType"})
"""What the VTN itself writes, and passes over where others write it."""

PRIVATE = frozenset({"clientID", "venID"})
AGGREGATED = "AGGREGATED_REPORT"
_MOST = 10_000


class Version(StrEnum):
    """Versions of OpenADR 3, as they stand in addresses."""

    V301 = "3.0.1"
    V310 = "3.1.0"


class Kind(StrEnum):
    """Types of objects."""

    PROGRAM = "PROGRAM"
    EVENT = "EVENT"
    REPORT = "REPORT"
    SUBSCRIPTION = "SUBSCRIPTION"
    VEN = "VEN"
    RESOURCE = "RESOURCE"


OPERATIONS = {"READ": "GET", "CREATE": "POST", "UPDATE": "PUT", "DELETE": "DELETE"}
"""What may be told of, and what 3.0.0 calls it; clients of that version are in use."""

NAME = {
    Kind.PROGRAM: "programName",
    Kind.EVENT: "eventName",
    Kind.REPORT: "clientName",
    Kind.SUBSCRIPTION: "clientName",
    Kind.VEN: "venName",
    Kind.RESOURCE: "resourceName",
}
"""Where each says its name."""


def violation(kind: Kind, content: Any) -> str | None:
    """What is first wrong with an object in the form of 3.0.1, in words, or None."""
    validator = _validator(kind)
    if validator.is_valid(content):
        return None
    error = next(iter(validator.iter_errors(content)))
    place = "/".join(map(str, error.instance_path)) or kind.lower()
    return f"{place}: {str(error.message)[:300]}"


def inward(version: Version, content: Mapping[str, Any]) -> dict[str, Any]:
    """An object as somebody wrote it, in the form of 3.0.1, without what the VTN writes itself."""
    kept = {k: v for k, v in content.items() if k not in METADATA | PRIVATE}
    if version is Version.V310:
        _type_targets(kept)
        for descriptor in kept.get("reportDescriptors") or ():
            if isinstance(descriptor, dict):
                _type_targets(descriptor)
    return kept


def outward(version: Version, kind: Kind, content: Mapping[str, Any]) -> dict[str, Any]:
    """An object as a version writes it."""
    told = dict(content)
    if version is Version.V301:
        told.pop("clientID", None)
        return told
    _plain_targets(told)
    if told.get("reportDescriptors"):
        told["reportDescriptors"] = [dict(one) for one in told["reportDescriptors"]]
        for descriptor in told["reportDescriptors"]:
            _plain_targets(descriptor)
    for gone in {Kind.VEN: ("resources",), Kind.REPORT: ("programID",)}.get(kind, ()):
        told.pop(gone, None)
    return told


def _type_targets(content: dict[str, Any]) -> None:
    names = content.get("targets")
    if isinstance(names, list) and names and all(isinstance(name, str) for name in names):
        content["targets"] = [{"type": "GROUP", "values": names}]


def _plain_targets(content: dict[str, Any]) -> None:
    if content.get("targets") is not None:
        content["targets"] = list(dict.fromkeys(targets_of(content)))


def _is_moment(words: str) -> bool:
    try:
        moment_of(words, FOREVER)
    except ValueError:
        return False
    return True


def _text(longest: int, shortest: int = 1) -> dict[str, Any]:
    return {"type": "string", "minLength": shortest, "maxLength": longest}


def _list(items: Any, most: int = _MOST) -> dict[str, Any]:
    return {"type": ["array", "null"], "items": items, "maxItems": most}


def _record(required: str = "", **fields: Any) -> dict[str, Any]:
    return {"type": "object", "required": required.split(), "properties": fields}


_ID = {**_text(128), "pattern": "^[a-zA-Z0-9_-]*$"}
_WORDS = {"type": ["string", "null"], "maxLength": 2000}
_MAYBE = {"type": ["boolean", "null"]}
_WHOLE = {"type": "integer", "minimum": -(2**31), "maximum": 2**31 - 1}
_DURATION = {
    "type": ["string", "null"],
    "maxLength": 80,
    "pattern": r"^-?P(\d+Y)?(\d+M)?(\d+[DW])?(T(\d+H)?(\d+M)?(\d+(\.\d+)?S)?)?$",
}
_POINT = _record("x y", x={"type": "number"}, y={"type": "number"})
_VALUE = {"anyOf": [{"type": ["number", "boolean"]}, _text(4000, 0), _POINT]}
_VALUES = _record(
    "type values",
    type=_text(128),
    values={"type": "array", "items": _VALUE, "maxItems": _MOST},
)
_MAPS = _list(_VALUES)
_PERIOD = {
    **_record(
        "start",
        start={**_text(64), "format": "openadr-time"},
        duration=_DURATION,
        randomizeStart=_DURATION,
    ),
    "type": ["object", "null"],
}
_INTERVALS = {
    "type": "array",
    "maxItems": _MOST,
    "items": _record(
        "id payloads",
        id=_WHOLE,
        intervalPeriod=_PERIOD,
        payloads={"type": "array", "items": _VALUES, "maxItems": 100},
    ),
}
_DESCRIPTORS = _list(
    _record(
        "payloadType",
        payloadType=_text(128),
        units=_WORDS,
        currency=_WORDS,
        readingType=_WORDS,
        accuracy={"type": ["number", "null"]},
        confidence={"type": ["integer", "null"], "minimum": 0, "maximum": 100},
    ),
    100,
)
_RESOURCE = _record("resourceName", resourceName=_text(128), attributes=_MAPS, targets=_MAPS)
_RULES: dict[Kind, dict[str, Any]] = {
    Kind.PROGRAM: _record(
        "programName",
        programName=_text(128),
        programLongName=_WORDS,
        retailerName=_WORDS,
        retailerLongName=_WORDS,
        programType=_WORDS,
        country=_WORDS,
        principalSubdivision=_WORDS,
        timeZoneOffset=_DURATION,
        intervalPeriod=_PERIOD,
        programDescriptions=_list(_record("URL", URL=_text(2000)), 100),
        bindingEvents=_MAYBE,
        localPrice=_MAYBE,
        payloadDescriptors=_DESCRIPTORS,
        attributes=_MAPS,
        targets=_MAPS,
    ),
    Kind.EVENT: _record(
        "programID intervals",
        programID=_ID,
        eventName=_WORDS,
        duration=_DURATION,
        priority={"type": ["integer", "null"], "minimum": 0, "maximum": 2**31 - 1},
        targets=_MAPS,
        reportDescriptors=_list(
            _record(
                "payloadType",
                payloadType=_text(128),
                readingType=_WORDS,
                units=_WORDS,
                targets=_MAPS,
                aggregate=_MAYBE,
                startInterval=_WHOLE,
                numIntervals=_WHOLE,
                historical=_MAYBE,
                frequency=_WHOLE,
                repeat=_WHOLE,
            ),
            100,
        ),
        payloadDescriptors=_DESCRIPTORS,
        intervalPeriod=_PERIOD,
        intervals=_INTERVALS,
    ),
    Kind.REPORT: _record(
        "programID eventID clientName resources",
        programID=_ID,
        eventID=_ID,
        clientName=_text(128),
        reportName=_WORDS,
        payloadDescriptors=_DESCRIPTORS,
        resources={
            "type": "array",
            "maxItems": _MOST,
            "items": _record(
                "resourceName intervals",
                resourceName=_text(128),
                intervalPeriod=_PERIOD,
                intervals=_INTERVALS,
            ),
        },
    ),
    Kind.SUBSCRIPTION: _record(
        "clientName objectOperations",
        clientName=_text(128),
        programID={**_ID, "type": ["string", "null"]},
        objectOperations={
            "type": "array",
            "maxItems": 20,
            "items": _record(
                "objects operations callbackUrl",
                objects={"type": "array", "items": {"enum": list(Kind)}, "maxItems": 20},
                operations={
                    "type": "array",
                    "items": {"enum": [*OPERATIONS, *OPERATIONS.values()]},
                    "maxItems": 20,
                },
                callbackUrl={**_text(2000), "format": "uri"},
                bearerToken={"type": ["string", "null"], "maxLength": 4096},
            ),
        },
        targets=_MAPS,
    ),
    Kind.VEN: _record(
        "venName",
        venName=_text(128),
        attributes=_MAPS,
        targets=_MAPS,
        resources=_list(_RESOURCE, 1000),
    ),
    Kind.RESOURCE: _RESOURCE,
}


@cache
def _validator(kind: Kind) -> Any:
    return jsonschema_rs.Draft202012Validator(
        _RULES[kind],
        validate_formats=True,
        formats={"openadr-time": _is_moment},
    )
