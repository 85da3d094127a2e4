"""Payloads against the official JSON schemas of the Open Charge Alliance.

The schemas come as data with the `ocpp` package; its classes are not used. Formats are checked
too, so that a time which is none is found.
"""

import json
from collections.abc import Callable
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


_FOLDERS = {Version.V16: "v16", Version.V201: "v201", Version.V21: "v21"}


def first_violation(version: Version, action: str, payload: dict[str, Any]) -> str | None:
    """What is first wrong with the request of an action, such as SetChargingProfile, or None."""
    is_valid, errors = _validator(version, action)
    if is_valid(payload):
        return None
    error = next(iter(errors(payload)))
    return f"{'/'.join(map(str, error.instance_path))}: {error.message}"


@cache
def _validator(version: Version, action: str) -> tuple[Callable[[Any], bool], Callable[[Any], Any]]:
    # requests carry their kind in the file's name from 2.0.1 on
    name = action if version is Version.V16 else f"{action}Request"
    file = resources.files("ocpp") / _FOLDERS[version] / "schemas" / f"{name}.json"
    schema = json.loads(file.read_text(encoding="utf-8-sig"))
    validator = jsonschema_rs.validator_for(schema, validate_formats=True)
    return validator.is_valid, validator.iter_errors
