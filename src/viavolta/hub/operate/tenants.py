"""Who may open the pages of an organisation that runs stations, and in which time zone."""

from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate
from zoneinfo import ZoneInfo

from babel.core import get_global
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from viavolta.hub.frame.access import Access, access
from viavolta.hub.people.access import may, require_member
from viavolta.hub.people.models import Organisation, Role
from viavolta.storage.tables.billing import ChargingTerms

_more_tabs: list[tuple[str, str | Promise]] = []
_ROLES = {Access.READER: Role.READER, Access.EDITOR: Role.EDITOR, Access.OWNER: Role.OWNER}
Page = Callable[..., HttpResponseBase]
OperatorPage = Callable[Concatenate[HttpRequest, Organisation, ...], HttpResponseBase]


def operators_page(needs: Access) -> Callable[[OperatorPage], Page]:
    """Mark a view for members of the organisation in its address, with at least that role.

    The view is given the organisation in place of its slug and works in its time zone. Strangers
    are told that there is nothing.
    """

    def mark(view: OperatorPage) -> Page:
        @access(needs)
        @wraps(view)
        def opened(request: HttpRequest, organisation: str, **kwargs: Any) -> HttpResponseBase:
            tenant = tenant_of(request, organisation, _ROLES[needs])
            with timezone.override(zone_of(tenant)):
                return view(request, tenant, **kwargs)

        return opened

    return mark


def tenant_of(request: HttpRequest, slug: str, needs: Role) -> Organisation:
    """The organisation of that slug, if the visitor has at least that role in it.

    Raises
    ------
    Http404: she is no member. PermissionDenied: her role is too low.
    """
    tenant = get_object_or_404(Organisation, slug=slug)
    require_member(request.user, tenant, needs)
    return tenant


def zone_of(tenant: Organisation) -> ZoneInfo:
    """The time zone of its terms; without any that of its country, the European one of several.

    UTC where the country is not known.
    """
    terms = ChargingTerms.objects.filter(tenant_id=tenant.pk).first()
    if terms is not None:
        return ZoneInfo(terms.zone)
    names: list[str] = get_global("territory_zones").get(tenant.country, [])
    european = [name for name in names if name.startswith("Europe/")]
    return ZoneInfo(next(iter(european or names), "UTC"))


def add_tab(label: str | Promise, url_name: str) -> None:
    """Give the pages of a tenant one more tab, in an AppConfig.ready()."""
    _more_tabs.append((url_name, label))


def page_context(request: HttpRequest, tenant: Organisation, tab: str) -> dict[str, Any]:
    """What all pages of a tenant share: tabs, way back, what the visitor may do, the zone."""
    entries = (
        ("operate-map", _("Map")),
        ("operate-stations", _("Stations")),
        ("operate-sessions", _("Sessions")),
        ("operate-limits", _("Limits")),
        ("operate-prices", _("Prices")),
        ("operate-tokens", _("Tokens")),
        ("operate-enrolment", _("Enrolment")),
        ("operate-certificates", _("Certificates")),
        *_more_tabs,
    )
    return {
        "tenant": tenant,
        "kicker": tenant.name,
        "is_sample": tenant.is_sample,
        "is_wide": True,
        "tabs": [
            (label, reverse(name, args=(tenant.slug,)), name == tab) for name, label in entries
        ],
        "zone": zone_of(tenant).key,
        "is_editor": may(request.user, tenant, Role.EDITOR),
        "is_owner": may(request.user, tenant, Role.OWNER),
    }
