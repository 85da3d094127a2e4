"""What a town's grid needs for its electric cars, and how much of it smart charging and V2X avoid.

Make or read the grid; draw homes and cars; charge them by every strategy; strengthen the grid where
that breaks it; say what all draws have in common. The tables are described in `town.tables`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, TypeVar

from viavolta.catalogue import Assumptions
from viavolta.catalogue.grid_equipment import grid_prices
from viavolta.catalogue.uptake import Uptake, uptake
from viavolta.engines.grid.bands import Split
from viavolta.engines.grid.twin import twin
from viavolta.formats.grids import read_grid
from viavolta.formats.grids.twin_types import read_twin_types
from viavolta.formats.input_file import input_of
from viavolta.model.grid_prices import Region
from viavolta.model.grid_twin import Settlement, TwinLevel
from viavolta.model.messages import text
from viavolta.model.notices import Repair, StudyWarning
from viavolta.model.progress import Progress
from viavolta.model.study import AssumptionUsed, Study, StudyInput
from viavolta.samples.grid_twins import twin_folders
from viavolta.services.ev_behaviour import behaviour_input, recorded_behaviour
from viavolta.services.grid.rules import grid_rules
from viavolta.services.town.build import Rules
from viavolta.services.town.busbar import from_busbar
from viavolta.services.town.calendar import HOUR_STEPS, N_STEPS
from viavolta.services.town.draw import CaseResult, Effort, Town, study_draw
from viavolta.services.town.figures import TOWN_SUBJECTS, hourly_prices, town_figures
from viavolta.services.town.headline import Outcome
from viavolta.services.town.notices import town_warnings
from viavolta.services.town.place import Place, place_of, place_of_twin
from viavolta.services.town.settings import TownSettings, town_settings
from viavolta.services.town.summary import town_reasons, town_summary
from viavolta.services.town.tables import town_tables
from viavolta.services.used_assumptions import used_assumptions

J = TypeVar("J")
T = TypeVar("T")
R = TypeVar("R")

Clock = Callable[[], float]
"""Seconds that only go forward."""

EFFORTS = {
    "low": Effort(draws=2, most_passes=4, most_rounds=6),
    "normal": Effort(draws=8, most_passes=6, most_rounds=14),
    "high": Effort(draws=40, most_passes=14, most_rounds=20),
}
_AT_ONCE = 4
"""Draws between two looks at the clock, where there is a time limit."""
_TWIN_LICENCE = "ODbL 1.0"
_TWIN_CREDIT = "SimBench (Kassel University and others), stripped to typical grids"


class MapDraws(Protocol):
    """Port: calls function(job, item) for each item; results in order of the items."""

    def __call__(self, function: Callable[[J, T], R], job: J, items: Sequence[T]) -> list[R]:
        """Map."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TownRequest:
    """What `viavolta grid study` is asked. `n_steps` of the year: less than a year is for tests."""

    config: Path | None = None
    seed: int = 1
    effort: str = "normal"
    time_limit_s: float | None = None
    command: tuple[str, ...] = ()
    n_steps: int = N_STEPS


def one_after_the_other(function: Callable[[J, T], R], job: J, items: Sequence[T]) -> list[R]:
    """Map in this process."""
    return [function(job, item) for item in items]


def study_town(
    request: TownRequest,
    *,
    progress: Progress,
    clock: Clock,
    map_draws: MapDraws = one_after_the_other,
) -> Study:
    """Study a town from its configuration to the headline.

    Raises
    ------
    UsageError: a missing file or grid.
    InputError: the configuration or the grid holds something that cannot be.
    PeerError: the power flow or a solver fails.
    """
    began_s = clock()
    progress(text("read"), 0.0)
    assumptions, settings = town_settings(request.config, subjects=TOWN_SUBJECTS)
    place, inputs, repairs, warnings = _place(settings, request, assumptions)
    town = _town(settings, request, assumptions, place=place)
    read_s = clock()
    cases, n_done = _draw_all(
        town, map_draws, seconds=request.time_limit_s, clock=lambda: clock() - read_s
    )
    drawn_s = clock()
    progress(text("compare"), 1.0)
    curve = uptake(
        settings.region, "car", tuple(range(settings.first_year, settings.last_year + 1))
    )
    outcome = Outcome(cases=tuple(cases), uptake=curve.share)
    study = Study(
        kind="grid",
        title=text("Electric cars in the grid of {name}", name=settings.name),
        seed=request.seed,
        effort=request.effort,
        service_date=None,
        timezone=settings.timezone,
        inputs=(*inputs, behaviour_input()),
        assumptions=(*used_assumptions(assumptions), *_own_assumptions(curve, town)),
        repairs=repairs,
        warnings=(
            *warnings,
            *town_warnings(town, outcome, n_missing=town.effort.draws - n_done),
        ),
        summary=town_summary(town, settings, outcome, request.command),
        tables={**town_tables(town, outcome), "why": town_reasons(town, outcome)},
        timings_s={"read": read_s - began_s, "draws": drawn_s - read_s},
    )
    study.timings_s["compare"] = clock() - drawn_s
    return study


