"""Departures: all that come, one set by hand, many from a file."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from viavolta.formats.departures import STAYS, BadRow, read_departures
from viavolta.hub.fleets.actions import load_departures, remove_departure, set_departure
from viavolta.hub.fleets.forms import DepartureForm, UploadForm
from viavolta.hub.fleets.queries import Planned, all_departures
from viavolta.hub.fleets.views.fleet import TAB
from viavolta.hub.fleets.views.vehicles import vehicle_page
from viavolta.hub.fleets.words import fault
from viavolta.hub.frame.access import Access
from viavolta.hub.frame.cells import Column, Kind
from viavolta.hub.frame.notices import done
from viavolta.hub.frame.numbers import shown_number
from viavolta.hub.frame.pages import act
from viavolta.hub.frame.rows import RecordRows
from viavolta.hub.frame.tables import Empty, Table
from viavolta.hub.operate.tenants import operators_page, page_context
from viavolta.hub.people.access import visitor
from viavolta.hub.people.models import Organisation
from viavolta.storage.tables.fleets import Departure, FleetVehicle

_MOST_BYTES = 2_000_000


@operators_page(Access.READER)
def departures(request: HttpRequest, tenant: Organisation) -> HttpResponseBase:
    """All departures of the next two weeks; the file of them can be changed and loaded again."""
    table = _table(request, tenant, all_departures(tenant, timezone.now()))
    if table.is_export:
        return table.export("departures")
    return render(
        request,
        "fleets/departures.html",
        {**page_context(request, tenant, TAB), "title": _("Departures"), "table": table},
    )


def _table(request: HttpRequest, tenant: Organisation, rows: list[Planned]) -> Table:
    def page_of(one: Planned) -> str:
        return reverse("fleet-vehicle", args=(tenant.slug, one.vehicle.pk))

    def local(show: str) -> Callable[[Planned], str]:
        return lambda one: timezone.localtime(one.at).strftime(show)

    return Table(
        request,
        RecordRows(rows, text=lambda one: one.vehicle.name),
        (
            Column(
                key="vehicle",
                label=_("Vehicle"),
                value=lambda one: one.vehicle.name,
                link=page_of,
                sort="vehicle__name",
            ),
            Column(key="day", label=_("Day"), kind=Kind.TEXT, value=local("%Y-%m-%d"), sort="at"),
            Column(
                key="time",
                label=_("Leaves at"),
                value=lambda one: STAYS if one.stays else local("%H:%M")(one),
                html=lambda one: _("does not leave") if one.stays else local("%H:%M")(one),
            ),
            Column(
                key="charge_to_percent",
                label=_("Charge to"),
                kind=Kind.NUMBER,
                unit="%",
                value=lambda one: None if one.target_soc is None else round(100 * one.target_soc),
                sort="target_soc",
            ),
            Column(key="energy_kwh", label=_("Energy"), kind=Kind.NUMBER, unit="kWh", digits=1),
        ),
        sort="day",
        caption=_("Departures"),
        empty=Empty(
            title=_("No departure in the next two weeks"),
            text=_("Vehicles have usual times, and single ones by hand or from a file."),
            url=reverse("fleet-departures-load", args=(tenant.slug,)),
            label=_("Load departures"),
        ),
    )


@operators_page(Access.EDITOR)
def load(request: HttpRequest, tenant: Organisation) -> HttpResponseBase:
    """Load a file; where a row cannot be read nothing is loaded and all such rows are listed."""
    form = UploadForm(request.POST or None, request.FILES or None)
    bad: list[BadRow] = []
    if request.method == "POST" and form.is_valid():
        content = form.cleaned_data["file"].read(_MOST_BYTES)
        names = FleetVehicle.objects.filter(tenant_id=tenant.pk).values_list("name", flat=True)
        rows, bad = read_departures(content, frozenset(names))
        if not bad:
            n = load_departures(visitor(request), tenant, rows)
            done(request, _("%(n)s departures are loaded.") % {"n": shown_number(n)})
            return redirect("fleet-departures", tenant.slug)
    return render(
        request,
        "fleets/load.html",
        {
            **page_context(request, tenant, TAB),
            "title": _("Load departures"),
            "form": form,
            "bad": [(one, fault(one)) for one in bad],
            "cancel_url": reverse("fleet-departures", args=(tenant.slug,)),
        },
        status=422 if request.method == "POST" else 200,
    )


@operators_page(Access.EDITOR)
@require_POST
def new_departure(request: HttpRequest, tenant: Organisation, vehicle: int) -> HttpResponseBase:
    """Set the departure of one day."""
    row = get_object_or_404(FleetVehicle, tenant_id=tenant.pk, pk=vehicle)
    form = DepartureForm(request.POST)
    if not form.is_valid():
        return vehicle_page(request, tenant, vehicle, form)
    return act(
        request,
        lambda: set_departure(visitor(request), tenant, row, form.facts()),
        _("Saved. It counts within seconds."),
        back=_address(tenant, vehicle),
    )


@operators_page(Access.EDITOR)
@require_POST
def remove(
    request: HttpRequest, tenant: Organisation, vehicle: int, departure: int
) -> HttpResponse:
    """Let the usual departure of that day count again."""
    rows = Departure.objects.select_related("vehicle")
    row = get_object_or_404(rows, vehicle__tenant_id=tenant.pk, vehicle_id=vehicle, pk=departure)
    return act(
        request,
        lambda: remove_departure(visitor(request), tenant, row),
        _("Removed. The usual departure of that day counts again."),
        back=_address(tenant, vehicle),
    )


def _address(tenant: Organisation, vehicle: int) -> str:
    return reverse("fleet-vehicle", args=(tenant.slug, vehicle))
