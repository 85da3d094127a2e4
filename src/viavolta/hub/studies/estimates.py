"""Quick estimates for the pages: made from the baseline's tables while an exact run goes on."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from viavolta.hub.studies.changes import Change, for_estimate
from viavolta.hub.studies.models import Scenario
from viavolta.hub.studies.results.folder import Result, result_of
from viavolta.model.errors import PlatformError
from viavolta.services.bus.estimate import Changes, Sketch, estimate, sketch


@dataclass(frozen=True, slots=True, kw_only=True)
class QuickEstimate:
    """Figures before and after, and how long it took."""

    before: dict[str, float]
    after: dict[str, float]
    infeasible_trips: int
    took_s: float


def quick_estimate(baseline: Scenario, changes: Sequence[Change]) -> QuickEstimate | str | None:
    """Estimate changes to a baseline; a sentence where it is refused, None without a result."""
    result = result_of(baseline)
    if result is None or result.study.kind != "bus":
        return None
    begin = time.perf_counter()
    try:
        asked = for_estimate(baseline.config, changes)
        made = estimate(result.study, asked, base=base_sketch(result))
    except PlatformError as error:
        return error.message
    before: dict[str, Any] = {key: float(result.summary[key]) for key in made.figures}
    return QuickEstimate(
        before=before,
        after=dict(made.figures),
        infeasible_trips=made.infeasible_trips,
        took_s=time.perf_counter() - begin,
    )


def base_sketch(result: Result) -> Sketch:
    """The quick plan of a result as it is; kept, since every estimate is told from it."""
    return _sketched(_Key(result))


class _Key:
    """A result as the key of a cache: its folder and the moment it was made."""

    def __init__(self, result: Result) -> None:
        self.result = result
        stamp = (result.folder / "study.json").stat()
        self._key = (str(result.folder), stamp.st_mtime_ns)

    def __hash__(self) -> int:
        return hash(self._key)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Key) and self._key == other._key


@lru_cache(maxsize=16)
def _sketched(key: _Key) -> Sketch:
    return sketch(key.result.study, Changes())
