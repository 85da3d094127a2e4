"""The plain CSV pair of a grid, nodes.csv and branches.csv, such as people fill in by hand."""

from pathlib import Path

import numpy as np

from viavolta.formats.charge_csv import separator_of
from viavolta.formats.charge_table import ChargeTable, Flags
from viavolta.formats.grids.assemble import GridRead, assemble
from viavolta.formats.grids.cells import above_zero, choices, flags, needed, numbers, whole, within
from viavolta.formats.grids.draft import Part
from viavolta.formats.profile_rows import rows_of
from viavolta.model.arrays import Floats, Ints
from viavolta.model.grid import BranchKind, Grade, NodeKind
from viavolta.model.messages import text
from viavolta.model.notices import StudyWarning

NODES, BRANCHES = "nodes.csv", "branches.csv"
"""Files of the pair."""
_NODE_REQUIRED = ("node_id", "kind", "nominal_kv")
_NODE_OPTIONAL = ("lat", "lon", "u_ref_pu", "sk_mva", "grade")
_BRANCH_REQUIRED = ("branch_id", "kind", "from_node", "to_node")
_LINE = ("length_km", "r_ohm", "x_ohm", "c_nf", "max_a")
_ZERO_SEQUENCE = ("r0_ohm", "x0_ohm", "c0_nf")
_RATING = ("sn_kva", "uk_percent", "pk_kw", "p0_kw", "i0_percent")
_TAPS = ("tap_pos", "tap_step_percent", "tap_min", "tap_max", "regulated_pu")
_BRANCH_OPTIONAL = (
    *(*_LINE, *_ZERO_SEQUENCE, *_RATING, *_TAPS),
    *("rated_from_kv", "rated_to_kv", "vector_group", "n_parallel", "is_closed"),
)


def read_plain(folder: Path) -> GridRead:
    """Read nodes.csv and branches.csv of a folder.

    Raises
    ------
    UsageError: one of the two is missing.
    InputError: the first of all findings in both files, the others listed in its hint.
    """
    nodes = _table(folder / NODES, required=_NODE_REQUIRED, optional=_NODE_OPTIONAL)
    branches = _table(folder / BRANCHES, required=_BRANCH_REQUIRED, optional=_BRANCH_OPTIONAL)
    grades = choices(nodes, "grade", Grade, default=Grade.MODELLED)
    node_part = _nodes(nodes)
    branch_part, warnings = _branches(branches, nodes=node_part.values["node_id"])
    return assemble(
        [node_part],
        [branch_part],
        file=folder.name,
        grade=max(grades, key=lambda grade: grade.value),
        warnings=warnings,
    )


def _table(path: Path, *, required: tuple[str, ...], optional: tuple[str, ...]) -> ChargeTable:
    separator = separator_of(path)
    return ChargeTable(path, required=required, optional=optional, separator=separator)


def _nodes(table: ChargeTable) -> Part:
    nominal_kv = numbers(table, "nominal_kv")
    above_zero(table, "nominal_kv", nominal_kv, where=np.ones(len(table), dtype=bool))
    kind = choices(table, "kind", NodeKind)
    lat, lon = numbers(table, "lat", default=np.nan), numbers(table, "lon", default=np.nan)
    within(table, "lat", lat, least=-90, most=90, why=text("degrees"))
    within(table, "lon", lon, least=-180, most=180, why=text("degrees"))
    u_ref_pu = numbers(table, "u_ref_pu", default=1.0)
    within(table, "u_ref_pu", u_ref_pu, least=0.5, most=1.5, why=text("a share of nominal_kv"))
    sk_mva = numbers(table, "sk_mva", default=np.inf)
    above_zero(table, "sk_mva", sk_mva, where=np.ones(len(table), dtype=bool))
    is_source = np.array([one is NodeKind.SOURCE for one in kind], dtype=bool)
    return Part(
        table=table,
        rows=np.arange(len(table)),
        values={
            "node_id": table.words("node_id").to_list(),
            "node_kind": list(kind),
            "nominal_kv": nominal_kv,
            "lat": lat,
            "lon": lon,
            "u_ref_pu": np.where(is_source, u_ref_pu, 1.0),
            "sk_mva": np.where(is_source, sk_mva, np.inf),
        },
        named={"node_kind": "kind"},
    )


