"""Scenarios computed: asked for, made a command line, watched, stopped, gone on with, finished.

A scenario is computed by `viavolta plan bus` itself, from files and a configuration written beside
each other, so that anyone who has them can run the same command and get the same tables.
"""

import json
import os
import shlex
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.core.mail import send_mail
from django.db import transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language, override
from django.utils.translation import gettext as _

from viavolta.formats.grids.packed import unpack_grid
from viavolta.formats.toml_text import toml_text
from viavolta.hub.frame.events import record
from viavolta.hub.people.access import require
from viavolta.hub.people.models import Role, User
from viavolta.hub.studies import upload_store as store
from viavolta.hub.studies.models import Scenario, Upload, UploadKind
from viavolta.hub.studies.results.verdict import ask_for_check, check_path
from viavolta.hub.studies.verbs import StudyVerb
from viavolta.model.messages import LANGUAGES
from viavolta.storage.runs import queue
from viavolta.storage.runs.kinds import RunKind
from viavolta.storage.tables.models import Run, RunState

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

PLAN_BUS = "plan-bus"
CONFIG_NAME = "plan.toml"
EFFORTS = ("low", "normal", "high")
_INPUTS = "inputs"


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """The words behind `viavolta`, and the files they name: kept places by their plain names."""

    words: tuple[str, ...]
    files: Mapping[str, str]
    config: str

    def shown(self) -> str:
        """The command as a person types it in the folder with the files."""
        return shlex.join(["viavolta", *self.words, "--out", "STUDY"])


def command_of(scenario: Scenario) -> Command:
    """How a scenario is computed, from the files and the configuration it has now."""
    return _command(_asked(scenario))


def command_of_run(run: Run) -> Command:
    """How a run computes, from the files and the configuration it was asked with."""
    return _command(run.arguments)


def config_text(config: Mapping[str, Any]) -> str:
    """The configuration of a scenario as TOML; keys in order, for databases keep none."""
    return toml_text(_in_order(config))


def _in_order(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _in_order(value[key]) for key in sorted(value)}
    return [_in_order(one) for one in value] if isinstance(value, list) else value


def _asked(scenario: Scenario) -> dict[str, Any]:
    uploads = list(scenario.uploads.order_by("kind", "id"))
    return {
        "scenario": scenario.pk,
        "config": scenario.config,
        "options": scenario.options,
        "files": [[u.kind, u.name, u.path] for u in uploads],
    }


def _command(asked: Mapping[str, Any]) -> Command:
    """Words and files; a grid that came as a zip is used unpacked, in a folder of its name."""
    names = _plain_names(asked["files"])
    by_kind: dict[str, list[str]] = {}
    for name, (kind, _given, _place) in names.items():
        shown = name.removesuffix(".zip") if kind == UploadKind.GRID else name
        by_kind.setdefault(kind, []).append(shown)
    options = asked["options"]
    words = ["plan", "bus", by_kind[UploadKind.FEED][0]]
    config = config_text(asked["config"]) if asked["config"] else ""
    if config:
        words += ["--config", CONFIG_NAME]
    for tile in by_kind.get(UploadKind.ELEVATION, []):
        words += ["--elevation", tile]
    for kind, option in ((UploadKind.WEATHER, "--weather"), (UploadKind.GRID, "--grid")):
        for name in by_kind.get(kind, [])[:1]:
            words += [option, name]
    words += ["--seed", str(int(options.get("seed", 1)))]
    effort = options.get("effort", "normal")
    words += ["--effort", effort if effort in EFFORTS else "normal"]
    return Command(
        words=tuple(words),
        files={name: place for name, (_kind, _given, place) in names.items()},
        config=config,
    )


def _plain_names(files: Sequence[Sequence[str]]) -> dict[str, tuple[str, str, str]]:
    """Each file under a name of its own: a second one of the same name gets a number."""
    names: dict[str, tuple[str, str, str]] = {}
    for kind, given, place in files:
        name, n = given, 1
        while name in names or name == CONFIG_NAME:
            n += 1
            name = f"{n}-{given}"
        names[name] = (kind, given, place)
    return names


def lay_out(command: Command, folder: Path) -> None:
    """Put the files and the configuration of a command into an empty folder."""
    folder.mkdir(parents=True, mode=0o700)
    for name, place in command.files.items():
        source, target = store.absolute(place), folder / name
        try:
            os.link(source, target)
        except OSError:  # another file system
            shutil.copyfile(source, target)
    if command.config:
        (folder / CONFIG_NAME).write_text(command.config, encoding="utf-8")


def plan_command(run: Run) -> list[str]:
    """The command line of a run, its files laid out in the run's own folder."""
    command = _command(run.arguments)
    folder = run.folder / _INPUTS
    if folder.exists():  # a run that goes on: the same files again
        shutil.rmtree(folder)
    lay_out(command, folder)
    words = []
    for word in command.words:
        if word in command.files or word == CONFIG_NAME:
            words.append(str(folder / word))
        elif f"{word}.zip" in command.files:
            words.append(str(unpack_grid(folder / f"{word}.zip", folder / word)))
        else:
            words.append(word)
    return [
        *words,
        "--out",
        str(run.result),
        "--work",
        str(run.folder / "work"),
        "--max-trips",
        str(settings.CONFIG.runs.trips),
        "--lang",
        run.arguments.get("language", "en"),
        "--progress",
        "json",
        "--json",
    ]


