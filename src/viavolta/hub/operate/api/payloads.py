"""Payloads in the description of the API: the official schemas, each type once per version."""

from functools import cache
from typing import Any

from viavolta.hub.operate.api.operations import OPERATIONS, Operation
from viavolta.protocols.ocpp.example import smallest
from viavolta.protocols.ocpp.schemas import Version, schema_of

_COMPONENTS = "#/components/schemas/"
_LEFT_OUT = frozenset({"$schema", "$id", "id", "title", "description", "comment", "javaType"})
"""Words about a schema that would make the description ten times as long."""


def request_body(operation: Operation) -> dict[str, Any]:
    """The body of an operation: the payload in one of the versions that have the action."""
    versions = operation.actions.items()
    return {
        "required": True,
        "description": "the payload in the station's own version of OCPP, as on the wire",
        "content": {
            "application/json": {
                "schema": {
                    "anyOf": [{"$ref": _COMPONENTS + _name(v, action)} for v, action in versions]
                },
                "examples": {
                    f"OCPP {v}": {"value": smallest(schema_of(v, action))} for v, action in versions
                },
            }
        },
    }


@cache
def payload_schemas() -> dict[str, Any]:
    """The schemas of all payloads, by their names among the components."""
    found: dict[str, Any] = {}
    for operation in OPERATIONS:
        for version, action in operation.actions.items():
            schema = schema_of(version, action)
            for name, definition in schema.pop("definitions", {}).items():
                found[_name(version, name)] = _plain(definition, version)
            found[_name(version, action)] = _plain(schema, version)
    return found


def _name(version: Version, name: str) -> str:
    return f"ocpp{version}.{name}"


def _plain(part: Any, version: Version) -> Any:
    """A part of a schema without words about it; references lead to the components."""
    if isinstance(part, list):
        return [_plain(one, version) for one in part]
    if not isinstance(part, dict):
        return part
    kept = {}
    for key, value in part.items():
        if key == "$ref":
            kept[key] = _COMPONENTS + _name(version, value.rpartition("/")[2])
        elif key not in _LEFT_OUT or isinstance(value, dict):
            kept[key] = _plain(value, version)
    return kept
