"""One gateway for all cases of a module, on a database of its own."""

import datetime as dt
from collections.abc import Iterator

import pytest
from oca.database import database_in
from oca.stage import gateway_beside

from viavolta.gateway import errands, server
from viavolta.storage import wake
from viavolta.storage.tables.stations import Token

EXPIRED_AT = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)


@pytest.fixture(name="_django_db_helper")
def _no_flush_between_cases(django_db_setup: None) -> None:
    """Stands in for pytest-django's: the mark makes the tables, each case has its own station."""


@pytest.fixture(scope="module")
def gateway(
    tmp_path_factory: pytest.TempPathFactory,
    django_db_setup: None,  # noqa: ARG001 - the tables must be there
    django_db_blocker: pytest.FixtureRequest,
) -> Iterator[server.Gateway]:
    """A running gateway and the cards that its tenant knows."""
    data = tmp_path_factory.mktemp("gateway")
    with (
        django_db_blocker.unblock(),
        pytest.MonkeyPatch.context() as patch,
        database_in(data),
    ):
        patch.setattr(errands, "REFRESH_EVERY_S", 0.02)
        patch.setattr(wake, "POLL_S", 0.02)
        Token.objects.create(tenant_id=1, token="card", group="family")
        Token.objects.create(tenant_id=1, token="card-2", group="family")
        Token.objects.create(tenant_id=1, token="master", group="masters")
        Token.objects.create(tenant_id=1, token="blocked", status="Blocked")
        Token.objects.create(tenant_id=1, token="empty", status="NoCredit")
        Token.objects.create(tenant_id=1, token="expired", expires_at=EXPIRED_AT)
        with gateway_beside(data) as running:
            yield running
