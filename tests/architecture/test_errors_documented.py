"""Every code that a user can meet has its paragraph, and no paragraph is about nothing."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import viavolta

ROOT = Path(viavolta.__file__).parent
PAGE = Path(__file__).parents[2] / "docs" / "reference" / "errors.md"
NOT_NOTICES = {"text"}
CODE = re.compile(r"[a-z]+(-[a-z0-9]+)*")
INDIRECT = {
    "engines/bus/distances.py",
    "formats/evsp.py",
    "services/import_lines.py",
    "services/lines/directions.py",
}
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
    """Codes assigned to `code`, and those in tuples that pair a code with a text or a file."""
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "code":
            found |= words(list(ast.walk(node.value)))
        if isinstance(node, ast.Tuple) and any(is_told(element) for element in node.elts):
            found |= words(node.elts)
    return found


def words(nodes: list[ast.AST] | list[ast.expr]) -> set[str]:
    """Literals that look like a code."""
    values = (node.value for node in nodes if isinstance(node, ast.Constant))
    return {value for value in values if isinstance(value, str) and CODE.fullmatch(value)}


def is_told(element: ast.expr) -> bool:
    """A text for people, or the name of a table: what stands beside a code in a tuple."""
    source = ast.unparse(element)
    return source.startswith("text(") or source.endswith(".txt'") or source == "reason"


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
