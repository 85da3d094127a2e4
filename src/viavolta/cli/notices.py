"""`viavolta notices`: what a worker runs when a need or a solution was published."""

import os
from typing import Any

from viavolta.cli.runner import JsonOption, LangOption, run, say
from viavolta.model.messages import text
from viavolta.model.progress import Progress


def notices(*, as_json: JsonOption = False, lang: LangOption = "en") -> None:
    """Write to everybody whose saved search finds something new, and remove what has expired."""

    def work(_progress: Progress) -> dict[str, Any]:
        import django  # noqa: PLC0415 - slow to load

        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "viavolta.hub.site.settings")
        django.setup()
        from viavolta.hub.market import expiring as market  # noqa: PLC0415 - needs the set-up
        from viavolta.hub.market.telling import tell_of_new_finds  # noqa: PLC0415 - needs the set-up
        from viavolta.hub.studies import expiring as studies  # noqa: PLC0415 - needs the set-up

        removed = market.remove_expired() + studies.remove_expired()
        return tell_of_new_finds() | {"removed": removed}

    def show(summary: dict[str, Any]) -> None:
        say(text("{n} letters sent", n=summary["letters"]))

    run(work, as_json=as_json, lang=lang, show=show)
