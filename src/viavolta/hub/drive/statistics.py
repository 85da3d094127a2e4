"""Anonymous statistics as they are shown: by month and area, with what is withheld."""

import datetime as dt
from dataclasses import dataclass

from django.conf import settings
from django.db.models import QuerySet
from django.shortcuts import get_object_or_404

from viavolta.hub.people.models import Organisation
from viavolta.services.statistics.anonymity import Figures
from viavolta.storage.statistics import ALL
from viavolta.storage.tables.billing import ChargingTerms
from viavolta.storage.tables.statistics import PublishedMonth


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """A month of an area; `area` None: all that is published of the month."""

    month: dt.date
    area: str | None
    figures: Figures
    withheld: int


def cells_of(tenant_id: int) -> list[Cell]:
    """All that is published of a tenant, or of the whole hub; the newest month first.

    Months that were published for fewer cards than the setting asks for now are left out.
    """
    rows: QuerySet[PublishedMonth] = PublishedMonth.objects.filter(
        tenant_id=tenant_id, k__gte=settings.ANONYMITY_CARDS
    )
    found = []
    for row in rows:
        whole = Cell(
            month=row.month, area=None, figures=Figures(**row.total), withheld=row.withheld
        )
        found.append(whole)
        for cell in row.cells:
            said = dict(cell)
            area = said.pop("area")
            found.append(Cell(month=row.month, area=area, figures=Figures(**said), withheld=0))
    return found


def cells_of_all() -> list[Cell]:
    """All that is published of the whole hub."""
    return cells_of(ALL)


def publisher(slug: str) -> Organisation:
    """The organisation of that slug, if it publishes statistics.

    Raises
    ------
    Http404: there is none, or it publishes nothing.
    """
    publishing = ChargingTerms.objects.filter(publishes_statistics=True)
    rows = Organisation.objects.filter(hidden=False, pk__in=publishing.values("tenant_id"))
    return get_object_or_404(rows, slug=slug)


def publishers() -> list[Organisation]:
    """Who publishes statistics."""
    publishing = ChargingTerms.objects.filter(publishes_statistics=True)
    rows = Organisation.objects.filter(hidden=False, pk__in=publishing.values("tenant_id"))
    return list(rows.order_by("name"))
