"""Whom operators trust, and where they have contracts: in memory, kept fresh from the tables."""

import datetime as dt
import logging
from pathlib import Path

from cryptography import x509

from viavolta.services.plug_and_charge.chains import Trusted
from viavolta.storage.trusted_certificates import (
    Pool,
    all_trusted,
    pool_rows,
    pools,
    trusted_state,
)
from viavolta.storage.v2g_authorities import v2g_roots

NOBODY = Trusted()
log = logging.getLogger(__name__)


class Trust:
    """Trusted certificates, pools and roots of their own by tenant."""

    def __init__(self) -> None:
        self._state: tuple[int, int | None] | None = None
        self._trusted: dict[int, Trusted] = {}
        self._rows: list[tuple[int, str, str, dt.datetime]] = []
        self._pools: dict[int, Pool] = {}
        self._roots: dict[int, tuple[str, str]] = {}

    def of(self, tenant_id: int) -> Trusted:
        """Whom a tenant trusts."""
        return self._trusted.get(tenant_id, NOBODY)

    def pool(self, tenant_id: int) -> Pool | None:
        """Where a tenant has contract certificates; None where nowhere."""
        return self._pools.get(tenant_id)

    def v2g_root(self, tenant_id: int) -> tuple[str, x509.Certificate] | None:
        """The organisation and the root of a tenant's own V2G authority; None without one."""
        found = self._roots.get(tenant_id)
        if found is None:
            return None
        return found[0], x509.load_pem_x509_certificate(found[1].encode())

    def refresh(self, data: Path | None) -> None:
        """Read what changed; blocking, in a thread."""
        state = trusted_state()
        if state != self._state:
            self._trusted, self._state = all_trusted(), state
        if data is None:
            return
        self._roots = v2g_roots(data)
        rows = pool_rows()
        if rows != self._rows:
            try:
                self._pools = pools(data, rows)
            except ValueError as error:  # sealed with a key that is not here
                log.warning("pools of contracts cannot be read", extra={"why": str(error)})
                self._pools = {}
            self._rows = rows
