"""LIMITS.csv, limit profiles and base load: the tree of power limits over time."""

from pathlib import Path

import numpy as np

from viavolta.formats.charge_csv import CsvTable, rows_where
from viavolta.model.arrays import Floats, Ints, Times
from viavolta.model.errors import InputError, Where
from viavolta.model.limit import LimitTree, top_down
from viavolta.model.messages import text
from viavolta.model.signal import SignalTable

MAX_CELLS = 100_000_000
"""Limits times steps: more does not fit into memory."""


def read_limits(
    path: Path,
    signals: SignalTable,
    *,
    profile: Path | None = None,
    base_load: Path | None = None,
) -> LimitTree:
    """Read a LIMITS.csv with its optional profile and base load, over the steps of the signals.

    Raises
    ------
    UsageError: no such file.
    InputError: the first of all findings, with file, row, field, value and hint.
    """
    table = CsvTable(path, required=("limit_id", "parent_id", "import_kw", "export_kw"))
    limit_id = table.words("limit_id")
    parent_id = table.words("parent_id", default="")
    _check_ids(table, limit_id, parent_id)
    parent = _parents(table, limit_id, parent_id)
    import_kw = table.numbers("import_kw", minimum=0.0)
    export_kw = table.numbers("export_kw", minimum=0.0)
    peak_eur_per_kw = table.numbers("peak_eur_per_kw", default=0.0, minimum=0.0)
    peak_so_far_kw = table.numbers("peak_so_far_kw", default=0.0, minimum=0.0)
    zone = table.words("zone", default="")
    _check_tree(table, parent)
    _check_zones(table, zone, parent=parent, signals=signals)
    _check_size(table, signals)
    table.raise_findings()
    shape = (len(limit_id), signals.n_steps)
    by_step = {
        "import_kw": np.broadcast_to(import_kw[:, np.newaxis], shape).copy(),
        "export_kw": np.broadcast_to(export_kw[:, np.newaxis], shape).copy(),
        "load_kw": np.zeros(shape),
    }
    row_of = {name: row for row, name in enumerate(limit_id)}
    if profile is not None:
        _lay_over(profile, by_step, ("import_kw", "export_kw"), row_of=row_of, signals=signals)
    if base_load is not None:
        _lay_over(base_load, by_step, ("load_kw",), row_of=row_of, signals=signals)
    return LimitTree(
        limit_id=tuple(limit_id),
        parent=parent,
        import_kw=by_step["import_kw"],
        export_kw=by_step["export_kw"],
        base_load_kw=by_step["load_kw"],
        peak_eur_per_kw=peak_eur_per_kw,
        peak_so_far_kw=peak_so_far_kw,
        zone=tuple(zone),
    )


def _check_ids(table: CsvTable, limit_id: list[str], parent_id: list[str]) -> None:
    parents: dict[str, str] = {}
    for row, (name, above) in enumerate(zip(limit_id, parent_id, strict=True)):
        if parents.setdefault(name, above) != above:
            table.find(
                row,
                "parent_id",
                error=InputError(
                    code="limit-two-parents",
                    message=text(
                        "limit {limit} hangs on {other} already",
                        limit=name[:200],
                        other=(parents[name] or text("no other limit"))[:200],
                    ),
                    where=Where(file=table.file),
                    expected=text("one row per limit, one parent each"),
                    hint=text("keep the row with the right parent, remove the other"),
                ),
            )
    table.find_duplicates("limit_id", limit_id)


def _parents(table: CsvTable, limit_id: list[str], parent_id: list[str]) -> Ints:
    row_of = {name: row for row, name in enumerate(limit_id)}
    parent = np.full(len(table), -1, dtype=np.int64)
    for row, above in enumerate(parent_id):
        if above and above not in row_of:
            table.find(
                row,
                "parent_id",
                error=InputError(
                    code="limit-unknown",
                    message=text("limit {limit} is not in the limits", limit=above[:200]),
                    where=Where(file=table.file),
                    expected=text("a limit_id of this file, or nothing for a root"),
                    hint=text("correct the name, or add a row for this limit"),
                ),
            )
        elif above:
            parent[row] = row_of[above]
    return parent


def _check_tree(table: CsvTable, parent: Ints) -> None:
    reached = np.zeros(len(table), dtype=bool)
    reached[top_down(parent)] = True
    for row in rows_where(~reached):
        table.find(
            row,
            "parent_id",
            error=InputError(
                code="limit-cycle",
                message=text("the limit is above itself: its parents form a circle"),
                where=Where(file=table.file),
                expected=text("a way up from every limit to a root, whose parent_id is empty"),
                hint=text("leave parent_id empty at the limit nearest to the grid"),
            ),
        )


