"""Lists of our objects, page by page, and single ones (chapter 4.1, pagination)."""

from typing import Any

from django.http import HttpRequest, HttpResponse

from viavolta.hub.ocpi.callers import CPO, EMSP, for_partners, told
from viavolta.hub.ocpi.models import Module, OwnObject, Partner
from viavolta.hub.ocpi.offered import address_of
from viavolta.hub.ocpi.own.keeping import seen_by, written
from viavolta.hub.ocpi.refusals import invalid, missing
from viavolta.protocols.ocpi.envelope import LONGEST_PAGE, VERSION, Status, page_of

_SIDES = {Module.TOKENS: "emsp"}


@for_partners("GET", role=CPO)
def locations(request: HttpRequest, partner: Partner) -> HttpResponse:
    """Our locations."""
    return listed(request, partner, Module.LOCATIONS)


@for_partners("GET", role=CPO)
def sessions(request: HttpRequest, partner: Partner) -> HttpResponse:
    """Sessions of the partner's tokens."""
    return listed(request, partner, Module.SESSIONS)


@for_partners("GET", role=CPO)
def cdrs(request: HttpRequest, partner: Partner) -> HttpResponse:
    """Charge detail records of the partner's tokens."""
    return listed(request, partner, Module.CDRS)


@for_partners("GET", role=CPO)
def tariffs(request: HttpRequest, partner: Partner) -> HttpResponse:
    """Our tariffs."""
    return listed(request, partner, Module.TARIFFS)


@for_partners("GET", role=EMSP)
def tokens(request: HttpRequest, partner: Partner) -> HttpResponse:
    """Our tokens."""
    return listed(request, partner, Module.TOKENS)


@for_partners("GET", role=CPO)
def location(
    request: HttpRequest,  # noqa: ARG001 - a view's signature
    partner: Partner,
    object_id: str,
    evse_uid: str = "",
    connector_id: str = "",
) -> HttpResponse:
    """A location, one of its EVSEs, or one of its connectors."""
    row = OwnObject.objects.filter(seen_by(partner, Module.LOCATIONS), object_id=object_id).first()
    if row is None:
        msg = "location"
        raise missing(msg, Status.UNKNOWN_LOCATION)
    found: dict[str, Any] | None = written(row)
    if evse_uid:
        found = _one(found, "evses", "uid", evse_uid)
    if connector_id:
        found = _one(found, "connectors", "id", connector_id)
    if found is None:
        msg = "EVSE or connector"
        raise missing(msg, Status.UNKNOWN_LOCATION)
    return told(found)


def listed(request: HttpRequest, partner: Partner, module: Module) -> HttpResponse:
    """A page of what a partner may see of a module, in the order in which it was made.

    Raises
    ------
    RefusedError: a word of the query that cannot be read.
    """
    try:
        page = page_of(request.GET.dict())
    except ValueError as error:
        raise invalid(str(error)) from error
    rows = OwnObject.objects.filter(seen_by(partner, module)).order_by("pk")
    if page.date_from is not None:
        rows = rows.filter(last_updated__gte=page.date_from)
    if page.date_to is not None:
        rows = rows.filter(last_updated__lt=page.date_to)
    total = rows.count()
    shown = rows[page.offset : page.offset + page.limit]
    answer = told([written(row) for row in shown])
    answer.headers["X-Total-Count"] = str(total)
    answer.headers["X-Limit"] = str(LONGEST_PAGE)
    link = page.next_link(address_of(_SIDES.get(module, "cpo"), VERSION, module), total)
    if link:
        answer.headers["Link"] = link
    return answer


def _one(whole: dict[str, Any] | None, part: str, key: str, value: str) -> dict[str, Any] | None:
    rows = (whole or {}).get(part, [])
    return next((one for one in rows if str(one[key]).lower() == value.lower()), None)
