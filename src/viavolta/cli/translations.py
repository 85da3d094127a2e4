"""`viavolta translations`: the hub's words in six languages, for those who write them."""

from typing import Annotated, Any

import typer

from viavolta.cli.runner import JsonOption, LangOption, run, say
from viavolta.model.messages import text
from viavolta.model.progress import Progress

app = typer.Typer(no_args_is_help=True, help="The hub's words in six languages.")


@app.callback()
def translations() -> None:
    """The hub's words in six languages."""


@app.command("extract")
def extract(
    names: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[APP]...", help="Apps of the hub, such as market; viavolta for the core."
        ),
    ] = None,
    *,
    as_json: JsonOption = False,
    lang: LangOption = "en",
) -> None:
    """Bring the .po files of the named apps, or of all, up to date with code and templates."""

    def work(progress: Progress) -> dict[str, Any]:  # noqa: ARG001 - the form of a command's work
        from viavolta.hub.site.languages import update_files  # noqa: PLC0415 - slow to load

        return {"missing": update_files(names or ())}

    def show(summary: dict[str, Any]) -> None:
        say(text("{n} translations are missing", n=summary["missing"]))

    run(work, as_json=as_json, lang=lang, show=show)
