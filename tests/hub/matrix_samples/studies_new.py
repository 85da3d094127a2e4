"""Samples of the routes of files, drafts, runs and studies."""

import io
import zipfile
from typing import Any

from cast import Cast
from django.core.files.uploadedfile import SimpleUploadedFile
from matrix import OK, row, sample

from viavolta.hub.studies import upload_store as store
from viavolta.hub.studies.models import Scenario, Study, Upload, Visibility
from viavolta.hub.studies.running import start_run
from viavolta.hub.studies.uploads import keep_upload
from viavolta.hub.studies.wizard.drafts import begin_draft
from viavolta.hub.studies.wizard.steps import Step
from viavolta.storage.inspection_folder import write_inspection

TOML = b"[costs]\ndriver_eur_per_h = 41\n"
FACTS = {
    "driver": 41,
    "bounds": [15.0, 47.0, 15.1, 47.1],
    "depots": [],
    "trips_per_day": [],
    "trips": 120,
    "n_lines": 2,
    "vehicles_at_least": 5,
}


def an_upload(cast: Cast, kind: str = "config", name: str = "plan.toml") -> Upload:
    """A usable file of the organisation, with something for every address of a file."""
    content = TOML
    if name.endswith(".zip"):
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w") as archive:
            archive.writestr("stops.txt", "stop_id\n")
        content = buffer.getvalue()
    findings = {"kind": kind, "facts": {**FACTS, "changed": [], "lines": []}, "error": None}
    upload = keep_upload(
        cast.users["editor"],
        cast.organisation,
        kind,
        name=name,
        chunks=[content],
        findings=findings,
    )
    folder = store.findings_folder(upload.path, kind)
    write_inspection(folder, findings, geojson={"type": "FeatureCollection", "features": []})
    (folder / "bad_rows.csv").write_text("file,row\n", encoding="utf-8")
    return upload


def a_scenario(cast: Cast) -> Scenario:
    """A scenario that only members see, with its file and a run that waits."""
    known = Scenario.objects.filter(study__slug="matrix-buses").first()
    if known is not None:
        return known
    study = Study.objects.create(
        organisation=cast.organisation,
        title="Buses",
        slug="matrix-buses",
        visibility=Visibility.ORGANISATION,
    )
    scenario = Scenario.objects.create(study=study, name="Baseline", is_baseline=True)
    scenario.uploads.add(an_upload(cast, "feed", "feed.zip"))
    start_run(cast.users["editor"], scenario)
    return scenario


def _upload(cast: Cast) -> int:
    return an_upload(cast).pk


def _draft(cast: Cast) -> int:
    return begin_draft(cast.users["editor"], cast.organisation).pk


def _run(cast: Cast) -> int:
    return a_scenario(cast).pk


for _route in ("", "-found", "-rows", "-map", "-file", "-check", "-terms", "-remove"):
    sample("pk", route=f"studies:upload{_route}")(_upload)
for _route in ("summary", "draft-remove", "step"):
    sample("pk", route=f"studies:{_route}")(_draft)
for _route in ("run", "run-progress", "run-cancel", "run-resume", "run-again"):
    sample("pk", route=f"studies:{_route}")(_run)
sample("name", route="studies:step")(lambda _cast: Step.PLACE)
sample("slug", route="studies:study")(lambda cast: a_scenario(cast).study.slug)

for _operation in ("get_upload", "check_upload", "put_terms", "delete_upload"):
    sample("upload_id", route=f"viavolta_hub_studies_api_{_operation}")(_upload)
for _operation in ("get_draft", "delete_draft", "start_draft"):
    sample("draft_id", route=f"viavolta_hub_studies_api_{_operation}")(_draft)
for _operation in ("start_run", "get_run", "cancel_run", "resume_run"):
    sample("scenario_id", route=f"viavolta_hub_studies_api_{_operation}")(_run)
for _operation in ("get_study", "get_scenario"):
    sample("slug", route=f"viavolta_hub_studies_api_{_operation}")(
        lambda cast: a_scenario(cast).study.slug
    )
sample("scenario_id", route="viavolta_hub_studies_api_get_scenario")(
    lambda _cast: Scenario.objects.latest("pk").pk
)

_MEMBERS: dict[str, set[str]] = {
    "anonymous": {"404"},
    "stranger": {"404"},
    "moderator": {"404"},
    "lab-host": {"404"},
}
row("studies:study", outcomes=_MEMBERS)
row("viavolta_hub_studies_api_get_study", outcomes=_MEMBERS)
row("viavolta_hub_studies_api_get_scenario", outcomes=_MEMBERS)
row("viavolta_hub_studies_api_put_terms", post={"licence": "CC0 1.0"})
_FOR = {"organisation": "sampleton"}
row("viavolta_hub_studies_api_begin_draft", post=_FOR)
row("viavolta_hub_studies_api_make_sample", post=_FOR)
row("viavolta_hub_studies_api_make_study", post={**_FOR, "uploads": []})
# A form without a file is refused before anybody is asked who she is; nothing is kept.
row("viavolta_hub_studies_api_upload", outcomes={"anonymous": {OK}})
row("viavolta_hub_studies_api_start_draft", post={"effort": "low"})


def _file(_cast: Cast) -> dict[str, Any]:
    return {"kind": "config", "file": SimpleUploadedFile("plan.toml", TOML)}


row("studies:upload-new", post=_file)
