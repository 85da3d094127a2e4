"""Whom an operator trusts when contracts are judged, and where it asks for new ones."""

from django.conf import settings
from django.db import transaction

from viavolta.hub.frame.events import record
from viavolta.hub.frame.refusals import RefusedError
from viavolta.hub.operate.verbs import Verb
from viavolta.hub.people.access import require_member
from viavolta.hub.people.models import Organisation, Role, User
from viavolta.model.errors import InputError
from viavolta.storage import trusted_certificates
from viavolta.storage.outgoing import checked_url
from viavolta.storage.tables.certificates import TrustedCertificate


@transaction.atomic
def trust(user: User, tenant: Organisation, kind: str, pem: str) -> TrustedCertificate:
    """Trust a certificate.

    Raises
    ------
    RefusedError: it is none, or none to be trusted.
    """
    require_member(user, tenant, Role.OWNER)
    try:
        row = trusted_certificates.add_trusted(tenant.pk, kind, pem)
    except InputError as error:
        raise RefusedError(error.message) from error
    record(Verb.CERTIFICATE_TRUSTED, actor=user, organisation=tenant, subject=row)
    return row


@transaction.atomic
def remove(user: User, tenant: Organisation, row: TrustedCertificate) -> None:
    """Trust a certificate no longer."""
    require_member(user, tenant, Role.OWNER)
    record(
        Verb.CERTIFICATE_REMOVED,
        actor=user,
        organisation=tenant,
        subject=row,
        detail={"sha256": row.sha256},
    )
    row.delete()


@transaction.atomic
def name_pool(user: User, tenant: Organisation, *, url: str, token: str) -> None:
    """Name the pool of contract certificates; without an address there is none.

    Raises
    ------
    RefusedError: the address is none that is called.
    """
    require_member(user, tenant, Role.OWNER)
    if url:
        try:
            checked_url(url, vouched=settings.CONFIG.certificate_hosts)
        except InputError as error:
            raise RefusedError(error.message) from error
    trusted_certificates.set_pool(settings.CONFIG.data, tenant.pk, url=url, token=token)
    record(Verb.POOL_SET, actor=user, organisation=tenant, detail={"has_pool": bool(url)})
