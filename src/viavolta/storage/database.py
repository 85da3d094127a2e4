"""The database, as every process opens it."""

from typing import Any

import dj_database_url


def database(url: str) -> dict[str, Any]:
    """Django's settings of the database of an address such as postgres://USER:PASSWORD@HOST/NAME.

    SQLite is set up for many readers beside one writer, who waits for its turn.
    """
    found: dict[str, Any] = dict(dj_database_url.parse(url, conn_max_age=60))
    if found["ENGINE"] == "django.db.backends.sqlite3":
        found["OPTIONS"] = {
            "transaction_mode": "IMMEDIATE",
            "timeout": 20,
            "init_command": (
                "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; "
                "PRAGMA mmap_size=134217728; PRAGMA cache_size=-32000;"
            ),
        }
    return found
