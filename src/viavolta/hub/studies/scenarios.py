"""Scenarios: a baseline, and what differs from it. Add, change, rename, copy, delete and undo."""

from collections.abc import Sequence
from enum import StrEnum

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from viavolta.hub.frame.events import record
from viavolta.hub.frame.versions import save_version
from viavolta.hub.people.access import require
from viavolta.hub.people.models import Role, User
from viavolta.hub.studies.changes import Change, ChangeKind, changed_config
from viavolta.hub.studies.models import Scenario, Study, Upload, UploadKind

MOST = 50
"""Scenarios a study may have."""


class ScenarioVerb(StrEnum):
    """What is written down about scenarios."""

    ADDED = "scenario.added"
    CHANGED = "scenario.changed"
    RENAMED = "scenario.renamed"
    DELETED = "scenario.deleted"
    RESTORED = "scenario.restored"


def baseline_of(study: Study) -> Scenario:
    """The scenario all others are told apart from."""
    return study.scenarios.get(is_baseline=True)


@transaction.atomic
def add_scenario(
    user: User, study: Study, *, name: str = "", changes: Sequence[Change] = ()
) -> Scenario:
    """Add a scenario with these changes to the baseline.

    Raises
    ------
    PermissionDenied: not an editor. ValidationError: the study has too many.
    """
    require(user, study.organisation, Role.EDITOR)
    if study.scenarios.count() >= MOST:
        raise ValidationError(_("A study has at most %(n)s scenarios.") % {"n": MOST})
    baseline = baseline_of(study)
    scenario = Scenario.objects.create(
        study=study,
        name=_free_name(study, name or _("Scenario")),
        config=changed_config(baseline.config, changes),
        options=dict(baseline.options),
        changes=list(changes),
        created_by=user,
    )
    scenario.uploads.set(_uploads(baseline, changes))
    record(ScenarioVerb.ADDED, actor=user, organisation=study.organisation, subject=scenario)
    return scenario


def copy_scenario(user: User, scenario: Scenario) -> Scenario:
    """Add another scenario with the same changes; it has no result of its own yet."""
    return add_scenario(user, scenario.study, name=scenario.name, changes=scenario.changes)


@transaction.atomic
def change_scenario(
    user: User, scenario: Scenario, changes: Sequence[Change], *, seen: int
) -> Scenario:
    """Change what differs from the baseline. The result stays that of the last run.

    Raises
    ------
    PermissionDenied: not an editor, or the baseline. StaleEditError: changed by somebody else.
    """
    require(user, scenario.study.organisation, Role.EDITOR)
    if scenario.is_baseline:
        raise ValidationError(_("The baseline has no changes; add a scenario."))
    baseline = baseline_of(scenario.study)
    scenario.changes = list(changes)
    scenario.config = changed_config(baseline.config, changes)
    scenario.options = dict(baseline.options)
    save_version(scenario, seen=seen)
    scenario.uploads.set(_uploads(baseline, changes))
    _write_down(ScenarioVerb.CHANGED, user, scenario)
    return scenario


@transaction.atomic
def rename_scenario(user: User, scenario: Scenario, name: str, *, seen: int) -> Scenario:
    """Give a scenario another name.

    Raises
    ------
    PermissionDenied: not an editor. StaleEditError: changed by somebody else.
    """
    require(user, scenario.study.organisation, Role.EDITOR)
    scenario.name = name
    save_version(scenario, seen=seen)
    _write_down(ScenarioVerb.RENAMED, user, scenario)
    return scenario


@transaction.atomic
def delete_scenario(user: User, scenario: Scenario) -> None:
    """Take a scenario away; it can be brought back.

    Raises
    ------
    PermissionDenied: not an editor. ValidationError: the baseline.
    """
    require(user, scenario.study.organisation, Role.EDITOR)
    if scenario.is_baseline:
        raise ValidationError(_("The baseline cannot be deleted."))
    Scenario.every.filter(pk=scenario.pk).update(deleted_at=timezone.now())
    _write_down(ScenarioVerb.DELETED, user, scenario)


@transaction.atomic
def restore_scenario(user: User, scenario: Scenario) -> None:
    """Bring a deleted scenario back as it was.

    Raises
    ------
    PermissionDenied: not an editor.
    """
    require(user, scenario.study.organisation, Role.EDITOR)
    Scenario.every.filter(pk=scenario.pk).update(deleted_at=None)
    _write_down(ScenarioVerb.RESTORED, user, scenario)


def _uploads(baseline: Scenario, changes: Sequence[Change]) -> list[Upload]:
    """The baseline's files, the grid replaced where a change says so."""
    files = list(baseline.uploads.all())
    wanted = [c["value"] for c in changes if c["on"] and c["kind"] == ChangeKind.GRID]
    if not wanted:
        return files
    kept = [u for u in files if u.kind != UploadKind.GRID]
    grid = wanted[-1]
    if not grid:
        return kept
    own = Upload.objects.filter(
        organisation=baseline.study.organisation, kind=UploadKind.GRID, pk=grid["upload"]
    )
    return [*kept, *own]


def _free_name(study: Study, name: str) -> str:
    """A name no other scenario of the study has."""
    taken = set(study.scenarios.values_list("name", flat=True))
    if name not in taken:
        return name
    return next(f"{name} {n}" for n in range(2, MOST + 3) if f"{name} {n}" not in taken)


def _write_down(verb: ScenarioVerb, user: User, scenario: Scenario) -> None:
    record(verb, actor=user, organisation=scenario.study.organisation, subject=scenario)
