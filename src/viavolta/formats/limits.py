"""LIMITS, limit profiles and base load, CSV or Parquet: the tree of power limits over time."""

from pathlib import Path

import numpy as np
import polars as pl

from viavolta.formats.charge_table import ChargeTable, iso
from viavolta.formats.profile_rows import check_rows, held, rows_of
from viavolta.model.arrays import Floats, Ints, Times
from viavolta.model.errors import InputError, Where
from viavolta.model.limit import LimitTree, top_down
from viavolta.model.messages import text
from viavolta.model.signal import SignalTable

MAX_CELLS = 100_000_000
"""Limits times steps: more does not fit into memory."""
_REQUIRED = ("limit_id", "parent_id", "import_kw", "export_kw")
_OPTIONAL = ("peak_eur_per_kw", "peak_so_far_kw", "phase_kw", "zone")


def read_limits(
    path: Path,
    signals: SignalTable,
    *,
    profile: Path | None = None,
    base_load: Path | None = None,
) -> LimitTree:
    """Read LIMITS with its optional profile and base load, over the steps of the signals.

    Raises
    ------
    UsageError: no such file.
    InputError: the first of all findings, with file, row, field, value and hint.
    """
    table = ChargeTable(path, required=_REQUIRED, optional=_OPTIONAL)
    limit_id = table.words("limit_id")
    parent = _parents(table, limit_id)
    import_kw = table.numbers("import_kw", minimum=0.0)
    export_kw = table.numbers("export_kw", minimum=0.0)
    peak_eur_per_kw = table.numbers("peak_eur_per_kw", default=0.0, minimum=0.0)
    peak_so_far_kw = table.numbers("peak_so_far_kw", default=0.0, minimum=0.0)
    phase_kw = table.numbers("phase_kw", default=np.inf, minimum=0.0)
    zone = table.words("zone", default="")
    _check_tree(table, parent)
    _check_zones(table, zone, parent=parent, signals=signals)
    _check_size(table, signals)
    table.raise_findings()
    names = tuple(limit_id.to_list())
    powers_kw = {"import_kw": import_kw, "export_kw": export_kw}
    if profile is not None:
        powers_kw = _over_steps(profile, powers_kw, names=names, signals=signals)
    loads_kw = {"load_kw": np.zeros(len(names))}
    if base_load is not None:
        loads_kw = _over_steps(base_load, loads_kw, names=names, signals=signals)
    shape = (len(names), signals.n_steps)
    return LimitTree(
        limit_id=names,
        parent=parent,
        import_kw=_laid_out(powers_kw["import_kw"], shape),
        export_kw=_laid_out(powers_kw["export_kw"], shape),
        base_load_kw=_laid_out(loads_kw["load_kw"], shape),
        peak_eur_per_kw=peak_eur_per_kw,
        peak_so_far_kw=peak_so_far_kw,
        zone=tuple(zone.to_list()),
        phase_kw=phase_kw,
    )


def _laid_out(power_kw: Floats, shape: tuple[int, int]) -> Floats:
    """(L, T) from one value per limit, which holds all the time, or one per limit and step."""
    return np.broadcast_to(power_kw.reshape(shape[0], -1), shape)


def _parents(table: ChargeTable, limit_id: pl.Series) -> Ints:
    """(L,) row of the limit above, -1 for a root."""
    parent_id = table.words("parent_id", default="")
    _check_ids(table, limit_id, parent_id)
    parent = rows_of(parent_id, tuple(limit_id.to_list()))
    is_root = (parent_id == "").to_numpy()
    table.find(
        (parent < 0) & ~is_root,
        "parent_id",
        error=lambda row: InputError(
            code="limit-unknown",
            message=text("limit {limit} is not in the limits", limit=parent_id[row][:200]),
            where=Where(file=table.file),
            expected=text("a limit_id of this file, or nothing for a root"),
            hint=text("correct the name, or add a row for this limit"),
        ),
    )
    return np.where(is_root, -1, parent)


def _check_ids(table: ChargeTable, limit_id: pl.Series, parent_id: pl.Series) -> None:
    both = pl.DataFrame({"limit": limit_id, "parent": parent_id})
    of_first = both.select(pl.col("parent").first().over("limit")).to_series()
    nothing = text("no other limit")
    table.find(
        (parent_id != of_first).to_numpy(),
        "parent_id",
        error=lambda row: InputError(
            code="limit-two-parents",
            message=text(
                "limit {limit} hangs on {other} already",
                limit=limit_id[row][:200],
                other=(of_first[row] or nothing)[:200],
            ),
            where=Where(file=table.file),
            expected=text("one row per limit, one parent each"),
            hint=text("keep the row with the right parent, remove the other"),
        ),
    )
    table.find_duplicates("limit_id", limit_id)


