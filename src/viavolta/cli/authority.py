"""`viavolta station-authority`: who signs the certificates of an operator's stations."""

from typing import Annotated, Any

import typer

from viavolta.cli.runner import JsonOption, LangOption, run, say
from viavolta.cli.serving import DataOption
from viavolta.model.errors import UsageError, Where
from viavolta.model.messages import text
from viavolta.model.progress import Progress

MOST_CHARS = 64
"""Of an organisation's name in a certificate (X.520, ub-organization-name)."""


def station_authority(
    slug: Annotated[str, typer.Argument(help="The organisation, as in its address in the hub.")],
    *,
    vehicles: Annotated[
        bool, typer.Option("--vehicles", help="For what stations show vehicles (ISO 15118).")
    ] = False,
    data: DataOption = None,
    as_json: JsonOption = False,
    lang: LangOption = "en",
) -> None:
    """Open an authority for an organisation's stations, and print its certificate, or its root."""

    def work(progress: Progress) -> dict[str, Any]:  # noqa: ARG001 - the form of a command's work
        from viavolta.hub.site.start import migrate, set_up  # noqa: PLC0415 - start-up time

        set_up(data)
        migrate()
        from django.conf import settings  # noqa: PLC0415 - needs the settings

        from viavolta.hub.people.models import Organisation  # noqa: PLC0415 - needs the settings
        from viavolta.services.station_certificates import pem_of  # noqa: PLC0415
        from viavolta.storage.station_authorities import open_authority  # noqa: PLC0415
        from viavolta.storage.v2g_authorities import open_v2g_authority  # noqa: PLC0415

        found = Organisation.objects.filter(slug=slug).first()
        if found is None:
            raise UsageError(
                code="no-such-organisation",
                message=text("there is no organisation {slug}", slug=slug[:200]),
                where=Where(field="SLUG", value=slug[:200]),
                hint=text("its page in the hub has the word in its address"),
            )
        name = found.name[:MOST_CHARS]
        if vehicles:
            for_vehicles = open_v2g_authority(settings.CONFIG.data, found.pk, name)
            return {
                "organisation": for_vehicles.organisation,
                "certificate": pem_of(for_vehicles.root),
            }
        authority = open_authority(settings.CONFIG.data, found.pk, name)
        return {
            "organisation": authority.organisation,
            "certificate": pem_of(authority.certificate),
        }

    run(work, as_json=as_json, lang=lang, show=lambda summary: say(summary["certificate"]))
