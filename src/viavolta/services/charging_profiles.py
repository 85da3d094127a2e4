"""From a study's schedule to OCPP charging profiles: one per stay, with what they lose.

A profile runs from arrival to departure of its stay. Its periods are the best staircase of the
planned power; the table `loss` says for each stay how far it is from the plan.
"""

import datetime as dt
import hashlib
import io
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from viavolta.engines.profiles.staircase import (
    MAX_RUNS,
    Deviations,
    Keep,
    PowerPieces,
    Staircases,
    count_runs,
    deviations,
    staircases,
)
from viavolta.model.arrays import Floats, Ints
from viavolta.model.errors import InputError, PeerError, Where
from viavolta.model.messages import text
from viavolta.model.notices import StudyWarning
from viavolta.model.progress import Progress
from viavolta.model.study import AssumptionUsed, Study, StudyInput
from viavolta.protocols.ocpp.charging_profile import (
    UNITS_PER_ONE,
    ChargingProfile,
    Purpose,
    RateUnit,
    profile_payload,
    violation,
)
from viavolta.protocols.ocpp.schemas import Version
from viavolta.services.planned_power import PLAN_FILES, STAYS_FILE, PlannedPower, read_plan

Clock = Callable[[], float]
"""Seconds that only go forward."""

PHASE_VOLTAGE_V = 230.0
"""Between phase and neutral, IEC 60038: what turns watts into amperes."""

LINES_FILE, SINGLE_FILE = "profiles.jsonl", "profile.json"

_TOLERANCE_KW = 1e-6  # power short of a tenth by less than this counts as the tenth
_STAYS_PER_REPORT = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class ProfilesRequest:
    """What `viavolta profiles` is asked; `files` are the study's, by name (`PLAN_FILES`)."""

    files: Mapping[str, bytes]
    version: Version
    max_periods: int
    unit: RateUnit = RateUnit.WATT
    purpose: Purpose = Purpose.TX_DEFAULT
    keep: Keep = Keep.LIMITS
    stack_level: int = 1
    stay: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProfilesMade:
    """The profiles as files by name, and the study about them."""

    study: Study
    files: Mapping[str, bytes]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    """What was planned, and the staircases found for it; `unit_kw` (S,) is a tenth of the unit."""

    plan: PlannedPower
    pieces: PowerPieces
    unit_kw: Floats
    stairs: Staircases
    lossless: Ints
    loss: Deviations


def charging_profiles(
    request: ProfilesRequest, *, progress: Progress, clock: Clock
) -> ProfilesMade:
    """Turn the schedule of a study into charging profiles.

    Raises
    ------
    InputError: the study has no schedule, or its tables contradict each other.
    UsageError: the study has no such stay.
    PeerError: a profile does not pass the official schema.
    """
    began_s = clock()
    progress(text("read"), 0.0)
    plan = read_plan(request.files, stay=request.stay)
    read_s = clock()
    progress(text("shape"), 0.2)
    found = _find(request, plan)
    found_s = clock()
    buffer = io.BytesIO()
    buffer.writelines(_lines(request, found, progress=progress))
    lines = buffer.getvalue()
    files = {LINES_FILE: lines}
    if request.stay is not None:
        profile = json.loads(lines)["profile"]
        files[SINGLE_FILE] = (json.dumps(profile, indent=1) + "\n").encode()
    study = _study(request, found)
    study.timings_s.update(read=read_s - began_s, shape=found_s - read_s, write=clock() - found_s)
    return ProfilesMade(study=study, files=files)


def _find(request: ProfilesRequest, plan: PlannedPower) -> _Found:
    unit_kw = _unit_kw(request.unit, plan.phase)
    pieces = _in_units(request.version, plan, unit_kw=unit_kw)
    lossless = count_runs(pieces.offsets, pieces.seconds, pieces.units)
    _refuse_restless(plan, lossless)
    stairs = staircases(pieces, max_periods=request.max_periods, keep=request.keep)
    return _Found(
        plan=plan,
        pieces=pieces,
        unit_kw=unit_kw,
        stairs=stairs,
        lossless=lossless,
        loss=deviations(pieces, stairs, unit_kw=unit_kw, tolerance_kw=_TOLERANCE_KW),
    )


