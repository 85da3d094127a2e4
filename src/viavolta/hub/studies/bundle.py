"""All that is needed to make a study again: inputs where their licence allows it, command, results.

`bundle.zip` holds README.txt, tables.sha256, the folder `study` and, where every input may be
handed on, the folder `inputs` with the configuration. Where one may not, only those that may are in
it, and the README says which are missing, with their hashes.
"""

import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from viavolta.formats.grids.packed import unpack_grid
from viavolta.hub.studies import running
from viavolta.hub.studies import upload_store as store
from viavolta.hub.studies.models import Scenario, Upload, UploadKind
from viavolta.hub.studies.results.folder import Result
from viavolta.hub.studies.results.packing import study_files, zipped
from viavolta.model.errors import PlatformError
from viavolta.storage.tables.models import Run, RunState

AGAIN = "again"
"""Where the README's command writes the study it makes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InputTerms:
    """An input of a result: its hash, and whether it may be handed on and why."""

    name: str
    sha256: str
    licence: str
    credit: str
    may_redistribute: bool
    upload: Upload | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What of a result may be handed on; `command` makes it again from the inputs."""

    inputs: tuple[InputTerms, ...]
    command: running.Command | None

    @property
    def withheld(self) -> tuple[InputTerms, ...]:
        """Inputs that are known by their hash only."""
        return tuple(i for i in self.inputs if not i.may_redistribute)

    @property
    def has_free_feed(self) -> bool:
        """Whether the timetable may be handed on, and so what was made of it trip by trip."""
        feeds = [i for i in self.inputs if i.upload and i.upload.kind == UploadKind.FEED]
        return bool(feeds) and all(i.may_redistribute for i in feeds)

    @property
    def is_whole(self) -> bool:
        """Whether anyone can make the study again from the bundle alone."""
        return self.command is not None and not self.withheld


def terms_of(scenario: Scenario, result: Result) -> Terms:
    """The inputs of a scenario's result, each with its terms.

    An input is matched with the file it was by its hash; a file that is gone, or was never one of
    ours, is withheld. The configuration is the scenario's own text and always handed on.
    """
    command = command_of_result(scenario)
    uploads = {u.sha256: u for u in _uploads(scenario, command)}
    grids = _files_in_grids(uploads.values())
    inputs = []
    for one in result.study.inputs:
        if command is not None and command.config and one.name == running.CONFIG_NAME:
            continue
        upload = uploads.get(one.sha256) or grids.get(one.sha256)
        inputs.append(
            InputTerms(
                name=one.name,
                sha256=one.sha256,
                licence=(upload.licence if upload else "") or one.licence,
                credit=(upload.credit if upload else "") or one.origin,
                may_redistribute=upload is not None and upload.may_redistribute,
                upload=upload,
            )
        )
    return Terms(inputs=tuple(inputs), command=command)


def command_of_result(scenario: Scenario) -> running.Command | None:
    """The command that made a scenario's result: of its run, not of what was changed since."""
    run = (
        Run.objects.filter(
            kind=running.PLAN_BUS, state=RunState.DONE, result_folder=scenario.result_folder
        )
        .order_by("-pk")
        .first()
    )
    if run is not None:
        return running.command_of_run(run)
    if not scenario.uploads.filter(kind=UploadKind.FEED).exists():
        return None
    return running.command_of(scenario)


def bundle(scenario: Scenario, result: Result) -> bytes:
    """The bundle of a result as a zip; the same result, the same bytes."""
    terms = terms_of(scenario, result)
    study = study_files(result, with_feed=terms.has_free_feed)
    files = {f"study/{name}": content for name, content in study.items()}
    files["tables.sha256"] = _hashes(result)
    if terms.command is not None:
        allowed = {i.upload.path for i in terms.inputs if i.may_redistribute and i.upload}
        files |= _inputs(terms.command, allowed)
    files["README.txt"] = readme(result, terms).encode()
    return zipped(files)


