"""Many rows at once."""

from collections.abc import Collection, Sequence
from typing import Any

from django.db import connection, models

from viavolta.storage.tables.stations import Station


def write(rows: Sequence[models.Model], names: Sequence[str]) -> None:
    """Write some fields of many rows that are there: one statement, prepared once.

    Django's own bulk_update makes one long CASE of them, which takes ten times as long.
    """
    if not rows:
        return
    meta = rows[0]._meta
    fields = [_column(rows[0], n) for n in names]
    quote = connection.ops.quote_name
    columns = [quote(str(field.column)) for field in fields]
    changes = ", ".join(f"{column} = %s" for column in columns)
    key = quote(str(meta.pk.column))
    values = [
        [
            *(f.get_db_prep_save(getattr(row, f.attname), connection) for f in fields),
            row.pk,
        ]
        for row in rows
    ]
    statement = f"UPDATE {quote(meta.db_table)} SET {changes} WHERE {key} = %s"  # noqa: S608 - names of our own columns
    with connection.cursor() as cursor:
        cursor.executemany(statement, values)


def in_turn(stations: Collection[int]) -> None:
    """Hold the rows of stations until the transaction ends, lowest number first.

    Several processes change many stations each; whoever takes them in the same order waits for the
    other, and neither for ever.
    """
    if not connection.features.has_select_for_update:
        return  # one writer at a time anyway
    rows = Station.objects.filter(pk__in=stations).order_by("pk").select_for_update(no_key=True)
    list(rows.values_list("pk", flat=True))


def _column(row: models.Model, name: str) -> "models.Field[Any, Any]":
    field = row._meta.get_field(name)
    if not isinstance(field, models.Field):
        msg = f"{name} is no column"
        raise TypeError(msg)
    return field
