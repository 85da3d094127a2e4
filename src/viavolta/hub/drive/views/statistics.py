"""Anonymous statistics of charging, for everybody."""

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from viavolta.hub.drive.statistics import Cell, cells_of, cells_of_all, publisher, publishers
from viavolta.hub.frame.access import Access, access
from viavolta.hub.frame.cells import Column, Kind
from viavolta.hub.frame.numbers import shown_number
from viavolta.hub.frame.rows import RecordRows
from viavolta.hub.frame.tables import Empty, Table
from viavolta.services.statistics.anonymity import OTHERS


@require_GET
@access(Access.PUBLIC)
def statistics(request: HttpRequest) -> HttpResponseBase:
    """Of the whole hub, by month and region."""
    return _page(request, cells_of_all(), title=_("Charging in figures"), publishers=publishers())


@require_GET
@access(Access.PUBLIC)
def statistics_of(request: HttpRequest, organisation: str) -> HttpResponseBase:
    """Of one operator, by month and site."""
    tenant = publisher(organisation)
    return _page(
        request,
        cells_of(tenant.pk),
        title=_("Charging in figures"),
        kicker=tenant.name,
        is_sample=tenant.is_sample,
    )


def _page(request: HttpRequest, cells: list[Cell], **context: object) -> HttpResponseBase:
    table = Table(
        request,
        RecordRows(cells, text=lambda cell: f"{cell.month:%Y-%m} {cell.area or ''}"),
        (
            Column(
                key="month",
                label=_("Month"),
                value=lambda cell: f"{cell.month:%Y-%m}",
                html=lambda cell: date_format(cell.month, "YEAR_MONTH_FORMAT"),
                sort="month",
            ),
            Column(key="area", label=_("Area"), value=_area),
            Column(
                key="sessions",
                label=_("Sessions"),
                kind=Kind.NUMBER,
                value=lambda cell: cell.figures.sessions,
                sort="figures__sessions",
            ),
            Column(
                key="energy_kwh",
                label=_("Energy"),
                kind=Kind.NUMBER,
                unit="kWh",
                value=lambda cell: cell.figures.energy_kwh,
                sort="figures__energy_kwh",
            ),
            _share("smart_share", _("Charged smartly")),
            _share("kept_share", _("Promises kept")),
            _share("plug_in_share", _("Plug-in rate")),
            Column(
                key="withheld",
                label=_("Areas withheld"),
                kind=Kind.NUMBER,
                value=lambda cell: cell.withheld if cell.area is None else None,
                sort="withheld",
            ),
        ),
        sort="-month",
        caption=_("Charging in figures"),
        empty=Empty(
            title=_("Nothing is published yet"),
            text=_("A month is published three days after its end."),
        ),
    )
    if table.is_export:
        return table.export("charging")
    k = shown_number(settings.ANONYMITY_CARDS)
    return render(request, "drive/statistics.html", {"table": table, "k": k, **context})


def _share(key: str, label: str) -> Column:
    return Column(
        key=key,
        label=label,
        kind=Kind.PERCENT,
        digits=1,
        value=lambda cell: getattr(cell.figures, key),
        sort=f"figures__{key}",
    )


def _area(cell: Cell) -> str:
    if cell.area is None:
        return _("all that is published")
    return _("smaller areas together") if cell.area == OTHERS else cell.area
