"""The whole fleet: exceptions first, where each vehicle is plugged in, what it will have."""

from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from viavolta.hub.fleets.queries import VehicleNow, fleet_now
from viavolta.hub.fleets.words import exceptions_note, state_badge, story
from viavolta.hub.frame.access import Access
from viavolta.hub.frame.cells import Column, Kind
from viavolta.hub.frame.figures import Figure
from viavolta.hub.frame.numbers import shown_number
from viavolta.hub.frame.rows import RecordRows
from viavolta.hub.frame.tables import Empty, Filter, Table
from viavolta.hub.operate.tenants import operators_page, page_context
from viavolta.hub.people.models import Organisation
from viavolta.services.fleets.readiness import State

TAB = "fleet"
_EXCEPTIONS, _PLUGGED = "exceptions", "plugged"


@operators_page(Access.READER)
def fleet(request: HttpRequest, tenant: Organisation) -> HttpResponseBase:
    """Who will not be ready, and why; then everybody else."""
    rows = fleet_now(tenant, timezone.now())
    table = _table(request, tenant, rows)
    if table.is_export:
        return table.export("fleet")
    return render(
        request,
        "fleets/fleet.html",
        {
            **page_context(request, tenant, TAB),
            "title": _("Fleet"),
            "figures": _figures(rows) if rows else [],
            "table": table,
            "note": exceptions_note(),
            "has_vehicles": bool(rows),
        },
    )


def _table(request: HttpRequest, tenant: Organisation, rows: list[VehicleNow]) -> Table:
    def page_of(one: VehicleNow) -> str:
        return reverse("fleet-vehicle", args=(tenant.slug, one.row.pk))

    def session_of(one: VehicleNow) -> str:
        if one.session is None:
            return ""
        return reverse("operate-session", args=(tenant.slug, one.session.pk))

    return Table(
        request,
        RecordRows(rows, text=_text),
        (
            Column(key="name", label=_("Vehicle"), link=page_of),
            Column(
                key="state",
                label=_("State"),
                value=lambda one: one.state.name.lower().replace("_", "-"),
                html=lambda one: state_badge(one.state),
                sort="state",
            ),
            Column(key="story", label=_("What to know"), value=story),
            Column(key="due_at", label=_("Leaves at"), kind=Kind.MOMENT),
            Column(
                key="missing_kwh",
                label=_("Will be missing"),
                kind=Kind.NUMBER,
                unit="kWh",
                digits=1,
            ),
            Column(
                key="station",
                label=_("Plugged in at"),
                value=lambda one: one.session.station.identity if one.session else None,
                link=session_of,
                sort="session__station__identity",
            ),
            Column(
                key="soc",
                label=_("Battery"),
                kind=Kind.PERCENT,
                value=lambda one: one.session.soc if one.session else None,
                sort="session__soc",
            ),
            Column(
                key="power_kw",
                label=_("Power"),
                kind=Kind.NUMBER,
                unit="kW",
                digits=1,
                value=_power_kw,
                sort="session__power_w",
            ),
            Column(key="token", label=_("Card"), sort="row__token", is_shown=False, value=_token),
        ),
        sort="state",
        caption=_("Fleet"),
        filters=(
            Filter(
                key="state",
                label=_("Show"),
                choices=((_EXCEPTIONS, _("exceptions")), (_PLUGGED, _("plugged in"))),
                keep=_narrow,
            ),
        ),
        empty=Empty(
            title=_("No vehicle yet"),
            text=_(
                "Tell who your vehicles are and when they usually leave: their sessions then get "
                "what they need by that time, and this page says who will not be ready, and why."
            ),
            url=reverse("fleet-vehicle-new", args=(tenant.slug,)),
            label=_("Add a vehicle"),
        ),
    )


def _text(one: VehicleNow) -> str:
    station = one.session.station.identity if one.session else ""
    return f"{one.name} {one.row.token} {station}"


def _token(one: VehicleNow) -> str:
    return one.row.token


def _power_kw(one: VehicleNow) -> float | None:
    session = one.session
    return None if session is None or session.power_w is None else session.power_w / 1000


def _narrow(rows: RecordRows, choice: str) -> RecordRows:
    kept = [
        one
        for one in rows.records
        if (one.state.is_exception if choice == _EXCEPTIONS else one.session is not None)
    ]
    return RecordRows(kept, text=rows.text)


def _figures(rows: list[VehicleNow]) -> list[Figure]:
    ready = {State.READY, State.WILL_BE_READY}
    return [
        Figure(label=_("Exceptions"), value=shown_number(sum(o.state.is_exception for o in rows))),
        Figure(label=_("Plugged in"), value=shown_number(sum(o.session is not None for o in rows))),
        Figure(label=_("Ready in time"), value=shown_number(sum(o.state in ready for o in rows))),
        Figure(label=_("Vehicles"), value=shown_number(len(rows))),
    ]
