"""Authorities that sign stations' certificates: a row each, the key in the data folder."""

import os
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from django.db import transaction
from django.utils import timezone

from viavolta.services.station_certificates import Authority, new_authority, pem_of
from viavolta.storage.tables.certificates import StationAuthority, V2GAuthorityRow


def open_authority(data: Path, tenant_id: int, organisation: str) -> Authority:
    """The authority of a tenant, made where there is none yet; only its owner reads the key."""
    with transaction.atomic():
        known = authority_of(data, tenant_id)
        if known is not None:
            return known
        made = new_authority(organisation, now=timezone.now())
        row, _ = StationAuthority.objects.update_or_create(
            tenant_id=tenant_id,
            defaults={"organisation": organisation, "certificate": pem_of(made.certificate)},
        )
        write_private_key(_key_file(data, row.tenant_id), made.key)
    return made


def authority_of(data: Path, tenant_id: int) -> Authority | None:
    """The authority of a tenant; None where there is none, or its key is not on this machine."""
    row = StationAuthority.objects.filter(tenant_id=tenant_id).first()
    path = _key_file(data, tenant_id)
    if row is None or not path.is_file():
        return None
    key = read_private_key(path)
    if key is None:
        return None
    certificate = x509.load_pem_x509_certificate(row.certificate.encode())
    return Authority(organisation=row.organisation, certificate=certificate, key=key)


def signing_organisations(data: Path) -> dict[int, str]:
    """The organisations whose stations' requests can be signed here, by tenant."""
    rows = StationAuthority.objects.values_list("tenant_id", "organisation")
    return {tenant: name for tenant, name in rows if _key_file(data, tenant).is_file()}


def trusted_certificates() -> list[str]:
    """The certificates (PEM) of all authorities: what stations show was signed by one of them."""
    found = list(StationAuthority.objects.order_by("pk").values_list("certificate", flat=True))
    for pair in V2GAuthorityRow.objects.order_by("pk").values_list("root", "certificate"):
        found += pair
    return found


def write_private_key(path: Path, key: ec.EllipticCurvePrivateKey) -> None:
    """Write a key into a file that its owner alone reads."""
    secret = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(secret)


def read_private_key(path: Path) -> ec.EllipticCurvePrivateKey | None:
    """The key in a file; None where there is none of that kind."""
    if not path.is_file():
        return None
    key = serialization.load_pem_private_key(path.read_bytes(), password=None)
    return key if isinstance(key, ec.EllipticCurvePrivateKey) else None


def _key_file(data: Path, tenant_id: int) -> Path:
    return data / "secrets" / f"station-authority-{tenant_id}.pem"
