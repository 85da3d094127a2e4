"""What a study tells about its input: repairs that were made and warnings that stand."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Repair:
    """Dirty input that was mended: how often, with one example and what was done."""

    code: str
    file: str
    count: int
    example: str
    action: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StudyWarning:
    """Something the reader of a study must know before trusting a figure."""

    code: str
    file: str | None
    message: str
