"""A scenario's result: the study folder that the command line wrote, read for the pages."""

import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import polars as pl
from django.conf import settings
from django.http import Http404

from viavolta.hub.studies.models import Scenario
from viavolta.model.errors import PlatformError
from viavolta.model.study import Study
from viavolta.reports.bus.facts import BusFacts, facts_of
from viavolta.storage.study_folder import read_study, study_of

SHEETS = ("council.pdf", "report.pdf", "connection-request.pdf")
"""Files of a study folder that are handed out as they are; never the HTML."""
_TABLE_NAME = re.compile(r"[a-z0-9_]{1,40}")
_STUDIES_KEPT = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """A study folder as the pages read it: its document, its study and the facts in it."""

    folder: Path
    document: dict[str, Any]
    study: Study
    facts: BusFacts

    def table(self, name: str) -> pl.DataFrame:
        """A table by its name.

        Raises
        ------
        Http404: the study has none of this name.
        """
        frame = self.study.tables.get(name) if _TABLE_NAME.fullmatch(name) else None
        if frame is None:
            raise Http404
        return frame

    def has(self, name: str) -> bool:
        """Whether the study has a table of this name with rows in it."""
        frame = self.study.tables.get(name)
        return frame is not None and not frame.is_empty()

    def sheet(self, name: str) -> Path:
        """A printed sheet beside the tables.

        Raises
        ------
        Http404: it is not one of SHEETS, or not there.
        """
        path = self.folder / name
        if name not in SHEETS or not path.is_file():
            raise Http404
        return path

    def sheets(self) -> list[str]:
        """The printed sheets that are there."""
        return [name for name in SHEETS if (self.folder / name).is_file()]

    @property
    def summary(self) -> dict[str, Any]:
        """The figures of the study."""
        return self.study.summary


def folder_of(scenario: Scenario) -> Path | None:
    """Where a scenario's study lies; None before the first run is done, or where it is lost."""
    if not scenario.result_folder:
        return None
    data = Path(settings.CONFIG.data).resolve()
    folder = (data / scenario.result_folder).resolve()
    inside = folder.is_relative_to(data)
    return folder if inside and (folder / "study.json").is_file() else None


def result_of(scenario: Scenario) -> Result | None:
    """Read a scenario's study; None where there is none to read."""
    folder = folder_of(scenario)
    if folder is None:
        return None
    stamp = (folder / "study.json").stat()
    try:
        return _read(folder, stamp.st_mtime_ns, stamp.st_ino)
    except PlatformError:
        return None


def require_result(scenario: Scenario) -> Result:
    """Read a scenario's study.

    Raises
    ------
    Http404: it has none yet.
    """
    result = result_of(scenario)
    if result is None:
        raise Http404
    return result


@lru_cache(maxsize=_STUDIES_KEPT)
def _read(folder: Path, changed_ns: int, inode: int) -> Result:  # noqa: ARG001 - keys of the cache
    document, tables = read_study(folder)
    study = study_of(document, tables)
    return Result(folder=folder, document=document, study=study, facts=facts_of(study))
