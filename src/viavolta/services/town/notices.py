"""What the reader of a town study must know before trusting a figure."""

from viavolta.model.grid import Grade
from viavolta.model.messages import text
from viavolta.model.notices import StudyWarning
from viavolta.services.town.draw import NONE, Town
from viavolta.services.town.headline import Outcome
from viavolta.services.town.strategy import WITH_LIMITS, Strategy

_FEW_DRAWS = 20
_NOTICEABLE = 1e-3


def town_warnings(town: Town, outcome: Outcome, *, n_missing: int) -> tuple[StudyWarning, ...]:
    """Warnings on the grid, the draws, and where smart charging does not help."""
    found: list[StudyWarning] = []
    if town.place.grid.grade is Grade.TWIN:
        found.append(
            StudyWarning(
                code="grid-twin",
                file=None,
                message=text(
                    "The grid is a twin: a typical one of such a settlement, not this town's. "
                    "Every figure says what such a grid would need, none what this one does."
                ),
            )
        )
    n = len(outcome.draws)
    if n < _FEW_DRAWS:
        found.append(
            StudyWarning(
                code="few-draws",
                file=None,
                message=text(
                    "The intervals rest on {n} draws: p05 and p95 lie near the least and the most "
                    "of them. More with --effort high or [study] draws.",
                    n=n,
                ),
            )
        )
    unsolved = sorted({case.draw for case in outcome.cases if not case.is_solved})
    if unsolved:
        found.append(
            StudyWarning(
                code="town-not-solved",
                file=None,
                message=text(
                    "In draws {draws} no list of allowed measures suffices; their costs are too "
                    "low, and hours outside the limits remain.",
                    draws=", ".join(str(draw) for draw in unsolved),
                ),
            )
        )
    found += _of_charging(town, outcome)
    if n_missing:
        found.append(
            StudyWarning(
                code="time-is-up",
                file=None,
                message=text("--time-limit ended the study: {n} draws were not made", n=n_missing),
            )
        )
    return tuple(found)


def _of_charging(town: Town, outcome: Outcome) -> list[StudyWarning]:
    found: list[StudyWarning] = []
    last = town.ev_shares[-1]
    for strategy in (
        name for name in outcome.strategies if name in (*WITH_LIMITS, Strategy.DIMMED)
    ):
        cases = outcome.of(strategy, last)
        wanted = sum(case.wanted_kwh for case in cases)
        unmet = sum(case.unmet_kwh for case in cases)
        if wanted and unmet / wanted > _NOTICEABLE:
            found.append(
                StudyWarning(
                    code="energy-not-delivered",
                    file=None,
                    message=text(
                        "With {strategy} charging {share:.1%} of the energy is not delivered by "
                        "departure; the saving is paid for with it.",
                        strategy=strategy,
                        share=unmet / wanted,
                    ),
                )
            )
    if Strategy.PRICED in outcome.strategies:
        mine = sum(case.reinforcement_eur for case in outcome.of(Strategy.UNMANAGED, last))
        priced = sum(case.reinforcement_eur for case in outcome.of(Strategy.PRICED, last))
        if priced > mine:
            found.append(
                StudyWarning(
                    code="prices-alone-cost-more",
                    file=None,
                    message=text(
                        "Charging by price alone needs more grid than charging at once: cars that "
                        "follow the same price charge together. Only limits of the grid save."
                    ),
                )
            )
    if all(case.reinforcement_eur == 0 for case in outcome.of(Strategy.UNMANAGED, last)):
        found.append(
            StudyWarning(
                code="nothing-to-avoid",
                file=None,
                message=text(
                    "Unmanaged charging needs no reinforcement in any draw, so there is nothing "
                    "that smart charging could avoid."
                ),
            )
        )
    base = outcome.of(NONE, last)
    if any(case.reinforcement_eur > 0 for case in base):
        found.append(
            StudyWarning(
                code="base-load-needs-grid",
                file=None,
                message=text(
                    "The town without any electric car already needs reinforcement in some draws; "
                    "no way of charging avoids that."
                ),
            )
        )
    return found