def _unit_kw(unit: RateUnit, phase: Ints) -> Floats:
    """(S,) kW that a tenth of the unit stands for: amperes flow in each phase in use."""
    if unit is RateUnit.WATT:
        return np.full(len(phase), 1e-3 / UNITS_PER_ONE)
    n_phases = np.where(phase == 0, 3.0, 1.0)
    per_tenth: Floats = PHASE_VOLTAGE_V * n_phases * 1e-3 / UNITS_PER_ONE
    return per_tenth


def _in_units(version: Version, plan: PlannedPower, *, unit_kw: Floats) -> PowerPieces:
    """Planned power in tenths of the unit, towards zero; no discharging where it has no words."""
    per_piece_kw = np.repeat(unit_kw, np.diff(plan.offsets))
    size = np.floor((np.abs(plan.power_kw) + _TOLERANCE_KW) / per_piece_kw).astype(np.int64)
    units = np.where(plan.power_kw < 0, -size, size)
    if version is not Version.V21:
        units = np.maximum(units, 0)
    return PowerPieces(
        offsets=plan.offsets,
        seconds=plan.seconds,
        power_kw=plan.power_kw,
        units=units,
        min_units=np.floor((plan.min_kw + _TOLERANCE_KW) / unit_kw),
    )


def _refuse_restless(plan: PlannedPower, lossless: Ints) -> None:
    for s in np.flatnonzero(lossless > MAX_RUNS).tolist():
        raise InputError(
            code="profiles-too-many-changes",
            message=text("the power of a stay changes {n} times", n=int(lossless[s])),
            where=Where(
                file=STAYS_FILE,
                row=int(plan.number[s]),
                field="stay_id",
                value=plan.stay_id[s][:200],
            ),
            expected=text("at most {n} changes", n=MAX_RUNS),
            hint=text("schedule with a longer --step, or split the stay"),
        )


def _lines(request: ProfilesRequest, found: _Found, *, progress: Progress) -> Iterator[bytes]:
    """One line of JSON per stay, each profile checked against the official schema."""
    n_stays = len(found.plan.stay_id)
    for s, profile in enumerate(_profiles(request, found)):
        if s % _STAYS_PER_REPORT == 0:
            progress(text("write"), 0.4 + 0.6 * s / n_stays)
        payload = profile_payload(request.version, profile)
        wrong = violation(request.version, payload)
        if wrong is not None:
            raise PeerError(
                code="profile-not-valid",
                message=text("a profile does not pass the schema: {wrong}", wrong=wrong[:200]),
                where=Where(field="stay_id", value=found.plan.stay_id[s][:200]),
                hint=text("report this with the study; other stays can be written with --stay"),
            )
        line = {"stay_id": found.plan.stay_id[s], "profile": payload}
        yield json.dumps(line, separators=(",", ":")).encode() + b"\n"


def _profiles(request: ProfilesRequest, found: _Found) -> Iterator[ChargingProfile]:
    plan, stairs = found.plan, found.stairs
    offsets = stairs.offsets.tolist()
    arrival_s, duration_s = plan.arrival_s.tolist(), (plan.departure_s - plan.arrival_s).tolist()
    min_units = found.pieces.min_units.tolist()
    phases, used = plan.phase.tolist(), plan.phase_used.tolist()
    for s, number in enumerate(plan.number.tolist()):
        periods = slice(offsets[s], offsets[s + 1])
        yield ChargingProfile(
            profile_id=number,
            stack_level=request.stack_level,
            purpose=request.purpose,
            unit=request.unit,
            start_utc=dt.datetime.fromtimestamp(arrival_s[s], tz=dt.UTC),
            duration_s=duration_s[s],
            start_s=stairs.start_s[periods].tolist(),  # a list of all would be large
            tenths=stairs.units[periods].tolist(),
            min_tenths=min_units[s],
            n_phases=_n_phases(request.unit, phases[s]),
            phase=used[s] if phases[s] < 0 and used[s] else None,
        )


