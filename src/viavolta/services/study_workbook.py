"""A study as one workbook: its figures, what it rests on, and every table."""

import dataclasses
import json
from collections.abc import Sequence
from typing import Any

import polars as pl

from viavolta.formats.xlsx import Sheet, workbook
from viavolta.model.study import Study


def study_workbook(study: Study) -> bytes:
    """Write the sheets summary, inputs, assumptions, repairs, warnings, and one per table."""
    sheets = [
        Sheet(name="summary", table=_summary(study)),
        Sheet(name="inputs", table=_records(study.inputs)),
        Sheet(name="assumptions", table=_records(study.assumptions)),
        Sheet(name="repairs", table=_records(study.repairs)),
        Sheet(name="warnings", table=_records(study.warnings)),
        *(Sheet(name=name, table=study.tables[name]) for name in sorted(study.tables)),
    ]
    return workbook([s for s in sheets if s.table.width], title=study.title)


def _summary(study: Study) -> pl.DataFrame:
    about = {
        "title": study.title,
        "kind": study.kind,
        "seed": study.seed,
        "effort": study.effort,
        "service_date": study.service_date.isoformat() if study.service_date else None,
        "timezone": study.timezone,
    }
    rows = [{"key": key, **_value(value)} for key, value in {**about, **study.summary}.items()]
    return pl.DataFrame(rows, schema={"key": pl.String, "value": pl.Float64, "text": pl.String})


def _value(value: Any) -> dict[str, Any]:
    """A figure as a number, everything else as text; lists and groups as JSON."""
    match value:
        case bool() | None:
            return {"text": None if value is None else str(value).lower()}
        case int() | float():
            return {"value": float(value)}
        case str():
            return {"text": value}
        case _:
            return {"text": json.dumps(value, ensure_ascii=False)}


def _records(records: Sequence[Any]) -> pl.DataFrame:
    rows = [
        {
            key: value if key in {"count", "bytes", "year"} or value is None else str(value)
            for key, value in dataclasses.asdict(record).items()
        }
        for record in records
    ]
    return pl.DataFrame(rows, infer_schema_length=None)
