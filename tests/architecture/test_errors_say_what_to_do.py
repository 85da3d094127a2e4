"""Every error of the user's input, or of a problem without solution, says what to do about it."""

import ast
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import viavolta

ROOT = Path(viavolta.__file__).parent
ERRORS = {"InputError", "NoSolutionError"}
HINT_PASSED_ON = {"formats/evsp.py"}
"""Modules with a function that makes errors and takes the hint from its callers."""


def raised(source: str) -> Iterator[tuple[int, str, dict[str | None, ast.expr]]]:
    """Line, name and keywords of every call that makes one of the errors."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call):
            name = ast.unparse(node.func).rpartition(".")[2]
            if name in ERRORS:
                yield node.lineno, name, {word.arg: word.value for word in node.keywords}


def can_be_none(value: ast.expr) -> bool:
    """Whether the value of an expression is None, or one of its branches is."""
    match value:
        case ast.Constant():
            return not value.value
        case ast.IfExp():
            return can_be_none(value.body) or can_be_none(value.orelse)
        case ast.BoolOp():
            return any(can_be_none(part) for part in value.values)
        case _:
            return False


def without_hint(source: str, *, passed_on: bool = False) -> list[int]:
    """Lines of the errors that do not, or not always, carry a hint."""
    return [
        line
        for line, _, words in raised(source)
        if "hint" not in words or (can_be_none(words["hint"]) and not passed_on)
    ]


def without_place(source: str) -> list[int]:
    """Lines of the errors of input that do not say where they are."""
    return [
        line
        for line, name, words in raised(source)
        if name == "InputError" and ("where" not in words or can_be_none(words["where"]))
    ]


def sources(folder: Path) -> Iterator[tuple[str, str]]:
    for path in sorted(folder.rglob("*.py")):
        yield path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8")


def test_every_error_says_what_to_do() -> None:
    """Each InputError and NoSolutionError carries a hint, in every branch that chooses one."""
    found = [
        f"{file}:{line}"
        for file, source in sources(ROOT)
        for line in without_hint(source, passed_on=file in HINT_PASSED_ON)
    ]
    assert found == []


def test_every_error_of_a_file_says_where() -> None:
    """Each InputError of a format names at least its file."""
    found = [
        f"{file}:{line}"
        for file, source in sources(ROOT / "formats")
        for line in without_place(source)
    ]
    assert found == []


def test_there_are_errors_to_look_at() -> None:
    """The search finds the errors: an empty list would mean nothing otherwise."""
    names = {name for _, source in sources(ROOT) for _, name, _ in raised(source)}
    assert names == ERRORS


@pytest.mark.parametrize(
    ("find", "call"),
    [
        (without_hint, "InputError(code='a')"),
        (without_hint, "errors.NoSolutionError(code='a', hint=None)"),
        (without_hint, "InputError(hint=text('b') if near else None)"),
        (without_hint, "InputError(hint=hint or None)"),
        (without_hint, "InputError(hint='')"),
        (without_place, "InputError(hint=text('b'))"),
        (without_place, "InputError(where=None)"),
    ],
)
def test_a_silent_error_is_noticed(find: Callable[[str], list[int]], call: str) -> None:
    """Errors without a hint or a place are found in whatever way they lack it."""
    assert find(f"\nraise {call}") == [2]
