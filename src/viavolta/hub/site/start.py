"""What every process of the hub does first: settings, folders, tables as the program needs them."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import django
from django.conf import settings
from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

_MIGRATE_LOCK = 0x7669_6177  # any number that no one else locks


def set_up(data: Path | None = None, *, origin: str | None = None) -> None:
    """Set Django up; what is not given comes from the environment."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "viavolta.hub.site.settings")
    if data is not None:
        os.environ["VIAVOLTA_DATA"] = str(data.absolute())
    if origin is not None:
        os.environ.setdefault("VIAVOLTA_ORIGIN", origin)
    django.setup()


def migrate() -> None:
    """Bring the tables up to date; of several that start at once, one does it."""
    if not _is_due():
        return
    with _alone():
        call_command("migrate", interactive=False, verbosity=0)


def _is_due() -> bool:
    """Whether a migration has not been applied."""
    executor = MigrationExecutor(connection)
    return bool(executor.migration_plan(executor.loader.graph.leaf_nodes()))


@contextmanager
def _alone() -> Iterator[None]:
    """Wait until nobody else migrates this database."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(%s)", [_MIGRATE_LOCK])
            try:
                yield
            finally:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [_MIGRATE_LOCK])
        return
    with (settings.CONFIG.data / "migrate.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
