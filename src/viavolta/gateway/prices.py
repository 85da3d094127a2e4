"""The tariffs of all tenants, in memory, and who gives charging away."""

import datetime as dt
from dataclasses import dataclass

from django.db.models import Count, Max

from viavolta.services.billing.payment import PaymentMode
from viavolta.services.billing.tariff import Tariff, tariff_of
from viavolta.services.billing.terminals import Terminals
from viavolta.storage.tables import billing as tables


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """What prices depend on: a station, its tenant, its site."""

    station: int
    tenant_id: int
    site: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Version:
    valid_from: dt.datetime
    version: int
    prices: Tariff


class Prices:
    """Versions of tariffs by tenant and site."""

    def __init__(self) -> None:
        self._versions: dict[tuple[int, str], list[_Version]] = {}
        self._known: dict[str, int | None] = {}
        self._paid: set[int] = set()
        self._receipts_at: dict[int, str] = {}

    def refresh(self) -> None:
        """Read terms, and tariffs where there are new ones; blocking, in a thread."""
        paid = tables.ChargingTerms.objects.exclude(payment=PaymentMode.FREE.value)
        self._paid = set(paid.values_list("tenant_id", flat=True))
        terminals = tables.ChargingTerms.objects.exclude(terminals=Terminals.NONE.value)
        self._receipts_at = dict(terminals.values_list("tenant_id", "receipts_at"))
        known = tables.Tariff.objects.aggregate(n=Count("pk"), last=Max("pk"))
        if known == self._known:  # a version is never changed
            return
        versions: dict[tuple[int, str], list[_Version]] = {}
        for row in tables.Tariff.objects.order_by("pk"):
            found = _Version(
                valid_from=row.valid_from, version=row.version, prices=tariff_of(row.content)
            )
            versions.setdefault((row.tenant_id, row.site), []).append(found)
        self._known, self._versions = known, versions

    def at(self, place: Place, moment: dt.datetime) -> Tariff | None:
        """The prices that hold at a station: the site's own before the tenant's.

        As `storage.billing.tariff_at` reads them from the tables.
        """
        for site in dict.fromkeys((place.site, "")):
            versions = self._versions.get((place.tenant_id, site), ())
            held = [v for v in versions if v.valid_from <= moment]
            if held:
                return max(held, key=lambda v: (v.valid_from, v.version)).prices
        return None

    def are_asked(self, tenant_id: int) -> bool:
        """Whether a tenant wants money: by its terms, and where it has none it gives charging."""
        return tenant_id in self._paid

    def takes_terminals(self, tenant_id: int) -> bool:
        """Whether a tenant's stations take payments at terminals."""
        return tenant_id in self._receipts_at

    def receipts_at(self, tenant_id: int) -> str:
        """The address of receipts of such payments; empty where none are given here."""
        return self._receipts_at.get(tenant_id, "")

    def has_any(self, place: Place) -> bool:
        """Whether a station may have a tariff."""
        return any((place.tenant_id, site) in self._versions for site in (place.site, ""))
