"""An organisation's VTN with a grid operator's client and a VEN's, and a tree of limits."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from cast import Cast
from openadr_vtn import Speaker, speaker

from viavolta.hub.openadr.models import ClientRole
from viavolta.hub.people.models import Membership, Organisation, Role, User
from viavolta.storage.outgoing import Door
from viavolta.storage.tables.live import SiteLimit


@pytest.fixture
def dso(cast: Cast) -> Speaker:
    """A grid operator: business logic."""
    return speaker(cast.users["owner"], cast.organisation, ClientRole.BL, sets_prices=True)


@pytest.fixture
def ven(cast: Cast) -> Speaker:
    """A controller of a site: a VEN."""
    return speaker(cast.users["owner"], cast.organisation, ClientRole.VEN)


@pytest.fixture
def elsewhere(cast: Cast, make_user: Callable[..., User]) -> Speaker:
    """A grid operator's client at another organisation."""
    del cast
    other = Organisation.objects.create(name="O", slug="other", kind="cpo", country="SI")
    user = make_user("other")
    Membership.objects.create(organisation=other, user=user, role=Role.OWNER)
    return speaker(user, other, ClientRole.BL)


@pytest.fixture
def tree(cast: Cast) -> dict[str, SiteLimit]:
    """A feeder with two transformers."""
    feeder = SiteLimit.objects.create(
        tenant_id=cast.organisation.pk, limit_id="feeder-7", import_kw=900
    )
    return {"feeder-7": feeder} | {
        name: SiteLimit.objects.create(
            tenant_id=cast.organisation.pk, limit_id=name, parent=feeder, import_kw=400
        )
        for name in ("transformer-1", "transformer-2")
    }


@pytest.fixture
def program(dso: Speaker) -> str:
    """The id of a programme for everybody."""
    return str(dso.made("programs", {"programName": "Capacity"})["id"])


@pytest.fixture
def loopback(settings: Any) -> None:
    """Requests to others may go to this machine."""
    settings.CONFIG = replace(settings.CONFIG, partner_door=Door.LOOPBACK)


@pytest.fixture
def speakers(ven: Speaker, dso: Speaker) -> tuple[Speaker, Speaker]:
    """A VEN and a grid operator."""
    return ven, dso
