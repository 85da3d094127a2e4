"""Tampering with the files of a study and their list."""

import json
from pathlib import Path

import polars as pl
from tampering import CannotTamper, Opened, on_files, on_study


@on_files("file-hash")
def report_rewritten(folder: Path) -> None:
    with (folder / "report.html").open("a") as report:
        report.write("<p>all is well</p>")


@on_files("file-hash")
def table_rewritten(folder: Path) -> None:
    table = pl.read_parquet(folder / "chargers.parquet")
    table.with_columns(pl.col("cost_eur") * 0.5).write_parquet(folder / "chargers.parquet")


@on_files("file-rows")
def rows_miscounted(folder: Path) -> None:
    meta = json.loads((folder / "study.json").read_text())
    next(i for i in meta["files"] if i["name"] == "blocks.parquet")["rows"] += 1
    (folder / "study.json").write_text(json.dumps(meta))


@on_files("file-unlisted")
def table_slipped_in(folder: Path) -> None:
    pl.DataFrame({"a": [1]}).write_parquet(folder / "secret.parquet")


@on_files("file-missing")
def listed_file_gone(folder: Path) -> None:
    (folder / "stays.parquet").unlink()


@on_files("report-missing")
def report_gone(folder: Path) -> None:
    (folder / "report.html").unlink()


@on_study("file-outside")
def file_outside_the_folder(s: Opened) -> None:
    s.meta["files"].append({"name": "../study.json", "rows": None, "sha256": "0" * 64})


@on_study("file-listed-twice")
def file_listed_twice(s: Opened) -> None:
    s.meta["files"].append(dict(s.meta["files"][0]))


@on_study("table-missing")
def table_gone(s: Opened) -> None:
    (s.folder / "chargers.parquet").unlink()
    del s.tables["chargers"]
    s.meta["files"] = [i for i in s.meta["files"] if i["name"] != "chargers.parquet"]


@on_study("column-missing")
def column_gone(s: Opened) -> None:
    s.tables["blocks"] = s.tables["blocks"].drop("soc_start_kwh")


@on_study("column-type")
def column_as_text(s: Opened) -> None:
    s.tables["blocks"] = s.tables["blocks"].cast({"energy_kwh": pl.String})


@on_study("column-type")
def moments_without_zone(s: Opened) -> None:
    s.tables["stays"] = s.tables["stays"].with_columns(pl.col("arrival").dt.replace_time_zone(None))


@on_study("study-keys")
def study_without_seed(s: Opened) -> None:
    del s.meta["seed"]


@on_study("assumption-status")
def assumption_from_hearsay(s: Opened) -> None:
    if not s.meta["assumptions"]:
        raise CannotTamper("assumptions")
    s.meta["assumptions"][0]["status"] = "hearsay"