def _place(
    settings: TownSettings, request: TownRequest, assumptions: Assumptions
) -> tuple[Place, tuple[StudyInput, ...], tuple[Repair, ...], tuple[StudyWarning, ...]]:
    """The grid and who lives at it: the town's own, or a twin."""
    own = () if request.config is None else (input_of(request.config),)
    if settings.grid is not None:
        grid, repairs, warnings = read_grid(settings.grid)
        files = [settings.grid] if settings.grid.is_file() else sorted(settings.grid.glob("*.csv"))
        place = place_of(
            grid,
            n_households=settings.n_households,
            household_kwh=assumptions.number("town.household_kwh"),
        )
        return place, (*own, *(input_of(path) for path in files)), repairs, warnings
    made = twin(
        read_twin_types(),
        settlement=Settlement(settings.settlement),
        level=TwinLevel.BOTH,
        n_households=settings.n_households,
    )
    folders = twin_folders()
    inputs = tuple(
        input_of(path, origin=_TWIN_CREDIT, licence=_TWIN_LICENCE)
        for name in sorted(made.type_counts)
        for path in sorted(folders[name].glob("*.csv"))
    )
    place = place_of_twin(made)
    return place.in_grid(from_busbar(place.grid)), (*own, *inputs), (), ()


def _town(
    settings: TownSettings, request: TownRequest, assumptions: Assumptions, *, place: Place
) -> Town:
    effort = EFFORTS[request.effort]
    region = Region.RURAL if settings.settlement == Settlement.RURAL else Region.URBAN
    return Town(
        name=settings.name,
        place=place,
        figures=town_figures(assumptions, settings.settlement),
        behaviour=recorded_behaviour(assumptions),
        rules=Rules(
            grid=grid_rules(assumptions),
            split=Split.SHARED,
            prices=grid_prices(region, assumptions),
        ),
        price_eur_per_kwh=hourly_prices(
            assumptions, n_hours=request.n_steps // HOUR_STEPS, timezone=settings.timezone
        ),
        timezone=settings.timezone,
        ev_shares=settings.ev_shares,
        strategies=settings.strategies,
        effort=Effort(
            draws=settings.draws or effort.draws,
            most_passes=effort.most_passes,
            most_rounds=effort.most_rounds,
        ),
        n_steps=request.n_steps,
        seed=request.seed,
    )


def _draw_all(
    town: Town, map_draws: MapDraws, *, seconds: float | None, clock: Clock
) -> tuple[list[CaseResult], int]:
    """Cases of all draws, and how many draws were made: a few at least, if time is short."""
    cases: list[CaseResult] = []
    done, at_once = 0, town.effort.draws if seconds is None else _AT_ONCE
    while done < town.effort.draws and not (done and seconds is not None and clock() > seconds):
        part = range(done, min(done + at_once, town.effort.draws))
        for found in map_draws(study_draw, town, part):
            cases += found
        done = part.stop
    return cases, done


def _own_assumptions(curve: Uptake, town: Town) -> tuple[AssumptionUsed, ...]:
    """The uptake by year, and what the study takes for granted."""
    rows = [
        AssumptionUsed(
            key=f"uptake.{curve.region.lower()}.{year}_share",
            value=share,
            unit=text("share of cars"),
            source=f"{curve.source}; {curve.basis}",
            year=year,
            status="secondary",
        )
        for year, share in sorted(curve.share.items())
    ]
    plain = (
        ("draws", float(town.effort.draws), text("draws"), text("of homes, cars and their years")),
        (
            "managed_step_h",
            1.0,
            "h",
            text("managed charging decides hour by hour; power flow has steps of 15 minutes"),
        ),
    )
    rows += [
        AssumptionUsed(
            key=f"study.{key}",
            value=value,
            unit=unit,
            source=source,
            year=None,
            status="general-knowledge",
        )
        for key, value, unit, source in plain
    ]
    return tuple(rows)
