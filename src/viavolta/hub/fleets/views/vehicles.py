"""One vehicle: what it is known by, when it leaves, what it did."""

from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from viavolta.hub.fleets.actions import add_vehicle, change_vehicle, remove_vehicle
from viavolta.hub.fleets.forms import DepartureForm, VehicleForm, initial_of
from viavolta.hub.fleets.queries import (
    departures_of,
    history_of,
    kept_wishes,
    measures_of_vehicle,
    vehicle_now,
)
from viavolta.hub.fleets.views.fleet import TAB
from viavolta.hub.fleets.words import GIVERS, WEEKDAYS, state_badge, story
from viavolta.hub.frame.access import Access
from viavolta.hub.frame.cells import Column, Kind
from viavolta.hub.frame.figures import Figure, Why
from viavolta.hub.frame.forms import Source
from viavolta.hub.frame.numbers import shown_number, shown_percent
from viavolta.hub.frame.pages import act, form_page
from viavolta.hub.frame.rows import QueryRows
from viavolta.hub.frame.tables import Empty, Table
from viavolta.hub.operate.tenants import operators_page, page_context
from viavolta.hub.people.access import visitor
from viavolta.hub.people.models import Organisation
from viavolta.services.billing.measures import Measures
from viavolta.services.billing.wear import usual_wear
from viavolta.storage.tables.fleets import FleetVehicle
from viavolta.storage.tables.stations import Session


@operators_page(Access.READER)
def vehicle(request: HttpRequest, tenant: Organisation, vehicle: int) -> HttpResponseBase:
    """How it stands, when it leaves next, and its sessions."""
    return vehicle_page(request, tenant, vehicle, DepartureForm())


def vehicle_page(
    request: HttpRequest, tenant: Organisation, number: int, form: DepartureForm
) -> HttpResponseBase:
    """The page of a vehicle, with a form for a departure."""
    now = timezone.now()
    one = vehicle_now(tenant, number, now)
    table = _history(request, tenant, one.row)
    if table.is_export:
        return table.export(f"vehicle-{number}")
    return render(
        request,
        "fleets/vehicle.html",
        {
            **page_context(request, tenant, TAB),
            "title": one.name,
            "crumbs": [(_("Fleet"), reverse(TAB, args=(tenant.slug,))), (one.name, "")],
            "vehicle": one.row,
            "now": one,
            "state": state_badge(one.state),
            "story": story(one),
            "soc": None if one.session is None else one.session.soc,
            "giver": GIVERS.get(one.wish.given_by, "") if one.wish is not None else "",
            "usual": [
                (WEEKDAYS[row.weekday], f"{row.minute // 60:02}:{row.minute % 60:02}")
                for row in one.row.usual.all()
            ],
            "figures": _figures(measures_of_vehicle(one.row, now)),
            "departures": departures_of(tenant, one.row, now),
            "form": form,
            "table": table,
        },
        status=422 if form.errors else 200,
    )


def _figures(found: Measures) -> list[Figure]:
    wear = usual_wear().cents(found.discharged_kwh * 1000)
    return [
        Figure(
            label=_("Plug-in rate"),
            value=shown_percent(found.plug_in_share, digits=1),
            note=_("last 30 days"),
            why=Why(rule=_("Hours plugged in, over all hours of the 30 days.")),
        ),
        Figure(
            label=_("Participation"),
            value=shown_percent(found.participation),
            why=Why(rule=_("Share of its sessions whose power was left to the plan for a while.")),
        ),
        Figure(label=_("Charged"), value=shown_number(found.energy_kwh, digits=1), unit="kWh"),
        Figure(label=_("Fed back"), value=shown_number(found.discharged_kwh, digits=1), unit="kWh"),
        Figure(
            label=_("Wear of the battery"),
            value=" \N{EN DASH} ".join(shown_number(cents / 100, digits=2) for cents in wear),
            unit="EUR",
            why=Why(
                rule=_("Estimated for what was fed back, by the kind of battery."),
                sources=[Source(label=source) for source in usual_wear().sources],
            ),
        ),
        Figure(
            label=_("Reward"),
            value=shown_number(found.reward_cents / 100, digits=2),
            unit="EUR",
        ),
    ]


def _history(request: HttpRequest, tenant: Organisation, row: FleetVehicle) -> Table:
    sessions = history_of(row)
    kept = kept_wishes(sessions)

    def page_of(session: Session) -> str:
        return reverse("operate-session", args=(tenant.slug, session.pk))

    return Table(
        request,
        QueryRows(sessions),
        (
            Column(key="started_at", label=_("Start"), kind=Kind.MOMENT, link=page_of),
            Column(key="ended_at", label=_("End"), kind=Kind.MOMENT),
            Column(
                key="station",
                label=_("Station"),
                value=lambda session: session.station.identity,
                sort="station__identity",
            ),
            Column(key="energy_kwh", label=_("Charged"), kind=Kind.NUMBER, unit="kWh", digits=2),
            Column(
                key="discharged_kwh",
                label=_("Fed back"),
                kind=Kind.NUMBER,
                unit="kWh",
                digits=2,
            ),
            Column(key="soc", label=_("Battery at the end"), kind=Kind.PERCENT),
            Column(
                key="is_kept",
                label=_("Promise kept"),
                kind=Kind.YES_NO,
                value=lambda session: kept.get(session.pk),
            ),
        ),
        sort="-started_at",
        caption=_("Sessions"),
        can_search=False,
        empty=Empty(
            title=_("No session yet"),
            text=_("The first one appears when the vehicle charges at one of your stations."),
        ),
    )


@operators_page(Access.EDITOR)
def new_vehicle(request: HttpRequest, tenant: Organisation) -> HttpResponseBase:
    """Add a vehicle."""
    form = VehicleForm(request.POST or None)

    def save(_cleaned: dict[str, Any]) -> tuple[str, str]:
        row = add_vehicle(visitor(request), tenant, form.facts())
        return _address(tenant, row), _("Saved.")

    back = reverse(TAB, args=(tenant.slug,))
    return form_page(
        request, form, save, title=_("Add a vehicle"), kicker=tenant.name, cancel_url=back
    )


@operators_page(Access.EDITOR)
def edit_vehicle(request: HttpRequest, tenant: Organisation, vehicle: int) -> HttpResponseBase:
    """Change what is known of a vehicle, and when it usually leaves."""
    row = _vehicle(tenant, vehicle)
    form = VehicleForm(request.POST or None, initial=initial_of(row))

    def save(_cleaned: dict[str, Any]) -> tuple[str, str]:
        change_vehicle(visitor(request), tenant, row, form.facts())
        return _address(tenant, row), _("Saved.")

    return form_page(
        request, form, save, title=row.name, kicker=tenant.name, cancel_url=_address(tenant, row)
    )


@operators_page(Access.EDITOR)
@require_POST
def remove(request: HttpRequest, tenant: Organisation, vehicle: int) -> HttpResponse:
    """Remove a vehicle."""
    row = _vehicle(tenant, vehicle)
    return act(
        request,
        lambda: remove_vehicle(visitor(request), tenant, row),
        _("Removed. Its sessions stay in the list of sessions."),
        back=reverse(TAB, args=(tenant.slug,)),
    )


def _vehicle(tenant: Organisation, number: int) -> FleetVehicle:
    return get_object_or_404(FleetVehicle, tenant_id=tenant.pk, pk=number)


def _address(tenant: Organisation, row: FleetVehicle) -> str:
    return reverse("fleet-vehicle", args=(tenant.slug, row.pk))
