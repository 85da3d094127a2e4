"""The smallest payload that an official schema allows, for descriptions and for trials."""

from typing import Any

_TIME = "2026-01-31T12:00:00Z"
_FORMATS = {"date-time": _TIME, "uri": "https://files.example.org/1"}


def smallest(schema: dict[str, Any]) -> dict[str, Any]:
    """An object with the required properties alone, each with its first or smallest value."""
    found: dict[str, Any] = _value(schema, schema.get("definitions", {}))
    return found


def _value(schema: dict[str, Any], definitions: dict[str, Any]) -> Any:
    if "$ref" in schema:
        return _value(definitions[schema["$ref"].rpartition("/")[2]], definitions)
    if "enum" in schema:
        return schema["enum"][0]
    found: Any
    match schema.get("type"):
        case "object":
            wanted, properties = schema.get("required", ()), schema.get("properties", {})
            found = {name: _value(properties[name], definitions) for name in wanted}
        case "array":
            found = [_value(schema["items"], definitions)] * schema.get("minItems", 0)
        case "integer" | "number":
            found = schema.get("minimum", 1)
        case "boolean":
            found = True
        case _:
            found = _FORMATS.get(schema.get("format", ""), "example"[: schema.get("maxLength", 7)])
    return found
