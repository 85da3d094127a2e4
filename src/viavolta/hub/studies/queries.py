"""Files, drafts and studies as this person may see them."""

from typing import TYPE_CHECKING

from django.db.models import OuterRef, QuerySet, Subquery
from django.http import Http404

from viavolta.hub.people.access import organisations_of
from viavolta.hub.people.models import Organisation, Role
from viavolta.hub.studies.models import Draft, Scenario, Study, Upload, UploadState
from viavolta.storage.tables.models import Run

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from viavolta.hub.people.models import User


def uploads_of(user: "User | AnonymousUser") -> QuerySet[Upload]:
    """The files of the organisations a person belongs to."""
    return Upload.objects.filter(organisation__in=organisations_of(user).values("pk"))


def upload_for(user: "User | AnonymousUser", pk: int) -> Upload:
    """A file of an organisation this person belongs to.

    Raises
    ------
    Http404: there is none, or she does not belong there.
    """
    upload = uploads_of(user).select_related("organisation").filter(pk=pk).first()
    if upload is None:
        raise Http404
    return upload


def usable(organisation: Organisation, kind: str) -> list[Upload]:
    """The usable files of a kind, the newest first."""
    return list(
        Upload.objects.filter(organisation=organisation, kind=kind, state=UploadState.USABLE)
    )


def recent(organisation: Organisation, kind: str, *, most: int = 5) -> list[Upload]:
    """The newest files of a kind, whatever the check says."""
    return list(Upload.objects.filter(organisation=organisation, kind=kind)[:most])


def drafts_of(user: "User | AnonymousUser") -> QuerySet[Draft]:
    """Studies that this person may go on putting together."""
    editors = organisations_of(user, Role.EDITOR).values("pk")
    return Draft.objects.filter(organisation__in=editors, study__isnull=True)


def draft_for(user: "User | AnonymousUser", pk: int) -> Draft:
    """A draft this person may edit, started or not.

    Raises
    ------
    Http404: there is none, or she may not.
    """
    editors = organisations_of(user, Role.EDITOR).values("pk")
    found = Draft.objects.filter(organisation__in=editors, pk=pk)
    draft = found.select_related("organisation", "study").first()
    if draft is None:
        raise Http404
    return draft


def scenario_to_run(user: "User | AnonymousUser", pk: int) -> Scenario:
    """A scenario whose run this person may watch: a member of its organisation.

    Raises
    ------
    Http404: there is none, or she may not see the study.
    """
    members = organisations_of(user).values("pk")
    editors = organisations_of(user, Role.EDITOR).values("pk")
    scenario = (
        Scenario.objects.select_related("study__organisation")
        .filter(pk=pk, study__organisation__in=members)
        .first()
    )
    if scenario is None:
        raise Http404
    study = scenario.study
    is_editor = editors.filter(pk=study.organisation_id).exists()
    if study.visibility == "private" and not is_editor:
        raise Http404
    return scenario


def with_state(studies: QuerySet[Study]) -> QuerySet[Study]:
    """Studies with the state of their baseline: how far its newest run is, and key figures."""
    baseline = Scenario.objects.filter(study=OuterRef("pk"), is_baseline=True)
    run_state = Run.objects.filter(pk=OuterRef("run")).values("state")[:1]
    return studies.annotate(
        run=Subquery(baseline.values("run_id")[:1]),
        baseline_id=Subquery(baseline.values("pk")[:1]),
        baseline_summary=Subquery(baseline.values("summary")[:1]),
    ).annotate(run_state=Subquery(run_state))
