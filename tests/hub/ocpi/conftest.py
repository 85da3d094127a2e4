"""The city as a party of roaming, a partner, a stranger's partner, and a site."""

import datetime as dt
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from cast import Cast
from django.core.cache import cache
from django.utils import timezone
from journalled import bring_in, told
from roaming import Speaker, a_site, partner_of

from viavolta.hub.ocpi import asking
from viavolta.hub.ocpi.models import Party
from viavolta.hub.ocpi.own.refreshing import refresh
from viavolta.hub.ocpi.partners import PartyFacts, set_party
from viavolta.hub.people.models import Membership, Organisation, Role, User
from viavolta.services.billing.tariff import Component, Per, Tariff, content_of
from viavolta.storage.outgoing import Door
from viavolta.storage.tables.billing import ChargingTerms
from viavolta.storage.tables.billing import Tariff as TariffRow
from viavolta.storage.tables.stations import Station

ISSUER = PartyFacts(country_code="NL", party_id="ISS", name="Issuer", is_cpo=False, is_emsp=True)
PRICES = Tariff(
    zone="Europe/Vienna",
    vat_share=Decimal("0.2"),
    components=(
        Component(per=Per.SESSION, eur=Decimal("0.60")),
        Component(per=Per.KWH, eur=Decimal("0.48")),
    ),
)


@pytest.fixture(autouse=True)
def fresh_minute() -> None:
    """Each test may knock as often as a minute allows."""
    cache.clear()


@pytest.fixture
def partner(cast: Cast) -> Speaker:
    """A partner of the city, both operator and issuer."""
    return partner_of(cast.users["owner"], cast.organisation)


@pytest.fixture
def elsewhere(cast: Cast, make_user: Callable[..., User]) -> Speaker:
    """A partner of another organisation, with the same party."""
    del cast
    other = Organisation.objects.create(name="O", slug="other", kind="cpo", country="SI")
    user = make_user("other")
    Membership.objects.create(organisation=other, user=user, role=Role.OWNER)
    return partner_of(user, other)


@pytest.fixture
def station(cast: Cast) -> Station:
    """A station of the city with a tariff."""
    tenant = cast.organisation.pk
    ChargingTerms.objects.create(tenant_id=tenant, payment="invoiced", zone="Europe/Vienna")
    TariffRow.objects.create(
        tenant_id=tenant,
        version=1,
        valid_from=dt.datetime(2025, 1, 1, tzinfo=dt.UTC),
        content=content_of(PRICES),
    )
    return a_site(cast.organisation)


@pytest.fixture
def publish(cast: Cast) -> Callable[..., None]:
    """Bring what partners see up to date, some time from now."""

    def publish(**ahead: float) -> None:
        party = Party.objects.get(organisation=cast.organisation)
        refresh(party.pk, timezone.now() + dt.timedelta(**ahead))

    return publish


@pytest.fixture
def charge(tmp_path: Path) -> Callable[..., None]:
    """Have a station tell events of a session with a token: one kWh a minute."""

    def charge(station: Station, token: str, seqs: Any, last: int = 5, **more: Any) -> None:
        start = more.pop("start", timezone.now() - dt.timedelta(minutes=10))
        bring_in(
            tmp_path,
            *(
                told(
                    station,
                    more.get("transaction", f"t-{token}"),
                    seq,
                    last,
                    start=start,
                    evse={"id": 1, "connectorId": 1},
                    idToken={"idToken": token, "type": "ISO14443"},
                )
                for seq in seqs
            ),
        )

    return charge


@pytest.fixture
def told_later(
    publish: Callable[..., None], charge: Callable[..., None]
) -> tuple[Callable[..., None], Callable[..., None]]:
    """Both."""
    return publish, charge


@pytest.fixture
def issuer(make_user: Callable[..., User]) -> tuple[User, Organisation]:
    """Another organisation of the hub: it issues cards."""
    organisation = Organisation.objects.create(name="I", slug="issuer", kind="sme", country="NL")
    user = make_user("issuer")
    Membership.objects.create(organisation=organisation, user=user, role=Role.OWNER)
    set_party(user, organisation, ISSUER)
    return user, organisation


@pytest.fixture
def address(settings: Any, live_server: Any) -> str:
    """Where both begin."""
    settings.ORIGIN = live_server.url
    return f"{live_server.url}/ocpi/versions"


@pytest.fixture
def loopback(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Requests to partners may go to this machine, however slow it is."""
    monkeypatch.setattr(asking, "TIMEOUT_S", 300.0)
    settings.CONFIG = replace(settings.CONFIG, partner_door=Door.LOOPBACK)
