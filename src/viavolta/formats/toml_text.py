"""A configuration as TOML text: what `tomllib` reads back as the same content."""

import json
import math
from collections.abc import Iterable, Mapping
from typing import Any


def toml_text(content: Mapping[str, Any]) -> str:
    """Write tables, lists of tables, lists, texts, numbers and truth values; None is left out.

    Raises
    ------
    TypeError: a value of another kind. ValueError: a number that is not finite.
    """
    return "\n".join(_table(content, ())).strip() + "\n"


def _table(content: Mapping[str, Any], place: tuple[str, ...]) -> Iterable[str]:
    tables = {k: v for k, v in content.items() if isinstance(v, Mapping)}
    lists = {k: v for k, v in content.items() if _is_list_of_tables(v)}
    plain = {k: v for k, v in content.items() if k not in tables and k not in lists}
    yield from (f"{_key(k)} = {_value(v)}" for k, v in plain.items() if v is not None)
    for name, table in tables.items():
        inner = (*place, name)
        yield f"\n[{'.'.join(map(_key, inner))}]"
        yield from _table(table, inner)
    for name, rows in lists.items():
        inner = (*place, name)
        for row in rows:
            yield f"\n[[{'.'.join(map(_key, inner))}]]"
            yield from _table(row, inner)


def _is_list_of_tables(value: object) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(v, Mapping) for v in value)


def _key(name: str) -> str:
    is_bare = name.isascii() and name.replace("_", "").replace("-", "").isalnum()
    return name if is_bare else _quoted(name)


def _value(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and not math.isfinite(value):
        msg = f"{value} is not finite"
        raise ValueError(msg)
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, str):
        return _quoted(value)
    if isinstance(value, list):
        return "[" + ", ".join(_value(v) for v in value) + "]"
    msg = f"{type(value).__name__} has no form in a configuration"
    raise TypeError(msg)


def _quoted(word: str) -> str:
    return json.dumps(word, ensure_ascii=False).replace("\x7f", "\\u007f")
