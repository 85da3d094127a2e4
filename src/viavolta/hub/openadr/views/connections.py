"""VTNs of others that an organisation follows."""

from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from viavolta.hub.frame.access import Access
from viavolta.hub.frame.pages import act, form_page
from viavolta.hub.frame.refusals import RefusedError
from viavolta.hub.openadr.connections import (
    ConnectionFacts,
    change_connection,
    choose_event,
    choose_programs,
    end_connection,
    look_soon,
    make_connection,
)
from viavolta.hub.openadr.forms import ConnectionForm, ProgramsForm
from viavolta.hub.openadr.models import Connection, ForeignEvent
from viavolta.hub.openadr.queries import events_of_connection
from viavolta.hub.openadr.views.signals import TAB, state_of
from viavolta.hub.operate.tenants import operators_page, page_context
from viavolta.hub.people.access import visitor
from viavolta.hub.people.models import Organisation
from viavolta.model.errors import InputError


@operators_page(Access.OWNER)
def new_connection(request: HttpRequest, tenant: Organisation) -> HttpResponseBase:
    """Follow a VTN."""

    def save(cleaned: dict[str, Any]) -> tuple[str, str]:
        secret = cleaned.pop("secret")
        row = _told(
            lambda: make_connection(visitor(request), tenant, ConnectionFacts(**cleaned), secret)
        )
        return _address(row), _("Saved. It is looked at in a moment: then choose programmes.")

    form = ConnectionForm(tenant, request.POST or None)
    back = reverse(TAB, args=(tenant.slug,))
    return form_page(request, form, save, title=_("Follow a VTN"), cancel_url=back)


@operators_page(Access.READER)
def connection(request: HttpRequest, tenant: Organisation, number: int) -> HttpResponse:
    """One of them: how it stands, its programmes, its events."""
    row = _connection(tenant, number)
    return _page(request, tenant, row, ProgramsForm(row))


@operators_page(Access.OWNER)
def edit_connection(request: HttpRequest, tenant: Organisation, number: int) -> HttpResponseBase:
    """Change one."""
    row = _connection(tenant, number)

    def save(cleaned: dict[str, Any]) -> tuple[str, str]:
        secret, kept = cleaned.pop("secret"), _connection(tenant, number)
        _told(lambda: change_connection(visitor(request), kept, ConnectionFacts(**cleaned), secret))
        return _address(row), _("Saved.")

    form = ConnectionForm(tenant, request.POST or None, row=row)
    return form_page(request, form, save, title=row.name, cancel_url=_address(row))


@operators_page(Access.OWNER)
@require_POST
def set_programs(request: HttpRequest, tenant: Organisation, number: int) -> HttpResponse:
    """Choose the programmes to follow."""
    row = _connection(tenant, number)
    form = ProgramsForm(row, request.POST)
    if not form.is_valid():
        answer = _page(request, tenant, row, form)
        answer.status_code = 422
        return answer
    return act(
        request,
        lambda: _told(
            lambda: choose_programs(visitor(request), row, form.cleaned_data["programs"])
        ),
        _("Saved."),
        back=_address(row),
    )


@operators_page(Access.EDITOR)
@require_POST
def look_now(request: HttpRequest, tenant: Organisation, number: int) -> HttpResponse:
    """Have it looked at in a moment."""
    row = _connection(tenant, number)
    return act(
        request,
        lambda: look_soon(visitor(request), row),
        _("It is looked at in a moment."),
        back=_address(row),
    )


@operators_page(Access.EDITOR)
@require_POST
def choose(request: HttpRequest, tenant: Organisation, number: int, event: int) -> HttpResponse:
    """Opt out of an event, or in again."""
    row = _connection(tenant, number)
    one = get_object_or_404(ForeignEvent, connection=row, pk=event)
    is_out = "out" in request.POST
    return act(
        request,
        lambda: _told(lambda: choose_event(visitor(request), one, is_out=is_out)),
        _("Opted out.") if is_out else _("Opted in."),
        back=_address(row),
    )


@operators_page(Access.OWNER)
@require_POST
def end(request: HttpRequest, tenant: Organisation, number: int) -> HttpResponse:
    """Follow it no more."""
    row = _connection(tenant, number)
    return act(
        request,
        lambda: end_connection(visitor(request), row),
        _("It is followed no more; its limits and prices have ended."),
        back=reverse(TAB, args=(tenant.slug,)),
    )


def _page(
    request: HttpRequest, tenant: Organisation, row: Connection, form: ProgramsForm
) -> HttpResponse:
    events = [(one, state_of(one)) for one in events_of_connection(row)]
    return render(
        request,
        "openadr/connection.html",
        {
            **page_context(request, tenant, TAB),
            "title": row.name,
            "crumbs": [(_("Grid signals"), reverse(TAB, args=(tenant.slug,))), (row.name, "")],
            "connection": row,
            "events": events,
            "programs_form": form,
        },
    )


def _told(do: Any) -> Any:
    """Do it; what is wrong with an address or a limit is a refusal."""
    try:
        return do()
    except InputError as error:
        raise RefusedError(str(error)) from error


def _connection(tenant: Organisation, number: int) -> Connection:
    rows = Connection.objects.select_related("organisation")
    return get_object_or_404(rows, organisation=tenant, pk=number)


def _address(row: Connection) -> str:
    return reverse("grid-connection", args=(row.organisation.slug, row.pk))
