"""`viavolta user`: for whoever runs the hub."""

from typing import Annotated, Any

import typer

from viavolta.cli.runner import JsonOption, LangOption, run, say
from viavolta.cli.serving import DataOption
from viavolta.model.errors import UsageError, Where
from viavolta.model.messages import text
from viavolta.model.progress import Progress

app = typer.Typer(no_args_is_help=True, help="Accounts of the hub, for whoever runs it.")


@app.callback()
def user() -> None:
    """Accounts of the hub."""


@app.command("sign-in-link")
def sign_in_link(
    email: Annotated[str, typer.Argument(help="Whom the link is for.")],
    *,
    data: DataOption = None,
    as_json: JsonOption = False,
    lang: LangOption = "en",
) -> None:
    """Print a link that signs a person in, once, within an hour."""

    def work(progress: Progress) -> dict[str, Any]:  # noqa: ARG001 - the form of a command's work
        from viavolta.hub.site.start import migrate, set_up  # noqa: PLC0415 - start-up time

        set_up(data)
        migrate()
        from viavolta.hub.people.models import User  # noqa: PLC0415 - needs the settings
        from viavolta.hub.site.sign_in_link import sign_in_link as make  # noqa: PLC0415

        person = User.objects.filter(email__iexact=email, is_active=True).first()
        if person is None:
            raise UsageError(
                code="no-such-user",
                message=text("nobody has an account with {email}", email=email[:200]),
                where=Where(field="EMAIL", value=email[:200]),
                hint=text("check the address, and that --data names the hub's data folder"),
            )
        return {"link": make(person)}

    run(work, as_json=as_json, lang=lang, show=lambda summary: say(summary["link"]))
