"""The key figures, each with its bound, its gap and the answer to "why?"."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from viavolta.hub.studies.results.folder import Result
from viavolta.hub.studies.results.shown import known, money, number, percent
from viavolta.reports.bus.key_figures import KeyFigure, known_figures
from viavolta.services.bus.reasons import said

_BOUNDS = {
    "vehicles": ("vehicles_lower_bound", "gap_vehicles"),
    "cost_eur_per_year": ("cost_lower_bound_eur", "gap_cost"),
}
_REASONS = {
    "vehicles": ("vehicles", "vehicles_by_type"),
    "connection": ("peak_kw_managed", "node_kw"),
    "service_km": ("deadhead_km",),
}
"""Figures of the table why that answer for a card, where it is not the card's own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One answer to "why?": what it is, what binds, what one unit more would be worth."""

    statement: str
    binds: str
    one_more: str
    is_english: bool
    """The words are those of the run, which may be in another language than the page."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """A figure with what stands beside it."""

    key: str
    label: str
    value: str
    beside: str
    bound: str
    rule: str
    answers: tuple[Answer, ...]


def cards(result: Result) -> list[Card]:
    """The figures that the study knows."""
    figures = known_figures(result.facts) + _grid_figures(result)
    answers = answers_of(result)
    return [
        Card(
            key=figure.key,
            label=figure.label,
            value=figure.value,
            beside=figure.beside,
            bound=_bound(result, figure.key),
            rule=figure.rule,
            answers=tuple(
                answer
                for key in _REASONS.get(figure.key, (figure.key,))
                for answer in answers.get(key, ())
            ),
        )
        for figure in figures
    ]


def answers_of(result: Result) -> dict[str, list[Answer]]:
    """Every row of the table why, by figure, in the reader's language where the row allows it."""
    frame = result.study.tables.get("why")
    found: dict[str, list[Answer]] = {}
    if frame is None:
        return found
    for row in frame.iter_rows(named=True):
        found.setdefault(str(row["figure"]), []).append(_answer(row))
    return found


def _answer(row: Mapping[str, Any]) -> Answer:
    parts = ("statement", "binds", "one_more")
    codes = row.get("codes")
    if codes:
        kept = json.loads(codes)
        words = [said(*kept[part]) if kept.get(part) else "" for part in parts]
    else:
        words = [str(row[part] or "") for part in parts]
    return Answer(statement=words[0], binds=words[1], one_more=words[2], is_english=not codes)


def _bound(result: Result, key: str) -> str:
    if key not in _BOUNDS:
        return ""
    bound_key, gap_key = _BOUNDS[key]
    bound, gap = (known(result.summary.get(one)) for one in (bound_key, gap_key))
    if bound is None or gap is None:
        return ""
    shown = money(bound) if key.startswith("cost") else number(bound)
    return _("no plan below %(bound)s; gap %(gap)s") % {"bound": shown, "gap": percent(gap, 1)}


def _grid_figures(result: Result) -> list[KeyFigure]:
    grid = result.summary.get("grid")
    if not isinstance(grid, Mapping):
        return []
    eur, avoided = grid.get("reinforcement_eur", {}), grid.get("avoided_eur")
    managed, plain, kept = known(eur.get("managed")), known(eur.get("unmanaged")), known(avoided)
    return [
        KeyFigure(
            key="reinforcement_eur",
            label=_("To build in the grid"),
            value=_("not known") if managed is None else money(managed),
            beside=""
            if plain is None
            else _("%(eur)s if all charged at once") % {"eur": money(plain)},
            rule=""
            if kept is None
            else _("Managed charging avoids %(eur)s.") % {"eur": money(kept)},
        )
    ]
