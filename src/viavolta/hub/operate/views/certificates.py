"""Certificates of ISO 15118: whom the operator trusts, and where vehicles get contracts."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from viavolta.hub.frame.access import Access
from viavolta.hub.frame.notices import done
from viavolta.hub.frame.pages import act
from viavolta.hub.frame.refusals import RefusedError
from viavolta.hub.operate.actions.certificates import name_pool, remove, trust
from viavolta.hub.operate.forms import CertificateForm, PoolForm
from viavolta.hub.operate.tenants import operators_page, page_context
from viavolta.hub.operate.words import CERTIFICATE_KINDS
from viavolta.hub.people.access import visitor
from viavolta.hub.people.models import Organisation
from viavolta.storage.tables.certificates import (
    ContractPool,
    TrustedCertificate,
    V2GAuthorityRow,
)


@operators_page(Access.READER)
def certificates(request: HttpRequest, tenant: Organisation) -> HttpResponse:
    """Whom the operator trusts, its own authority for vehicles, its pool."""
    return _page(request, tenant)


@operators_page(Access.OWNER)
@require_POST
def add_one(request: HttpRequest, tenant: Organisation) -> HttpResponse:
    """Trust a certificate."""
    form = CertificateForm(request.POST)
    if form.is_valid():
        try:
            trust(
                visitor(request),
                tenant,
                form.cleaned_data["kind"],
                form.cleaned_data["certificate"],
            )
        except RefusedError as error:
            form.add_error("certificate", str(error.reason))
        else:
            done(request, _("The certificate is trusted."))
            return redirect("operate-certificates", tenant.slug)
    return _page(request, tenant, certificate=form, status=422)


@operators_page(Access.OWNER)
@require_POST
def set_pool(request: HttpRequest, tenant: Organisation) -> HttpResponse:
    """Name the pool of contract certificates."""
    form = PoolForm(request.POST)
    if form.is_valid():
        try:
            name_pool(visitor(request), tenant, **form.cleaned_data)
        except RefusedError as error:
            form.add_error("url", str(error.reason))
        else:
            done(request, _("Saved."))
            return redirect("operate-certificates", tenant.slug)
    return _page(request, tenant, pool=form, status=422)


@operators_page(Access.OWNER)
@require_POST
def remove_one(
    request: HttpRequest, tenant: Organisation, trusted_certificate: int
) -> HttpResponse:
    """Trust a certificate no longer."""
    row = get_object_or_404(TrustedCertificate, tenant_id=tenant.pk, pk=trusted_certificate)
    return act(
        request,
        lambda: remove(visitor(request), tenant, row),
        _("The certificate is trusted no longer."),
        back=reverse("operate-certificates", args=(tenant.slug,)),
    )


def _page(
    request: HttpRequest,
    tenant: Organisation,
    *,
    certificate: CertificateForm | None = None,
    pool: PoolForm | None = None,
    status: int = 200,
) -> HttpResponse:
    words, now = dict(CERTIFICATE_KINDS), timezone.now()
    rows = TrustedCertificate.objects.filter(tenant_id=tenant.pk).order_by("kind", "name", "pk")
    known = ContractPool.objects.filter(tenant_id=tenant.pk).first()
    return render(
        request,
        "operate/certificates.html",
        {
            **page_context(request, tenant, "operate-certificates"),
            "title": _("Certificates"),
            "lead": _("Whom you trust when a vehicle charges by a contract of its own."),
            "rows": [(row, words.get(row.kind, row.kind), row.expires_at <= now) for row in rows],
            "certificate_form": certificate or CertificateForm(),
            "pool_form": pool or PoolForm(initial={"url": known.url if known else ""}),
            "pool": known,
            "authority": V2GAuthorityRow.objects.filter(tenant_id=tenant.pk).first(),
        },
        status=status,
    )
