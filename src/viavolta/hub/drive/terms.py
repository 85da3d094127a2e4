"""Terms and tariffs of a tenant: read, changed, followed by the next version."""

import datetime as dt
from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.db.models import Max, QuerySet

from viavolta.hub.drive.verbs import Verb
from viavolta.hub.frame.events import record
from viavolta.hub.operate.queries.stations import account_key
from viavolta.hub.people.access import require_member
from viavolta.hub.people.models import Organisation, Role, User
from viavolta.services.billing.tariff import Tariff as Prices
from viavolta.services.billing.tariff import content_of
from viavolta.storage.tables.billing import ChargingTerms, Tariff
from viavolta.storage.tables.stations import Outlet, Station


@transaction.atomic
def change_terms(user: User, tenant: Organisation, values: Mapping[str, Any]) -> ChargingTerms:
    """Set the terms that count from now on."""
    require_member(user, tenant, Role.OWNER)
    row, _is_new = ChargingTerms.objects.update_or_create(tenant_id=tenant.pk, defaults=values)
    record(Verb.TERMS_CHANGED, actor=user, organisation=tenant, detail=dict(values))
    return row


@transaction.atomic
def add_tariff(
    user: User, tenant: Organisation, site: str, prices: Prices, now: dt.datetime
) -> Tariff:
    """The next version of a tariff, for sessions that begin from now on."""
    require_member(user, tenant, Role.OWNER)
    Organisation.objects.select_for_update().get(pk=tenant.pk)
    rows = Tariff.objects.filter(tenant_id=tenant.pk, site=site)
    last = rows.aggregate(last=Max("version"))["last"] or 0
    row = Tariff.objects.create(
        tenant_id=tenant.pk,
        site=site,
        version=last + 1,
        valid_from=now,
        content=content_of(prices),
        made_at=now,
        made_by=account_key(user),
    )
    record(
        Verb.TARIFF_ADDED,
        actor=user,
        organisation=tenant,
        subject=row,
        detail={"site": site, "version": row.version},
    )
    return row


def tariffs_of(tenant: Organisation) -> "QuerySet[Tariff, Tariff]":
    """All versions, by site, newest first."""
    return Tariff.objects.filter(tenant_id=tenant.pk)


def sites_of(tenant: Organisation) -> list[str]:
    """The names of a tenant's sites."""
    rows = Station.objects.filter(tenant_id=tenant.pk).exclude(site="")
    return sorted(set(rows.values_list("site", flat=True)))


def strongest_kw(tenant: Organisation, site: str) -> float:
    """The power of the strongest point, of a site or of all; 0 where nobody told any."""
    outlets = Outlet.objects.filter(station__tenant_id=tenant.pk)
    if site:
        outlets = outlets.filter(station__site=site)
    return float(outlets.aggregate(most=Max("max_kw"))["most"] or 0.0)
