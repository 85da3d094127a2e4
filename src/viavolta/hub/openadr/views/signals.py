"""Events with what they do, and the clients of an organisation's VTN."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from viavolta.hub.frame.access import Access
from viavolta.hub.frame.cells import Column, Kind
from viavolta.hub.frame.pages import act
from viavolta.hub.frame.rows import RecordRows
from viavolta.hub.frame.tables import Empty, Table
from viavolta.hub.openadr.clients import make_client, revoke_client
from viavolta.hub.openadr.forms import ClientForm
from viavolta.hub.openadr.models import Client, ClientRole
from viavolta.hub.openadr.queries import EventShown, clients_of, connections_of, events_of
from viavolta.hub.operate.tenants import operators_page, page_context
from viavolta.hub.people.access import visitor
from viavolta.hub.people.models import Organisation

TAB = "grid-signals"


@operators_page(Access.READER)
def signals(request: HttpRequest, tenant: Organisation) -> HttpResponseBase:
    """What grid operators asked for, and who may ask."""
    table = event_table(request, events_of(tenant))
    if table.is_export:
        return table.export("grid-signals")
    return _page(request, tenant, table)


@operators_page(Access.OWNER)
@require_POST
def new_client(request: HttpRequest, tenant: Organisation) -> HttpResponseBase:
    """Make a client and show its secret once."""
    form = ClientForm(request.POST)
    more: dict[str, Any] = {"client_form": form}
    if form.is_valid():
        fields = form.cleaned_data
        client, secret = make_client(
            visitor(request),
            tenant,
            name=fields["name"],
            role=ClientRole(fields["role"]),
            sets_prices=fields["sets_prices"],
        )
        more = {"new_client": client, "new_secret": secret}
    answer = _page(request, tenant, event_table(request, events_of(tenant)), **more)
    answer.status_code = 200 if "new_client" in more else 422
    answer.headers["Cache-Control"] = "no-store"
    return answer


@operators_page(Access.OWNER)
@require_POST
def end_client(request: HttpRequest, tenant: Organisation, client: int) -> HttpResponse:
    """Revoke a client."""
    row = get_object_or_404(Client, organisation=tenant, pk=client)
    return act(
        request,
        lambda: revoke_client(visitor(request), row),
        _("The client is revoked."),
        back=reverse(TAB, args=(tenant.slug,)),
    )


def event_table(request: HttpRequest, events: list[EventShown]) -> Table:
    """Events, newest first."""
    return Table(
        request,
        RecordRows([_row(one) for one in events]),
        (
            Column(key="name", label=_("Event")),
            Column(key="program", label=_("Programme")),
            Column(key="source", label=_("From")),
            Column(key="limits", label=_("Limits")),
            Column(key="lowest", label=_("At most"), kind=Kind.NUMBER, unit="kW", digits=1),
            Column(key="priority", label=_("Priority"), kind=Kind.NUMBER),
            Column(key="received_at", label=_("Received"), kind=Kind.MOMENT),
            Column(key="ends_at", label=_("Ends"), kind=Kind.MOMENT),
            Column(key="says", label=_("State")),
        ),
        sort="-received_at",
        caption=_("Events"),
        empty=Empty(
            title=_("No event yet"),
            text=_("What a grid operator asks for stands here, with the limits that it sets."),
        ),
    )


def _row(one: EventShown) -> dict[str, Any]:
    return {
        "name": one.name,
        "program": one.program,
        "source": one.source,
        "limits": ", ".join(one.limits),
        "lowest": one.lowest_import_kw,
        "priority": one.priority,
        "received_at": one.received_at,
        "ends_at": one.ends_at if one.ends_at and one.ends_at.year < _NEVER else None,
        "says": state_of(one),
    }


_NEVER = 9999


def state_of(one: EventShown) -> str:
    """Where an event stands, in a few words."""
    if one.error:
        return _("cannot be read: %(why)s") % {"why": one.error}
    if one.is_out:
        return _("opted out")
    if one.limits:
        return _("limits")
    if one.ends_at is None:
        return _("sets no limit and no price")
    return _("sets no limit of yours")


def _page(request: HttpRequest, tenant: Organisation, table: Table, **more: Any) -> HttpResponse:
    context = {
        **page_context(request, tenant, TAB),
        "title": _("Grid signals"),
        "table": table,
        "connections": connections_of(tenant),
        "clients": clients_of(tenant),
        "client_form": ClientForm(),
        "vtn_address": f"{settings.ORIGIN}/openadr3/3.0.1",
        "vtn_address_new": f"{settings.ORIGIN}/openadr3/3.1.0",
    }
    return render(request, "openadr/signals.html", {**context, **more})
