"""Gantt pictures with their table: who does what when."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise

Words = str | Promise
TABLE_ROWS = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """One thing on a lane, in seconds of the service day; `kind` names its colour and legend."""

    start_s: float
    end_s: float
    kind: str
    text: Words = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lane:
    """A vehicle, a plug or a person, and its day."""

    label: Words
    bars: Sequence[Bar]


@dataclass(frozen=True, slots=True, kw_only=True)
class Gantt:
    """Lanes over a day; `kinds` are key, label and colour (trip, charge, wait, park, r0...)."""

    key: str
    title: Words
    lanes: Sequence[Lane]
    kinds: Sequence[tuple[str, Words, str]]
    note: Words = ""
    csv_url: str = ""

    @property
    def element_id(self) -> str:
        """The id of the picture."""
        return f"gantt-{self.key}"

    @property
    def data(self) -> dict[str, Any]:
        """What the script draws, as plain JSON."""
        return {
            "title": str(self.title),
            "kinds": {
                key: {"label": str(label), "colour": colour} for key, label, colour in self.kinds
            },
            "lanes": [
                {
                    "label": str(lane.label),
                    "bars": [[b.start_s, b.end_s, b.kind, str(b.text)] for b in lane.bars],
                }
                for lane in self.lanes
            ],
        }

    @property
    def rows(self) -> Iterator[tuple[Words, str, str, Words, Words]]:
        """The first rows of the table: lane, from, to, kind, text."""
        names = {key: label for key, label, _colour in self.kinds}
        left = TABLE_ROWS
        for lane in self.lanes:
            for bar in lane.bars[:left]:
                kind = names.get(bar.kind, bar.kind)
                yield lane.label, clock(bar.start_s), clock(bar.end_s), kind, bar.text
            left = max(0, left - len(lane.bars))

    @property
    def rows_left_out(self) -> int:
        """How many rows only the file has."""
        return max(0, sum(len(lane.bars) for lane in self.lanes) - TABLE_ROWS)


def clock(seconds: float) -> str:
    """Seconds of the service day as a time; past midnight the hours go on (25:10)."""
    minutes = round(seconds / 60)
    return f"{minutes // 60:02}:{minutes % 60:02}"
