"""Replay recorded sessions under several strategies, with what would have been known at the time.

Read and mend the sessions; lay prices and limits over their time; work out what would have been
believed on each arrival; follow each strategy; tell what it led to.
"""

import dataclasses
import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np

from viavolta.catalogue import Assumptions
from viavolta.engines.charging.window import windows
from viavolta.formats.input_file import input_of
from viavolta.formats.limits import read_limits
from viavolta.formats.sessions.read import read_sessions
from viavolta.formats.sessions.table import SessionsRead, SessionTable
from viavolta.model.arrays import Ints
from viavolta.model.errors import InputError, UsageError, Where
from viavolta.model.limit import LimitTree
from viavolta.model.messages import text
from viavolta.model.progress import Progress
from viavolta.model.signal import SECONDS_PER_HOUR, SignalTable
from viavolta.model.study import AssumptionUsed, Study
from viavolta.services.simulation.accounts import account_of
from viavolta.services.simulation.beliefs import beliefs_of
from viavolta.services.simulation.follow import follow
from viavolta.services.simulation.notices import warnings_of
from viavolta.services.simulation.outcome import Case, Outcome
from viavolta.services.simulation.prices import horizon_of, known_steps, signals_of
from viavolta.services.simulation.strategies import Strategy, strategy_label
from viavolta.services.simulation.summary import summary_of
from viavolta.services.simulation.tables import simulation_tables
from viavolta.services.simulation.world import limit_rows, plug_powers, site_limits, world_of
from viavolta.services.used_assumptions import used_assumptions

Clock = Callable[[], float]
"""Seconds that only go forward."""

SUBJECTS = ("charging", "prices", "tariffs")
_SHARE_OF_READING = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulationRequest:
    """What `viavolta simulate` is asked. Figures left None are the catalogue's.

    `first_day` and `last_day` are local dates of arrivals, both included.
    """

    sessions: Path
    format: str = "auto"
    signals: Path | None = None
    prices_known: str = "day-ahead"
    limits: Path | None = None
    limit_profile: Path | None = None
    base_load: Path | None = None
    site_kw: float | None = None
    site_export_kw: float | None = None
    step_s: int = 900
    first_day: dt.date | None = None
    last_day: dt.date | None = None
    strategies: tuple[Strategy, ...] = tuple(Strategy)
    max_kw: float | None = None
    capacity_kwh: float | None = None
    v2x_share: float | None = None
    wear_eur_per_kwh: float | None = None
    unmet_eur_per_kwh: float = 10.0
    seed: int = 1
    effort: str = "normal"
    time_limit_s: float | None = None
    command: tuple[str, ...] = ()

    @property
    def files(self) -> tuple[Path, ...]:
        """All files to read."""
        every = (self.sessions, self.signals, self.limits, self.limit_profile, self.base_load)
        return tuple(path for path in every if path is not None)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Read:
    read: SessionsRead
    assumptions: Assumptions
    case: Case
    known: Ints | None
    n_outside: int


def simulate(request: SimulationRequest, *, progress: Progress, clock: Clock) -> Study:
    """Replay the sessions and put the study together.

    Raises
    ------
    UsageError: a missing file, or a step that does not divide an hour.
    InputError: the files hold something that cannot be replayed.
    PeerError: the solver fails.
    """
    began_s = clock()
    progress(text("read"), 0.0)
    _check_step(request.step_s)
    found = _read(request)
    timings_s = {"read": clock() - began_s}
    outcomes = []
    for number, strategy in enumerate(request.strategies):
        started_s = clock()
        done = _SHARE_OF_READING + (1 - _SHARE_OF_READING) * number / len(request.strategies)
        progress(strategy_label(strategy), done)
        outcomes.append(_outcome(request, found, strategy=strategy, clock=clock))
        timings_s[strategy.value] = clock() - started_s
    return _study(request, found, outcomes=outcomes, timings_s=timings_s)


def _check_step(step_s: int) -> None:
    if step_s <= 0 or SECONDS_PER_HOUR % step_s:
        raise UsageError(
            code="step-does-not-divide-hour",
            message=text("a step of {step_s} s does not divide an hour", step_s=step_s),
            where=Where(field="--step", value=str(step_s)),
            expected=text("5min, 10min, 15min, 30min or 60min, for example"),
        )


def _read(request: SimulationRequest) -> _Read:
    assumptions = _assumptions(request)
    read = read_sessions(
        request.sessions,
        power_of=plug_powers(assumptions, asked_kw=request.max_kw),
        asked=request.format,
    )
    zone = ZoneInfo(read.timezone)
    beliefs = beliefs_of(read.sessions, assumptions)  # days before --from teach as well
    chosen = _in_days(read.sessions, request, zone)
    sessions = _rows_of(read.sessions, chosen)
    signals = signals_of(
        request.signals,
        horizon=horizon_of(sessions.arrival, sessions.departure),
        step_s=request.step_s,
        zone=zone,
        assumptions=assumptions,
    )
    inside = _covered(sessions, signals, request)
    covered = _rows_of(sessions, inside)
    limits = _limits(request, covered, signals=signals)
    world = world_of(
        covered,
        beliefs=beliefs.of(chosen[inside]),
        limit=limit_rows(covered, limits, file=(request.limits or request.sessions).name),
        assumptions=assumptions,
        seed=request.seed,
    )
    known = None
    if request.prices_known == "day-ahead":
        from_h = assumptions.number("charging.prices_known_from_h")
        known = known_steps(signals, zone=zone, from_h=from_h)
    return _Read(
        read=read,
        assumptions=assumptions,
        case=Case(
            sessions=covered,
            world=world,
            window=windows(world.stays, signals),
            limits=limits,
            signals=signals,
        ),
        known=known,
        n_outside=len(sessions) - len(covered),
    )


