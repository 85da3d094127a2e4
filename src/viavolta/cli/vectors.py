"""`viavolta vectors`: what a worker runs when needs or solutions were changed."""

from typing import Any

from viavolta.cli.runner import JsonOption, LangOption, ProgressOption, run, say
from viavolta.model.messages import text
from viavolta.model.progress import Progress


def vectors(
    *, as_json: JsonOption = False, lang: LangOption = "en", progress_form: ProgressOption = "text"
) -> None:
    """Compute what matching across languages lacks: the vectors of new needs and solutions."""

    def work(progress: Progress) -> dict[str, Any]:
        from viavolta.hub.site.start import set_up  # noqa: PLC0415 - slow to load

        set_up()
        from viavolta.hub.market.vectors import compute_vectors  # noqa: PLC0415 - needs the set-up

        return compute_vectors(lambda share: progress("vectors", share))

    def show(summary: dict[str, Any]) -> None:
        say(text("{n} vectors computed, {left} left", n=summary["computed"], left=summary["left"]))

    run(work, as_json=as_json, lang=lang, show=show, progress_form=progress_form)
