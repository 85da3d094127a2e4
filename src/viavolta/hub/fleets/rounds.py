"""What every worker looks after: departures become wishes of the sessions under way."""

from zoneinfo import ZoneInfo

from django.utils import timezone

from viavolta.hub.operate.tenants import zone_of
from viavolta.hub.people.models import Organisation
from viavolta.storage.fleets import give_fleet_wishes
from viavolta.storage.runs.kinds import Round, add_round

SOON_S = 5.0


def take() -> None:
    """Register the round."""
    add_round(Round(name="fleets", every_s=SOON_S, ask=_departures))


def _departures() -> None:
    give_fleet_wishes(timezone.now(), _zone)


def _zone(tenant_id: int) -> ZoneInfo | None:
    """The zone of a tenant; None where the organisation is no more."""
    tenant = Organisation.objects.filter(pk=tenant_id).first()
    return None if tenant is None else zone_of(tenant)
