"""`viavolta reminders`: what a worker runs when follow-up tasks are due."""

import os
from typing import Any

from viavolta.cli.runner import JsonOption, LangOption, ProgressOption, run, say
from viavolta.model.messages import text
from viavolta.model.progress import Progress


def reminders(
    *, as_json: JsonOption = False, lang: LangOption = "en", progress_form: ProgressOption = "text"
) -> None:
    """Send reminders of follow-up tasks that are due within two days, each once."""

    def work(progress: Progress) -> dict[str, Any]:
        import django  # noqa: PLC0415 - slow to load

        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "viavolta.hub.site.settings")
        django.setup()
        from django.utils import timezone  # noqa: PLC0415 - needs the set-up

        from viavolta.hub.collaborate.reminders import remind  # noqa: PLC0415 - needs the set-up

        sent = remind(timezone.now())
        progress("reminders", 1.0)
        return {"sent": sent}

    def show(summary: dict[str, Any]) -> None:
        say(text("{n} reminders sent", n=summary["sent"]))

    run(work, as_json=as_json, lang=lang, show=show, progress_form=progress_form)