def _check_zones(table: CsvTable, zone: list[str], *, parent: Ints, signals: SignalTable) -> None:
    # a single zone serves roots that name none, and one without a name serves all
    served = {*signals.zone, *([""] if len(signals.zone) == 1 else [])}
    has_no_names = signals.zone == ("",)
    for row in range(len(table)):
        root, n_up = row, 0
        while parent[root] >= 0 and n_up < len(table):
            root, n_up = int(parent[root]), n_up + 1
        if row != root and zone[row] and zone[row] != zone[root]:
            table.find(
                row,
                "zone",
                error=InputError(
                    code="limit-zone-differs",
                    message=text("the zone differs from that of the root"),
                    where=Where(file=table.file),
                    expected=zone[root] or text("nothing"),
                    hint=text("energy is bought and sold at the roots: name the zone there"),
                ),
            )
        if row == root and not has_no_names and zone[row] not in served:
            table.find(
                row,
                "zone",
                error=InputError(
                    code="limit-zone-unknown",
                    message=text("the signals have no such zone"),
                    where=Where(file=table.file),
                    expected=", ".join(signals.zone[:20]),
                    hint=text(
                        "name one of these zones, or add the prices of this zone to the signals"
                    ),
                ),
            )


def _check_size(table: CsvTable, signals: SignalTable) -> None:
    if len(table) * signals.n_steps > MAX_CELLS:
        raise InputError(
            code="limits-too-large",
            message=text("{n} limits over {t} steps are too many", n=len(table), t=signals.n_steps),
            where=Where(file=table.file),
            expected=text("at most {n} limits times steps", n=MAX_CELLS),
            hint=text("use longer steps, or split the horizon"),
        )


def _lay_over(
    path: Path,
    by_step: dict[str, Floats],
    fields: tuple[str, ...],
    *,
    row_of: dict[str, int],
    signals: SignalTable,
) -> None:
    """Write the rows of a profile into arrays over the steps; a row holds to the limit's next."""
    table = CsvTable(path, required=("limit_id", "start", *fields))
    limit = table.words("limit_id")
    start = table.times("start")
    minimum = 0.0 if "import_kw" in fields else -np.inf
    values = {field: table.numbers(field, minimum=minimum) for field in fields}
    _check_profile(table, limit, start=start, row_of=row_of, signals=signals)
    if fields == ("load_kw",):
        _check_covered(table, limit, start=start, signals=signals)
    table.raise_findings()
    step = (start - signals.start[0]).astype(np.int64) // signals.step_s
    for row, name in enumerate(limit):
        # later rows of the same limit overwrite what lies behind their start
        if step[row] < signals.n_steps:
            for field in fields:
                by_step[field][row_of[name], max(int(step[row]), 0) :] = values[field][row]


def _check_profile(
    table: CsvTable,
    limit: list[str],
    *,
    start: Times,
    row_of: dict[str, int],
    signals: SignalTable,
) -> None:
    latest: dict[str, np.datetime64] = {}
    since_s = (start - signals.start[0]).astype(np.int64)
    for row, name in enumerate(limit):
        if name and name not in row_of:
            table.find(
                row,
                "limit_id",
                error=InputError(
                    code="limit-unknown",
                    message=text("limit {limit} is not in the limits", limit=name[:200]),
                    where=Where(file=table.file),
                    expected=text("a limit_id of the limits file"),
                    hint=text("correct the name, or add the limit to the limits file"),
                ),
            )
        if name in latest and start[row] <= latest[name]:
            table.find(
                row,
                "start",
                error=InputError(
                    code="profile-not-ordered",
                    message=text("the row is not later than the one before it of this limit"),
                    where=Where(file=table.file),
                    expected=text("rows of a limit in order of time, each start once"),
                    hint=text("sort the rows of each limit by start and remove repeated ones"),
                ),
            )
        latest[name] = start[row]
        if since_s[row] > 0 and since_s[row] % signals.step_s and start[row] < signals.end:
            table.find(
                row,
                "start",
                error=InputError(
                    code="profile-off-step",
                    message=text("the row begins inside a step"),
                    where=Where(file=table.file),
                    expected=text(
                        "a multiple of {step_s} s after the first signal", step_s=signals.step_s
                    ),
                    hint=text("choose a shorter --step"),
                ),
            )


def _check_covered(
    table: CsvTable, limit: list[str], *, start: Times, signals: SignalTable
) -> None:
    seen: set[str] = set()
    for row, name in enumerate(limit):
        if name not in seen and start[row] > signals.start[0]:
            table.find(
                row,
                "start",
                error=InputError(
                    code="base-load-begins-late",
                    message=text("the base load of this limit begins after the first signal"),
                    where=Where(file=table.file),
                    expected=text("a first row at or before {start}", start=signals.start[0]),
                    hint=text("add a row with load_kw 0 where there is none"),
                ),
            )
        seen.add(name)
