"""The sample city as a study of one's own, in one click."""

import dataclasses
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.db import transaction

from viavolta.hub.people.access import require
from viavolta.hub.people.models import Organisation, Role, User
from viavolta.hub.studies import upload_store as store
from viavolta.hub.studies.models import Scenario, Upload, UploadKind
from viavolta.hub.studies.running import start_run
from viavolta.hub.studies.uploads import keep_upload
from viavolta.hub.studies.wizard.drafts import new_baseline, new_study
from viavolta.model.progress import silent
from viavolta.samples import monaco, monaco_elevation
from viavolta.services.bus.request import parse_depot
from viavolta.services.demo import prepare_demo
from viavolta.services.inspect_file import FileKind, inspect_file
from viavolta.storage.inspection_folder import write_inspection

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

LICENCE = "ODbL 1.0"
CREDIT = "© OpenStreetMap contributors"
ELEVATION_LICENCE = "public domain"
ELEVATION_CREDIT = "Shuttle Radar Topography Mission (NASA, NGA, DLR, ASI)"
COUNTRY = "MC"


def sample_study(user: "User | AnonymousUser", organisation: Organisation) -> Scenario:
    """Make a study of the sample city and ask for its first run."""
    person = require(user, organisation, Role.EDITOR)
    files = [sample_feed(person, organisation), sample_elevation(person, organisation)]
    city = monaco()
    west, south, east, north = files[0].findings["facts"]["bounds"]
    depots = [
        {"name": depot.name, "lat": depot.lat, "lon": depot.lon}
        for depot in map(parse_depot, city.depots)
    ]
    with transaction.atomic():
        study = new_study(
            person,
            organisation,
            title=city.title,
            place_name="Monaco",
            country=COUNTRY,
            lat=(south + north) / 2,
            lon=(west + east) / 2,
            is_sample=True,
        )
        scenario = new_baseline(
            person,
            study,
            config={"depots": depots},
            options={"effort": "normal", "seed": 1},
            uploads=files,
        )
        start_run(person, scenario)
    return scenario


def sample_feed(person: User, organisation: Organisation) -> Upload:
    """The timetable generated for the sample city, as a file of the organisation."""
    name = f"{monaco().name}-generated.zip"
    known = Upload.objects.filter(
        organisation=organisation, kind=UploadKind.FEED, name=name, is_sample=True
    ).first()
    if known is not None:
        return known
    with tempfile.TemporaryDirectory(prefix="viavolta-sample-") as folder:
        made = prepare_demo(Path(folder), progress=silent)
        found = inspect_file(made.feed, FileKind.FEED)
        findings: dict[str, Any] = {
            "kind": UploadKind.FEED.value,
            "facts": found.facts,
            "repairs": [dataclasses.asdict(repair) for repair in found.repairs],
            "warnings": [dataclasses.asdict(warning) for warning in found.warnings],
            "bad_rows": found.bad_rows.height,
            "error": None,
        }
        upload = keep_upload(
            person,
            organisation,
            UploadKind.FEED,
            name=made.feed.name,
            chunks=[made.feed.read_bytes()],
            licence=LICENCE,
            credit=CREDIT,
            may_redistribute=True,
            findings=findings,
            is_sample=True,
        )
    write_inspection(
        store.findings_folder(upload.path, upload.kind),
        findings,
        bad_rows=found.bad_rows,
        geojson=found.geojson,
    )
    return upload


def sample_elevation(person: User, organisation: Organisation) -> Upload:
    """The tile of elevation of the sample city, as a file of the organisation."""
    tile = monaco_elevation()
    facts = inspect_file(tile, FileKind.ELEVATION).facts
    return keep_upload(
        person,
        organisation,
        UploadKind.ELEVATION,
        name=tile.name,
        chunks=[tile.read_bytes()],
        licence=ELEVATION_LICENCE,
        credit=ELEVATION_CREDIT,
        may_redistribute=True,
        findings={"kind": UploadKind.ELEVATION.value, "facts": facts, "error": None},
        is_sample=True,
    )
