"""The page of the attacks, written from the suite itself.

`write` brings docs/reference/attacks.md in step.
"""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
PAGE = HERE.parents[1] / "docs" / "reference" / "attacks.md"
PLACES = ("gateway", "hub")
_HEAD = """# Attacks that are tried

Each of these attacks is run at every change: against a gateway over sockets of this machine, by a
client that sends whatever bytes it likes, and against the pages, the API and the VTN of a hub. The
suite is in `tests/attacks`; this page is written from it, and a test keeps the two in step. What
stands here is what was thought of: it is no proof that nothing else works.
"""


@dataclass(frozen=True)
class Attack:
    """One attack: how it is called in the suite, and what it says."""

    name: str
    says: str


def groups() -> Iterator[tuple[str, list[Attack]]]:
    """The attacks by their modules' first lines."""
    for place in PLACES:
        for path in sorted((HERE / place).glob("test_*.py")):
            module = ast.parse(path.read_text(encoding="utf-8"))
            found = [_attack(part) for part in module.body if isinstance(part, ast.FunctionDef)]
            yield _words(module), [attack for attack in found if attack.name.startswith("test_")]


def page() -> str:
    """The whole page."""
    lines = [_HEAD]
    for title, attacks in groups():
        lines += [
            f"## {title}",
            "",
            "| attack | what is tried, and what comes of it |",
            "|---|---|",
        ]
        for attack in attacks:
            name = attack.name.removeprefix("test_").replace("_", " ")
            lines.append(f"| {name} | {attack.says} |")
        lines.append("")
    return "\n".join(lines)


def write() -> None:
    """Write the page anew."""
    PAGE.write_text(page(), encoding="utf-8")


def _attack(function: ast.FunctionDef) -> Attack:
    return Attack(name=function.name, says=_words(function))


def _words(part: ast.Module | ast.FunctionDef) -> str:
    return " ".join((ast.get_docstring(part) or "").split())
