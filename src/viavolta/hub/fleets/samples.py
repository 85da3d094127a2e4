"""Two sample vans that charge with the cards of simulated drivers, marked as samples."""

from django.db import transaction

from viavolta.hub.operate.samples import SLUG
from viavolta.hub.people.models import Organisation
from viavolta.storage.tables.fleets import FleetVehicle, UsualDeparture

_VANS = (
    ("Van 1 (sample)", "simulated-5", 7 * 60),
    ("Van 2 (sample)", "simulated-6", 6 * 60 + 30),
)
"""Name, card of a simulated car that gives energy back, minute of the day at which it leaves."""


@transaction.atomic
def seed() -> None:
    """Add the vans that are not there yet. What is in their batteries the cars tell themselves."""
    tenant = Organisation.objects.filter(slug=SLUG).first()
    if tenant is None:
        return
    for name, card, minute in _VANS:
        van, is_new = FleetVehicle.objects.get_or_create(
            tenant_id=tenant.pk,
            name=name,
            defaults={"token": card, "target_soc": 0.9, "min_soc": 0.3, "may_discharge": True},
        )
        if is_new:
            UsualDeparture.objects.bulk_create(
                UsualDeparture(vehicle=van, weekday=weekday, minute=minute) for weekday in range(7)
            )
