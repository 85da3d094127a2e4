"""Charts with their table: lines, areas, steps and bars over numbers, times or names."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from django.utils.functional import Promise

from viavolta.hub.frame.numbers import shown_moment, shown_number

Words = str | Promise
TABLE_ROWS = 500
"""The table beside a chart shows at most so many rows; the file has all of them."""


class Style(StrEnum):
    """How a series is drawn; a step holds its value until the next one."""

    LINE = "line"
    AREA = "area"
    STEP = "step"
    BAR = "bar"


_LINES = (Style.LINE, Style.STEP)


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """One row of values, None where there is none; `colour` is a name of the sheet: r0 to r6."""

    label: Words
    values: Sequence[float | None]
    style: Style = Style.LINE
    colour: str = ""
    digits: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """Series over a common axis; `x` holds numbers, aware datetimes or names.

    `unit` is the unit of all series; `zone` the time zone in which times are shown; `csv_url` the
    address of the whole table as a file; stacked areas and bars add up from the first series.
    """

    key: str
    title: Words
    x: Sequence[float] | Sequence[datetime] | Sequence[str]
    series: Sequence[Series]
    x_label: Words = ""
    x_digits: int = 0
    unit: Words = ""
    note: Words = ""
    zone: str = "UTC"
    csv_url: str = ""
    is_stacked: bool = False
    limits: Sequence[tuple[Words, float]] = field(default_factory=tuple)
    """Lines to keep below: label and value."""

    def __post_init__(self) -> None:
        if any(len(series.values) != len(self.x) for series in self.series):
            message = "each series of a chart has a value for each x"
            raise ValueError(message)

    @property
    def kind(self) -> str:
        """What the axis holds: time, name or number."""
        first = next(iter(self.x), 0)
        if isinstance(first, datetime):
            return "time"
        return "name" if isinstance(first, str) else "number"

    @property
    def element_id(self) -> str:
        """The id of the picture."""
        return f"chart-{self.key}"

    @property
    def data(self) -> dict[str, Any]:
        """What the script draws, as plain JSON."""
        kind = self.kind
        x = [v.timestamp() if isinstance(v, datetime) else v for v in self.x]
        return {
            "kind": kind,
            "x": list(range(len(x))) if kind == "name" else x,
            "names": list(self.x) if kind == "name" else [],
            "title": str(self.title),
            "xLabel": str(self.x_label),
            "xDigits": self.x_digits,
            "unit": str(self.unit),
            "zone": self.zone,
            "stacked": self.is_stacked,
            "limits": [{"label": str(label), "value": value} for label, value in self.limits],
            "series": [
                {
                    "label": str(s.label),
                    "values": list(s.values),
                    "style": s.style.value,
                    "colour": s.colour or f"r{i % 7}",
                    "digits": s.digits,
                }
                for i, s in enumerate(self.series)
            ],
        }

    @property
    def legend(self) -> list[tuple[Words, str, str]]:
        """Label, colour and dash pattern of each series; areas and bars have no pattern."""
        return [
            (s.label, s.colour or f"r{i % 7}", f"dash-{i % 7}" if s.style in _LINES else "")
            for i, s in enumerate(self.series)
        ]

    @property
    def rows(self) -> Iterator[tuple[str, list[str]]]:
        """The first rows of the table: x and the value of each series, as shown."""
        for i in range(min(len(self.x), TABLE_ROWS)):
            yield (
                self._shown_x(self.x[i]),
                [shown_number(s.values[i], digits=s.digits) for s in self.series],
            )

    @property
    def rows_left_out(self) -> int:
        """How many rows only the file has."""
        return max(0, len(self.x) - TABLE_ROWS)

    def _shown_x(self, x: float | datetime | str) -> str:
        if isinstance(x, str):
            return x
        if isinstance(x, datetime):
            return shown_moment(x, zone=self.zone)
        return shown_number(x, digits=self.x_digits)
