"""Tables: the address bar alone says what is shown, and the file holds all of it."""

import csv
import datetime as dt
import io
from typing import Any

import polars as pl
import pytest
from django.test import RequestFactory

from viavolta.hub.frame.cells import Column, Kind, for_file
from viavolta.hub.frame.rows import FrameRows, QueryRows, RecordRows, Rows
from viavolta.hub.frame.tables import Filter, Table
from viavolta.hub.people.models import Organisation

CITIES = [
    {"name": "Maribor", "inhabitants": 95_000, "kind": "city"},
    {"name": "Graz", "inhabitants": 300_000, "kind": "city"},
    {"name": "Lienz", "inhabitants": None, "kind": "town"},
    {"name": "Sion", "inhabitants": 35_000, "kind": "town"},
]
COLUMNS = (
    Column(key="name", label="Name", link=lambda row: f"/cities/{row['name']}/"),
    Column(key="inhabitants", label="Inhabitants", kind=Kind.NUMBER),
    Column(key="kind", label="Kind", is_shown=False),
)


def table(query: str = "", rows: Rows | None = None, **extra: Any) -> Table:
    """A table of cities as an address with this query asks for it."""
    request = RequestFactory().get(f"/cities/?{query}")
    return Table(request, rows or RecordRows(CITIES), COLUMNS, **extra)


def names(shown: Table) -> list[str]:
    return [row["name"] if isinstance(row, dict) else row.name for row in shown.rows]


@pytest.mark.parametrize("rows", [RecordRows(CITIES), FrameRows(pl.DataFrame(CITIES))])
def test_rows_are_sorted_with_empty_ones_last(rows: Rows) -> None:
    """Both ways a row without the value comes last."""
    assert names(table("sort=inhabitants", rows)) == ["Sion", "Maribor", "Graz", "Lienz"]
    assert names(table("sort=-inhabitants", rows)) == ["Graz", "Maribor", "Sion", "Lienz"]


@pytest.mark.parametrize("rows", [RecordRows(CITIES), FrameRows(pl.DataFrame(CITIES))])
def test_rows_are_found_by_all_words(rows: Rows) -> None:
    """Each word must stand somewhere in the row, in any case."""
    assert names(table("q=CITY+mar", rows)) == ["Maribor"]


@pytest.mark.django_db
def test_rows_of_the_database_are_found_sorted_and_counted() -> None:
    """A query is narrowed and sorted by the database."""
    for city in CITIES:
        Organisation.objects.create(
            name=city["name"],
            slug=str(city["name"]).lower(),
            kind="city",
            country="AT",
            inhabitants=city["inhabitants"],
        )
    rows = QueryRows(Organisation.objects.all(), search=("name", "slug"))
    columns = (Column(key="name", label="Name"), Column(key="inhabitants", label="Inhabitants"))
    request = RequestFactory().get("/?sort=-inhabitants&q=i")
    shown = Table(request, rows, columns)
    assert names(shown) == ["Maribor", "Sion", "Lienz"]
    assert shown.count == 3


def test_a_page_holds_its_part_and_names_its_neighbours() -> None:
    """The second of three pages shows rows 26 to 50 and links to both sides."""
    rows = RecordRows([{"name": f"n{i:02}", "inhabitants": i, "kind": ""} for i in range(60)])
    shown = table("page=2&sort=name", rows)
    assert (shown.first, shown.last, shown.count) == (26, 50, 60)
    assert names(shown)[0] == "n25"
    assert shown.previous_address == "/cities/?sort=name&page=1"
    assert [n for n, _address in shown.pages] == [1, 2, 3]


@pytest.mark.parametrize("page", ["0", "-1", "x", "²", "9999999999999999999999"])
def test_a_wrong_page_is_the_nearest_one(page: str) -> None:
    """No address makes a page fail."""
    assert table(f"page={page}").page == 1


def test_a_filter_keeps_its_choice_and_ignores_others() -> None:
    """A choice narrows the rows; one that is not offered does nothing."""
    kind = Filter(
        key="kind",
        label="Kind",
        choices=[("city", "city"), ("town", "town")],
        keep=lambda rows, choice: RecordRows([r for r in rows.records if r["kind"] == choice]),
    )
    assert names(table("kind=town", filters=[kind])) == ["Lienz", "Sion"]
    assert table("kind=village", filters=[kind]).count == 4


def test_columns_are_chosen_by_the_address() -> None:
    """Hidden columns can be shown, others taken out."""
    assert [c.key for c in table().columns] == ["name", "inhabitants"]
    assert [c.key for c in table("column=kind&column=name").columns] == ["name", "kind"]


def test_a_sorted_column_turns_round() -> None:
    """The head of a column sorts by it, the second time the other way."""
    heads = {h["column"].key: h for h in table("sort=name&page=2").heads}
    assert heads["name"]["address"] == "/cities/?sort=-name"
    assert heads["name"]["aria"] == "ascending"
    assert heads["inhabitants"]["address"] == "/cities/?sort=inhabitants"


def test_two_tables_on_a_page_keep_apart() -> None:
    """The parameters of a table with a name do not touch the other."""
    assert names(table("b-q=graz&q=sion", name="b")) == ["Graz"]


def test_the_file_holds_all_rows_and_columns() -> None:
    """Export writes every row found, in order, with all columns and plain numbers."""
    shown = table("export=csv&sort=-inhabitants&q=city")
    assert shown.is_export
    text = b"".join(shown.export("cities").streaming_content).decode()  # type: ignore[arg-type] # sync
    assert list(csv.reader(io.StringIO(text))) == [
        ["name", "inhabitants", "kind"],
        ["Graz", "300000", "city"],
        ["Maribor", "95000", "city"],
    ]


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("=HYPERLINK(1)", "'=HYPERLINK(1)"),
        (-3.5, "-3.5"),
        (True, "true"),
        (None, ""),
        (dt.datetime(2026, 3, 1, 8, tzinfo=dt.UTC), "2026-03-01T08:00:00+00:00"),
    ],
)
def test_no_cell_of_the_file_is_a_formula(value: object, written: str) -> None:
    """Text that a spreadsheet would compute is quoted; numbers and dates stay plain."""
    assert for_file(value) == written


def test_cells_escape_what_they_show() -> None:
    """Text from outside never becomes HTML, and links keep it escaped."""
    cell = COLUMNS[0].shown({"name": "<b>x</b>"})
    assert cell == '<a href="/cities/&lt;b&gt;x&lt;/b&gt;/">&lt;b&gt;x&lt;/b&gt;</a>'
