"""Windows in which unknown stations may call, and what becomes of those that wait."""

import datetime as dt

from django.db import transaction
from django.utils.translation import gettext as _

from viavolta.hub.frame.events import record
from viavolta.hub.frame.refusals import RefusedError
from viavolta.hub.operate.queries.stations import account_key
from viavolta.hub.operate.verbs import Verb
from viavolta.hub.people.access import require_member
from viavolta.hub.people.models import Organisation, Role, User
from viavolta.storage import enrolment
from viavolta.storage.tables.enrolment import EnrolmentWindow
from viavolta.storage.tables.stations import Station


@transaction.atomic
def open_window(
    user: User, tenant: Organisation, *, lasts: dt.timedelta, capacity: int
) -> tuple[EnrolmentWindow, str]:
    """Open a window; its token is returned this once."""
    require_member(user, tenant, Role.OWNER)
    window, token = enrolment.open_window(
        tenant.pk, by=account_key(user), lasts=lasts, capacity=capacity
    )
    record(Verb.ENROLMENT_OPENED, actor=user, organisation=tenant, subject=window)
    return window, token


@transaction.atomic
def close_window(user: User, tenant: Organisation, window: EnrolmentWindow) -> None:
    """Take no further station through a window."""
    require_member(user, tenant, Role.OWNER)
    enrolment.close_window(window)
    record(Verb.ENROLMENT_CLOSED, actor=user, organisation=tenant, subject=window)


@transaction.atomic
def adopt(user: User, tenant: Organisation, station: Station) -> None:
    """Take a waiting station in.

    Raises
    ------
    RefusedError: it does not wait any more.
    """
    require_member(user, tenant, Role.OWNER)
    try:
        enrolment.adopt(station, by=account_key(user))
    except ValueError as error:
        raise RefusedError(_("This station does not wait any more.")) from error
    record(Verb.STATION_ADOPTED, actor=user, organisation=tenant, subject=station)


@transaction.atomic
def refuse(user: User, tenant: Organisation, station: Station) -> None:
    """Turn a waiting station away.

    Raises
    ------
    RefusedError: it does not wait any more.
    """
    require_member(user, tenant, Role.OWNER)
    try:
        enrolment.refuse(station)
    except ValueError as error:
        raise RefusedError(_("This station does not wait any more.")) from error
    record(Verb.STATION_REFUSED, actor=user, organisation=tenant, subject=station)
