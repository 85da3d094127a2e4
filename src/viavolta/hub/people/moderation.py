"""The moderators' desk: what can be reported, and what moderators decide.

Apps make their things known with `can_be_reported`; this module never knows them by name.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from viavolta.hub.frame.events import record
from viavolta.hub.people.letters import send_letter
from viavolta.hub.people.models import Organisation, Report, ReportState, Role, User
from viavolta.hub.people.queries import people_of, visible_organisations
from viavolta.hub.people.verbs import Verb


def _own_address(thing: Any) -> str:
    return str(thing.get_absolute_url())


@dataclass(frozen=True, slots=True, kw_only=True)
class Reportable:
    """A kind of thing that can be reported.

    `find` gives the thing if the visitor of the request may see it, else None; `hide` and `show`
    take it out of sight and back; `organisation_of` says whose people are told;
    `address` is that of its page, unless it has `get_absolute_url`.
    """

    kind: str
    find: Callable[[HttpRequest, int], Any | None]
    hide: Callable[[User, Any], None]
    show: Callable[[User, Any], None]
    organisation_of: Callable[[Any], Organisation]
    address: Callable[[Any], str] = field(default=_own_address)


_kinds: dict[str, Reportable] = {}


def can_be_reported(kind: Reportable) -> None:
    """Make a kind of thing known to the desk, in an AppConfig.ready()."""
    _kinds[kind.kind] = kind


def reportable(kind: str) -> Reportable | None:
    """What is known of a kind."""
    return _kinds.get(kind)


@transaction.atomic
def report(user: User, kind: Reportable, thing: Any, *, reason: str, text: str) -> Report:
    """Tell the moderators about a thing."""
    made = Report.objects.create(
        kind=kind.kind,
        object_id=thing.pk,
        title=str(thing)[:200],
        reason=reason,
        text=text,
        reporter=user,
    )
    record(Verb.THING_REPORTED, actor=user, subject=thing, detail={"reason": reason})
    return made


@transaction.atomic
def decide(user: User, row: Report, thing: Any, *, hide: bool, decision: str) -> None:
    """Hide the thing or find no fault; its people are told if it is hidden."""
    kind = _known(user, row)
    row.state = ReportState.UPHELD if hide else ReportState.DISMISSED
    row.decided_by = user
    row.decided_at = timezone.now()
    row.decision = decision
    row.save()
    organisation = kind.organisation_of(thing)
    if hide:
        kind.hide(user, thing)
        transaction.on_commit(lambda: _tell(organisation, str(thing), decision))
    record(
        Verb.THING_HIDDEN if hide else Verb.REPORT_DISMISSED,
        actor=user,
        organisation=organisation,
        subject=thing,
        detail={"report": row.pk},
    )


@transaction.atomic
def show_again(user: User, row: Report, thing: Any) -> None:
    """Take back a decision: the thing is seen again and the report is open."""
    kind = _known(user, row)
    kind.show(user, thing)
    row.state = ReportState.OPEN
    row.save(update_fields=["state"])
    record(Verb.THING_SHOWN, actor=user, organisation=kind.organisation_of(thing), subject=thing)


def _known(user: User, row: Report) -> Reportable:
    kind = _kinds.get(row.kind)
    if not user.is_moderator or kind is None:
        raise PermissionDenied
    return kind


def _tell(organisation: Organisation, title: str, decision: str) -> None:
    for person in people_of(organisation, Role.EDITOR):
        with translation.override(person.language or "en"):
            send_letter(
                person.email,
                subject=_("Hidden by the moderators: %(title)s") % {"title": title},
                template="people/letters/hidden.txt",
                context={"title": title, "decision": decision},
            )


def _find_organisation(request: HttpRequest, pk: int) -> Organisation | None:
    return visible_organisations(request.user).filter(pk=pk).first()


def _hide_organisation(user: User, thing: Organisation) -> None:  # noqa: ARG001 - the signature of hide
    Organisation.objects.filter(pk=thing.pk).update(hidden=True)


def _show_organisation(user: User, thing: Organisation) -> None:  # noqa: ARG001 - the signature of show
    Organisation.objects.filter(pk=thing.pk).update(hidden=False)


ORGANISATIONS = Reportable(
    kind="people.organisation",
    find=_find_organisation,
    hide=_hide_organisation,
    show=_show_organisation,
    organisation_of=lambda thing: thing,
)
