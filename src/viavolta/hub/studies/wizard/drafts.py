"""Drafts begun, kept after each step, thrown away, and started as studies."""

import re
import secrets
import tempfile
import unicodedata
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from viavolta.formats.toml_text import toml_text
from viavolta.hub.frame.events import record
from viavolta.hub.frame.versions import save_version
from viavolta.hub.people.access import require
from viavolta.hub.people.models import Organisation, Role, User
from viavolta.hub.studies.models import Draft, Scenario, Study, Upload, UploadKind
from viavolta.hub.studies.running import start_run
from viavolta.hub.studies.verbs import StudyVerb
from viavolta.hub.studies.wizard.answers import Answers
from viavolta.hub.studies.wizard.config import config_of
from viavolta.hub.studies.wizard.steps import Step
from viavolta.hub.studies.wizard.twin import twin_upload
from viavolta.services.bus_config import bus_assumptions

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

RESERVED_SLUGS = frozenset({"new", "uploads", "sample", "runs", "places", "drafts", "compare"})
_MAX_SLUG = 60


class UnfinishedError(Exception):
    """A draft that cannot be started yet; the text says what is missing."""


def begin_draft(user: "User | AnonymousUser", organisation: Organisation) -> Draft:
    """Begin a new study."""
    person = require(user, organisation, Role.EDITOR)
    with transaction.atomic():
        draft = Draft.objects.create(organisation=organisation, created_by=person)
        record(StudyVerb.DRAFTED, actor=person, organisation=organisation, subject=draft)
    return draft


def save_step(
    user: "User | AnonymousUser",
    draft: Draft,
    step: Step,
    answer: Mapping[str, Any],
    *,
    seen: int,
) -> Draft:
    """Keep the answer to one step.

    Raises
    ------
    StaleEditError: somebody else changed the draft since version `seen`; nothing was written.
    """
    require(user, draft.organisation, Role.EDITOR)
    with transaction.atomic():
        draft.answers = {**draft.answers, step.value: dict(answer)}
        draft.changed_at = timezone.now()
        save_version(draft, seen=seen)
    return draft


def remove_draft(user: "User | AnonymousUser", draft: Draft) -> None:
    """Throw a draft away; a study that came of it stays."""
    person = require(user, draft.organisation, Role.EDITOR)
    with transaction.atomic():
        record(
            StudyVerb.DRAFT_REMOVED, actor=person, organisation=draft.organisation, subject=draft
        )
        draft.delete()


def start_draft(user: "User | AnonymousUser", draft: Draft, *, effort: str) -> Scenario:
    """Make a study of a draft and ask for its first run; a second time gives the same study.

    Raises
    ------
    UnfinishedError: there is no timetable. PlatformError: the configuration cannot be used.
    """
    person = require(user, draft.organisation, Role.EDITOR)
    answers = Answers(draft)
    if answers.feed is None:
        raise UnfinishedError(_("Choose a timetable first."))
    uploads = [answers.feed, *answers.elevation]
    uploads += [u for u in (answers.weather, _grid(person, answers)) if u is not None]
    with transaction.atomic():
        held = Draft.objects.select_for_update().get(pk=draft.pk)
        if held.study_id is not None:
            return Scenario.objects.get(study=held.study_id, is_baseline=True)
        scenario = start_study(
            person,
            draft.organisation,
            title=answers.title,
            config=config_of(answers),
            options={"effort": effort, "seed": 1},
            uploads=uploads,
        )
        held.study = scenario.study
        held.save(update_fields=["study"])
    return scenario


def start_study(
    person: User,
    organisation: Organisation,
    *,
    title: str,
    config: Mapping[str, Any],
    options: Mapping[str, Any],
    uploads: list[Upload],
) -> Scenario:
    """Make a study from files and a configuration, and ask for its first run.

    Raises
    ------
    UnfinishedError: there is not exactly one timetable. PlatformError: the configuration cannot be
        used.
    """
    require(person, organisation, Role.EDITOR)
    feeds = [upload for upload in uploads if upload.kind == UploadKind.FEED]
    if len(feeds) != 1:
        raise UnfinishedError(_("Choose a timetable first."))
    check_config(config)
    answers = Answers(
        Draft(organisation=organisation, answers={Step.PLACE.value: {"feed": feeds[0].pk}})
    )
    place = answers.place
    lat, lon = answers.centre or (None, None)
    with transaction.atomic():
        study = new_study(
            person,
            organisation,
            title=title,
            place_name="" if place is None else place.name,
            country="" if place is None else place.country,
            lat=lat,
            lon=lon,
            is_sample=feeds[0].is_sample,
        )
        scenario = new_baseline(person, study, config=config, options=options, uploads=uploads)
        start_run(person, scenario)
    return scenario


def new_study(person: User, organisation: Organisation, *, title: str, **about: Any) -> Study:
    """Make a study with an address of its own."""
    title = title.strip()[:160] or _("Electric buses")
    study = Study.objects.create(
        organisation=organisation,
        title=title,
        slug=free_slug(title),
        created_by=person,
        **about,
    )
    record(StudyVerb.STARTED, actor=person, organisation=organisation, subject=study)
    return study


def new_baseline(
    person: User,
    study: Study,
    *,
    config: Mapping[str, Any],
    options: Mapping[str, Any],
    uploads: list[Upload],
) -> Scenario:
    """Make the first scenario of a study."""
    scenario = Scenario.objects.create(
        study=study,
        name=_("Baseline"),
        is_baseline=True,
        config=dict(config),
        options=dict(options),
        created_by=person,
    )
    scenario.uploads.set(uploads)
    return scenario


def free_slug(title: str) -> str:
    """An address made of a title that no study has."""
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
    slug = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:_MAX_SLUG].strip("-") or "study"
    if slug in RESERVED_SLUGS or Study.objects.filter(slug=slug).exists():
        return f"{slug}-{secrets.token_hex(4)}"
    return slug


def check_config(config: Mapping[str, Any]) -> None:
    """Read a configuration as the planner will.

    Raises
    ------
    InputError: what it says cannot be used.
    """
    with tempfile.TemporaryDirectory(prefix="viavolta-config-") as folder:
        path = Path(folder) / "plan.toml"
        path.write_text(toml_text(config), encoding="utf-8")
        bus_assumptions(path)


def _grid(person: User, answers: Answers) -> Upload | None:
    grid = answers.of(Step.GRID)
    mode = grid.get("mode", "none")
    if mode == "file":
        return answers.grid_file
    if mode == "twin" and answers.centre is not None:
        return twin_upload(
            person, answers.draft.organisation, grid["settlement"], centre=answers.centre
        )
    return None
