"""Terms of a tenant: payment, retention, prices and rewards, version by version."""

from typing import Any

from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from viavolta.hub.drive import words
from viavolta.hub.drive.terms import (
    add_tariff,
    change_terms,
    sites_of,
    strongest_kw,
    tariffs_of,
)
from viavolta.hub.drive.terms_forms import PAYMENTS, TERMINALS, TariffForm, TermsForm, terms_initial
from viavolta.hub.frame.access import Access
from viavolta.hub.frame.notices import done
from viavolta.hub.frame.pages import form_page
from viavolta.hub.operate.tenants import operators_page, page_context, zone_of
from viavolta.hub.people.access import visitor
from viavolta.hub.people.models import Organisation
from viavolta.services.billing.terminals import Terminals
from viavolta.storage.billing import prices_of, terms_of

TAB = "drive-terms"
_MOST_VERSIONS = 100


@operators_page(Access.READER)
def terms(request: HttpRequest, tenant: Organisation) -> HttpResponseBase:
    """What counts, and what counted before."""
    found = terms_of(tenant.pk)
    now, seen, tariffs = timezone.now(), set[str](), []
    for row in tariffs_of(tenant)[:_MOST_VERSIONS]:
        prices = prices_of(row)
        counts = row.site not in seen and row.valid_from <= now
        seen |= {row.site} if counts else set()
        tariffs.append(
            {
                "row": row,
                "counts": counts,
                "prices": words.price_rows(prices),
                "rewards": words.rewards(prices.reward),
            }
        )
    return render(
        request,
        "drive/terms.html",
        {
            **page_context(request, tenant, TAB),
            "title": _("Terms"),
            "terms": found,
            "payment": dict(PAYMENTS)[found.payment],
            "terminals": dict(TERMINALS)[found.terminals],
            "tariffs": tariffs,
        },
    )


@operators_page(Access.OWNER)
def edit_terms(request: HttpRequest, tenant: Organisation) -> HttpResponseBase:
    """Change what counts."""
    back = reverse(TAB, args=(tenant.slug,))
    initial = terms_initial(terms_of(tenant.pk), zone_of(tenant).key)
    form = TermsForm(request.POST or None, initial=initial)

    def save(cleaned: dict[str, Any]) -> tuple[str, str]:
        cleaned["terminals"] = cleaned["terminals"] or Terminals.NONE.value
        is_taken = cleaned["terminals"] != Terminals.NONE
        cleaned["receipts_at"] = request.build_absolute_uri("/receipt/p-") if is_taken else ""
        change_terms(visitor(request), tenant, cleaned)
        return back, _("Saved.")

    return form_page(
        request, form, save, title=_("Change the terms"), kicker=tenant.name, cancel_url=back
    )


@operators_page(Access.OWNER)
def new_tariff(request: HttpRequest, tenant: Organisation) -> HttpResponseBase:
    """Follow the tariff by its next version."""
    zone = zone_of(tenant).key
    form = TariffForm(request.POST or None, sites=sites_of(tenant), zone=zone)
    if request.method == "POST" and form.is_valid():
        site = form.cleaned_data["site"]
        if form.hold_against(strongest_kw(tenant, site)):
            add_tariff(visitor(request), tenant, site, form.tariff(), timezone.now())
            done(request, _("It counts for sessions that begin from now on."))
            return redirect(TAB, tenant.slug)
    return render(
        request,
        "frame/form_page.html",
        {
            "title": _("New prices and rewards"),
            "kicker": tenant.name,
            "form": form,
            "cancel_url": reverse(TAB, args=(tenant.slug,)),
        },
        status=422 if request.method == "POST" else 200,
    )
