"""Stations: the list, one station, and what its owner and editors do with it."""

from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from viavolta.hub.frame.access import Access
from viavolta.hub.frame.maps import Map
from viavolta.hub.frame.notices import done, refused
from viavolta.hub.frame.refusals import RefusedError
from viavolta.hub.operate.actions.commands import ask_station, version_of
from viavolta.hub.operate.actions.stations import (
    StationFacts,
    add_station,
    change_station,
    remove_station,
    renew_key,
)
from viavolta.hub.operate.asks import Wanted, asked, stop
from viavolta.hub.operate.forms import AnyCommandForm, StationForm, WishForm
from viavolta.hub.operate.queries.sessions import sessions_of
from viavolta.hub.operate.queries.state import with_state
from viavolta.hub.operate.queries.stations import stations_of
from viavolta.hub.operate.tenants import operators_page, page_context
from viavolta.hub.operate.views.commands import command_rows
from viavolta.hub.operate.views.map import station_table
from viavolta.hub.operate.words import reason, state_badge
from viavolta.hub.people.access import visitor
from viavolta.hub.people.models import Organisation
from viavolta.model.errors import InputError
from viavolta.protocols.ocpp.schemas import Version
from viavolta.storage.tables.stations import Session, Station

_SHOWN = 20


@operators_page(Access.READER)
def stations(request: HttpRequest, tenant: Organisation) -> HttpResponseBase:
    """All stations as a table."""
    table = station_table(request, tenant, is_short=False)
    if table.is_export:
        return table.export("stations")
    return render(
        request,
        "operate/stations.html",
        {
            **page_context(request, tenant, "operate-stations"),
            "title": _("Stations"),
            "table": table,
        },
    )


@operators_page(Access.READER)
def station(request: HttpRequest, tenant: Organisation, station: str) -> HttpResponse:
    """One station: outlets, sessions, what was asked of it, how it connects."""
    return _station_page(request, tenant, station_of(tenant, station))


def station_of(tenant: Organisation, identity: str) -> Station:
    """A station of a tenant, with its state.

    Raises
    ------
    Http404: there is none of that identity.
    """
    return get_object_or_404(with_state(stations_of(tenant)), identity=identity)


def _station_page(
    request: HttpRequest, tenant: Organisation, row: Station, *, status: int = 200, **more: Any
) -> HttpResponse:
    sessions = list(sessions_of(tenant).filter(station=row).select_related("order")[:_SHOWN])
    open_sessions = [s for s in sessions if s.ended_at is None]
    context = page_context(request, tenant, "operate-stations")
    forms: dict[str, Any] = {}
    if context["is_editor"] and row.ocpp_version:
        forms = {"wish": WishForm(), "any_command": AnyCommandForm(Version(row.ocpp_version))}
    return render(
        request,
        "operate/station.html",
        {
            **context,
            "title": row.name or row.identity,
            "crumbs": [
                (_("Stations"), reverse("operate-stations", args=(tenant.slug,))),
                (row.identity, ""),
            ],
            "station": row,
            "state": state_badge(row.state),  # type: ignore[attr-defined] # annotated
            "address": address_of(row),
            "outlets": list(row.outlets.all()),
            "sessions": sessions,
            "now": [(s, reason(s.order) if hasattr(s, "order") else "") for s in open_sessions],
            "commands": command_rows(tenant, station=row)[:_SHOWN],
            **forms,
            **more,
        },
        status=status,
    )


def address_of(row: Station) -> str:
    """What is typed into a station so that it calls here."""
    return f"{settings.STATIONS_ADDRESS}/ocpp/{row.identity}"


@operators_page(Access.OWNER)
def new_station(request: HttpRequest, tenant: Organisation) -> HttpResponseBase:
    """Add a station; its key is shown once."""
    form = StationForm(tenant, request.POST or None, is_new=True)
    if request.method == "POST" and form.is_valid():
        values = dict(form.cleaned_data)
        try:
            row, key = add_station(
                visitor(request), tenant, values.pop("identity"), StationFacts(**values)
            )
        except RefusedError as error:
            form.add_error("identity", str(error.reason))
        else:
            return _station_page(request, tenant, station_of(tenant, row.identity), key=key)
    return _form(request, tenant, form, _("Add a station"))


