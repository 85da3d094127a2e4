"""Limits of sites: the tree with live use, a slider for each, and the setpoints that follow."""

from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from viavolta.hub.frame.access import Access
from viavolta.hub.frame.cells import Column, Kind
from viavolta.hub.frame.notices import done
from viavolta.hub.frame.pages import act, form_page
from viavolta.hub.frame.rows import QueryRows
from viavolta.hub.frame.tables import Table
from viavolta.hub.operate.actions.limits import (
    LimitFacts,
    add_limit,
    change_limit,
    release_limit,
    remove_limit,
    set_limit,
)
from viavolta.hub.operate.forms import LimitForm, SetLimitForm
from viavolta.hub.operate.queries.limits import changes_of, limits_now, limits_of, orders_of
from viavolta.hub.operate.queries.stations import names_of
from viavolta.hub.operate.tenants import operators_page, page_context
from viavolta.hub.operate.words import SOURCES, reason
from viavolta.hub.people.access import visitor
from viavolta.hub.people.models import Organisation
from viavolta.storage.tables.live import SiteLimit

_STEPS = 100
_MOST_ORDERS = 200


@operators_page(Access.READER)
def limits(request: HttpRequest, tenant: Organisation) -> HttpResponseBase:
    """Every limit with what holds and what draws now, and the orders of the sessions under them."""
    table = _changes(request, tenant)
    if table.is_export:
        return table.export("limits")
    rows = limits_now(tenant, timezone.now())
    return render(
        request,
        "operate/limits.html",
        {
            **page_context(request, tenant, "operate-limits"),
            "title": _("Limits"),
            "limits": [(row, SOURCES.get(row.source, ""), "—" * row.depth) for row in rows],
            "sliders": [_slider(row.row, row.set_kw) for row in rows if row.row.import_kw],
            "orders": [
                (o, None if o.session.power_w is None else o.session.power_w / 1000.0, reason(o))
                for o in orders_of(tenant)[:_MOST_ORDERS]
            ],
            "table": table,
        },
    )


def _slider(row: SiteLimit, set_kw: float | None) -> dict[str, Any]:
    most = row.import_kw or 0.0
    return {
        "row": row,
        "most": most,
        "step": max(0.1, round(most / _STEPS, 1)),
        "value": most if set_kw is None else min(set_kw, most),
        "is_set": set_kw is not None,
    }


def _changes(request: HttpRequest, tenant: Organisation) -> Table:
    names = names_of(set(changes_of(tenant).values_list("asked_by", flat=True)[:500]))
    return Table(
        request,
        QueryRows(changes_of(tenant), search=("limit__limit_id", "reference")),
        (
            Column(
                key="limit",
                label=_("Limit"),
                value=lambda row: row.limit.limit_id,
                sort="limit__limit_id",
            ),
            Column(key="import_kw", label=_("Drawn"), kind=Kind.NUMBER, unit="kW", digits=1),
            Column(key="export_kw", label=_("Fed back"), kind=Kind.NUMBER, unit="kW", digits=1),
            Column(key="starts_at", label=_("From"), kind=Kind.MOMENT),
            Column(key="ends_at", label=_("Until"), kind=Kind.MOMENT),
            Column(
                key="source",
                label=_("Set by"),
                value=lambda row: str(SOURCES.get(row.source, row.source)),
                sort="source",
            ),
            Column(
                key="asked_by",
                label=_("Who"),
                value=lambda row: names.get(row.asked_by, row.asked_by),
            ),
            Column(key="reference", label=_("Reference"), is_shown=False),
            Column(key="is_withdrawn", label=_("Withdrawn"), kind=Kind.YES_NO),
        ),
        name="changes",
        sort="-starts_at",
        caption=_("What was set for a while"),
    )


@operators_page(Access.OWNER)
def new_limit(request: HttpRequest, tenant: Organisation) -> HttpResponseBase:
    """Add a limit."""
    back = reverse("operate-limits", args=(tenant.slug,))

    def save(cleaned: dict[str, Any]) -> tuple[str, str]:
        add_limit(visitor(request), tenant, cleaned.pop("limit_id"), LimitFacts(**cleaned))
        return back, _("Saved.")

    form = LimitForm(tenant, request.POST or None, is_new=True)
    return form_page(request, form, save, title=_("Add a limit"), cancel_url=back)


@operators_page(Access.OWNER)
def edit_limit(request: HttpRequest, tenant: Organisation, site_limit: int) -> HttpResponseBase:
    """Change a limit for good."""
    row = _limit(tenant, site_limit)
    back = reverse("operate-limits", args=(tenant.slug,))

    def save(cleaned: dict[str, Any]) -> tuple[str, str]:
        change_limit(visitor(request), tenant, row, LimitFacts(**cleaned))
        return back, _("Saved.")

    before = {name: getattr(row, name) for name in LimitFacts.__slots__}
    form = LimitForm(tenant, request.POST or None, is_new=False, initial=before)
    return form_page(
        request,
        form,
        save,
        template="operate/limit_form.html",
        title=row.limit_id,
        cancel_url=back,
        tenant=tenant,
        site_limit=row,
    )


@operators_page(Access.OWNER)
@require_POST
def remove_one(request: HttpRequest, tenant: Organisation, site_limit: int) -> HttpResponse:
    """Remove a limit that nothing hangs on."""
    row = _limit(tenant, site_limit)
    return act(
        request,
        lambda: remove_limit(visitor(request), tenant, row),
        _("The limit is removed."),
        back=reverse("operate-limits", args=(tenant.slug,)),
    )


@operators_page(Access.EDITOR)
@require_POST
def set_one(request: HttpRequest, tenant: Organisation, site_limit: int) -> HttpResponse:
    """Have the slider's limit hold from now on, or release it."""
    row = _limit(tenant, site_limit)
    if "release" in request.POST:
        release_limit(visitor(request), tenant, row)
        text = _("Released: what was agreed holds again.")
    else:
        form = SetLimitForm(request.POST)
        if not form.is_valid():
            return HttpResponse(status=422)
        set_limit(visitor(request), tenant, row, import_kw=form.cleaned_data["import_kw"])
        text = _("The limit holds; the setpoints follow.")
    if "HX-Request" not in request.headers:
        done(request, text)
    return redirect("operate-limits", tenant.slug)


def _limit(tenant: Organisation, number: int) -> SiteLimit:
    return get_object_or_404(limits_of(tenant), pk=number)
