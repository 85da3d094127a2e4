"""A sample operator with six stations, a transformer with two sites, prices; marked as samples.

The stations are simulated (`viavolta demo`): all have the same key, kept in the data folder, so
that the simulation can call as they do.
"""

import datetime as dt
import math
from pathlib import Path

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from viavolta.hub.people.models import Membership, Organisation, OrganisationKind, Role, User
from viavolta.storage.station_keys import gateway_key, key_hash, new_password
from viavolta.storage.tables.live import EnergyPrice, SiteLimit
from viavolta.storage.tables.stations import Station, Token

SLUG = "sample-operator"
_LIMITS = (
    ("sample-transformer", "", "Transformer Condamine (sample)", 60.0, 30.0),
    ("sample-place-darmes", "sample-transformer", "Place d'Armes (sample)", 44.0, 22.0),
    ("sample-fontvieille", "sample-transformer", "Fontvieille (sample)", 44.0, 22.0),
)
"""Name, what it hangs on, words, most drawn and most fed back (kW)."""

_STATIONS = (
    ("sample-16-1", "Place d'Armes", "1", "sample-place-darmes", 43.7313, 7.4203),
    ("sample-16-2", "Place d'Armes", "2", "sample-place-darmes", 43.7316, 7.4209),
    ("sample-201-1", "Place d'Armes", "3", "sample-place-darmes", 43.7310, 7.4197),
    ("sample-201-2", "Fontvieille", "1", "sample-fontvieille", 43.7283, 7.4140),
    ("sample-21-1", "Fontvieille", "2 (V2X)", "sample-fontvieille", 43.7287, 7.4147),
    ("sample-21-2", "Fontvieille", "3 (V2X)", "sample-fontvieille", 43.7279, 7.4146),
)
_CARDS = 6
_DAYS = 8


@transaction.atomic
def seed(person: User) -> Organisation:
    """Make the samples that are not there yet; prices reach a week ahead of now."""
    tenant, _is_new = Organisation.objects.get_or_create(
        slug=SLUG,
        defaults={
            "name": "Riviera Charge (sample operator)",
            "kind": OrganisationKind.CPO,
            "country": "MC",
            "lat": 43.73,
            "lon": 7.42,
            "is_sample": True,
        },
    )
    Membership.objects.get_or_create(
        organisation=tenant, user=person, defaults={"role": Role.OWNER}
    )
    limits: dict[str, SiteLimit] = {}
    for name, parent, words, import_kw, export_kw in _LIMITS:
        limits[name], _is_new = SiteLimit.objects.get_or_create(
            tenant_id=tenant.pk,
            limit_id=name,
            defaults={
                "name": words,
                "parent": limits.get(parent),
                "import_kw": import_kw,
                "export_kw": export_kw,
            },
        )
    _stations(tenant)
    for n in range(1, _CARDS + 1):
        Token.objects.get_or_create(
            tenant_id=tenant.pk, token=f"simulated-{n}", defaults={"kind": "Local"}
        )
    _prices(tenant)
    return tenant


def sample_key(data: Path) -> str:
    """The key of all sample stations, made once; only the owner of the data folder reads it."""
    path = data / "secrets" / "sample-stations-key"
    if not path.exists():
        path.touch(mode=0o600)
        path.write_text(new_password(), encoding="ascii")
    return path.read_text(encoding="ascii")


def _stations(tenant: Organisation) -> None:
    data: Path = settings.CONFIG.data
    key = sample_key(data)
    for identity, site, name, limit_id, lat, lon in _STATIONS:
        Station.objects.get_or_create(
            identity=identity,
            defaults={
                "tenant_id": tenant.pk,
                "name": f"{site} {name} (sample)",
                "site": site,
                "limit_id": limit_id,
                "lat": lat,
                "lon": lon,
                "key_hash": key_hash(gateway_key(data), identity, key),
            },
        )


def _prices(tenant: Organisation) -> None:
    """Two peaks a day, made up: dear in the morning and the evening, cheap at noon and at night."""
    today = timezone.now().replace(hour=0, minute=0, second=0, microsecond=0)
    hours = [today + dt.timedelta(hours=h) for h in range(24 * _DAYS)]
    known = set(
        EnergyPrice.objects.filter(tenant_id=tenant.pk, starts_at__gte=today).values_list(
            "starts_at", flat=True
        )
    )
    EnergyPrice.objects.bulk_create(
        EnergyPrice(
            tenant_id=tenant.pk,
            starts_at=hour,
            buy_eur_per_kwh=round(_price(hour.hour), 4),
            sell_eur_per_kwh=round(0.8 * _price(hour.hour) - 0.02, 4),
            source="sample prices, made up",
        )
        for hour in hours
        if hour not in known
    )


def _price(hour: int) -> float:
    return 0.20 + 0.08 * math.sin((hour - 4) / 12 * math.pi * 2)
