"""Tokens that may charge."""

from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from viavolta.hub.frame.access import Access
from viavolta.hub.frame.cells import Column, Kind
from viavolta.hub.frame.pages import act, form_page
from viavolta.hub.frame.rows import QueryRows, keep
from viavolta.hub.frame.tables import Empty, Filter, Table
from viavolta.hub.operate.actions.tokens import TokenFacts, add_token, change_token
from viavolta.hub.operate.forms import TokenForm
from viavolta.hub.operate.tenants import operators_page, page_context
from viavolta.hub.operate.words import TOKEN_STATES
from viavolta.hub.people.access import visitor
from viavolta.hub.people.models import Organisation
from viavolta.storage.tables.stations import Token

_ACCEPTED, _BLOCKED = "Accepted", "Blocked"


@operators_page(Access.READER)
def tokens(request: HttpRequest, tenant: Organisation) -> HttpResponseBase:
    """All tokens of a tenant."""
    words = dict(TOKEN_STATES)

    def page_of(row: Token) -> str:
        return format_html(
            '<a href="{}">{}</a>', reverse("operate-token", args=(tenant.slug, row.pk)), row.token
        )

    table = Table(
        request,
        QueryRows(Token.objects.filter(tenant_id=tenant.pk), search=("token", "group")),
        (
            Column(key="token", label=_("Token"), html=page_of, sort="token"),
            Column(key="kind", label=_("Kind")),
            Column(
                key="status",
                label=_("Status"),
                value=lambda row: str(words.get(row.status, row.status)),
                sort="status",
            ),
            Column(key="group", label=_("Group")),
            Column(key="expires_at", label=_("Valid until"), kind=Kind.MOMENT),
        ),
        sort="token",
        caption=_("Tokens"),
        filters=(
            Filter(key="status", label=_("Status"), choices=TOKEN_STATES, keep=keep("status")),
        ),
        empty=Empty(
            title=_("No token yet"),
            text=_("Cards and contracts that may charge at your stations."),
            url=reverse("operate-token-new", args=(tenant.slug,)),
            label=_("Add a token"),
        ),
    )
    if table.is_export:
        return table.export("tokens")
    return render(
        request,
        "operate/tokens.html",
        {
            **page_context(request, tenant, "operate-tokens"),
            "title": _("Tokens"),
            "table": table,
        },
    )


@operators_page(Access.EDITOR)
def new_token(request: HttpRequest, tenant: Organisation) -> HttpResponseBase:
    """Add a token."""
    back = reverse("operate-tokens", args=(tenant.slug,))

    def save(cleaned: dict[str, Any]) -> tuple[str, str]:
        add_token(visitor(request), tenant, cleaned.pop("token"), TokenFacts(**cleaned))
        return back, _("Saved.")

    form = TokenForm(request.POST or None)
    return form_page(request, form, save, title=_("Add a token"), cancel_url=back)


@operators_page(Access.READER)
def token(request: HttpRequest, tenant: Organisation, charging_token: int) -> HttpResponse:
    """One token, with what may be done with it."""
    row = _token(tenant, charging_token)
    return render(
        request,
        "operate/token.html",
        {
            **page_context(request, tenant, "operate-tokens"),
            "title": row.token,
            "crumbs": [
                (_("Tokens"), reverse("operate-tokens", args=(tenant.slug,))),
                (row.token, ""),
            ],
            "token": row,
            "status": dict(TOKEN_STATES).get(row.status, row.status),
            "may_charge": row.status == _ACCEPTED,
        },
    )


@operators_page(Access.EDITOR)
@require_POST
def set_token(request: HttpRequest, tenant: Organisation, charging_token: int) -> HttpResponse:
    """Block a token, or let it charge again."""
    row = _token(tenant, charging_token)
    is_blocked = "block" in request.POST
    return act(
        request,
        lambda: change_token(
            visitor(request), tenant, row, status=_BLOCKED if is_blocked else _ACCEPTED
        ),
        _("The token is blocked.") if is_blocked else _("The token may charge."),
        back=reverse("operate-token", args=(tenant.slug, row.pk)),
    )


def _token(tenant: Organisation, number: int) -> Token:
    return get_object_or_404(Token, tenant_id=tenant.pk, pk=number)
