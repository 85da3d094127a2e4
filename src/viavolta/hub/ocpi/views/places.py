"""What partners must know of our sites and connectors."""

from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from viavolta.hub.frame.access import Access
from viavolta.hub.frame.pages import act, form_page
from viavolta.hub.ocpi.forms import PlaceForm, PlugForm
from viavolta.hub.ocpi.models import Place, Plug
from viavolta.hub.ocpi.publishing import (
    PlaceFacts,
    PlugFacts,
    remove_place,
    remove_plug,
    save_place,
    save_plug,
)
from viavolta.hub.ocpi.queries import plugs_of, sites_of
from viavolta.hub.ocpi.views.partners import TAB
from viavolta.hub.operate.tenants import operators_page, page_context
from viavolta.hub.people.access import visitor
from viavolta.hub.people.models import Organisation


@operators_page(Access.READER)
def places(request: HttpRequest, tenant: Organisation) -> HttpResponse:
    """Sites and connectors, published or not."""
    return render(
        request,
        "ocpi/places.html",
        {
            **page_context(request, tenant, TAB),
            "title": _("Published sites"),
            "lead": _("A site with an address is published, with each connector that is known."),
            "crumbs": [
                (_("Roaming partners"), reverse(TAB, args=(tenant.slug,))),
                (_("Published sites"), ""),
            ],
            "sites": sites_of(tenant),
            "plugs": plugs_of(tenant),
        },
    )


@operators_page(Access.EDITOR)
def new_place(request: HttpRequest, tenant: Organisation) -> HttpResponseBase:
    """Publish a site."""
    return _place_form(request, tenant, None)


@operators_page(Access.EDITOR)
def edit_place(request: HttpRequest, tenant: Organisation, number: int) -> HttpResponseBase:
    """Change what is said of a site."""
    return _place_form(request, tenant, _place(tenant, number))


@operators_page(Access.EDITOR)
@require_POST
def drop_place(request: HttpRequest, tenant: Organisation, number: int) -> HttpResponse:
    """Publish a site no more."""
    row = _place(tenant, number)
    return act(
        request,
        lambda: remove_place(visitor(request), row),
        _("The site is published no more."),
        back=_back(tenant),
    )


@operators_page(Access.EDITOR)
def new_plug(request: HttpRequest, tenant: Organisation) -> HttpResponseBase:
    """Say what a connector is."""
    return _plug_form(request, tenant, None)


@operators_page(Access.EDITOR)
def edit_plug(request: HttpRequest, tenant: Organisation, number: int) -> HttpResponseBase:
    """Change what is said of a connector."""
    return _plug_form(request, tenant, get_object_or_404(plugs_of(tenant), pk=number))


@operators_page(Access.EDITOR)
@require_POST
def drop_plug(request: HttpRequest, tenant: Organisation, number: int) -> HttpResponse:
    """Take back what was said of a connector."""
    row = get_object_or_404(plugs_of(tenant), pk=number)
    return act(
        request,
        lambda: remove_plug(visitor(request), tenant, row),
        _("Taken back."),
        back=_back(tenant),
    )


def _place_form(request: HttpRequest, tenant: Organisation, row: Place | None) -> HttpResponseBase:
    def save(cleaned: dict[str, Any]) -> tuple[str, str]:
        save_place(visitor(request), tenant, PlaceFacts(**cleaned), row.pk if row else 0)
        return _back(tenant), _("Saved. Partners are told within a minute.")

    form = PlaceForm(tenant, request.POST or None, row=row, site=request.GET.get("site", ""))
    title = row.site if row else _("Publish a site")
    return form_page(request, form, save, title=title, cancel_url=_back(tenant))


def _plug_form(request: HttpRequest, tenant: Organisation, row: Plug | None) -> HttpResponseBase:
    def save(cleaned: dict[str, Any]) -> tuple[str, str]:
        save_plug(visitor(request), tenant, PlugFacts(**cleaned), row.pk if row else 0)
        return _back(tenant), _("Saved. Partners are told within a minute.")

    form = PlugForm(tenant, request.POST or None, row=row)
    title = _("What a connector is")
    return form_page(request, form, save, title=title, cancel_url=_back(tenant))


def _place(tenant: Organisation, number: int) -> Place:
    rows = Place.objects.select_related("organisation")
    return get_object_or_404(rows, organisation=tenant, pk=number)


def _back(tenant: Organisation) -> str:
    return reverse("roaming-places", args=(tenant.slug,))