@operators_page(Access.OWNER)
def edit_station(request: HttpRequest, tenant: Organisation, station: str) -> HttpResponseBase:
    """Change what is said of a station."""
    row = station_of(tenant, station)
    before = {name: getattr(row, name) for name in StationFacts.__slots__}
    form = StationForm(tenant, request.POST or None, is_new=False, initial=before)
    page = reverse("operate-station", args=(tenant.slug, row.identity))
    if request.method == "POST" and form.is_valid():
        change_station(visitor(request), tenant, row, StationFacts(**form.cleaned_data))
        done(request, _("Saved."))
        return redirect(page)
    return _form(request, tenant, form, row.identity, back=page)


def _form(
    request: HttpRequest, tenant: Organisation, form: StationForm, title: str, *, back: str = ""
) -> HttpResponse:
    return render(
        request,
        "operate/station_form.html",
        {
            **page_context(request, tenant, "operate-stations"),
            "is_wide": False,
            "title": title,
            "form": form,
            "cancel_url": back or reverse("operate-stations", args=(tenant.slug,)),
            "map": Map(key="place", title=_("Place"), is_small=True, picks=("id_lat", "id_lon")),
        },
        status=422 if form.is_bound else 200,
    )


@operators_page(Access.OWNER)
@require_POST
def new_key(request: HttpRequest, tenant: Organisation, station: str) -> HttpResponse:
    """Give the station a new key, shown once."""
    row = station_of(tenant, station)
    key = renew_key(visitor(request), tenant, row)
    return _station_page(request, tenant, row, key=key)


@operators_page(Access.OWNER)
def remove(request: HttpRequest, tenant: Organisation, station: str) -> HttpResponseBase:
    """Ask, then take the station out."""
    row = station_of(tenant, station)
    if request.method == "POST" and request.POST.get("identity") == row.identity:
        is_gone = remove_station(visitor(request), tenant, row)
        done(
            request,
            _("The station is removed.")
            if is_gone
            else _("The station is closed; its sessions are kept."),
        )
        return redirect("operate-stations", tenant.slug)
    return render(
        request,
        "operate/remove.html",
        {
            **page_context(request, tenant, "operate-stations"),
            "title": _("Remove %(station)s") % {"station": row.identity},
            "station": row,
            "has_sessions": Session.objects.filter(station=row).exists(),
        },
    )


@operators_page(Access.EDITOR)
@require_POST
def ask(request: HttpRequest, tenant: Organisation, station: str) -> HttpResponse:
    """Ask something of the station: a wish, the end of a session, or any command."""
    row = station_of(tenant, station)
    try:
        found = _asked(request, row)
        if isinstance(found, dict):
            return _station_page(request, tenant, row, status=422, **found)
        ask_station(visitor(request), tenant, row, *found)
    except RefusedError as error:
        refused(request, error.reason)
    except InputError as error:
        refused(request, f"{error.message}: {error.where.field} {error.expected or ''}".strip())
    else:
        done(request, _("Asked. What becomes of it stands below."))
    return redirect("operate-station", tenant.slug, row.identity)


def _asked(request: HttpRequest, row: Station) -> tuple[str, dict[str, Any]] | dict[str, Any]:
    """The action and payload that the form says; or the forms with what is wrong with them.

    Raises
    ------
    RefusedError: the station's version is not known. Http404: no such session.
    """
    version = version_of(row)
    if "stop" in request.POST:
        session = row.sessions.filter(ended_at=None, transaction=request.POST["stop"]).first()
        if session is None:
            raise Http404
        return stop(version, session.transaction)
    if "action" in request.POST:
        form = AnyCommandForm(version, request.POST)
        if form.is_valid():
            return form.cleaned_data["action"], form.cleaned_data["payload"]
        return {"any_command": form}
    wish = WishForm(request.POST)
    if not wish.is_valid():
        return {"wish": wish}
    said = dict(wish.cleaned_data)
    return asked(Wanted(said.pop("wanted")), version, **said)
