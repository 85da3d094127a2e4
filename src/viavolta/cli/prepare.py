"""`viavolta prepare`: makes ready what the hub's pages need beside code."""

import os
import sys
from pathlib import Path
from typing import Any

from viavolta.cli.runner import JsonOption, LangOption, run, say
from viavolta.model.messages import text
from viavolta.model.progress import Progress


def assets_folder() -> Path:
    """Where prepared files are kept: VIAVOLTA_ASSETS, else within the environment."""
    usual = Path(sys.prefix) / "share" / "viavolta" / "assets"
    return Path(os.environ.get("VIAVOLTA_ASSETS") or usual).absolute()


def prepare(*, as_json: JsonOption = False, lang: LangOption = "en") -> None:
    """Install the libraries of the hub's pages, collect their files, compile the languages.

    A second call is instant unless something changed. Needs the npm registry the first time.
    """

    def work(progress: Progress) -> dict[str, Any]:  # noqa: ARG001 - the form of a command's work
        from viavolta.hub.site.prepare import prepare as make  # noqa: PLC0415 - slow to load

        folder = assets_folder()
        return {"out": str(folder), "changed": make(folder)}

    def show(summary: dict[str, Any]) -> None:
        if summary["changed"]:
            say(text("the hub's pages are ready: {folder}", folder=summary["out"]))

    run(work, as_json=as_json, lang=lang, show=show)
