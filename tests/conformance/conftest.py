"""One gateway for all cases of a module, on a database of its own."""

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import pytest
from oca.certificates import ORGANISATION, Pair
from oca.database import database_in
from oca.peers import POOL_TOKEN, running_peers
from oca.pki import pem
from oca.stage import Gateways, gateway_beside
from oca.vehicles import EMAID

from viavolta.gateway import errands
from viavolta.gateway.part import tls_context
from viavolta.storage import wake
from viavolta.storage.station_authorities import open_authority
from viavolta.storage.tables.stations import Token
from viavolta.storage.trusted_certificates import add_trusted, set_pool
from viavolta.storage.v2g_authorities import open_v2g_authority

EXPIRED_AT = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)


@pytest.fixture(name="_django_db_helper")
def _no_flush_between_cases(django_db_setup: None) -> None:
    """Stands in for pytest-django's: the mark makes the tables, each case has its own station."""


@pytest.fixture(scope="module")
def gateways(
    tmp_path_factory: pytest.TempPathFactory,
    django_db_setup: None,  # noqa: ARG001 - the tables must be there
    django_db_blocker: pytest.FixtureRequest,
) -> Iterator[Gateways]:
    """Two running gateways, one with TLS; the cards and the authority of their tenant."""
    data = tmp_path_factory.mktemp("gateway")
    certificate, key = Pair.new().self_signed("127.0.0.1").write(data, "server")
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
        Token.objects.create(tenant_id=1, token=EMAID, kind="eMAID")
        open_authority(data, 1, ORGANISATION)
        open_v2g_authority(data, 1, ORGANISATION)
        with running_peers() as peers:
            add_trusted(1, "mo-root", pem(peers.root.certificate))
            add_trusted(1, "below", pem(peers.authority.certificate))
            set_pool(data, 1, url=f"http://{peers.host}/pool", token=POOL_TOKEN)
            more = {"vouched": (peers.host,)}
            with (
                gateway_beside(data, **more) as plain,
                gateway_beside(
                    data, name="tls", tls=tls_context(certificate, key, None), **more
                ) as tls,
            ):
                yield Gateways(plain, tls, Path(certificate), peers)
