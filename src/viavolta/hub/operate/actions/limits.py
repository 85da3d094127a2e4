"""Limits added, changed, removed by owners; set for a while, and released, by editors."""

from dataclasses import dataclass

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from viavolta.hub.frame.events import record
from viavolta.hub.frame.refusals import RefusedError
from viavolta.hub.operate.queries.limits import changes_of, in_force
from viavolta.hub.operate.queries.stations import account_key
from viavolta.hub.operate.verbs import Verb
from viavolta.hub.people.access import require_member
from viavolta.hub.people.models import Organisation, Role, User
from viavolta.storage.tables.live import LimitChange, SiteLimit
from viavolta.storage.tables.stations import Station
from viavolta.storage.wake import wake


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitFacts:
    """What an owner says of a limit (kW, A); None where nothing limits."""

    name: str = ""
    parent: SiteLimit | None = None
    import_kw: float | None = None
    export_kw: float | None = None
    fuse_a: float | None = None


@transaction.atomic
def add_limit(user: User, tenant: Organisation, limit_id: str, facts: LimitFacts) -> SiteLimit:
    """Add a limit.

    Raises
    ------
    RefusedError: the name is taken.
    """
    require_member(user, tenant, Role.OWNER)
    row = SiteLimit(tenant_id=tenant.pk, limit_id=limit_id)
    _tell(row, facts)
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError as error:
        raise RefusedError(_("There is a limit of this name already.")) from error
    record(Verb.LIMIT_ADDED, actor=user, organisation=tenant, subject=row)
    return row


@transaction.atomic
def change_limit(user: User, tenant: Organisation, row: SiteLimit, facts: LimitFacts) -> None:
    """Change a limit for good.

    Raises
    ------
    RefusedError: it would hang on itself.
    """
    require_member(user, tenant, Role.OWNER)
    above = facts.parent
    while above is not None:
        if above.pk == row.pk:
            raise RefusedError(_("A limit cannot hang on itself."))
        above = above.parent
    _tell(row, facts)
    row.save()
    record(Verb.LIMIT_CHANGED, actor=user, organisation=tenant, subject=row)


@transaction.atomic
def remove_limit(user: User, tenant: Organisation, row: SiteLimit) -> None:
    """Remove a limit that nothing hangs on.

    Raises
    ------
    RefusedError: stations or other limits hang on it.
    """
    require_member(user, tenant, Role.OWNER)
    hangs = Station.objects.filter(tenant_id=tenant.pk, limit_id=row.limit_id).exists()
    if hangs or SiteLimit.objects.filter(parent=row).exists():
        raise RefusedError(_("Stations or other limits hang on this one."))
    record(
        Verb.LIMIT_REMOVED,
        actor=user,
        organisation=tenant,
        subject=row,
        detail={"limit": row.limit_id},
    )
    row.delete()


@transaction.atomic
def set_limit(
    user: User,
    tenant: Organisation,
    row: SiteLimit,
    *,
    import_kw: float | None,
    export_kw: float | None = None,
) -> LimitChange:
    """Have a limit hold from now on, in place of what was set by hand before (kW)."""
    require_member(user, tenant, Role.EDITOR)
    _withdraw(tenant, row)
    change = LimitChange.objects.create(
        limit=row,
        import_kw=import_kw,
        export_kw=export_kw,
        starts_at=timezone.now(),
        source=LimitChange.Source.OPERATOR,
        asked_by=account_key(user),
    )
    record(
        Verb.LIMIT_SET,
        actor=user,
        organisation=tenant,
        subject=row,
        detail={"import_kw": import_kw, "export_kw": export_kw},
    )
    wake()
    return change


@transaction.atomic
def release_limit(user: User, tenant: Organisation, row: SiteLimit) -> None:
    """End what was set by hand; what others set still holds."""
    require_member(user, tenant, Role.EDITOR)
    _withdraw(tenant, row)
    record(Verb.LIMIT_RELEASED, actor=user, organisation=tenant, subject=row)
    wake()


def _withdraw(tenant: Organisation, row: SiteLimit) -> None:
    now = timezone.now()
    held = in_force(changes_of(tenant), now).filter(limit=row, source=LimitChange.Source.OPERATOR)
    held.order_by().update(is_withdrawn=True, ends_at=now, changed_at=now)


def _tell(row: SiteLimit, facts: LimitFacts) -> None:
    row.name, row.parent = facts.name, facts.parent
    row.import_kw, row.export_kw, row.fuse_a = facts.import_kw, facts.export_kw, facts.fuse_a
    row.changed_at = timezone.now()
