"""Who sees a study: read here by every page, table, download and endpoint of it.

Private: editors and owners of the organisation that owns it. Organisation: all its members. Link:
also whoever opened the link; the link's token is kept in the visitor's session and compared with
the study's own at every request, so that revoking it closes the study at once. Public: everybody.
Strangers get 404, never 403.
"""

import secrets
from enum import StrEnum
from typing import TYPE_CHECKING

from django.db import transaction
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest
from django.utils import timezone

from viavolta.hub.frame.events import record
from viavolta.hub.frame.versions import save_version
from viavolta.hub.people.access import may, organisations_of, require
from viavolta.hub.people.models import Role, User
from viavolta.hub.studies.models import Scenario, Study, Visibility

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

LINKS_KEY = "study-links"
LINKS_KEPT = 50
LINK_HEADER = "X-Study-Link"


class SharingVerb(StrEnum):
    """What is written down about sharing."""

    SHARED = "study.shared"
    PUBLISHED = "study.published"
    WITHDRAWN = "study.withdrawn"
    LINK_MADE = "study.link-made"
    LINK_REVOKED = "study.link-revoked"


def links_of(request: HttpRequest) -> list[str]:
    """Tokens of the links this visitor opened, and the one an API client sent along."""
    kept = request.session.get(LINKS_KEY, []) if hasattr(request, "session") else []
    sent = request.headers.get(LINK_HEADER, "")
    return [token for token in [*kept, sent] if isinstance(token, str) and token]


def visible_studies(user: "User | AnonymousUser", links: list[str]) -> QuerySet[Study]:
    """Every study this person may see."""
    seen = Q(visibility=Visibility.PUBLIC, organisation__hidden=False)
    if links:
        seen |= Q(
            visibility=Visibility.LINK, link_token__in=links, organisation__hidden=False
        ) & ~Q(link_token="")
    if isinstance(user, User):
        members = organisations_of(user).values("pk")
        editors = organisations_of(user, Role.EDITOR).values("pk")
        seen |= Q(organisation__in=editors)
        seen |= Q(organisation__in=members) & ~Q(visibility=Visibility.PRIVATE)
    return Study.objects.filter(seen).select_related("organisation")


def study_for(request: HttpRequest, slug: str) -> Study:
    """The study at this address.

    Raises
    ------
    Http404: there is none, or not for this visitor.
    """
    study = visible_studies(request.user, links_of(request)).filter(slug=slug).first()
    if study is None:
        raise Http404
    return study


def scenario_for(request: HttpRequest, slug: str, scenario_id: int) -> Scenario:
    """A scenario of a study this visitor may see.

    Raises
    ------
    Http404: there is none, or not for this visitor.
    """
    study = study_for(request, slug)
    scenario = study.scenarios.filter(pk=scenario_id).first()
    if scenario is None:
        raise Http404
    scenario.study = study
    return scenario


def may_edit(user: "User | AnonymousUser", study: Study) -> bool:
    """Whether this person may change the study."""
    return may(user, study.organisation, Role.EDITOR)


def study_to_edit(request: HttpRequest, slug: str) -> Study:
    """The study at this address, for those who may change it.

    Raises
    ------
    Http404: there is none, or this visitor may not change it.
    """
    study = study_for(request, slug)
    if not may_edit(request.user, study):
        raise Http404
    return study


@transaction.atomic
def share(user: User, study: Study, visibility: Visibility, *, seen: int) -> Study:
    """Say who sees the study. A link gets its token, and loses it when it is no longer wanted.

    Raises
    ------
    PermissionDenied: not an editor. StaleEditError: somebody else changed the study meanwhile.
    """
    require(user, study.organisation, Role.EDITOR)
    before = study.visibility
    study.visibility = visibility
    if visibility == Visibility.LINK:
        study.link_token = study.link_token or secrets.token_urlsafe(32)
    else:
        study.link_token = ""
    if visibility == Visibility.PUBLIC:
        study.published_at = study.published_at or timezone.now()
    save_version(study, seen=seen)
    verb = SharingVerb.SHARED
    if visibility == Visibility.PUBLIC:
        verb = SharingVerb.PUBLISHED
    elif before == Visibility.PUBLIC:
        verb = SharingVerb.WITHDRAWN
    record(
        verb,
        actor=user,
        organisation=study.organisation,
        subject=study,
        detail={"before": str(before), "now": str(visibility)},
    )
    return study


@transaction.atomic
def renew_link(user: User, study: Study, *, seen: int) -> Study:
    """Revoke the study's link and make another: whoever has the old one sees nothing any more.

    Raises
    ------
    PermissionDenied: not an editor. StaleEditError: somebody else changed the study meanwhile.
    """
    require(user, study.organisation, Role.EDITOR)
    study.link_token = secrets.token_urlsafe(32)
    save_version(study, seen=seen)
    record(SharingVerb.LINK_REVOKED, actor=user, organisation=study.organisation, subject=study)
    record(SharingVerb.LINK_MADE, actor=user, organisation=study.organisation, subject=study)
    return study


def open_link(request: HttpRequest, token: str) -> Study:
    """Keep a link's token in the session and return its study.

    Raises
    ------
    Http404: the link was revoked, or never was.
    """
    study = visible_studies(request.user, [token]).filter(link_token=token).first()
    if study is None or not token:
        raise Http404
    kept = [one for one in request.session.get(LINKS_KEY, []) if one != token]
    request.session[LINKS_KEY] = [*kept, token][-LINKS_KEPT:]
    return study