def _assumptions(request: SimulationRequest) -> Assumptions:
    """The catalogue, with what the options say in its place."""
    assumptions = Assumptions(SUBJECTS)
    for option, key, value in (
        ("--max-kw", "charging.plug_kw", request.max_kw),
        ("--capacity-kwh", "charging.capacity_kwh", request.capacity_kwh),
        ("--v2x-share", "charging.v2x_share", request.v2x_share),
        ("--wear-eur-per-kwh", "charging.wear_eur_per_kwh", request.wear_eur_per_kwh),
    ):
        if value is not None:
            assumptions.replace({key: value}, file=option)
    return assumptions


def _in_days(sessions: SessionTable, request: SimulationRequest, zone: ZoneInfo) -> Ints:
    """Rows of sessions that arrive on the days asked for, by local date."""
    keep = np.ones(len(sessions), dtype=bool)
    for day, is_first in ((request.first_day, True), (request.last_day, False)):
        if day is None:
            continue
        midnight = dt.datetime.combine(
            day if is_first else day + dt.timedelta(days=1), dt.time(), tzinfo=zone
        )
        at = np.datetime64(midnight.astimezone(dt.UTC).replace(tzinfo=None), "s")
        keep &= (sessions.arrival >= at) if is_first else (sessions.arrival < at)
    return _some(sessions, keep, request)


def _covered(sessions: SessionTable, signals: SignalTable, request: SimulationRequest) -> Ints:
    """Rows of sessions that lie within the prices."""
    inside = (sessions.arrival >= signals.start[0]) & (sessions.departure <= signals.end)
    return _some(sessions, inside, request)


def _some(
    sessions: SessionTable,
    keep: np.ndarray[tuple[int, ...], np.dtype[np.bool_]],
    request: SimulationRequest,
) -> Ints:
    if not keep.any():
        first, last = sessions.arrival[0], sessions.arrival[-1]
        raise InputError(
            code="simulation-no-sessions",
            message=text("no session is left to replay"),
            where=Where(file=request.sessions.name),
            expected=text("arrivals between {a}Z and {b}Z", a=first, b=last),
            hint=text("check --from, --to and the time that the prices cover"),
        )
    return np.flatnonzero(keep)


def _rows_of(sessions: SessionTable, rows: Ints) -> SessionTable:
    fields: dict[str, Any] = {}
    for field in dataclasses.fields(sessions):
        value = getattr(sessions, field.name)
        is_words = isinstance(value, tuple)
        fields[field.name] = tuple(value[row] for row in rows) if is_words else value[rows]
    return SessionTable(**fields)


def _limits(
    request: SimulationRequest, sessions: SessionTable, *, signals: SignalTable
) -> LimitTree:
    if request.limits is None:
        return site_limits(
            sessions, signals, site_kw=request.site_kw, site_export_kw=request.site_export_kw
        )
    return read_limits(
        request.limits, signals, profile=request.limit_profile, base_load=request.base_load
    )


def _outcome(
    request: SimulationRequest, found: _Read, *, strategy: Strategy, clock: Clock
) -> Outcome:
    case = found.case
    end_s = np.inf if request.time_limit_s is None else clock() + request.time_limit_s
    cut: list[bool] = []

    def stop() -> bool:
        if clock() >= end_s:
            cut.append(True)
        return bool(cut)

    plan = follow(
        strategy,
        case.world.stays,
        believed=case.world.believed,
        limits=case.limits,
        signals=case.signals,
        known_steps=found.known,
        unmet_eur_per_kwh=request.unmet_eur_per_kwh,
        patience_eur_per_kwh_h=found.assumptions.number("charging.patience_eur_per_kwh_h"),
        stop=stop,
    )
    account = account_of(
        plan, case.world.stays, window=case.window, limits=case.limits, signals=case.signals
    )
    return Outcome(strategy=strategy, plan=plan, account=account, was_stopped=bool(cut))


def _study(
    request: SimulationRequest,
    found: _Read,
    *,
    outcomes: list[Outcome],
    timings_s: dict[str, float],
) -> Study:
    case, read = found.case, found.read
    summary = {
        "format": read.format,
        "rows": read.n_rows,
        "sessions": len(read.sessions),
        "prices_known": request.prices_known,
        **summary_of(case, outcomes, unmet_eur_per_kwh=request.unmet_eur_per_kwh),
        "command": list(request.command),
    }
    return Study(
        kind="simulation",
        title=text("Replay of {file}", file=request.sessions.name),
        seed=request.seed,
        effort=request.effort,
        service_date=None,
        timezone=read.timezone,
        inputs=tuple(input_of(path) for path in request.files),
        assumptions=(*used_assumptions(found.assumptions), _unmet_price(request)),
        repairs=read.repairs,
        warnings=warnings_of(
            case,
            outcomes,
            read=read,
            file=request.sessions.name,
            n_outside=found.n_outside,
            has_prices=request.signals is not None,
            has_limits=request.limits is not None or request.site_kw is not None,
        ),
        summary=summary,
        tables=simulation_tables(case, outcomes),
        timings_s=timings_s,
    )


def _unmet_price(request: SimulationRequest) -> AssumptionUsed:
    return AssumptionUsed(
        key="simulation.unmet_eur_per_kwh",
        value=request.unmet_eur_per_kwh,
        unit="EUR/kWh",
        source=text("--unmet-eur-per-kwh: a price that makes shortfall a last resort"),
        year=None,
        status="user",
    )
