"""QR codes that change: scanned by a driver, turned on and off by an operator."""

from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from viavolta.hub.drive import codes
from viavolta.hub.drive.fair_use import fair_use
from viavolta.hub.drive.views.point import point_or_404
from viavolta.hub.drive.visitor import key_of
from viavolta.hub.frame.access import Access, access
from viavolta.hub.frame.notices import done, refused
from viavolta.hub.frame.refusals import RefusedError
from viavolta.hub.operate.queries.stations import stations_of
from viavolta.hub.operate.tenants import operators_page
from viavolta.hub.people.access import visitor
from viavolta.hub.people.models import Organisation
from viavolta.protocols.ocpp.changing_code import ALGORITHM, EVSE, PASSWORD, STATION


@require_GET
@access(Access.PUBLIC)
@fair_use
def scanned(
    request: HttpRequest, station: str, evse: int, version: str, password: str
) -> HttpResponseBase:
    """Where a code leads: to the page of the point, with a ticket where the code holds."""
    here = point_or_404(station, evse)
    answer = redirect(reverse("drive-point", args=(station, evse)))
    try:
        found = codes.scan(here, version, password, request.GET.dict())
    except RefusedError as error:
        refused(request, error.reason)
        return answer
    codes.tell_station(here, key_of(request), timezone.now())
    codes.remember(answer, here, found)
    return answer


@require_POST
@operators_page(Access.OWNER)
def set_codes(request: HttpRequest, tenant: Organisation, station: str) -> HttpResponseBase:
    """Turn them on, or with `off` off."""
    row = get_object_or_404(stations_of(tenant), identity=station)
    if "off" in request.POST:
        codes.turn_off(visitor(request), tenant, row)
        done(request, _("Anybody may start from the page of a point."))
        return redirect("operate-station", tenant.slug, row.identity)
    try:
        codes.turn_on(visitor(request), tenant, row, template_of(request))
    except RefusedError as error:
        refused(request, error.reason)
    else:
        done(request, _("The station is asked to show codes that change."))
    return redirect("operate-station", tenant.slug, row.identity)


def template_of(request: HttpRequest) -> str:
    """The address in a code, with what the station fills in."""
    path = reverse("drive-scanned", args=("-s-", 1, "-v-", "-p-"))
    path = path.replace("/1/", f"/{EVSE}/", 1).replace("-s-", STATION)
    path = path.replace("-v-", ALGORITHM).replace("-p-", PASSWORD)
    return request.build_absolute_uri("/").rstrip("/") + path
