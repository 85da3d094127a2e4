"""A database in a file: threads that write side by side wait there for each other.

The tests' usual one lives in memory, where a second writer is refused at once.
"""

import contextlib
from collections.abc import Iterator
from pathlib import Path

from django.db import connection, connections


@contextlib.contextmanager
def database_in(folder: Path) -> Iterator[None]:
    """A copy of the tests' empty database, in force for all threads, gone at the end."""
    file = folder / "tables.sqlite3"
    with connection.cursor() as cursor:
        cursor.execute("VACUUM INTO %s", [str(file)])
    in_memory, name = connection.connection, connection.settings_dict["NAME"]
    connection.connection = None
    connections.settings["default"]["NAME"] = connection.settings_dict["NAME"] = str(file)
    try:
        yield
    finally:
        connection.close()
        connections.settings["default"]["NAME"] = connection.settings_dict["NAME"] = name
        connection.connection = in_memory