def readme(result: Result, terms: Terms) -> str:
    """What is in the bundle, under which terms, and the exact commands."""
    version = result.document.get("viavolta", "")
    lines = [
        result.study.title,
        "=" * len(result.study.title),
        "",
        "study/         the study folder: study.json, tables, report",
        "tables.sha256  hashes of its tables",
    ]
    if terms.is_whole and terms.command is not None:
        words = terms.command.shown().replace("--out STUDY", f"--out ../{AGAIN}")
        lines += [
            "inputs/        every input",
            "",
            f"Made with viavolta {version}. To make the same tables again:",
            "",
            f"    pip install viavolta=={version}",
            "    cd inputs",
            f"    {words}",
            f"    cd ../{AGAIN}",
            "    sha256sum --check ../tables.sha256",
            f"    viavolta check ../{AGAIN}",
        ]
    else:
        lines += [
            "inputs/        the inputs that may be handed on",
            "",
            f"Made with viavolta {version}. This bundle alone does not make the tables again:",
            "inputs whose licence does not allow it are not in it. Who has them can compare these",
            "hashes (SHA-256) and run the command.",
            "",
            *(f"    {i.sha256}  {i.name}" for i in terms.withheld),
        ]
        if terms.command is not None:
            lines += ["", f"    {terms.command.shown()}"]
    lines += ["", "Licences", "--------"]
    lines += [
        f"{i.name}: {i.licence or 'no licence given'}{f'; {i.credit}' if i.credit else ''}"
        for i in terms.inputs
    ]
    return "\n".join([*lines, ""])


def _hashes(result: Result) -> bytes:
    """Hashes of the tables as `sha256sum` writes them."""
    files: list[Mapping[str, Any]] = result.document["files"]
    rows = [f"{f['sha256']}  {f['name']}" for f in files if f["name"].endswith(".parquet")]
    return ("\n".join(sorted(rows, key=lambda row: row.split("  ")[1])) + "\n").encode()


def _inputs(command: running.Command, allowed: set[str]) -> dict[str, bytes]:
    """Files of a command under the names it uses, a grid unpacked; those that may be handed on."""
    files: dict[str, bytes] = {}
    if command.config:
        files[f"inputs/{running.CONFIG_NAME}"] = command.config.encode()
    for name, place in command.files.items():
        path = store.absolute(place)
        if place not in allowed or not path.is_file():
            continue
        shown = name.removesuffix(".zip")
        if shown in command.words and name not in command.words:
            files |= {f"inputs/{shown}/{k}": v for k, v in _unpacked(path).items()}
        else:
            files[f"inputs/{name}"] = path.read_bytes()
    return files


def _unpacked(packed: Path) -> dict[str, bytes]:
    with tempfile.TemporaryDirectory() as folder:
        start = unpack_grid(packed, Path(folder) / "grid")
        if start.is_file():
            return {start.name: start.read_bytes()}
        paths = sorted(p for p in start.rglob("*") if p.is_file())
        return {p.relative_to(start).as_posix(): p.read_bytes() for p in paths}


def _uploads(scenario: Scenario, command: running.Command | None) -> list[Upload]:
    places = set(command.files.values()) if command is not None else set()
    own = Upload.objects.filter(organisation=scenario.study.organisation)
    return list(own.filter(path__in=places)) or list(scenario.uploads.all())


def _files_in_grids(uploads: Iterable[Upload]) -> dict[str, Upload]:
    """Files within a packed grid by their hash: the study names them one by one."""
    found: dict[str, Upload] = {}
    for upload in uploads:
        if upload.kind != UploadKind.GRID or not upload.name.endswith(".zip"):
            continue
        try:
            contents = _unpacked(store.absolute(upload.path))
        except (PlatformError, OSError, ValueError):
            continue
        found |= {sha256(content).hexdigest(): upload for content in contents.values()}
    return found
