"""Workbooks: read back by another library as they were written, the same bytes at any time."""

import datetime as dt
import io
import math
import zipfile
from typing import Any

import fastexcel
import polars as pl
import pytest

from viavolta.formats import xlsx
from viavolta.formats.xlsx import Sheet, workbook

NOON = dt.datetime(2026, 1, 12, 12, tzinfo=dt.UTC)
TABLE = pl.DataFrame(
    {
        "name": ["=1+1", "https://example.org", "0042", "Straße\n<b>"],
        "power_kw": [1.5, math.nan, None, -3.0],
        "n": [1, 2, None, 4],
        "is_depot": [True, False, None, True],
        "start": [NOON, NOON, None, NOON],
        "day": [NOON.date(), None, None, NOON.date()],
        "stops": [["A", "B"], [], None, ["C"]],
    }
)


def read(content: bytes, sheet: str) -> list[dict[str, Any]]:
    """The rows of a sheet, as the other library reads them."""
    return fastexcel.read_excel(content).load_sheet(sheet).to_polars().to_dicts()


def test_values_are_read_back_as_they_were_written() -> None:
    """Formulas, links and leading zeros stay texts; what has no value stays empty."""
    rows = read(workbook([Sheet(name="a", table=TABLE)], title="t"), "a")
    assert [row["name"] for row in rows] == TABLE["name"].to_list()
    assert [row["power_kw"] for row in rows] == [1.5, None, None, -3.0]
    assert [row["n"] for row in rows] == [1.0, 2.0, None, 4.0]
    assert [row["is_depot"] for row in rows] == [True, False, None, True]
    assert rows[0]["start"] == NOON.replace(tzinfo=None)
    assert rows[0]["day"].date() == NOON.date()
    assert [row["stops"] or "" for row in rows] == ["A B", "", "", "C"]


def test_a_long_table_goes_on_in_the_next_sheet(monkeypatch: pytest.MonkeyPatch) -> None:
    """No row is lost where a sheet is full; names of sheets are cut and stay different."""
    monkeypatch.setattr(xlsx, "ROWS_MAX", 3)
    long = pl.DataFrame({"x": range(8)})
    content = workbook(
        [Sheet(name="a" * 40, table=long), Sheet(name="b/c", table=long.head(0))], title="t"
    )
    names = fastexcel.read_excel(content).sheet_names
    assert names == ["a" * 31, "a" * 29 + " 2", "a" * 29 + " 3", "b_c"]
    found = [row["x"] for name in names[:3] for row in read(content, name)]
    assert found == list(range(8))


def test_the_same_tables_give_the_same_bytes() -> None:
    """Neither the day nor the machine stands in the file."""
    sheets = [Sheet(name="a", table=TABLE)]
    content = workbook(sheets, title="t")
    assert workbook(sheets, title="t") == content
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert {info.date_time[0] for info in archive.infolist()} == {1980}
        assert f"{dt.datetime.now(dt.UTC).year}-".encode() not in archive.read("docProps/core.xml")


def test_a_text_too_long_for_a_cell_ends_with_dots() -> None:
    """What a cell cannot hold is cut visibly."""
    table = pl.DataFrame({"x": ["a" * 40_000]})
    (row,) = read(workbook([Sheet(name="a", table=table)], title="t"), "a")
    assert len(row["x"]) == xlsx.TEXT_MAX
    assert row["x"].endswith("a...")
