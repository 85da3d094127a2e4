"""The tables are those of the models."""

import pytest
from django.core.management import call_command
from django.db import connection

from viavolta.hub.site import start


@pytest.mark.django_db
def test_every_change_of_a_model_has_its_migration() -> None:
    """Nothing is left to make, on the database that the tests run on."""
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)


@pytest.mark.django_db
def test_tables_that_are_up_to_date_are_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that starts beside others waits for no lock."""

    def fail(*_: object, **__: object) -> None:
        pytest.fail("migrated again")

    monkeypatch.setattr(start, "call_command", fail)
    start.migrate()
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM django_migrations WHERE app = 'tables'")
    called = []
    monkeypatch.setattr(start, "call_command", lambda name, **_: called.append(name))
    start.migrate()
    assert called == ["migrate"]
