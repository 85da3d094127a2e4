"""The `viavolta` command: registers one module per command group."""

import sys

import typer

from viavolta import __version__
from viavolta.cli.runner import say

app = typer.Typer(
    name="viavolta",
    help="Plan, buy, run and share electric mobility in a city.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)


def _version(*, wanted: bool) -> None:
    if wanted:
        say(f"viavolta {__version__}")
        raise typer.Exit


def main() -> None:
    """Run the command line; the entry point of the `viavolta` script."""
    sys.stdout.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    app()
