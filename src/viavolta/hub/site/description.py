"""What the OpenAPI document says of every operation: who may call it and how it may fail."""

from typing import Any

from ninja import NinjaAPI

from viavolta.hub.frame.access import Access

PROBLEM = {
    "type": "object",
    "required": ["type", "title", "status", "code"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "code": {"type": "string", "description": "stays the same between versions"},
        "detail": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {"where": {"type": "string"}, "expected": {"type": "string"}},
            },
        },
    },
}
FAILURES = {
    "400": "no JSON, or a text with NUL in it",
    "401": "not signed in",
    "403": "not allowed",
    "404": "nothing there, or nothing you may see",
    "409": "somebody else saved this in the meantime",
    "422": "a value is not as expected",
    "429": "too many requests",
}


def described(api: NinjaAPI, schema: Any) -> Any:
    """The document with failures, and with the access each operation asks for."""
    schema["components"].setdefault("schemas", {})["Problem"] = PROBLEM
    declared = access_by_operation(api)
    for methods in schema["paths"].values():
        for operation in methods.values():
            _describe(operation, declared.get(operation["operationId"]))
    return schema


def access_by_operation(api: NinjaAPI) -> dict[str, Access | None]:
    """What each operation's function declares."""
    return {
        operation.operation_id or api.get_openapi_operation_id(operation): getattr(
            operation.view_func, "access", None
        )
        for router in api._get_bound_routers()  # noqa: SLF001 - ninja lists its operations nowhere else
        for view in router.path_operations.values()
        for operation in view.operations
    }


def _describe(operation: dict[str, Any], access: Access | None) -> None:
    content = {
        "application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}},
    }
    for status, words in FAILURES.items():
        operation["responses"].setdefault(status, {"description": words, "content": content})
    if access is Access.PUBLIC:
        operation["security"] = [{}, *operation.get("security", [])]
    elif access is not None:
        operation["x-access"] = str(access)
