"""Files of an organisation: kept, checked by a worker, described, removed."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.db import IntegrityError, transaction
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from viavolta.hub.frame.events import record
from viavolta.hub.people.access import require
from viavolta.hub.people.models import Organisation, Role, User
from viavolta.hub.studies import upload_store as store
from viavolta.hub.studies.models import Scenario, Upload, UploadKind, UploadState
from viavolta.hub.studies.verbs import StudyVerb
from viavolta.model.messages import LANGUAGES
from viavolta.storage.inspection_folder import FINDINGS
from viavolta.storage.runs.kinds import RunKind
from viavolta.storage.runs.queue import enqueue
from viavolta.storage.tables.models import Run, RunState

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

CHECK = "check-upload"
MB = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """What a file of a kind may be: its endings, its size, how it begins ("" for text)."""

    endings: tuple[str, ...]
    most_bytes: int
    beginnings: tuple[bytes, ...] = ()


_ZIP, _GZIP = b"PK\x03\x04", b"\x1f\x8b"
_TIFF = (b"II*\x00", b"MM\x00*", b"II+\x00", b"MM\x00+")
RULES: dict[str, Rule] = {
    UploadKind.FEED: Rule(endings=(".zip",), most_bytes=250 * MB, beginnings=(_ZIP,)),
    UploadKind.CONFIG: Rule(endings=(".toml",), most_bytes=1 * MB),
    UploadKind.ELEVATION: Rule(endings=(".hgt.zip", ".hgt", ".tif", ".tiff"), most_bytes=200 * MB),
    UploadKind.WEATHER: Rule(endings=(".epw.gz", ".csv.gz", ".epw", ".csv"), most_bytes=20 * MB),
    UploadKind.GRID: Rule(endings=(".zip", ".json"), most_bytes=100 * MB),
    UploadKind.SESSIONS: Rule(endings=(".csv.gz", ".csv"), most_bytes=50 * MB),
}
_BY_ENDING = {
    ".zip": (_ZIP,),
    ".gz": (_GZIP,),
    ".tif": _TIFF,
    ".tiff": _TIFF,
}
_HEAD_BYTES = 512
_TEXT_ENDINGS = (".toml", ".epw", ".csv", ".json")


class RefusedError(Exception):
    """A file that is not kept; the text says why and what to do."""


def keep_upload(
    user: "User | AnonymousUser",
    organisation: Organisation,
    kind: str,
    *,
    name: str,
    chunks: Iterable[bytes],
    licence: str = "",
    credit: str = "",
    may_redistribute: bool = False,
    findings: Mapping[str, Any] | None = None,
    is_sample: bool = False,
) -> Upload:
    """Keep a file and have it checked; the same file a second time is the first one.

    `findings` are given for files that the product itself made: these need no check.

    Raises
    ------
    PermissionDenied: she is no editor. RefusedError: too large, or not what its kind may be.
    """
    person = require(user, organisation, Role.EDITOR)
    rule = RULES[kind]
    plain = store.safe_name(name, endings=rule.endings, fallback=kind)
    if plain is None:
        raise RefusedError(
            _("The name must end in %(endings)s.") % {"endings": ", ".join(rule.endings)}
        )
    try:
        received = store.receive(chunks, most_bytes=rule.most_bytes)
    except store.TooLargeError as error:
        most = rule.most_bytes // MB
        raise RefusedError(
            _("The file is larger than %(most)d MB, the most that is accepted.") % {"most": most}
        ) from error
    try:
        _refuse_other_content(received.path, plain)
        return _keep(
            person,
            organisation,
            received,
            kind=kind,
            name=plain,
            licence=licence,
            credit=credit,
            may_redistribute=may_redistribute,
            findings=findings,
            is_sample=is_sample,
        )
    finally:
        store.discard(received)


def _refuse_other_content(path: Path, name: str) -> None:
    with path.open("rb") as stream:
        head = stream.read(_HEAD_BYTES)
    if not head:
        raise RefusedError(_("The file is empty."))
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if start.startswith((b"<!doctype html", b"<html")):
        raise RefusedError(
            _(
                "This is a web page, not the file: the address led to a page with a button. "
                "Open it in a browser and save what it offers."
            )
        )
    ending = "." + name.rpartition(".")[2]
    wanted = _BY_ENDING.get(ending, ())
    if (wanted and not head.startswith(wanted)) or (ending in _TEXT_ENDINGS and b"\0" in head):
        raise RefusedError(
            _("The content is not what the ending %(ending)s promises.") % {"ending": ending}
        )


def _keep(
    person: User,
    organisation: Organisation,
    received: store.Received,
    *,
    kind: str,
    name: str,
    licence: str,
    credit: str,
    may_redistribute: bool,
    findings: Mapping[str, Any] | None,
    is_sample: bool,
) -> Upload:
    same = Upload.objects.filter(organisation=organisation, kind=kind, sha256=received.sha256)
    known = same.first()
    if known is not None:
        return known
    place = store.settle(received, name)
    try:
        with transaction.atomic():
            upload = Upload.objects.create(
                organisation=organisation,
                kind=kind,
                name=name,
                sha256=received.sha256,
                size_bytes=received.size_bytes,
                path=place,
                licence=licence,
                credit=credit,
                may_redistribute=may_redistribute,
                is_sample=is_sample,
                state=UploadState.CHECKING if findings is None else UploadState.USABLE,
                findings=dict(findings or {}),
                uploaded_by=person,
            )
            record(
                StudyVerb.UPLOADED,
                actor=person,
                organisation=organisation,
                subject=upload,
                detail={"kind": kind, "bytes": received.size_bytes},
            )
            if findings is None:
                _ask_for_check(upload)
    except IntegrityError:  # somebody of the same organisation was faster
        return same.get()
    return upload


def check_again(user: "User | AnonymousUser", upload: Upload) -> Upload:
    """Have a file checked once more, where a check was lost or failed for want of means."""
    require(user, upload.organisation, Role.EDITOR)
    with transaction.atomic():
        _ask_for_check(upload)
    return upload


def _ask_for_check(upload: Upload) -> None:
    language = get_language() or "en"
    folder = store.findings_folder(upload.path, upload.kind)
    run = enqueue(
        CHECK,
        owner_key=f"organisation:{upload.organisation_id}",
        arguments={
            "upload": upload.pk,
            "path": upload.path,
            "kind": upload.kind,
            "language": language if language in LANGUAGES else "en",
        },
        title=upload.name,
        result_folder=folder.relative_to(store.data_folder().resolve()).as_posix(),
    )
    upload.state, upload.run_id = UploadState.CHECKING, run.pk
    upload.save(update_fields=["state", "run_id"])


def check_command(run: Run) -> list[str]:
    """The command line of a check."""
    asked: Mapping[str, Any] = run.arguments
    return [
        "inspect",
        str(store.absolute(asked["path"])),
        "--kind",
        asked["kind"],
        "--out",
        str(run.result),
        "--lang",
        asked["language"],
        "--json",
    ]


def check_ended(run: Run) -> None:
    """Write down what a check found, or why there is nothing."""
    upload = Upload.objects.filter(pk=run.arguments["upload"], run_id=run.pk).first()
    if upload is None or run.state == RunState.STOPPED:
        return
    if run.state == RunState.DONE:
        upload.findings = json.loads((run.result / FINDINGS).read_text(encoding="utf-8"))
        upload.state = UploadState.USABLE
        if not upload.credit:
            upload.credit = str(upload.findings["facts"].get("credit") or "")[:300]
    else:
        upload.findings = {"kind": upload.kind, "error": run.error}
        upload.state = UploadState.REFUSED
    upload.save(update_fields=["findings", "state", "credit"])


CHECK_KIND = RunKind(name=CHECK, command=check_command, at_end=check_ended, is_quick=True)


@transaction.atomic
def set_terms(
    user: "User | AnonymousUser",
    upload: Upload,
    *,
    licence: str,
    credit: str,
    may_redistribute: bool,
) -> Upload:
    """Say under which terms a file stands, and whether others may be given it."""
    person = require(user, upload.organisation, Role.EDITOR)
    upload.licence, upload.credit = licence, credit
    upload.may_redistribute = may_redistribute
    upload.save(update_fields=["licence", "credit", "may_redistribute"])
    record(
        StudyVerb.UPLOAD_TERMS,
        actor=person,
        organisation=upload.organisation,
        subject=upload,
        detail={"licence": licence, "may_redistribute": may_redistribute},
    )
    return upload


def remove_upload(user: "User | AnonymousUser", upload: Upload) -> None:
    """Remove a file that no study uses.

    Raises
    ------
    RefusedError: a study uses it.
    """
    person = require(user, upload.organisation, Role.EDITOR)
    with transaction.atomic():
        if Scenario.every.filter(uploads=upload).exists():
            raise RefusedError(_("A study uses this file; it stays as long as the study does."))
        record(
            StudyVerb.UPLOAD_REMOVED,
            actor=person,
            organisation=upload.organisation,
            subject=upload,
            detail={"name": upload.name},
        )
        place, sha256 = upload.path, upload.sha256
        upload.delete()
        transaction.on_commit(lambda: _remove_unused(place, sha256))


def _remove_unused(place: str, sha256: str) -> None:
    if not Upload.objects.filter(sha256=sha256).exists():
        store.remove(place)
