"""Prices of energy: as a chart and a table, and from a file."""

import datetime as dt
import tempfile
from pathlib import Path
from typing import Any

from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from viavolta.hub.frame.access import Access
from viavolta.hub.frame.cells import Column, Kind
from viavolta.hub.frame.charts import Chart, Series, Style
from viavolta.hub.frame.notices import done
from viavolta.hub.frame.numbers import shown_number
from viavolta.hub.frame.rows import QueryRows
from viavolta.hub.frame.tables import Empty, Table
from viavolta.hub.operate.actions.prices import load_prices
from viavolta.hub.operate.forms import PricesForm
from viavolta.hub.operate.tenants import operators_page, page_context
from viavolta.hub.people.access import visitor
from viavolta.hub.people.models import Organisation
from viavolta.model.errors import PlatformError
from viavolta.storage.tables.live import EnergyPrice

_SHOWN = dt.timedelta(hours=36)
_MOST_BYTES = 5_000_000


@operators_page(Access.READER)
def prices(request: HttpRequest, tenant: Organisation) -> HttpResponseBase:
    """What energy is worth, now and in the hours to come."""
    rows = EnergyPrice.objects.filter(tenant_id=tenant.pk)
    table = Table(
        request,
        QueryRows(rows),
        (
            Column(key="starts_at", label=_("From"), kind=Kind.MOMENT),
            Column(
                key="buy_eur_per_kwh",
                label=_("Bought"),
                kind=Kind.NUMBER,
                unit="EUR/kWh",
                digits=4,
            ),
            Column(
                key="sell_eur_per_kwh",
                label=_("Sold"),
                kind=Kind.NUMBER,
                unit="EUR/kWh",
                digits=4,
            ),
            Column(key="co2_g_per_kwh", label="CO₂", kind=Kind.NUMBER, unit="g/kWh"),
            Column(key="source", label=_("Source")),
        ),
        sort="-starts_at",
        caption=_("Prices"),
        can_search=False,
        empty=Empty(
            title=_("No prices yet"),
            text=_("Without prices, charging is spread by limits and departures alone."),
            url=reverse("operate-prices-new", args=(tenant.slug,)),
            label=_("Load prices"),
        ),
    )
    if table.is_export:
        return table.export("prices")
    context = page_context(request, tenant, "operate-prices")
    chart = _chart(tenant, context["zone"])
    return render(
        request,
        "operate/prices.html",
        {**context, "title": _("Prices"), "table": table, "chart": chart},
    )


def _chart(tenant: Organisation, zone: str) -> Chart | None:
    since = timezone.now() - dt.timedelta(hours=6)
    rows = list(
        EnergyPrice.objects.filter(
            tenant_id=tenant.pk, starts_at__gte=since, starts_at__lte=since + _SHOWN
        )
    )
    if not rows:
        return None
    return Chart(
        key="prices",
        title=_("From six hours ago on"),
        x=[row.starts_at for row in rows],
        series=[
            Series(
                label=_("Bought"),
                values=[row.buy_eur_per_kwh for row in rows],
                style=Style.STEP,
                digits=4,
            ),
            Series(
                label=_("Sold"),
                values=[row.sell_eur_per_kwh for row in rows],
                style=Style.STEP,
                digits=4,
            ),
        ],
        unit="EUR/kWh",
        zone=zone,
        x_label=_("From"),
    )


@operators_page(Access.EDITOR)
def new_prices(request: HttpRequest, tenant: Organisation) -> HttpResponseBase:
    """Load a file of prices; what it spans is replaced."""
    form = PricesForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        try:
            n = _load(request, tenant, form.cleaned_data["file"])
        except PlatformError as error:
            form.add_error("file", _sentence(error))
        else:
            done(request, _("%(n)s prices are loaded.") % {"n": shown_number(n)})
            return redirect("operate-prices", tenant.slug)
    return render(
        request,
        "frame/form_page.html",
        {
            "title": _("Load prices"),
            "kicker": tenant.name,
            "form": form,
            "cancel_url": reverse("operate-prices", args=(tenant.slug,)),
        },
        status=422 if request.method == "POST" else 200,
    )


def _load(request: HttpRequest, tenant: Organisation, file: Any) -> int:
    with tempfile.TemporaryDirectory(prefix="viavolta-prices-") as folder:
        path = Path(folder) / "prices.csv"
        path.write_bytes(file.read(_MOST_BYTES))
        return load_prices(visitor(request), tenant, path, source=str(file.name))


def _sentence(error: PlatformError) -> str:
    row = "" if error.where.row is None else f" ({_('row')} {error.where.row})"
    return f"{error.message}{row}. {error.hint or ''}".strip()
