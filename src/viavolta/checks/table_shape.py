"""The shape of a study's tables: columns there, of the right type, filled, finite."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import assert_never

import polars as pl

from viavolta.checks.finding import Finding
from viavolta.model.messages import text


class Kind(StrEnum):
    """What a column holds."""

    TEXT = "text"
    TEXTS = "text or list of texts"
    WHOLE = "whole number"
    NUMBER = "number"
    TRUTH = "true or false"
    MOMENT = "timestamp in UTC, microseconds"


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """What the contract says of one column; an optional column may be left out entirely."""

    kind: Kind
    nullable: bool = False
    optional: bool = False


TableShapes = Mapping[str, Mapping[str, Column]]


def check_shapes(tables: Mapping[str, pl.DataFrame], shapes: TableShapes) -> Iterator[Finding]:
    """Every breach of the given shapes; columns beyond the contract are welcome."""
    for name, columns in shapes.items():
        table = tables.get(name)
        if table is None:
            yield Finding(
                rule="table-missing",
                table=name,
                where=f"{name}.parquet",
                message=text("the study has no table {name}", name=name),
            )
            continue
        for column, expected in columns.items():
            yield from _check_column(table, column, expected=expected, name=name)


def _check_column(
    table: pl.DataFrame, column: str, *, expected: Column, name: str
) -> Iterator[Finding]:
    if column not in table.columns:
        if not expected.optional:
            yield Finding(
                rule="column-missing",
                table=name,
                where=column,
                message=text("the column {column} is missing", column=column),
            )
        return
    values = table[column]
    if values.dtype == pl.Null and (expected.nullable or values.is_empty()):
        return
    if not _fits(values.dtype, expected.kind):
        yield Finding(
            rule="column-type",
            table=name,
            where=column,
            message=text(
                "the column holds {found}, expected {expected}",
                found=values.dtype,
                expected=expected.kind.value,
            ),
        )
        return
    if not expected.nullable:
        for row in values.is_null().arg_true():
            yield _cell("value-missing", name, column=column, row=row, found="null")
    if values.dtype.is_float():
        for row in (~values.is_finite()).fill_null(value=False).arg_true():
            yield _cell("value-not-finite", name, column=column, row=row, found=str(values[row]))


def _cell(rule: str, name: str, *, column: str, row: int, found: str) -> Finding:
    return Finding(
        rule=rule,
        table=name,
        where=text("row {row}, {column}", row=row + 1, column=column),
        message=text("the value is {found}", found=found),
    )


def _fits(dtype: pl.DataType, kind: Kind) -> bool:
    match kind:
        case Kind.TEXT:
            return dtype in (pl.String, pl.Categorical, pl.Enum)
        case Kind.TEXTS:
            return dtype in (pl.String, pl.List(pl.String))
        case Kind.WHOLE:
            return dtype.is_integer()
        case Kind.NUMBER:
            return dtype.is_float() or dtype.is_integer()
        case Kind.TRUTH:
            return dtype == pl.Boolean
        case Kind.MOMENT:
            return dtype == pl.Datetime("us", "UTC")
        case _ as never:
            assert_never(never)
