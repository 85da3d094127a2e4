"""Counts of what was mended, with the first example of each kind."""

from dataclasses import dataclass, field, replace

from viavolta.model.messages import text
from viavolta.model.notices import Repair

_MAX_SHOWN = 120


@dataclass(slots=True, kw_only=True)
class Notebook:
    """Repairs of one file, by code, in the order in which they first occur."""

    file: str
    _found: dict[str, Repair] = field(default_factory=dict)

    def note(self, *, code: str, line: int, value: str, action: str) -> None:
        """Count a repair; the first one of its code becomes the example."""
        if code in self._found:
            self._found[code] = replace(self._found[code], count=self._found[code].count + 1)
            return
        shown = "".join(c if c.isprintable() else "?" for c in value[:_MAX_SHOWN])
        self._found[code] = Repair(
            code=code,
            file=self.file,
            count=1,
            example=text("row {line}: {value}", line=line, value=shown),
            action=action,
        )

    def repairs(self) -> tuple[Repair, ...]:
        """All that was noted."""
        return tuple(self._found.values())
