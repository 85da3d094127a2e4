"""Two gateways under attack, with the stations of two tenants."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from oca.certificates import ORGANISATION, Pair
from oca.database import database_in
from oca.peers import POOL_TOKEN, running_peers
from oca.pki import pem
from oca.stage import PASSWORD, Gateways, gateway_beside
from oca.vehicles import EMAID
from target import Target

from viavolta.gateway import errands
from viavolta.gateway.part import tls_context
from viavolta.gateway.patience import Patience
from viavolta.gateway.projecting import keep_up
from viavolta.storage import wake
from viavolta.storage.station_authorities import open_authority
from viavolta.storage.tables.stations import Token
from viavolta.storage.trusted_certificates import add_trusted, set_pool
from viavolta.storage.v2g_authorities import open_v2g_authority

__all__ = ["PASSWORD"]


@pytest.fixture(name="_django_db_helper")
def _no_flush_between_attacks(django_db_setup: None) -> None:
    """Stands in for pytest-django's: each attack has stations of its own."""


@pytest.fixture(scope="module")
def gateways(
    tmp_path_factory: pytest.TempPathFactory,
    django_db_setup: None,  # noqa: ARG001 - the tables must be there
    django_db_blocker: pytest.FixtureRequest,
) -> Iterator[Gateways]:
    """A plain port and one with TLS, and the projector of both."""
    data = tmp_path_factory.mktemp("attacked")
    certificate, key = Pair.new().self_signed("127.0.0.1").write(data, "server")
    stop = threading.Event()
    with (
        django_db_blocker.unblock(),
        pytest.MonkeyPatch.context() as patch,
        database_in(data),
    ):
        patch.setattr(errands, "REFRESH_EVERY_S", 0.02)
        patch.setattr(wake, "POLL_S", 0.02)
        Token.objects.create(tenant_id=1, token="card")
        open_authority(data, 1, ORGANISATION)
        open_authority(data, 2, "Village")
        open_v2g_authority(data, 1, ORGANISATION)
        projector = threading.Thread(target=keep_up, args=(data, stop))
        with running_peers() as peers:
            Token.objects.create(tenant_id=1, token=EMAID, kind="eMAID")
            add_trusted(1, "mo-root", pem(peers.root.certificate))
            add_trusted(1, "below", pem(peers.authority.certificate))
            set_pool(data, 1, url=f"http://{peers.host}/pool", token=POOL_TOKEN)
            more = {"vouched": (peers.host,)}
            context = tls_context(certificate, key, None)
            with (
                gateway_beside(data, **more) as plain,
                gateway_beside(data, name="tls", tls=context, **more) as tls,
            ):
                projector.start()
                yield Gateways(plain, tls, Path(certificate), peers)
                stop.set()
                projector.join()


@pytest.fixture
def target(gateways: Gateways) -> Target:
    """The gateways, which forget the refusals of the attack before."""
    for gateway in (gateways.plain, gateways.tls):
        gateway.by_address = Patience(burst=100, per_minute=60.0)
        gateway.by_identity = Patience(burst=20, per_minute=20.0)
    return Target(gateways)
