"""Prices of energy from a file, kept as the moments at which they change."""

import datetime as dt
from pathlib import Path

import numpy as np
from django.db import transaction

from viavolta.formats.signals import read_signals
from viavolta.hub.frame.events import record
from viavolta.hub.operate.verbs import Verb
from viavolta.hub.people.access import require_member
from viavolta.hub.people.models import Organisation, Role, User
from viavolta.model.arrays import Floats
from viavolta.storage.tables.live import EnergyPrice
from viavolta.storage.wake import wake


def load_prices(user: User, tenant: Organisation, path: Path, *, source: str) -> int:
    """Replace the prices of the file's span of time by the file's; how many rows are kept.

    Raises
    ------
    InputError: the file is not as the format asks for.
    """
    require_member(user, tenant, Role.EDITOR)
    table = read_signals(path)
    rows = [
        EnergyPrice(
            tenant_id=tenant.pk,
            starts_at=_utc(table.start[k]),
            buy_eur_per_kwh=float(table.buy_eur_per_kwh[0, k]),
            sell_eur_per_kwh=float(table.sell_eur_per_kwh[0, k]),
            co2_g_per_kwh=None if table.co2_g_per_kwh is None else float(table.co2_g_per_kwh[0, k]),
            source=source[:120],
        )
        for k in _changes(table.buy_eur_per_kwh[0], table.sell_eur_per_kwh[0])
    ]
    first, last = _utc(table.start[0]), _utc(table.start[-1])
    with transaction.atomic():
        EnergyPrice.objects.filter(
            tenant_id=tenant.pk, starts_at__gte=first, starts_at__lte=last
        ).delete()
        EnergyPrice.objects.bulk_create(rows, batch_size=1000)
        record(Verb.PRICES_LOADED, actor=user, organisation=tenant, detail={"rows": len(rows)})
        wake()
    return len(rows)


def _changes(buy: Floats, sell: Floats) -> list[int]:
    """The steps at which a price differs from the one before it; the first among them."""
    is_new = np.append([True], (np.diff(buy) != 0) | (np.diff(sell) != 0))
    return [int(k) for k in np.flatnonzero(is_new)]


def _utc(moment: np.datetime64) -> dt.datetime:
    found: dt.datetime = moment.astype("datetime64[s]").astype(dt.datetime)
    return found.replace(tzinfo=dt.UTC)
