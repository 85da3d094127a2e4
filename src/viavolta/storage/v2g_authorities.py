"""Authorities for what stations show vehicles: a row each, the keys in the data folder."""

import datetime as dt
from pathlib import Path

from cryptography import x509
from django.db import transaction
from django.utils import timezone

from viavolta.services.plug_and_charge.v2g import V2GAuthority, new_v2g_authority, renewed
from viavolta.services.station_certificates import pem_of
from viavolta.storage.station_authorities import read_private_key, write_private_key
from viavolta.storage.tables.certificates import V2GAuthorityRow

RENEW_BEFORE = dt.timedelta(days=365)
"""The authority below the root is made anew so long before it ends, when it is next opened."""


def open_v2g_authority(data: Path, tenant_id: int, organisation: str) -> V2GAuthority:
    """The authority of a tenant, made where there is none yet; only its owner reads the keys."""
    now = timezone.now()
    with transaction.atomic():
        known = v2g_authority_of(data, tenant_id)
        if known is None:
            made = new_v2g_authority(organisation, now=now)
            write_private_key(_key_file(data, tenant_id, "root"), made.root_key)
        elif known.certificate.not_valid_after_utc < now + RENEW_BEFORE:
            made = renewed(known, now=now)
        else:
            return known
        write_private_key(_key_file(data, tenant_id, "authority"), made.key)
        V2GAuthorityRow.objects.update_or_create(
            tenant_id=tenant_id,
            defaults={
                "organisation": made.organisation,
                "root": pem_of(made.root),
                "certificate": pem_of(made.certificate),
            },
        )
    return made


def v2g_authority_of(data: Path, tenant_id: int) -> V2GAuthority | None:
    """The authority of a tenant; None where there is none, or a key is not on this machine."""
    row = V2GAuthorityRow.objects.filter(tenant_id=tenant_id).first()
    root_key = read_private_key(_key_file(data, tenant_id, "root"))
    key = read_private_key(_key_file(data, tenant_id, "authority"))
    if row is None or root_key is None or key is None:
        return None
    return V2GAuthority(
        organisation=row.organisation,
        root=x509.load_pem_x509_certificate(row.root.encode()),
        root_key=root_key,
        certificate=x509.load_pem_x509_certificate(row.certificate.encode()),
        key=key,
    )


def v2g_roots(data: Path) -> dict[int, tuple[str, str]]:
    """The organisation and the root (PEM) of each tenant whose requests can be signed here."""
    rows = V2GAuthorityRow.objects.values_list("tenant_id", "organisation", "root")
    return {
        tenant: (name, root)
        for tenant, name, root in rows
        if _key_file(data, tenant, "authority").is_file()
    }


def _key_file(data: Path, tenant_id: int, which: str) -> Path:
    return data / "secrets" / f"v2g-{which}-{tenant_id}.pem"
