"""The roots that an operator trusts, and its pool of contract certificates."""

import datetime as dt
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from django.db.models import Count, Max
from django.utils import timezone

from viavolta.model.errors import InputError, Where
from viavolta.model.messages import text
from viavolta.services.plug_and_charge.chains import Trusted
from viavolta.services.plug_and_charge.ocsp import BROKEN, is_issued
from viavolta.services.station_certificates import pem_of, sha256_of
from viavolta.storage.sealed import seal, unseal
from viavolta.storage.tables.certificates import ContractPool, TrustedCertificate

MOST_OF_ONE_TENANT = 200
MOST_PEM_BYTES = 16_000
Kind = TrustedCertificate.Kind


@dataclass(frozen=True, slots=True, kw_only=True)
class Pool:
    """Where contract certificates are asked for, and the token that is shown there."""

    url: str
    token: str


def add_trusted(tenant_id: int, kind: str, pem: str) -> TrustedCertificate:
    """Trust a certificate (PEM, one of them); the same one again is the row that there is.

    Raises
    ------
    InputError: none, several, no authority's, no root that signed itself, expired, or one too many.
    """
    certificate = _read(pem)
    is_root = is_issued(certificate, certificate)
    if _is_no_authority(certificate):
        raise _unfit(text("it may not issue certificates"))
    if kind != Kind.BELOW and not is_root:
        raise _unfit(text("a root has signed itself, and this has not"))
    if certificate.not_valid_after_utc <= timezone.now():
        raise _unfit(text("it has expired"))
    rows = TrustedCertificate.objects.filter(tenant_id=tenant_id)
    if rows.count() >= MOST_OF_ONE_TENANT:
        raise _unfit(text("no more than {n} are kept", n=MOST_OF_ONE_TENANT))
    row, _ = rows.get_or_create(
        tenant_id=tenant_id,
        sha256=sha256_of(certificate),
        defaults={
            "kind": kind,
            "name": certificate.subject.rfc4514_string()[:300],
            "certificate": pem_of(certificate),
            "expires_at": certificate.not_valid_after_utc,
        },
    )
    return row


def set_pool(data: Path, tenant_id: int, *, url: str, token: str) -> None:
    """Name the pool of a tenant; without an address there is none any more.

    An empty token leaves the one that there is, if the address stays.
    """
    rows = ContractPool.objects.filter(tenant_id=tenant_id)
    if not url:
        rows.delete()
        return
    known = rows.first()
    kept = known.sealed_token if known is not None and known.url == url else ""
    ContractPool.objects.update_or_create(
        tenant_id=tenant_id,
        defaults={
            "url": url,
            "sealed_token": seal(data, token) if token else kept,
            "changed_at": timezone.now(),
        },
    )


def trusted_state() -> tuple[int, int | None]:
    """What changes whenever a trusted certificate is added or deleted."""
    found = TrustedCertificate.objects.aggregate(n=Count("pk"), last=Max("pk"))
    return found["n"], found["last"]


def all_trusted() -> dict[int, Trusted]:
    """What each tenant trusts."""
    kept: dict[int, list[tuple[bool, x509.Certificate]]] = defaultdict(list)
    rows = TrustedCertificate.objects.order_by("pk")
    for tenant, kind, pem in rows.values_list("tenant_id", "kind", "certificate"):
        kept[tenant].append((kind != Kind.BELOW, x509.load_pem_x509_certificate(pem.encode())))
    return {
        tenant: Trusted(
            roots=tuple(one for is_root, one in found if is_root),
            below=tuple(one for is_root, one in found if not is_root),
        )
        for tenant, found in kept.items()
    }


def pool_rows() -> list[tuple[int, str, str, dt.datetime]]:
    """The pools as they are kept: tenant, address, sealed token, when it was changed."""
    rows = ContractPool.objects.order_by("pk")
    return list(rows.values_list("tenant_id", "url", "sealed_token", "changed_at"))


def pools(data: Path, rows: list[tuple[int, str, str, dt.datetime]]) -> dict[int, Pool]:
    """The pools to be asked."""
    return {
        tenant: Pool(url=url, token=unseal(data, sealed) if sealed else "")
        for tenant, url, sealed, _changed in rows
    }


def _read(pem: str) -> x509.Certificate:
    if len(pem) > MOST_PEM_BYTES:
        raise _unfit(text("it is too long"))
    try:
        found = x509.load_pem_x509_certificates(pem.encode())
    except BROKEN as error:
        raise _unfit(text("this is no certificate in PEM")) from error
    if len(found) != 1:
        raise _unfit(text("there is more than one"))
    return found[0]


def _is_no_authority(certificate: x509.Certificate) -> bool:
    try:
        basic = certificate.extensions.get_extension_for_class(x509.BasicConstraints)
    except (x509.ExtensionNotFound, *BROKEN):
        return True
    return not basic.value.ca


def _unfit(why: str) -> InputError:
    return InputError(
        code="certificate-unfit",
        message=text("this certificate cannot be trusted: {why}", why=why),
        where=Where(field="certificate"),
        expected=text("one certificate of an authority, as PEM"),
        hint=text("ask the mobility operator or the V2G authority for its root as PEM"),
    )
