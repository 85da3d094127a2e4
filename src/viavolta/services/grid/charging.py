"""Charging of one strategy as it comes from a study or a table, at places over steps."""

import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl

from viavolta.checks.study_file import parse_table
from viavolta.checks.table_shape import Column, Kind, TableShapes, check_shapes
from viavolta.engines.grid.dimming import Charging
from viavolta.formats.grids import read_loads
from viavolta.model.arrays import Floats, Ints
from viavolta.model.errors import InputError, Where
from viavolta.model.grid import Grid, Phase
from viavolta.model.messages import text
from viavolta.services.grid.request import ChargingSource
from viavolta.services.planned_power import SCHEDULE_FILE, PlannedPower, read_plan

ReadFolder = Callable[[Path], Mapping[str, bytes]]
"""Port: the files of a folder and the folders in it, by relative name with forward slashes."""

UNMANAGED = "unmanaged"
"""The strategy that a charge study has beside its schedule."""
_PHASES = (Phase.ABC, Phase.A, Phase.B, Phase.C)
_NOTHING_KW = 1e-9
_TWO = 2  # steps that tell how long they are
_NUMBER, _TEXT, _MOMENT = Column(kind=Kind.NUMBER), Column(kind=Kind.TEXT), Column(kind=Kind.MOMENT)
_MAYBE_TEXT = Column(kind=Kind.TEXT, nullable=True)
_STAYS = {"stays": {"limit_id": _TEXT, "max_kw": _NUMBER}}
_SCHEDULE = {"schedule": {"stay_id": _TEXT, "start": _MOMENT, "power_kw": _NUMBER}}
_SIGNALS = {"signals": {"start": _MOMENT}}
_UNMANAGED = {
    "limits": {"limit_id": _TEXT, "parent_id": _MAYBE_TEXT},
    "limit_profile": {
        "limit_id": _TEXT,
        "start": _MOMENT,
        "base_load_kw": _NUMBER,
        "net_unmanaged_kw": _NUMBER,
    },
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ChargingRead:
    """Charging at places, over steps from one moment on.

    Attributes
    ----------
    begin_s : the first step, seconds since 1970 in UTC. step_s, n_steps : of the steps.
    place : (P,) names of limits or nodes. charging : stays with their place and steps.
    phase : (S,) of the stays. q_kvar : (R,) reactive power of their rows.
    devices : (P,) that stood side by side at most; -1 where nobody can count them.
    """

    name: str
    begin_s: int
    step_s: int
    n_steps: int
    place: tuple[str, ...]
    charging: Charging
    phase: tuple[Phase, ...]
    q_kvar: Floats
    devices: Ints


def read_charging(
    source: ChargingSource, grid: Grid, *, read: ReadFolder, step_s: int | None, least_kw: float
) -> ChargingRead:
    """Read the charging of one strategy; devices of at most least_kw are not controllable.

    Raises
    ------
    UsageError: nothing at the path.
    InputError: no schedule in it, no such strategy, or tables that contradict each other.
    """
    if not source.path.is_dir():
        return _from_table(source, grid, step_s=step_s)
    files = read(source.path)
    if source.strategy == UNMANAGED and "sessions.parquet" not in files:
        return _unmanaged(source, files)
    return _from_schedule(source, files, least_kw=least_kw)


def _from_table(source: ChargingSource, grid: Grid, *, step_s: int | None) -> ChargingRead:
    if source.strategy is not None:
        raise _no_strategy(source, [])
    loads = read_loads(source.path, grid, step_s=step_s)
    most = np.maximum(loads.p_kw.max(axis=1), 0.0)
    return ChargingRead(
        name=source.name,
        begin_s=int(loads.start[0].astype(np.int64)),
        step_s=loads.step_s,
        n_steps=loads.n_steps,
        place=tuple(grid.node_id[node] for node in loads.node),
        charging=_whole(np.arange(len(loads.node)), loads.p_kw, most_kw=most),
        phase=loads.phase,
        q_kvar=loads.q_kvar.reshape(-1),
        devices=np.full(len(loads.node), -1),
    )


def _whole(point: Ints, p_kw: Floats, *, most_kw: Floats) -> Charging:
    """One stay per row of powers (P, T), there all the time."""
    n, n_steps = p_kw.shape
    return Charging(
        point=point,
        first_step=np.zeros(n, dtype=np.int64),
        offsets=np.arange(n + 1) * n_steps,
        is_controllable=np.ones(n, dtype=bool),
        power_kw=p_kw.reshape(-1),
        most_kw=np.repeat(most_kw, n_steps),
    )


def _from_schedule(
    source: ChargingSource, files: Mapping[str, bytes], *, least_kw: float
) -> ChargingRead:
    """Stays of a study with the powers of its schedule, or of one of its strategies."""
    schedule = _schedule(source, files)
    plan = read_plan({**files, SCHEDULE_FILE: _bytes(schedule)})
    stays = _tables(files, _STAYS)["stays"]
    step_s = int(plan.meta["summary"]["step_s"])
    begin_s, n_signals = _begin(files, plan.arrival_s, step_s=step_s)
    first = (plan.arrival_s - begin_s) // step_s
    end = -(-(plan.departure_s - begin_s) // step_s)
    offsets = np.concatenate(([0], np.cumsum(end - first)))
    power_kw = np.zeros(offsets[-1])
    number = {name: row for row, name in enumerate(plan.stay_id)}
    of_row = np.array([number[name] for name in schedule["stay_id"]], dtype=np.int64)
    step = (schedule["start"].dt.epoch("s").to_numpy() - begin_s) // step_s
    power_kw[offsets[of_row] + step - first[of_row]] = schedule["power_kw"].to_numpy()
    max_kw = stays["max_kw"].cast(pl.Float64).to_numpy()
    place = tuple(dict.fromkeys(stays["limit_id"].to_list()))
    row = {name: number for number, name in enumerate(place)}
    charging = Charging(
        point=np.array([row[name] for name in stays["limit_id"]], dtype=np.int64),
        first_step=first,
        offsets=offsets,
        is_controllable=max_kw > least_kw,
        power_kw=power_kw,
        most_kw=np.maximum(_most_kw(plan, max_kw, offsets, begin_s, step_s), power_kw),
    )
    used = np.where(plan.phase_used > 0, plan.phase_used, plan.phase)
    return ChargingRead(
        name=source.name,
        begin_s=begin_s,
        step_s=step_s,
        n_steps=max(int(end.max()), n_signals),
        place=place,
        charging=charging,
        phase=tuple(_PHASES[max(one, 0)] for one in used.tolist()),
        q_kvar=np.zeros(len(power_kw)),
        devices=_side_by_side(charging, len(place)),
    )


def _schedule(source: ChargingSource, files: Mapping[str, bytes]) -> pl.DataFrame:
    """The rows of one strategy alone, where the study has several."""
    schedule = _tables(files, _SCHEDULE)["schedule"]
    if "strategy" not in schedule.columns:
        if source.strategy is not None:
            raise _no_strategy(source, [UNMANAGED])
        return schedule
    known = schedule["strategy"].unique().sort().to_list()
    if source.strategy not in known:
        raise _no_strategy(source, known)
    return schedule.filter(pl.col("strategy") == source.strategy).drop("strategy")


def _begin(files: Mapping[str, bytes], arrival_s: Ints, *, step_s: int) -> tuple[int, int]:
    """First step of a study and how many there are: those of its signals.

    Without signals: from the step in which the first vehicle arrives; 0 for how many.
    """
    if "signals.parquet" in files:
        starts = _tables(files, _SIGNALS)["signals"]["start"].unique()
        if len(starts):
            return int(starts.dt.epoch("s").to_numpy().min()), len(starts)
    return int(arrival_s.min()) // step_s * step_s, 0


def _most_kw(
    plan: PlannedPower, max_kw: Floats, offsets: Ints, begin_s: int, step_s: int
) -> Floats:
    """(R,) most that a stay can take in a step, less where it is there for a part of it."""
    stay = np.repeat(np.arange(len(max_kw)), np.diff(offsets))
    first = (plan.arrival_s - begin_s) // step_s
    begin = begin_s + step_s * (first[stay] + np.arange(len(stay)) - offsets[stay])
    until = np.minimum(begin + step_s, plan.departure_s[stay])
    there_s = until - np.maximum(begin, plan.arrival_s[stay])
    return np.asarray(max_kw[stay] * there_s / step_s, dtype=np.float64)


def _side_by_side(charging: Charging, n_places: int) -> Ints:
    """(P,) most controllable stays at once at a place."""
    stay, step = charging.stay, charging.step
    rows = charging.is_controllable[stay]
    if not rows.any():
        return np.zeros(n_places, dtype=np.int64)
    count = np.zeros((n_places, int(step.max()) + 1), dtype=np.int64)
    np.add.at(count, (charging.point[stay[rows]], step[rows]), 1)
    return np.asarray(count.max(axis=1), dtype=np.int64)


def _unmanaged(source: ChargingSource, files: Mapping[str, bytes]) -> ChargingRead:
    """Full power on arrival: what a charge study says of each limit, without what is below it."""
    tables = _tables(files, _UNMANAGED)
    profile = tables["limit_profile"]
    limit = tables["limits"]["limit_id"].to_list()
    row = {name: number for number, name in enumerate(limit)}
    seconds = profile["start"].dt.epoch("s").to_numpy()
    starts, step = np.unique(seconds, return_inverse=True)
    at = np.array([row.get(name, -1) for name in profile["limit_id"]], dtype=np.int64)
    if (at < 0).any() or profile.height != len(limit) * len(starts) or len(starts) < _TWO:
        raise _contradicts(source, "limit_profile.parquet")
    base, net = np.zeros((2, len(limit), len(starts)))
    base[at, step] = profile["base_load_kw"].to_numpy()
    net[at, step] = profile["net_unmanaged_kw"].to_numpy()
    own = net - base
    for number, parent in enumerate(tables["limits"]["parent_id"].to_list()):
        if parent is not None:
            own[row[parent]] -= net[number]
    own[np.abs(own) < _NOTHING_KW] = 0.0
    return ChargingRead(
        name=source.name,
        begin_s=int(starts[0]),
        step_s=int(starts[1] - starts[0]),
        n_steps=len(starts),
        place=tuple(limit),
        charging=_whole(np.arange(len(limit)), own, most_kw=own.max(axis=1)),
        phase=(Phase.ABC,) * len(limit),
        q_kvar=np.zeros(own.size),
        devices=np.full(len(limit), -1),
    )


def _tables(files: Mapping[str, bytes], shapes: TableShapes) -> dict[str, pl.DataFrame]:
    """Some tables of a study, with the columns that are needed."""
    found = {
        name: parse_table(f"{name}.parquet", files[f"{name}.parquet"])
        for name in shapes
        if f"{name}.parquet" in files
    }
    for finding in check_shapes(found, shapes):
        raise InputError(
            code="grid-charging-unreadable",
            message=text("{table}: {what}", table=finding.table, what=finding.message),
            where=Where(file=f"{finding.table}.parquet", field=finding.where[:200]),
            expected=text("a study of `viavolta charge` or `viavolta simulate`"),
            hint=text("run `viavolta check` on the study; if it is damaged, make it anew"),
        )
    return found


def _bytes(table: pl.DataFrame) -> bytes:
    buffer = io.BytesIO()
    table.write_parquet(buffer)
    return buffer.getvalue()


def _no_strategy(source: ChargingSource, known: list[str]) -> InputError:
    return InputError(
        code="grid-charging-strategy",
        message=text("{path} has no such strategy", path=source.path.name),
        where=Where(file=source.path.name, field="--charging", value=source.strategy),
        expected=", ".join(known) if known else text("no strategy: write NAME=PATH"),
        hint=text("write --charging NAME=FOLDER:STRATEGY; a charge study has unmanaged, too"),
    )


def _contradicts(source: ChargingSource, file: str) -> InputError:
    return InputError(
        code="grid-charging-unreadable",
        message=text("{file} has no row for each limit and step", file=file),
        where=Where(file=file, value=source.path.name),
        expected=text("a study of `viavolta charge`"),
        hint=text("run `viavolta check` on the study; if it is damaged, make it anew"),
    )
