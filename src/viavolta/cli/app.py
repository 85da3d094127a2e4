"""The `viavolta` command: registers one module per command group."""

import io
import json
import sys
from typing import Annotated

import typer

from viavolta import __version__
from viavolta.cli import (
    authority,
    backing_up,
    blocks,
    charge,
    check,
    compare,
    config,
    demo,
    gateway,
    grid,
    grid_capacity,
    importing,
    inspecting,
    notices,
    plan,
    prepare,
    profiles,
    reminders,
    roaming,
    serve,
    serving,
    signals,
    simulate,
    tables,
    translations,
    users,
    vectors,
)
from viavolta.cli.runner import say
from viavolta.model.errors import UsageError
from viavolta.model.messages import text

app = typer.Typer(
    name="viavolta",
    help="Plan, buy, run and share electric mobility in a city.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
    rich_markup_mode=None,  # rich help takes 0.45 s to load: half of all that --help may take
)
app.command("demo")(demo.demo)
app.add_typer(plan.app, name="plan")
app.command("config")(config.config)
app.add_typer(importing.app, name="import")
app.command("inspect")(inspecting.inspect)
app.command("charge")(charge.charge)
app.command("profiles")(profiles.profiles)
app.command("simulate")(simulate.simulate)
app.command("check")(check.check)
app.command("compare")(compare.compare)
app.command("tables")(tables.tables)
app.add_typer(blocks.app, name="blocks")
grid.app.command("capacity")(grid_capacity.capacity)
app.add_typer(grid.app, name="grid")
app.command("serve")(serve.serve)
app.command("web")(serving.web)
app.command("worker")(serving.worker)
app.command("gateway")(gateway.gateway)
app.command("signals")(signals.signals)
app.command("roaming")(roaming.roaming)
app.add_typer(users.app, name="user")
app.command("station-authority")(authority.station_authority)
app.command("backup")(backing_up.backup)
app.command("restore")(backing_up.restore)
app.command("prepare")(prepare.prepare)
app.add_typer(translations.app, name="translations")
app.command("reminders")(reminders.reminders)
app.command("vectors")(vectors.vectors)
app.command("notices")(notices.notices)


def _version(wanted: bool) -> None:  # noqa: FBT001 - the form of a Typer callback
    if wanted:
        say(f"viavolta {__version__}")
        raise typer.Exit


VersionOption = Annotated[
    bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
]


@app.callback()
def viavolta(
    *,
    version: VersionOption = False,
) -> None:
    """Plan, buy, run and share electric mobility in a city."""


def main() -> None:
    """Run the command line; the entry point of the `viavolta` script."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    if "--json" in sys.argv:
        sys.exit(_answer_in_json())
    app()


def _answer_in_json() -> int:
    """Run a command; a wrong use of it is told as the one JSON document too."""
    try:
        code = app(standalone_mode=False)
    except typer.Abort:
        return 130
    except typer.TyperException as error:
        wrong = UsageError(
            code="wrong-usage",
            message=error.format_message(),
            hint=text("`viavolta COMMAND --help` shows what it takes"),
        )
        sys.stdout.write(json.dumps({"error": wrong.as_dict()}, ensure_ascii=False) + "\n")
        return wrong.exit_code
    return code if isinstance(code, int) else 0
