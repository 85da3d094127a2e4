"""What `study.json` and the files beside it must look like; works on bytes, opens nothing."""

import hashlib
import io
import json
from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath
from typing import Any

import polars as pl

from viavolta.checks.finding import Finding
from viavolta.model.errors import InputError, Where
from viavolta.model.messages import text

STUDY_FILE = "study.json"
REPORT_FILE = "report.html"
_CELLS_MAX = 500_000_000
_STATUSES = ("verified", "secondary", "general-knowledge", "user")
_KEYS: Mapping[str, tuple[type, ...]] = {
    "kind": (str,),
    "title": (str,),
    "viavolta": (str,),
    "seed": (int,),
    "effort": (str,),
    "service_date": (str, type(None)),
    "timezone": (str,),
    "inputs": (list,),
    "assumptions": (list,),
    "repairs": (list,),
    "warnings": (list,),
    "summary": (dict,),
    "timings_s": (dict,),
    "files": (list,),
}
_ITEM_KEYS: Mapping[str, Mapping[str, tuple[type, ...]]] = {
    "inputs": {
        "name": (str,),
        "sha256": (str,),
        "bytes": (int,),
        "origin": (str, type(None)),
        "licence": (str, type(None)),
    },
    "assumptions": {
        "key": (str,),
        "value": (str, int, float),
        "unit": (str, type(None)),
        "source": (str,),
        "year": (int, type(None)),
        "status": (str,),
    },
    "repairs": {
        "code": (str,),
        "file": (str, type(None)),
        "count": (int,),
        "example": (str, type(None)),
        "action": (str,),
    },
    "warnings": {"code": (str,), "file": (str, type(None)), "message": (str,)},
    "files": {"name": (str,), "rows": (int, type(None)), "sha256": (str,)},
}


def parse_study(content: bytes | None) -> dict[str, Any]:
    """Read `study.json`.

    Raises
    ------
    InputError: the file is missing (None), not JSON, names a key twice, or is no object.
    """
    try:
        if content is None:
            raise _unreadable(text("there is no {file} in the folder", file=STUDY_FILE))
        document = json.loads(content.decode("utf-8"), object_pairs_hook=_without_doubles)
    except (ValueError, RecursionError) as error:
        raise _unreadable(text("{file} is not valid JSON", file=STUDY_FILE), error) from error
    if not isinstance(document, dict):
        raise _unreadable(text("{file} is not a JSON object", file=STUDY_FILE))
    return document


def parse_table(name: str, content: bytes) -> pl.DataFrame:
    """Read a Parquet file from its bytes; `name` is for errors.

    Raises
    ------
    InputError: the file is no Parquet, is damaged, or unpacks to more than any study holds.
    """
    try:
        width = len(pl.read_parquet_schema(io.BytesIO(content)))
        height = pl.scan_parquet(io.BytesIO(content)).select(pl.len()).collect().item()
        if width * height > _CELLS_MAX:
            raise _table_error(name, text("{h} rows of {w} columns", h=height, w=width))
        return pl.read_parquet(io.BytesIO(content))
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError) as error:
        raise _table_error(name, str(error)) from error


def check_study_keys(study: Mapping[str, Any]) -> Iterator[Finding]:
    """Every key of the contract, with a value of the right kind, in the lists too."""
    yield from _keys(study, _KEYS, where="")
    for key, expected in _ITEM_KEYS.items():
        items = study.get(key)
        for number, item in enumerate(items if isinstance(items, list) else [], start=1):
            where = f"{key}[{number}]"
            if not isinstance(item, dict):
                yield _of("study-keys", where, text("is no object"))
                continue
            yield from _keys(item, expected, where=f"{where}.")
            if key == "assumptions" and item.get("status") not in _STATUSES:
                message = text("{s!r} is none of {all}", s=item.get("status"), all=_STATUSES)
                yield _of("assumption-status", f"{where}.status", message)


def check_files(study: Mapping[str, Any], files: Mapping[str, bytes]) -> Iterator[Finding]:
    """Compare the list of files with the folder; `study` passed `check_study_keys`."""
    listed: dict[str, Mapping[str, Any]] = {}
    for item in study["files"]:
        name = item["name"]
        if name in listed:
            yield _of("file-listed-twice", name, text("stands twice in files"))
        listed[name] = item
        path = PurePosixPath(name)
        if path.is_absolute() or ".." in path.parts or "\\" in name:
            yield _of("file-outside", name, text("does not lie in the study folder"))
        elif name not in files:
            yield _of("file-missing", name, text("is listed, but not in the folder"))
        elif hashlib.sha256(files[name]).hexdigest() != item["sha256"]:
            yield _of("file-hash", name, text("does not have the listed sha256"))
    for name in sorted(files):
        if name.endswith(".parquet") and name not in listed:
            yield _of("file-unlisted", name, text("lies in the folder, but is not listed"))


def check_row_counts(
    study: Mapping[str, Any], tables: Mapping[str, pl.DataFrame]
) -> Iterator[Finding]:
    """Compare the listed numbers of rows with the tables."""
    for item in study["files"]:
        table = tables.get(item["name"].removesuffix(".parquet"))
        if item["name"].endswith(".parquet") and table is not None and table.height != item["rows"]:
            message = text("has {n} rows, listed with {rows}", n=table.height, rows=item["rows"])
            yield _of("file-rows", item["name"], message)


def check_report(files: Mapping[str, bytes]) -> Iterator[Finding]:
    """Check that the report is there and has something in it."""
    if not files.get(REPORT_FILE):
        yield _of("report-missing", REPORT_FILE, text("is missing or empty"))


def _keys(
    item: Mapping[str, Any], expected: Mapping[str, tuple[type, ...]], *, where: str
) -> Iterator[Finding]:
    for key, kinds in expected.items():
        if key not in item:
            yield _of("study-keys", f"{where}{key}", text("is missing"))
        elif not isinstance(item[key], kinds) or isinstance(item[key], bool):
            names = ", ".join(k.__name__ for k in kinds)
            message = text("is {found}, expected {e}", found=type(item[key]).__name__, e=names)
            yield _of("study-keys", f"{where}{key}", message)


def _without_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        msg = "a key stands twice in one object"
        raise ValueError(msg)
    return found


def _unreadable(message: str, error: Exception | None = None) -> InputError:
    return InputError(
        code="not-a-study",
        message=message,
        where=Where(file=STUDY_FILE, value=str(error)[:200] if error else None),
        expected=text("a folder that viavolta has written"),
        hint=text("name the folder that --out named; if the study is damaged, make it anew"),
    )


def _table_error(name: str, reason: str) -> InputError:
    return InputError(
        code="study-table-unreadable",
        message=text("{file} is not a readable Parquet file", file=name),
        where=Where(file=name, value=reason[:200]),
        hint=text("the study is damaged; make it anew"),
    )


def _of(rule: str, where: str, message: str) -> Finding:
    return Finding(rule=rule, table="study", where=where[:200], message=message)
