"""Every code that a user can meet has its paragraph, and no paragraph is about nothing."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import viavolta

ROOT = Path(viavolta.__file__).parent
PAGE = Path(__file__).parents[2] / "docs" / "reference" / "errors.md"
NOT_NOTICES = {"text"}
INDIRECT = {"engines/bus/distances.py", "services/import_lines.py", "services/lines/directions.py"}
"""Modules that choose among codes first and pass the chosen one on."""

Function = ast.FunctionDef | ast.AsyncFunctionDef


def modules() -> dict[str, ast.Module]:
    return {
        path.relative_to(ROOT).as_posix(): ast.parse(path.read_text(encoding="utf-8"))
        for path in sorted(ROOT.rglob("*.py"))
    }


def given_codes(tree: ast.AST) -> Iterator[ast.expr]:
    """Whatever is passed as `code=` to a call in this tree."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and ast.unparse(node.func) not in NOT_NOTICES:
            yield from (keyword.value for keyword in node.keywords if keyword.arg == "code")


def literals(tree: ast.AST) -> set[str]:
    """Codes written where they are passed."""
    values = (code.value for code in given_codes(tree) if isinstance(code, ast.Constant))
    return {value for value in values if isinstance(value, str)}


def chosen(tree: ast.AST) -> set[str]:
    """Codes assigned to `code`, and the first of tuples that pair a code with a text or a file."""
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "code":
            strings = (n.value for n in ast.walk(node.value) if isinstance(n, ast.Constant))
            found |= {value for value in strings if isinstance(value, str)}
        if isinstance(node, ast.Tuple) and len(node.elts) > 1:
            first, second = node.elts[:2]
            paired = ast.unparse(second)
            is_pair = paired.endswith(".txt'") or paired.startswith("text(") or paired == "reason"
            if isinstance(first, ast.Constant) and isinstance(first.value, str) and is_pair:
                found.add(first.value)
    return found


def is_passed_through(code: ast.expr, tree: ast.AST) -> bool:
    """A parameter named `code`, whose callers are read too, or a code copied from a record."""
    if isinstance(code, ast.Attribute):
        return code.attr == "code"
    functions = (node for node in ast.walk(tree) if isinstance(node, Function))
    around = (f for f in functions if any(code is node for node in ast.walk(f)))
    names = {argument.arg for f in around for argument in (*f.args.args, *f.args.kwonlyargs)}
    return isinstance(code, ast.Name) and code.id in names


def codes_in_source() -> set[str]:
    found: set[str] = set()
    for name, tree in modules().items():
        found |= literals(tree)
        if name in INDIRECT:
            found |= chosen(tree)
    return found


def codes_on_page() -> list[str]:
    return re.findall(r"^### (\S+)$", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE)


def test_every_code_has_a_paragraph() -> None:
    """No user meets a code that the page does not explain."""
    assert codes_in_source() - set(codes_on_page()) == set()


def test_every_paragraph_is_about_a_code() -> None:
    """The page explains nothing that cannot happen."""
    assert set(codes_on_page()) - codes_in_source() == set()


def test_every_code_is_explained_once_in_words() -> None:
    """No heading stands twice, and none without a paragraph below it."""
    headings = codes_on_page()
    page = PAGE.read_text(encoding="utf-8")
    paragraphs = re.findall(r"^### \S+\n(.*?)(?=^#|\Z)", page, flags=re.MULTILINE | re.DOTALL)
    assert len(headings) == len(set(headings)) == len(paragraphs)
    assert all(len(paragraph.split()) > 3 for paragraph in paragraphs)


def test_every_code_can_be_found_in_the_source() -> None:
    """A code is written as a plain literal, so that this page and a search can find it."""
    hidden = [
        f"{name}:{code.lineno}"
        for name, tree in modules().items()
        if name not in INDIRECT
        for code in given_codes(tree)
        if not isinstance(code, ast.Constant) and not is_passed_through(code, tree)
    ]
    assert hidden == []


def test_indirect_codes_are_read() -> None:
    """The codes that are chosen first are among those compared."""
    trees = modules()
    assert "no-stops" in chosen(trees["services/lines/directions.py"])
    assert "trip-without-shape" in chosen(trees["engines/bus/distances.py"])
    assert chosen(trees["services/import_lines.py"]) == {"off", "no-headway"}