def _n_phases(unit: RateUnit, phase: int) -> int | None:
    """Phases to name: always one where it is one; three only where amperes need it."""
    if phase != 0:
        return 1
    return 3 if unit is RateUnit.AMPERE else None


def _study(request: ProfilesRequest, found: _Found) -> Study:
    meta = found.plan.meta
    return Study(
        kind="profiles",
        title=text("Charging profiles: {title}", title=meta["title"]),
        seed=meta["seed"],
        effort=meta["effort"],
        service_date=None,
        timezone="UTC",
        inputs=tuple(_input(name, request.files[name]) for name in PLAN_FILES),
        assumptions=_assumptions(request),
        repairs=(),
        warnings=tuple(_warnings(request, found)),
        summary=_summary(request, found),
        tables={"loss": _loss_table(found)},
    )


def _input(name: str, content: bytes) -> StudyInput:
    return StudyInput(
        name=name,
        sha256=hashlib.sha256(content).hexdigest(),
        bytes=len(content),
        origin="",
        licence="",
    )


def _assumptions(request: ProfilesRequest) -> tuple[AssumptionUsed, ...]:
    if request.unit is RateUnit.WATT:
        return ()
    voltage = AssumptionUsed(
        key="profiles.phase_voltage_v",
        value=PHASE_VOLTAGE_V,
        unit="V",
        source=text("IEC 60038, nominal voltage between phase and neutral in Europe"),
        year=2009,
        status="general-knowledge",
    )
    return (voltage,)


def _loss_table(found: _Found) -> pl.DataFrame:
    loss, plan = found.loss, found.plan
    return pl.DataFrame(
        {
            "stay_id": pl.Series(plan.stay_id, dtype=pl.String),
            "profile_id": plan.number,
            "periods": np.diff(found.stairs.offsets),
            "periods_lossless": found.lossless,
            "planned_kwh": loss.planned_kwh,
            "profile_kwh": loss.profile_kwh,
            "deviation_kwh": loss.deviation_kwh,
            "lost_discharge_kwh": loss.lost_discharge_kwh,
            "excess_kw": loss.excess_kw,
        }
    )


def _summary(request: ProfilesRequest, found: _Found) -> dict[str, Any]:
    loss = found.loss
    return {
        "profiles": len(found.plan.stay_id),
        "ocpp": request.version.value,
        "unit": request.unit.value,
        "purpose": request.purpose.value,
        "keep": request.keep.value,
        "stack_level": request.stack_level,
        "max_periods": request.max_periods,
        "periods": len(found.stairs.units),
        "stays_simplified": int((found.lossless > request.max_periods).sum()),
        "planned_kwh": float(loss.planned_kwh.sum()),
        "profile_kwh": float(loss.profile_kwh.sum()),
        "deviation_kwh": float(loss.deviation_kwh.sum()),
        "lost_discharge_kwh": float(loss.lost_discharge_kwh.sum()),
        "worst_excess_kw": float(loss.excess_kw.max(initial=0.0)),
    }


def _warnings(request: ProfilesRequest, found: _Found) -> Iterator[StudyWarning]:
    loss = found.loss
    has_lost = loss.lost_discharge_kwh > _TOLERANCE_KW
    if request.version is not Version.V21 and has_lost.any():
        message = text(
            "OCPP {version} has no discharging: {n} stays stand still where they would give back "
            "{kwh:.1f} kWh, and limits that counted on it may break",
            version=request.version.value,
            n=int(has_lost.sum()),
            kwh=float(loss.lost_discharge_kwh.sum()),
        )
        yield StudyWarning(code="profiles-discharge-lost", file=None, message=message)
    n_simplified = int((found.lossless > request.max_periods).sum())
    if n_simplified:
        message = text(
            "{n} stays need more than {periods} periods: their profiles differ from the plan by "
            "{kwh:.1f} kWh; the table loss has each",
            n=n_simplified,
            periods=request.max_periods,
            kwh=float(loss.deviation_kwh[found.lossless > request.max_periods].sum()),
        )
        yield StudyWarning(code="profiles-simplified", file=None, message=message)
