"""Sentences of the table why, by their codes."""

import ast
import inspect
import json

from viavolta.services.bus import reasons
from viavolta.services.bus.reasons import reason_row, said


def test_codes_say_the_same_as_the_words() -> None:
    """A row's codes, said again, are its words."""
    row = reason_row(
        "vehicles",
        ("fleet", {"n": 22, "m": 21}),
        ("battery-binds", {"k": 1}),
        ("bus-fewer", {"eur": 39761.2}),
    )
    codes = json.loads(row[4])
    again = [said(*codes[part]) for part in ("statement", "binds", "one_more")]
    assert again == list(row[1:4])
    assert row[3] == "Each bus fewer saves 39,761 EUR a year, battery not counted."


def test_what_is_not_said_has_no_code() -> None:
    """A sentence that is left out is empty, and has no code."""
    row = reason_row("vehicles_by_type", ("one-tried", {}), ("", {}))
    assert row[2:4] == ("", "")
    assert list(json.loads(row[4])) == ["statement"]


def test_an_unknown_code_says_nothing() -> None:
    """A code of a newer version is left out, not shown raw."""
    assert said("not-a-code", {"n": 1}) == ""


def test_each_code_is_there_once() -> None:
    """No two sentences share a code."""
    tree = ast.parse(inspect.getsource(reasons))
    codes = [
        node.value.value
        for node in ast.walk(tree)
        if isinstance(node, ast.MatchValue) and isinstance(node.value, ast.Constant)
    ]
    assert len(codes) > 25
    assert len(codes) == len(set(codes))
