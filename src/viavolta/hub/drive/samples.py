"""Terms, prices and rewards of the sample operator, made up and marked as samples with it."""

from decimal import Decimal

from django.db import transaction
from django.utils import timezone

from viavolta.hub.operate.samples import SLUG
from viavolta.hub.people.models import Organisation
from viavolta.services.billing.payment import PaymentMode
from viavolta.services.billing.tariff import Component, Per, Reward, Tariff, content_of
from viavolta.storage.tables.billing import ChargingTerms
from viavolta.storage.tables.billing import Tariff as TariffRow

ZONE = "Europe/Monaco"
PRICES = Tariff(
    zone=ZONE,
    vat_share=Decimal("0.2"),
    idle_after_min=60,
    components=(
        Component(per=Per.KWH, eur=Decimal("0.29"), from_min=22 * 60, until_min=6 * 60),
        Component(per=Per.KWH, eur=Decimal("0.45")),
        Component(per=Per.IDLE_MINUTE, eur=Decimal("0.05"), from_min=8 * 60, until_min=20 * 60),
        Component(per=Per.BOOST, eur=Decimal("1.50")),
    ),
    reward=Reward(
        eur_per_discharged_kwh=Decimal("0.12"),
        eur_per_flexible_hour=Decimal("0.02"),
        most_eur=Decimal(5),
    ),
)


@transaction.atomic
def seed() -> None:
    """Add what is not there yet."""
    tenant = Organisation.objects.filter(slug=SLUG).first()
    if tenant is None:
        return
    ChargingTerms.objects.get_or_create(
        tenant_id=tenant.pk,
        defaults={
            "zone": ZONE,
            "payment": PaymentMode.INVOICED.value,
            "publishes_statistics": True,
        },
    )
    TariffRow.objects.get_or_create(
        tenant_id=tenant.pk,
        site="",
        version=1,
        defaults={"valid_from": timezone.now(), "content": content_of(PRICES)},
    )
