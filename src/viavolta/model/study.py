"""A study: the result of any run, before it becomes a folder."""

import datetime as dt
from dataclasses import dataclass, field
from typing import Any

import polars as pl

from viavolta.model.notices import Repair, StudyWarning


@dataclass(frozen=True, slots=True, kw_only=True)
class StudyInput:
    """One input file of a study, by its hash."""

    name: str
    sha256: str
    bytes: int
    origin: str
    licence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AssumptionUsed:
    """One figure a study rests on; status is verified, secondary, general-knowledge or user."""

    key: str
    value: float | str
    unit: str
    source: str
    year: int | None
    status: str
    minimum: float | None = None
    maximum: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Study:
    """Everything a study folder holds; `tables` by name, `summary` of plain JSON values.

    `files` are those beside the tables that the run itself makes, by their names in the folder.
    """

    kind: str
    title: str
    seed: int
    effort: str
    service_date: dt.date | None
    timezone: str
    inputs: tuple[StudyInput, ...]
    assumptions: tuple[AssumptionUsed, ...]
    repairs: tuple[Repair, ...]
    warnings: tuple[StudyWarning, ...]
    summary: dict[str, Any]
    tables: dict[str, pl.DataFrame]
    timings_s: dict[str, float] = field(default_factory=dict)
    files: dict[str, bytes] = field(default_factory=dict)
