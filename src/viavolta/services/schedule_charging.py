"""From stays, limits and signals to a charge study: who charges when, and what proves it good.

The tables of the study are described in `charge_tables`.
"""

from collections.abc import Callable

import numpy as np

from viavolta.engines.charging.decompose import MakePool
from viavolta.engines.charging.pool import ThreadPool
from viavolta.engines.charging.scheduler import schedule
from viavolta.engines.charging.uncertainty import early_departure_share
from viavolta.engines.charging.unmanaged import unmanaged
from viavolta.formats.input_file import input_of
from viavolta.formats.limits import read_limits
from viavolta.formats.power_profile import read_power_profile
from viavolta.formats.signals import read_signals
from viavolta.formats.stays import read_stays
from viavolta.model.arrays import Floats
from viavolta.model.messages import text
from viavolta.model.progress import Progress, StopRule
from viavolta.model.schedule import Schedule
from viavolta.model.signal import SignalTable
from viavolta.model.stay import StayTable
from viavolta.model.study import AssumptionUsed, Study
from viavolta.services.charge_carbon import with_carbon
from viavolta.services.charge_request import MOST_PASSES, N_SAMPLES, ChargeRequest
from viavolta.services.charge_summary import ChargeResult, ChargeTask, charge_summary
from viavolta.services.charge_tables import charge_tables
from viavolta.services.charge_warnings import charge_warnings

Clock = Callable[[], float]
"""Seconds that only go forward."""


def schedule_charging(
    request: ChargeRequest,
    *,
    progress: Progress,
    clock: Clock,
    make_pool: MakePool = ThreadPool,
    n_parts: int | None = None,
) -> Study:
    """Read the files, find the schedule, and put the study together.

    `make_pool` and `n_parts` say where the vehicles are scheduled, and in how many parts; the
    result depends on the parts alone.

    Raises
    ------
    UsageError: a missing file, or a step that does not divide an hour.
    InputError: the files hold something that cannot be scheduled.
    PeerError: the solver fails.
    """
    began_s = clock()
    progress(text("read"), 0.0)
    task = _read(request)
    read_s = clock()
    progress(text("schedule"), 0.2)
    stop = _deadline(request.time_limit_s, clock)

    def find(unfair_eur_per_kwh: float) -> Schedule:
        power = task.power_shares or (None, None)
        return schedule(
            task.stays,
            task.limits,
            task.priced,
            unmet_eur_per_kwh=request.unmet_eur_per_kwh,
            unfair_eur_per_kwh=unfair_eur_per_kwh,
            early_share=task.early_share,
            max_share=power[0],
            max_discharge_share=power[1],
            gap=request.gap,
            stop=stop,
            seed=request.seed,
            most_passes=MOST_PASSES[request.effort],
            make_pool=make_pool,
            n_parts=n_parts,
        )

    found = find(request.unfair_eur_per_kwh)
    found_s = clock()
    progress(text("compare"), 0.9)
    study = _study(request, task, found=found, unfair=find(0.0) if _is_fair(request) else None)
    study.timings_s.update(
        read=read_s - began_s, schedule=found_s - read_s, compare=clock() - found_s
    )
    return study


def _is_fair(request: ChargeRequest) -> bool:
    return request.unfair_eur_per_kwh > 0


def _read(request: ChargeRequest) -> ChargeTask:
    signals = read_signals(request.signals, step_s=request.step_s)
    priced = with_carbon(signals, request.carbon_eur_per_t, file=request.signals.name)
    limits = read_limits(
        request.limits, signals, profile=request.limit_profile, base_load=request.base_load
    )
    read = read_stays(request.stays, limits, signals=signals)
    profile = request.power_profile
    return ChargeTask(
        stays=read.stays,
        warnings=read.warnings,
        limits=limits,
        signals=signals,
        priced=priced,
        early_share=_early_share(request, read.stays, signals=signals),
        power_shares=None
        if profile is None
        else read_power_profile(profile, read.stays, signals=signals),
    )


def _early_share(
    request: ChargeRequest, stays: StayTable, *, signals: SignalTable
) -> Floats | None:
    """(K,) sampled chance to leave at the end of each row; None where departures are certain."""
    if request.early_spread_h == 0:
        return None
    return early_departure_share(
        stays,
        signals,
        rng=np.random.default_rng(request.seed),
        n_samples=N_SAMPLES[request.effort],
        spread_h=request.early_spread_h,
    )


def _deadline(time_limit_s: float | None, clock: Clock) -> StopRule:
    end_s = np.inf if time_limit_s is None else clock() + time_limit_s
    return lambda: clock() >= end_s


def _study(
    request: ChargeRequest, task: ChargeTask, *, found: Schedule, unfair: Schedule | None
) -> Study:
    without_management = unmanaged(
        task.stays,
        limits=task.limits,
        signals=task.priced,
        unmet_eur_per_kwh=request.unmet_eur_per_kwh,
        unfair_eur_per_kwh=request.unfair_eur_per_kwh,
        early=task.early_share,
        max_share=None if task.power_shares is None else task.power_shares[0],
    )
    result = ChargeResult(found=found, without_management=without_management, unfair=unfair)
    return Study(
        kind="charge",
        title=text("Charging of {file}", file=request.stays.name),
        seed=request.seed,
        effort=request.effort,
        service_date=None,
        timezone="UTC",
        inputs=tuple(input_of(path) for path in request.files),
        assumptions=_assumptions(request),
        repairs=(),
        warnings=(*task.warnings, *charge_warnings(request, task, result=result)),
        summary=charge_summary(request, task, result=result),
        tables=charge_tables(
            found,
            without_management,
            stays=task.stays,
            limits=task.limits,
            signals=task.signals,
            early_share=task.early_share,
            power_shares=task.power_shares,
        ),
    )


def _assumptions(request: ChargeRequest) -> tuple[AssumptionUsed, ...]:
    """Figures that no file holds: the price of shortfall, and those of the goals that are on."""
    rows = (
        (
            "unmet_eur_per_kwh",
            request.unmet_eur_per_kwh,
            "EUR/kWh",
            text("--unmet-eur-per-kwh: a price that makes shortfall a last resort"),
        ),
        (
            "unfair_eur_per_kwh",
            request.unfair_eur_per_kwh,
            "EUR/kWh",
            text("--unfair-eur-per-kwh: what shortfall beyond half of the wish costs more"),
        ),
        (
            "carbon_eur_per_t",
            request.carbon_eur_per_t,
            "EUR/t",
            text("--carbon-eur-per-t: the price of carbon in the decision"),
        ),
        (
            "early_spread_h",
            request.early_spread_h,
            "h",
            text("--early-spread-h: standard deviation of how much earlier vehicles leave"),
        ),
    )
    return tuple(
        AssumptionUsed(
            key=f"charge.{key}", value=value, unit=unit, source=source, year=None, status="user"
        )
        for key, value, unit, source in rows
        if value > 0 or key == "unmet_eur_per_kwh"
    )
