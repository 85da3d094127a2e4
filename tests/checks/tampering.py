"""Tools to tamper with a study on disk: opened as rows, changed, saved with fresh hashes."""

import datetime as dt
import hashlib
import json
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import polars as pl

Row = dict[str, Any]
Tamper = Callable[[Path], None]

TAMPERS: dict[str, Tamper] = {}
RULES: dict[str, str] = {}

WAYS = ("deadhead", "pull_out", "pull_in")
DAY_S = 86_400


class CannotTamper(Exception):  # noqa: N818 - a signal to skip, not an error
    """The study has nothing that this tampering could change."""


class Opened:
    """A study as lists of rows that may be changed; the schema of each table is kept."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.meta: dict[str, Any] = json.loads((folder / "study.json").read_text())
        self.tables = {p.stem: pl.read_parquet(p) for p in sorted(folder.glob("*.parquet"))}
        self._rows: dict[str, list[Row]] = {}

    @property
    def summary(self) -> dict[str, Any]:
        return self.meta["summary"]  # type: ignore[no-any-return]  # JSON

    def rows(self, table: str) -> list[Row]:
        if table not in self._rows:
            self._rows[table] = self.tables[table].to_dicts()
        return self._rows[table]

    def first(self, table: str, fits: Callable[[Row], bool] = lambda _: True) -> Row:
        for row in self.rows(table):
            if fits(row):
                return row
        raise CannotTamper(table)

    def blocks(self) -> dict[str, list[Row]]:
        found: defaultdict[str, list[Row]] = defaultdict(list)
        for row in sorted(self.rows("blocks"), key=lambda r: (r["block_id"], r["seq"])):
            found[row["block_id"]].append(row)
        return found

    def steps(self, stay: Row) -> list[Row]:
        found = [r for r in self.rows("schedule") if r["stay_id"] == stay["stay_id"]]
        if not any(r["power_kw"] for r in found):
            raise CannotTamper("schedule")
        return sorted(found, key=lambda r: r["start"])

    def charged_stay(self) -> Row:
        return self.first("stays", lambda r: r["energy_kwh"] > 1)

    def save(self) -> None:
        for name, rows in self._rows.items():
            self.tables[name] = pl.DataFrame(rows, schema=self.tables[name].schema)
        for name, table in self.tables.items():
            table.write_parquet(self.folder / f"{name}.parquet")
        for item in self.meta["files"]:
            path = self.folder / item["name"]
            if path.is_file():
                item["sha256"] = hashlib.sha256(path.read_bytes()).hexdigest()
            if path.suffix == ".parquet" and path.stem in self.tables:
                item["rows"] = self.tables[path.stem].height
        (self.folder / "study.json").write_text(json.dumps(self.meta))


@contextmanager
def opened(folder: Path) -> Iterator[Opened]:
    """Open a study, save it with fresh hashes at the end."""
    study = Opened(folder)
    yield study
    study.save()


def on_files(rule: str) -> Callable[[Tamper], Tamper]:
    def register(function: Tamper) -> Tamper:
        TAMPERS[function.__name__] = function
        RULES[function.__name__] = rule
        return function

    return register


def on_study(rule: str) -> Callable[[Callable[[Opened], None]], Callable[[Opened], None]]:
    def register(change: Callable[[Opened], None]) -> Callable[[Opened], None]:
        def tamper(folder: Path) -> None:
            with opened(folder) as study:
                change(study)

        TAMPERS[change.__name__] = tamper
        RULES[change.__name__] = rule
        return change

    return register


def longest_block(s: Opened) -> list[Row]:
    return max(s.blocks().values(), key=len)


def vehicle_of(s: Opened, rows: list[Row]) -> Row:
    return s.first("vehicles", lambda v: v["vehicle_id"] == rows[0]["vehicle_id"])


def lift_charge(rows: list[Row], kwh: float) -> None:
    for row in rows:
        row["soc_start_kwh"] += kwh
        row["soc_end_kwh"] += kwh


def charged_night(s: Opened) -> Row:
    return s.first("stays", lambda r: r["seq"] is None and r["energy_kwh"] > 1)


def charge_row(s: Opened) -> Row:
    return s.first("blocks", lambda r: r["kind"] == "charge")


def require_column(s: Opened, column: str) -> None:
    if column not in s.tables["stays"].columns:
        raise CannotTamper(column)


def other_place(s: Opened, place: str) -> str:
    other = s.first("places", lambda p: p["place_id"] != place)
    return str(other["place_id"])


def trip_and_its_row(s: Opened) -> tuple[Row, Row]:
    row = s.first("blocks", lambda r: r["kind"] == "trip")
    return row, s.first("trips", lambda t: t["trip_id"] == row["trip_id"])


def square_of_way(a: Row, b: Row) -> float:
    return float((a["lat"] - b["lat"]) ** 2 + (a["lon"] - b["lon"]) ** 2)


def most_at_once(windows: list[tuple[dt.datetime, dt.datetime]]) -> int:
    """Count at every arrival, yesterday's and tomorrow's vehicles included."""
    day = dt.timedelta(days=1)
    return max(
        sum(a + k * day <= moment < d + k * day for a, d in windows for k in (-2, -1, 0, 1, 2))
        for moment, _ in windows
    )
