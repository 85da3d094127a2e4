"""Roaming partners: who we are, whom we invited, what is exchanged."""

from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from viavolta.hub.frame.access import Access
from viavolta.hub.frame.cells import Column, Kind
from viavolta.hub.frame.notices import done
from viavolta.hub.frame.pages import act, form_page
from viavolta.hub.frame.refusals import RefusedError
from viavolta.hub.frame.rows import QueryRows
from viavolta.hub.frame.tables import Empty, Table
from viavolta.hub.ocpi.forms import ConnectForm, InviteForm, PartyForm
from viavolta.hub.ocpi.models import Partner, Push
from viavolta.hub.ocpi.offered import versions_address
from viavolta.hub.ocpi.partners import (
    PartyFacts,
    connect,
    end_partner,
    invite,
    renew_tokens,
    set_party,
    suspend,
    try_again,
)
from viavolta.hub.ocpi.queries import (
    exchanges_of,
    modules_of,
    partners_of,
    party_of,
    refused_of,
    sites_of,
)
from viavolta.hub.operate.tenants import operators_page, page_context
from viavolta.hub.people.access import visitor
from viavolta.hub.people.models import Organisation

TAB = "roaming"
_MOST_REFUSED = 100


@operators_page(Access.READER)
def partners(request: HttpRequest, tenant: Organisation) -> HttpResponse:
    """Who we are, our partners, and which sites are published."""
    return _page(request, tenant)


@operators_page(Access.OWNER)
def edit_party(request: HttpRequest, tenant: Organisation) -> HttpResponseBase:
    """Say who we are."""
    row = party_of(tenant)

    def save(cleaned: dict[str, Any]) -> tuple[str, str]:
        set_party(visitor(request), tenant, PartyFacts(**cleaned))
        return reverse(TAB, args=(tenant.slug,)), _("Saved.")

    form = PartyForm(tenant, request.POST or None, row=row)
    back = reverse(TAB, args=(tenant.slug,))
    return form_page(request, form, save, title=_("Who we are in roaming"), cancel_url=back)


@operators_page(Access.OWNER)
@require_POST
def invite_one(request: HttpRequest, tenant: Organisation) -> HttpResponse:
    """Invite a partner and show its token A once."""
    form, more = InviteForm(request.POST), {}
    if form.is_valid():
        try:
            row, token = invite(visitor(request), tenant, form.cleaned_data["name"])
            more = {"invited": row, "new_token": token}
        except RefusedError as error:
            form.add_error(None, str(error.reason))
    answer = _page(request, tenant, **(more or {"invite_form": form}))
    answer.status_code = 200 if more else 422
    answer.headers["Cache-Control"] = "no-store"
    return answer


@operators_page(Access.OWNER)
def connect_one(request: HttpRequest, tenant: Organisation) -> HttpResponseBase:
    """Register with a partner that invited us."""

    def save(cleaned: dict[str, Any]) -> tuple[str, str]:
        row = connect(visitor(request), tenant, **cleaned)
        return _address(row), _("Registered. Its objects are read in a moment.")

    form = ConnectForm(request.POST or None)
    back = reverse(TAB, args=(tenant.slug,))
    return form_page(request, form, save, title=_("Register with a partner"), cancel_url=back)


@operators_page(Access.READER)
def partner(request: HttpRequest, tenant: Organisation, number: int) -> HttpResponseBase:
    """A partner: how it stands, what goes both ways, what went wrong."""
    row = _partner(tenant, number)
    table = _exchanges(request, row)
    if table.is_export:
        return table.export("roaming")
    return render(
        request,
        "ocpi/partner.html",
        {
            **page_context(request, tenant, TAB),
            "title": row.name,
            "crumbs": [(_("Roaming partners"), reverse(TAB, args=(tenant.slug,))), (row.name, "")],
            "partner": row,
            "modules": modules_of(row),
            "refused": refused_of(row)[:_MOST_REFUSED],
            "n_waiting": row.pushes.filter(sent_at=None, refused_at=None).count(),
            "table": table,
        },
    )


@operators_page(Access.OWNER)
@require_POST
def set_suspended(request: HttpRequest, tenant: Organisation, number: int) -> HttpResponse:
    """Suspend a partner, or take it back."""
    row = _partner(tenant, number)
    is_suspended = "suspend" in request.POST
    return act(
        request,
        lambda: suspend(visitor(request), row, is_suspended=is_suspended),
        _("The partner is suspended; its cards charge no more.")
        if is_suspended
        else _("The partner is back."),
        back=_address(row),
    )


@operators_page(Access.OWNER)
@require_POST
def renew(request: HttpRequest, tenant: Organisation, number: int) -> HttpResponse:
    """Exchange new tokens."""
    row = _partner(tenant, number)
    return act(
        request,
        lambda: renew_tokens(visitor(request), row),
        _("Both sides have new tokens."),
        back=_address(row),
    )


@operators_page(Access.OWNER)
@require_POST
def end(request: HttpRequest, tenant: Organisation, number: int) -> HttpResponse:
    """End the partnership."""
    row = _partner(tenant, number)
    why = end_partner(visitor(request), row)
    text = _("The partnership has ended.")
    if why:
        text += " " + _("The partner could not be told: %(why)s") % {"why": why}
    done(request, text)
    return redirect(reverse(TAB, args=(tenant.slug,)))


@operators_page(Access.EDITOR)
@require_POST
def again(request: HttpRequest, tenant: Organisation, number: int, push: int) -> HttpResponse:
    """Tell a partner once more what it refused."""
    row = _partner(tenant, number)
    one = get_object_or_404(Push.objects.select_related("partner"), partner=row, pk=push)
    return act(
        request,
        lambda: try_again(visitor(request), one),
        _("It is told again in a moment."),
        back=_address(row),
    )


def _page(request: HttpRequest, tenant: Organisation, **more: Any) -> HttpResponse:
    context = {
        **page_context(request, tenant, TAB),
        "title": _("Roaming partners"),
        "lead": _("Cards of others at your stations, and yours at theirs, by OCPI 2.2.1."),
        "party": party_of(tenant),
        "partners": partners_of(tenant),
        "sites": sites_of(tenant),
        "invite_form": InviteForm(),
        "versions_address": versions_address(),
    }
    return render(request, "ocpi/partners.html", {**context, **more})


def _exchanges(request: HttpRequest, row: Partner) -> Table:
    return Table(
        request,
        QueryRows(exchanges_of(row), search=("what", "error", "request_id")),
        (
            Column(key="at", label=_("Time"), kind=Kind.MOMENT, sort="at"),
            Column(
                key="is_ours",
                label=_("From"),
                value=lambda one: _("us") if one.is_ours else _("the partner"),
            ),
            Column(key="method", label=_("Method")),
            Column(key="what", label=_("What")),
            Column(key="http_status", label=_("HTTP"), kind=Kind.NUMBER),
            Column(key="status", label=_("OCPI"), kind=Kind.NUMBER),
            Column(key="error", label=_("Error")),
        ),
        sort="-at",
        caption=_("What was exchanged"),
        empty=Empty(
            title=_("Nothing yet"),
            text=_("Requests of the partner and ours stand here for 30 days, without content."),
        ),
    )


def _partner(tenant: Organisation, number: int) -> Partner:
    rows = Partner.objects.select_related("organisation")
    return get_object_or_404(rows, organisation=tenant, pk=number)


def _address(row: Partner) -> str:
    return reverse("roaming-partner", args=(row.organisation.slug, row.pk))
