"""What had to be mended in the mapping of the lines, told with counts and examples."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from viavolta.formats.gtfs_write import plain_text
from viavolta.formats.osm_calls import Call
from viavolta.model.messages import text
from viavolta.model.notices import Repair
from viavolta.services.lines.directions import Variant
from viavolta.services.lines.feed import LineTrips

MUCH_UNUSED_M = 300.0
MUCH_UNUSED_SHARE = 0.1
"""More named ways without a bus than this, in metres and share of the line, are told of."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Case:
    """One kind of repair in one variant; a count of 0 means that it was not needed."""

    code: str
    action: str
    count: int
    detail: str


def repairs_of(trips: Sequence[LineTrips], *, file: str) -> list[Repair]:
    """List the repairs by kind, each with its count over all lines and its largest example."""
    found: dict[str, list[tuple[str, _Case]]] = {}
    for one in trips:
        mark = text("line {ref}", ref=plain_text(one.line.ref))
        for case in (case for variant in one.variants for case in _cases(variant)):
            if case.count:
                found.setdefault(case.code, []).append((mark, case))
    return [_repair(found[code], file) for code in sorted(found)]


def _repair(cases: Sequence[tuple[str, _Case]], file: str) -> Repair:
    mark, largest = max(cases, key=lambda case: case[1].count)
    return Repair(
        code=largest.code,
        file=file,
        count=sum(case.count for _, case in cases),
        example=f"{mark}: {largest.detail}",
        action=largest.action,
    )


def _cases(variant: Variant) -> Iterator[_Case]:
    yield from _road_cases(variant)
    yield from _stop_cases(variant)
    yield from _name_cases(variant.path.calls)
    yield _Case(
        code="osm-return-made",
        action=text("the same stops the other way round"),
        count=int(variant.is_return),
        detail=text("no relation maps the return of relation {id}", id=variant.relation),
    )


def _road_cases(variant: Variant) -> Iterator[_Case]:
    path = variant.path
    yield _Case(
        code="osm-gap-bridged",
        action=text("the bus was led over other roads"),
        count=path.n_gaps,
        detail=text("{m:.0f} m off the mapped ways", m=path.off_line_m),
    )
    yield _Case(
        code="osm-gap-straight",
        action=text("joined by a straight line"),
        count=path.n_jumps,
        detail=text("{m:.0f} m without any road", m=path.jump_m),
    )
    yield _Case(
        code="osm-against-oneway",
        action=text("driven as mapped all the same"),
        count=int(path.against_m >= 1),
        detail=text("{m:.0f} m against the way's direction", m=path.against_m),
    )
    yield _Case(
        code="osm-ways-unused",
        action=text("left out: no stop calls for them"),
        count=int(variant.unused_m > max(MUCH_UNUSED_M, MUCH_UNUSED_SHARE * path.length_km * 1000)),
        detail=text("{m:.0f} m of mapped ways", m=variant.unused_m),
    )


def _stop_cases(variant: Variant) -> Iterator[_Case]:
    path = variant.path
    yield _Case(
        code="osm-stop-off-road",
        action=text("left out of the line"),
        count=len(path.off_road),
        detail=_names(path.off_road),
    )
    yield _Case(
        code="osm-line-cut",
        action=text("only the longest part runs"),
        count=len(path.cut_off),
        detail=_names(path.cut_off),
    )
    yield _Case(
        code="osm-stop-repeated",
        action=text("two calls at one spot made one"),
        count=len(path.repeated),
        detail=_names(path.repeated),
    )
    yield _Case(
        code="osm-stop-outside",
        action=text("left out of the line"),
        count=variant.n_outside,
        detail=text("{n} stops outside the extract", n=variant.n_outside),
    )


def _name_cases(calls: Sequence[Call]) -> Iterator[_Case]:
    unnamed = [call for call in calls if not plain_text(call.name)]
    yield _Case(
        code="osm-stop-unnamed",
        action=text("named by relation and position"),
        count=len(unnamed),
        detail=", ".join(call.stop_id for call in unnamed[:3]),
    )
    odd = [call for call in calls if call.name != plain_text(call.name)]
    yield _Case(
        code="osm-text-cleaned",
        action=text("made one line, printable, no formula"),
        count=len(odd),
        detail=_names(odd),
    )


def _names(calls: Iterable[Call]) -> str:
    return ", ".join(plain_text(call.name) or call.stop_id for call in list(calls)[:3])