def _check_tree(table: ChargeTable, parent: Ints) -> None:
    reached = np.zeros(len(table), dtype=bool)
    reached[top_down(parent)] = True
    table.find(
        ~reached,
        "parent_id",
        error=lambda _: InputError(
            code="limit-cycle",
            message=text("the limit is above itself: its parents form a circle"),
            where=Where(file=table.file),
            expected=text("a way up from every limit to a root, whose parent_id is empty"),
            hint=text("leave parent_id empty at the limit nearest to the grid"),
        ),
    )


def _check_zones(
    table: ChargeTable, zone: pl.Series, *, parent: Ints, signals: SignalTable
) -> None:
    # a single zone serves roots that name none, and one without a name serves all
    served = [*signals.zone, *([""] if len(signals.zone) == 1 else [])]
    has_no_names = signals.zone == ("",)
    rows = np.arange(len(table))
    root = np.where(parent >= 0, parent, rows)
    for _ in range(len(table).bit_length()):  # twice as far up each time
        root = root[root]
    zone_of_root = zone.gather(root)
    table.find(
        ((zone != "") & (zone != zone_of_root)).to_numpy(),
        "zone",
        error=lambda row: InputError(
            code="limit-zone-differs",
            message=text("the zone differs from that of the root"),
            where=Where(file=table.file),
            expected=zone_of_root[row] or text("nothing"),
            hint=text("energy is bought and sold at the roots: name the zone there"),
        ),
    )
    is_served = zone.is_in(served).to_numpy() | has_no_names
    table.find(
        (root == rows) & ~is_served,
        "zone",
        error=lambda _: InputError(
            code="limit-zone-unknown",
            message=text("the signals have no such zone"),
            where=Where(file=table.file),
            expected=", ".join(signals.zone[:20]),
            hint=text("name one of these zones, or add the prices of this zone to the signals"),
        ),
    )


def _check_size(table: ChargeTable, signals: SignalTable) -> None:
    if len(table) * signals.n_steps > MAX_CELLS:
        raise InputError(
            code="limits-too-large",
            message=text("{n} limits over {t} steps are too many", n=len(table), t=signals.n_steps),
            where=Where(file=table.file),
            expected=text("at most {n} limits times steps", n=MAX_CELLS),
            hint=text("use longer steps, or split the horizon"),
        )


def _over_steps(
    path: Path, constant: dict[str, Floats], *, names: tuple[str, ...], signals: SignalTable
) -> dict[str, Floats]:
    """Constants of each limit, (L,), replaced over the steps, (L * T,), by the rows of a profile.

    A row holds to the limit's next; before its first row the constant holds.
    """
    table = ChargeTable(path, required=("limit_id", "start", *constant))
    limit_id, start = table.words("limit_id"), table.times("start")
    minimum = -np.inf if "load_kw" in constant else 0.0
    values = {field: table.numbers(field, minimum=minimum) for field in constant}
    limit = rows_of(limit_id, names)
    _check_known(table, limit_id, limit=limit)
    check_rows(
        table,
        limit,
        start=start,
        begin=np.full(len(table), signals.start[0]),
        end=np.full(len(table), signals.end),
        signals=signals,
    )
    if "load_kw" in constant:
        _check_covered(table, limit, start=start, signals=signals)
    table.raise_findings()
    step = (start - signals.start[0]).astype(np.int64) // signals.step_s
    offsets = np.arange(len(names) + 1) * signals.n_steps
    return {
        field: held(limit, step, values=values[field], initial=constant[field], offsets=offsets)
        for field in constant
    }


def _check_known(table: ChargeTable, limit_id: pl.Series, *, limit: Ints) -> None:
    table.find(
        (limit < 0) & (limit_id != "").to_numpy(),
        "limit_id",
        error=lambda row: InputError(
            code="limit-unknown",
            message=text("limit {limit} is not in the limits", limit=limit_id[row][:200]),
            where=Where(file=table.file),
            expected=text("a limit_id of the limits file"),
            hint=text("correct the name, or add the limit to the limits file"),
        ),
    )


def _check_covered(table: ChargeTable, limit: Ints, *, start: Times, signals: SignalTable) -> None:
    is_first = pl.Series(limit).is_first_distinct().to_numpy()
    table.find(
        is_first & (limit >= 0) & (start > signals.start[0]),
        "start",
        error=lambda _: InputError(
            code="base-load-begins-late",
            message=text("the base load of this limit begins after the first signal"),
            where=Where(file=table.file),
            expected=text("a first row at or before {start}", start=iso(signals.start[0])),
            hint=text("add a row with load_kw 0 where there is none"),
        ),
    )
