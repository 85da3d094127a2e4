"""Enrolment: open a window, see who calls, adopt or refuse."""

import datetime as dt

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from viavolta.hub.frame.access import Access
from viavolta.hub.frame.pages import act
from viavolta.hub.operate.actions.enrolment import adopt, close_window, open_window, refuse
from viavolta.hub.operate.forms import WindowForm
from viavolta.hub.operate.tenants import operators_page, page_context
from viavolta.hub.people.access import visitor
from viavolta.hub.people.models import Organisation
from viavolta.storage.enrolment import waiting
from viavolta.storage.tables.enrolment import EnrolmentWindow

_MOST = 200


@operators_page(Access.READER)
def enrolment(request: HttpRequest, tenant: Organisation) -> HttpResponse:
    """The open windows and the stations that call."""
    return _page(request, tenant, WindowForm())


def _page(
    request: HttpRequest,
    tenant: Organisation,
    form: WindowForm,
    *,
    address: str = "",
    status: int = 200,
) -> HttpResponse:
    windows = EnrolmentWindow.objects.filter(tenant_id=tenant.pk, ends_at__gt=timezone.now())
    return render(
        request,
        "operate/enrolment.html",
        {
            **page_context(request, tenant, "operate-enrolment"),
            "title": _("Enrolment"),
            "lead": _("Stations that nobody knows yet call an address of yours, and wait here."),
            "windows": list(windows),
            "waiting": list(waiting(tenant.pk)[:_MOST]),
            "form": form,
            "address": address,
        },
        status=status,
    )


@operators_page(Access.OWNER)
@require_POST
def open_one(request: HttpRequest, tenant: Organisation) -> HttpResponse:
    """Open a window; its address is shown this once."""
    form = WindowForm(request.POST)
    if not form.is_valid():
        return _page(request, tenant, form, status=422)
    _window, token = open_window(
        visitor(request),
        tenant,
        lasts=dt.timedelta(hours=form.cleaned_data["hours"]),
        capacity=form.cleaned_data["capacity"],
    )
    address = f"{settings.STATIONS_ADDRESS}/ocpp/enrol/{token}"
    return _page(request, tenant, WindowForm(), address=address)


@operators_page(Access.OWNER)
@require_POST
def close_one(request: HttpRequest, tenant: Organisation, window: int) -> HttpResponse:
    """Close a window before its time."""
    row = get_object_or_404(EnrolmentWindow, tenant_id=tenant.pk, pk=window)
    return act(
        request,
        lambda: close_window(visitor(request), tenant, row),
        _("The window is closed."),
        back=reverse("operate-enrolment", args=(tenant.slug,)),
    )


@operators_page(Access.OWNER)
@require_POST
def decide(request: HttpRequest, tenant: Organisation, waiting_station: str) -> HttpResponse:
    """Adopt a station that waits, or refuse it, as the button says."""
    row = get_object_or_404(waiting(tenant.pk), identity=waiting_station)
    is_wanted = "adopt" in request.POST
    return act(
        request,
        lambda: (adopt if is_wanted else refuse)(visitor(request), tenant, row),
        _("Adopted: the station is told, and gets a key of its own.")
        if is_wanted
        else _("Refused: the station is told."),
        back=reverse("operate-enrolment", args=(tenant.slug,)),
    )