def start_run(user: "User | AnonymousUser", scenario: Scenario) -> Run:
    """Ask for a scenario to be computed; one that is under way already is left alone."""
    person = require(user, scenario.study.organisation, Role.EDITOR)
    with transaction.atomic():
        held = Scenario.objects.select_for_update().get(pk=scenario.pk)
        before = run_of(held)
        if before is not None and not before.is_ended:
            return before
        language = get_language() or "en"
        run = queue.enqueue(
            PLAN_BUS,
            owner_key=f"organisation:{scenario.study.organisation_id}",
            arguments={
                **_asked(held),
                "language": language if language in LANGUAGES else "en",
                "asked_by": person.pk,
            },
            title=f"{scenario.study.title}: {held.name}",
        )
        Scenario.objects.filter(pk=held.pk).update(run_id=run.pk)
        scenario.run_id = run.pk
        record(
            StudyVerb.RUN_ASKED,
            actor=person,
            organisation=scenario.study.organisation,
            subject=scenario,
            detail={"run": run.pk},
        )
    return run


def cancel_run(user: "User | AnonymousUser", scenario: Scenario) -> None:
    """Stop a scenario that waits or is computed; what is finished of it is kept."""
    person = require(user, scenario.study.organisation, Role.EDITOR)
    if scenario.run_id is None:
        return
    with transaction.atomic():
        queue.cancel(scenario.run_id)
        record(
            StudyVerb.RUN_CANCELLED,
            actor=person,
            organisation=scenario.study.organisation,
            subject=scenario,
            detail={"run": scenario.run_id},
        )


def resume_run(user: "User | AnonymousUser", scenario: Scenario) -> None:
    """Go on with a run that was stopped or has failed, behind its last finished stage."""
    person = require(user, scenario.study.organisation, Role.EDITOR)
    if scenario.run_id is None:
        return
    with transaction.atomic():
        queue.resume(scenario.run_id)
        record(
            StudyVerb.RUN_RESUMED,
            actor=person,
            organisation=scenario.study.organisation,
            subject=scenario,
            detail={"run": scenario.run_id},
        )


def run_of(scenario: Scenario) -> Run | None:
    """The newest run of a scenario."""
    return None if scenario.run_id is None else Run.objects.filter(pk=scenario.run_id).first()


def plan_ended(run: Run) -> None:
    """Give a scenario its result, and tell whoever asked for it."""
    scenario = (
        Scenario.objects.select_related("study__organisation")
        .filter(pk=run.arguments["scenario"], run_id=run.pk)
        .first()
    )
    if scenario is None:
        return
    if run.state == RunState.DONE:
        _take_result(scenario, run)
    if run.state in {RunState.DONE, RunState.FAILED}:
        transaction.on_commit(lambda: _tell(scenario, run))


def _take_result(scenario: Scenario, run: Run) -> None:
    study = json.loads((run.result / "study.json").read_text(encoding="utf-8"))
    before = scenario.result_folder
    scenario.result_folder = run.result_folder
    scenario.summary = study["summary"]
    scenario.finished_at = timezone.now()
    scenario.save(update_fields=["result_folder", "summary", "finished_at"])
    record(
        StudyVerb.COMPUTED,
        organisation=scenario.study.organisation,
        subject=scenario,
        detail={"run": run.pk},
    )
    ask_for_check(scenario)
    if before and before != run.result_folder:
        root = store.data_folder()
        transaction.on_commit(lambda: remove_study(root / before))
    shutil.rmtree(run.folder / _INPUTS, ignore_errors=True)


def remove_study(folder: Path) -> None:
    """Remove a study that was replaced, with what the check said of it."""
    shutil.rmtree(folder, ignore_errors=True)
    check_path(folder).unlink(missing_ok=True)


def _tell(scenario: Scenario, run: Run) -> None:
    """Write to whoever asked, in her language; a mail server that is away loses no study."""
    person = scenario.study.organisation.members.filter(pk=run.arguments.get("asked_by")).first()
    if person is None or not person.is_active:
        return
    config: Any = settings.CONFIG
    with override(person.language or "en"):
        words = {"title": scenario.study.title, "name": scenario.name}
        if run.state == RunState.DONE:
            subject = _("Computed: %(title)s") % words
            body = _("“%(title)s”, scenario “%(name)s”, has been computed.") % words
        else:
            subject = _("Not computed: %(title)s") % words
            body = _("“%(title)s”, scenario “%(name)s”, could not be computed.") % words
            body += f"\n\n{(run.error or {}).get('message', '')}"
        body += f"\n\n{config.origin}{reverse('studies:run', args=[scenario.pk])}\n"
    send_mail(subject, body, None, [person.email], fail_silently=True)


PLAN_KIND = RunKind(name=PLAN_BUS, command=plan_command, at_end=plan_ended)


def uploads_of(scenario: Scenario) -> list[Upload]:
    """The files of a scenario, by kind."""
    return list(scenario.uploads.order_by("kind", "id"))
