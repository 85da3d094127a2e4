"""What a feed needed: a log of repairs and warnings that grows while the feed is read."""

from collections.abc import Iterable

import polars as pl

from viavolta.model.errors import Where
from viavolta.model.messages import text
from viavolta.model.notices import Repair, StudyWarning

MAX_VALUE_CHARS = 200
"""Longest piece of foreign text that a message repeats."""
MAX_ROWS_KEPT = 10_000
"""Most rows of one kind of repair that are kept for the reader to mend."""
BAD_ROW_COLUMNS = {
    "file": pl.String,
    "row": pl.UInt32,
    "field": pl.String,
    "value": pl.String,
    "code": pl.String,
    "action": pl.String,
}
"""Columns of the rows that needed a repair."""


def where(
    file: str, row: int | None = None, *, field: str | None = None, value: object = None
) -> Where:
    """Name the spot in a feed, with the value cut to `MAX_VALUE_CHARS`."""
    shown = None if value is None else str(value)[:MAX_VALUE_CHARS]
    return Where(file=file, row=row, field=field, value=shown)


def spot(row: int, field: str, *, value: object) -> str:
    """Describe one example of a repair for people."""
    shown = "" if value is None else str(value)[:MAX_VALUE_CHARS]
    return text("row {row}, {field}: '{value}'", row=row, field=field, value=shown)


class RepairLog:
    """Collects repairs, one entry per code and file: counts add up, the first example stays."""

    def __init__(self) -> None:
        self._repairs: dict[tuple[str, str], Repair] = {}
        self._warnings: dict[tuple[str, str | None], StudyWarning] = {}
        self._rows: dict[tuple[str, str], pl.DataFrame] = {}

    def note(self, *, code: str, file: str, count: int, example: str, action: str) -> None:
        """Add a repair; a count of zero is no repair."""
        if count == 0:
            return
        before = self._repairs.get((code, file))
        self._repairs[code, file] = Repair(
            code=code,
            file=file,
            count=count + (before.count if before else 0),
            example=before.example if before else example,
            action=before.action if before else action,
        )

    def note_rows(
        self, rows: pl.DataFrame, *, code: str, file: str, field: str, action: str
    ) -> None:
        """Add one repair for all rows of a frame that has `row` and the column `field`."""
        if rows.height:
            first = rows.row(0, named=True)
            example = spot(first["row"], field, value=first[field])
            self.note(code=code, file=file, count=rows.height, example=example, action=action)
            self._keep(rows, code=code, file=file, field=field, action=action)

    def _keep(self, rows: pl.DataFrame, *, code: str, file: str, field: str, action: str) -> None:
        kept = rows.head(MAX_ROWS_KEPT).select(
            pl.lit(file).alias("file"),
            pl.col("row").cast(pl.UInt32),
            pl.lit(field).alias("field"),
            pl.col(field).cast(pl.String).str.slice(0, MAX_VALUE_CHARS).alias("value"),
            pl.lit(code).alias("code"),
            pl.lit(action).alias("action"),
        )
        before = self._rows.get((file, code))
        self._rows[file, code] = kept if before is None else pl.concat([before, kept])

    def bad_rows(self) -> pl.DataFrame:
        """Give the rows that needed a repair, by file and row; of each kind the first ones."""
        empty = pl.DataFrame(schema=BAD_ROW_COLUMNS)
        return pl.concat([empty, *self._rows.values()]).sort("file", "row", "code")

    def add_warning(self, *, code: str, file: str | None, message: str) -> None:
        """Add a warning; a second one of the same code and file is left out."""
        self._warnings.setdefault((code, file), StudyWarning(code=code, file=file, message=message))

    def take(self, repairs: Iterable[Repair], warnings: Iterable[StudyWarning]) -> None:
        """Add what another reader did and warns about."""
        self._repairs |= {(repair.code, repair.file): repair for repair in repairs}
        self._warnings |= {(warning.code, warning.file): warning for warning in warnings}

    def repairs(self) -> tuple[Repair, ...]:
        """Give the repairs by file and code."""
        return tuple(sorted(self._repairs.values(), key=lambda r: (r.file, r.code)))

    def warnings(self) -> tuple[StudyWarning, ...]:
        """Give the warnings by file and code."""
        return tuple(sorted(self._warnings.values(), key=lambda w: (w.file or "", w.code)))