def _branches(table: ChargeTable, *, nodes: list[str]) -> tuple[Part, list[StudyWarning]]:
    kind = choices(table, "kind", BranchKind)
    is_transformer = np.array([one is BranchKind.TRANSFORMER for one in kind], dtype=bool)
    is_line = np.array([one in (BranchKind.LINE, BranchKind.CABLE) for one in kind], dtype=bool)
    line, warnings = _line_columns(table, is_line=is_line)
    part = Part(
        table=table,
        rows=np.arange(len(table)),
        values={
            "branch_id": table.words("branch_id").to_list(),
            "branch_kind": list(kind),
            "from_node": _ends(table, "from_node", nodes=nodes),
            "to_node": _ends(table, "to_node", nodes=nodes),
            "is_closed": flags(table, "is_closed", default=True),
            "n_parallel": whole(table, "n_parallel", default=1, minimum=1),
            **line,
            **_rating_columns(table, is_transformer=is_transformer),
            **_tap_columns(table, is_transformer=is_transformer),
        },
        named={"branch_kind": "kind"},
    )
    return part, warnings


def _ends(table: ChargeTable, column: str, *, nodes: list[str]) -> Ints:
    """(rows,) row of the node at an end; -1 where there is none such, -2 at an empty cell."""
    words = table.words(column)
    return np.where((words == "").to_numpy(), -2, rows_of(words, tuple(nodes)))


def _line_columns(
    table: ChargeTable, *, is_line: Flags
) -> tuple[dict[str, Floats], list[StudyWarning]]:
    for column in ("length_km", "r_ohm", "x_ohm"):
        needed(table, column, where=is_line, why=text("lines and cables have one"))
    columns = {
        column: numbers(table, column, default=np.nan, minimum=0.0)
        for column in (*_LINE, *_ZERO_SEQUENCE)
    }
    max_a = columns["max_a"]
    above_zero(table, "max_a", max_a, where=np.ones(len(table), dtype=bool))
    columns["max_a"] = np.where(np.isnan(max_a), np.inf, max_a)
    n_without = int((is_line & np.isnan(columns["c_nf"])).sum())
    columns["c_nf"] = np.where(is_line & np.isnan(columns["c_nf"]), 0.0, columns["c_nf"])
    columns["length_km"] = np.where(is_line, columns["length_km"], 0.0)
    for column in ("r_ohm", "x_ohm", "c_nf", *_ZERO_SEQUENCE):
        columns[column] = np.where(is_line, columns[column], np.nan)
    if not n_without:
        return columns, []
    message = text("{n} lines or cables without c_nf: taken as 0", n=n_without)
    warning = StudyWarning(code="grid-capacitance-not-known", file=table.file, message=message)
    return columns, [warning]


def _rating_columns(table: ChargeTable, *, is_transformer: Flags) -> dict[str, Floats]:
    columns = {}
    for column in _RATING:
        needed(table, column, where=is_transformer, why=text("transformers have one"))
        values = numbers(table, column, default=np.nan, minimum=0.0)
        columns[column] = np.where(is_transformer, values, np.nan)
    for column in ("sn_kva", "uk_percent"):
        above_zero(table, column, columns[column], where=is_transformer)
    within(table, "uk_percent", columns["uk_percent"], least=0, most=100, why=text("percent"))
    within(table, "i0_percent", columns["i0_percent"], least=0, most=100, why=text("percent"))
    for column in ("rated_from_kv", "rated_to_kv"):
        columns[column] = numbers(table, column, default=np.nan)
        above_zero(table, column, columns[column], where=is_transformer)
    return columns


def _tap_columns(table: ChargeTable, *, is_transformer: Flags) -> dict[str, object]:
    tap_pos = whole(table, "tap_pos", default=0)
    step_percent = numbers(table, "tap_step_percent", default=0.0)
    within(table, "tap_step_percent", step_percent, least=-20, most=20, why=text("of one step"))
    regulated_pu = numbers(table, "regulated_pu", default=np.nan)
    within(table, "regulated_pu", regulated_pu, least=0.5, most=1.5, why=text("of nominal_kv"))
    columns = {
        "tap_pos": tap_pos,
        "tap_min": whole(table, "tap_min", default=np.minimum(tap_pos, 0)),
        "tap_max": whole(table, "tap_max", default=np.maximum(tap_pos, 0)),
    }
    return {
        **{name: np.where(is_transformer, values, 0) for name, values in columns.items()},
        "tap_step_percent": np.where(is_transformer, step_percent, 0.0),
        "regulated_pu": np.where(is_transformer, regulated_pu, np.nan),
        "vector_group": table.words("vector_group", default="").to_list(),
    }
