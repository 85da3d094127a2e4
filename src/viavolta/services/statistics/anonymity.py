"""What may be published of the sessions of a month, so that no few drivers can be told.

A month is cut into parts that do not overlap: an area with k cards or more, and all smaller areas
of an operator together if they have as many. What is left is withheld. Everything published is a
sum over parts: totals count what is published below them and nothing else, so no difference of
published figures is about fewer than k cards (complementary disclosure). The whole hub's parts are
unions of the operators' own, and what they withheld together, if it has k cards or more whichever
operator takes out her own.

k-anonymity: Sweeney 2002, Int. J. Uncertainty, Fuzziness and Knowledge-Based Systems 10:557.
Suppression and its complement: Hundepool et al. 2012, Statistical Disclosure Control, chapter 4.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

OTHERS = ""
"""The area of all smaller areas together."""

UNKNOWN = ""
"""The card of all sessions whose card is not known: they count as one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A session of the month at an operator's area.

    `plugged_h` are its hours within the month, `judged` says whether a promise was given and can be
    told, `is_kept` whether it was kept.
    """

    operator: int
    area: str
    card: str
    energy_wh: float = 0.0
    flexible_wh: float = 0.0
    plugged_h: float = 0.0
    judged: bool = False
    is_kept: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What is published of a part; shares are None where nothing is known.

    The plug-in rate is hours plugged in over cards times hours of the month; in totals a card
    counts in every part in which it charged, so that no total tells more than its parts.
    """

    sessions: int
    energy_kwh: int
    smart_share: float | None
    kept_share: float | None
    plug_in_share: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Sessions that are published together."""

    area: str
    entries: tuple[Entry, ...]

    @property
    def cards(self) -> int:
        """How many cards it has."""
        return _cards(self.entries)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut:
    """A month cut into parts; `withheld` is what stands in none of them."""

    parts: tuple[Part, ...]
    withheld: tuple[Entry, ...]

    @property
    def withheld_areas(self) -> int:
        """How many areas are withheld."""
        return len({entry.area for entry in self.withheld})


def cut_of_operator(entries: Iterable[Entry], k: int) -> Cut:
    """The parts of one operator's month."""
    by_area = _grouped(entries)
    parts = [Part(area=a, entries=own) for a, own in by_area.items() if _cards(own) >= k]
    large = {part.area for part in parts}
    rest = tuple(e for a, own in by_area.items() if a not in large for e in own)
    if _cards(rest) >= k:
        return Cut(parts=(*parts, Part(area=OTHERS, entries=rest)), withheld=())
    return Cut(parts=tuple(parts), withheld=rest)


def cut_of_all(cuts: Mapping[int, Cut], region_of: Mapping[int, str], k: int) -> Cut:
    """The parts of all operators together, by region; `cuts` and `region_of` by operator."""
    regions: dict[str, list[Entry]] = {}
    left: dict[str, list[Entry]] = {}
    for operator, cut in cuts.items():
        region = region_of[operator]
        for part in cut.parts:
            regions.setdefault(region, []).extend(part.entries)
        left.setdefault(region, []).extend(cut.withheld)
    rest: list[Entry] = []
    for region, entries in left.items():
        if _stands_alone(entries, k):
            regions.setdefault(region, []).extend(entries)
        else:
            rest += entries
    parts = [Part(area=region, entries=tuple(own)) for region, own in sorted(regions.items())]
    if _stands_alone(rest, k):
        return Cut(parts=(*parts, Part(area=OTHERS, entries=tuple(rest))), withheld=())
    return Cut(parts=tuple(parts), withheld=tuple(rest))


def figures_of(parts: Sequence[Part], month_h: float) -> Figures:
    """The figures of one part, or of several together."""
    entries = [entry for part in parts for entry in part.entries]
    energy_wh = sum(entry.energy_wh for entry in entries)
    judged = sum(entry.judged for entry in entries)
    card_h = sum(part.cards for part in parts) * month_h
    return Figures(
        sessions=len(entries),
        energy_kwh=round(energy_wh / 1000),
        smart_share=_share(sum(entry.flexible_wh for entry in entries), energy_wh),
        kept_share=_share(sum(entry.judged and entry.is_kept for entry in entries), judged),
        plug_in_share=_share(sum(entry.plugged_h for entry in entries), card_h),
    )


def _share(part: float, whole: float) -> float | None:
    return round(part / whole, 3) if whole > 0 else None


def _cards(entries: Iterable[Entry]) -> int:
    return len({entry.card for entry in entries})


def _stands_alone(entries: Sequence[Entry], k: int) -> bool:
    """Whether sessions have k cards, also for each operator who knows her own."""
    if _cards(entries) < k:
        return False
    for operator in {entry.operator for entry in entries}:
        others = _cards(e for e in entries if e.operator != operator)
        if 0 < others < k:
            return False
    return True


def _grouped(entries: Iterable[Entry]) -> dict[str, tuple[Entry, ...]]:
    found: dict[str, list[Entry]] = {}
    for entry in entries:
        found.setdefault(entry.area, []).append(entry)
    return {area: tuple(own) for area, own in sorted(found.items())}
