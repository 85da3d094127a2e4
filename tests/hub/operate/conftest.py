"""An operator with a station that spoke 2.0.1, and another tenant with one of its own."""

from typing import Any

import pytest
from cast import Cast
from django.utils import timezone

from viavolta.hub.people.models import Membership, Organisation, Role
from viavolta.storage.tables.live import SiteLimit
from viavolta.storage.tables.stations import Outlet, Session, Station


@pytest.fixture
def station(cast: Cast) -> Station:
    """On line, with one outlet, under the limit of its site."""
    SiteLimit.objects.create(tenant_id=cast.organisation.pk, limit_id="site", import_kw=50.0)
    made = Station.objects.create(
        tenant_id=cast.organisation.pk,
        identity="cp-1",
        limit_id="site",
        gateway="gateway",
        ocpp_version="2.0.1",
        lat=46.6,
        lon=14.3,
    )
    Outlet.objects.create(
        station=made, evse=1, connector=1, status="Occupied", status_at=timezone.now()
    )
    return made


@pytest.fixture
def session(station: Station) -> Session:
    """A session that draws 11 kW."""
    return Session.objects.create(
        station=station,
        transaction="tx-1",
        token="card",
        evse=1,
        started_at=timezone.now(),
        power_w=11_000.0,
        energy_wh=3_500.0,
    )


@pytest.fixture
def neighbour(make_user: Any) -> Any:
    """The owner of another organisation, with a station there."""
    other = Organisation.objects.create(name="Other", slug="other", kind="cpo", country="AT")
    user = make_user("neighbour")
    Membership.objects.create(organisation=other, user=user, role=Role.OWNER)
    Station.objects.create(tenant_id=other.pk, identity="their-1", ocpp_version="2.0.1")
    return user
