"""The page of commands names every command and option of the program, and no other."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer

from viavolta.cli.app import app

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "cli.md"


def commands(command: Any, name: str) -> Iterator[tuple[str, Any]]:
    """All commands below one that do something themselves, by their full name."""
    below = getattr(command, "commands", {})
    for word, child in below.items():
        yield from commands(child, f"{name} {word}")
    if not below:
        yield name, command


def options(command: Any) -> set[str]:
    named = (p.opts + p.secondary_opts for p in command.params if p.param_type_name == "option")
    return {option for names in named for option in names}


def sections() -> dict[str, str]:
    parts = re.split(r"^## (viavolta .+)$", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def documented_options(section: str) -> set[str]:
    cells = (line.split("|")[1] for line in section.splitlines() if line.startswith("| `-"))
    return {option for cell in cells for option in re.findall(r"`(-[-\w]+)`", cell)}


def in_program() -> dict[str, Any]:
    return dict(commands(typer.main.get_command(app), "viavolta"))


def test_every_command_has_a_section() -> None:
    """The page and the program have the same commands."""
    assert set(sections()) == set(in_program())


def test_every_option_is_in_its_table() -> None:
    """Each command's table lists exactly the options it takes."""
    page = sections()
    for name, command in in_program().items():
        assert documented_options(page[name]) == options(command), name


def test_defaults_are_those_of_the_program() -> None:
    """Where an option has a value unless you say so, the table says which."""
    page = sections()
    for name, command in in_program().items():
        for parameter in command.params:
            if parameter.param_type_name != "option" or isinstance(parameter.default, bool):
                continue
            if isinstance(parameter.default, int | float | str | Path):
                row = re.search(rf"^\| `{parameter.opts[0]}`.*$", page[name], flags=re.MULTILINE)
                assert row is not None
                assert (
                    row.group()
                    .rstrip(" |")
                    .endswith(
                        f"{parameter.default:g}"
                        if isinstance(parameter.default, float)
                        else str(parameter.default)
                    )
                ), (name, row.group())


def test_options_of_all_commands_are_options_of_some() -> None:
    """The table at the top names no option that nobody takes."""
    shared = PAGE.read_text(encoding="utf-8").split("## viavolta", maxsplit=1)[0]
    known = set().union(*(options(command) for command in in_program().values()))
    assert documented_options(shared) <= known


def shown_commands() -> Iterator[tuple[str, str]]:
    """Every command line of the program that a page shows, continued lines joined."""
    root = PAGE.parents[2]
    for page in [root / "README.md", *sorted((root / "docs").rglob("*.md"))]:
        text = page.read_text(encoding="utf-8").replace("\\\n", " ")
        inline = re.findall(r"`(viavolta [^`]+)`", text)
        fenced = "".join(re.findall(r"^```\w*\n(.*?)^```$", text, flags=re.MULTILINE | re.DOTALL))
        lines = re.findall(r"^(?:\$ )?(viavolta .+)$", fenced, flags=re.MULTILINE)
        told = (shown for shown in [*inline, *lines] if not shown.startswith("viavolta is ready"))
        yield from ((page.name, shown) for shown in told)


def test_commands_shown_in_any_page_exist() -> None:
    """No page shows a command or an option that the program does not have."""
    program = in_program()
    for page, shown in shown_commands():
        words = shown.split()
        named = [name for name in program if words[: len(name.split())] == name.split()]
        asked = set(re.findall(r"(?<!\S)--[a-z][-a-z]*", shown))
        if not named:
            assert words[1] in {"--help", "--version", "COMMAND"}, (page, shown)
            continue
        assert asked <= options(program[named[0]]) | {"--help"}, (page, shown)
