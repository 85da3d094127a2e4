"""Payloads against the official JSON schemas of the Open Charge Alliance.

The schemas come as data with the `ocpp` package; its classes are not used. Formats are checked
too, so that a time which is none is found.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib import resources
from typing import Any

import jsonschema_rs


class Version(StrEnum):
    """Versions of OCPP, as people write them."""

    V16 = "1.6"
    V201 = "2.0.1"
    V21 = "2.1"


class Part(StrEnum):
    """Which half of an action a payload is."""

    REQUEST = "Request"
    RESPONSE = "Response"
    SEND = ""
    """A message that nobody answers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Violation:
    """What is wrong with a payload: the rule of JSON schema it breaks, where, and in words."""

    rule: str
    place: str
    message: str

    def __str__(self) -> str:
        return f"{self.place}: {self.message}"


_FOLDERS = {Version.V16: "v16", Version.V201: "v201", Version.V21: "v21"}


def first_violation(
    version: Version, action: str, payload: dict[str, Any], part: Part = Part.REQUEST
) -> Violation | None:
    """What is first wrong with a payload of an action, such as SetChargingProfile, or None.

    Raises
    ------
    FileNotFoundError: the version has no such action.
    """
    is_valid, errors = _validator(version, action, part)
    if is_valid(payload):
        return None
    error = next(iter(errors(payload)))
    return Violation(
        rule=str(error.kind.name),
        place="/".join(map(str, error.instance_path)),
        message=str(error.message),
    )


def schema_of(version: Version, action: str, part: Part = Part.REQUEST) -> dict[str, Any]:
    """The official schema of an action's half, as it was published.

    Raises
    ------
    FileNotFoundError: the version has no such action.
    """
    # in 1.6 only answers carry their kind in the file's name
    kind = "" if version is Version.V16 and part is Part.REQUEST else part.value
    file = resources.files("ocpp") / _FOLDERS[version] / "schemas" / f"{action}{kind}.json"
    schema: dict[str, Any] = json.loads(file.read_text(encoding="utf-8-sig"))
    return schema


@cache
def _validator(
    version: Version, action: str, part: Part
) -> tuple[Callable[[Any], bool], Callable[[Any], Any]]:
    schema = schema_of(version, action, part)
    validator = jsonschema_rs.validator_for(schema, validate_formats=True)
    return validator.is_valid, validator.iter_errors
