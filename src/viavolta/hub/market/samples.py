"""The sample market of the demo: invented organisations, needs and solutions, marked as samples."""

import tomllib
from collections.abc import Mapping
from decimal import Decimal
from importlib.resources import files
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.text import slugify

from viavolta.hub.market.content import Content, MeasuredFigure, put_content, put_evidence
from viavolta.hub.market.models import Entry, EntryKind, EntryState, Revision
from viavolta.hub.market.words import keep_words
from viavolta.hub.people.models import Organisation
from viavolta.hub.studies.models import Study
from viavolta.model.facets import Facets


@transaction.atomic
def seed(study: Study | None = None) -> int:
    """Make the sample organisations and entries that are not there yet; how many were made.

    `study` is the sample study that some of the solutions show.
    """
    said = tomllib.loads(_text())
    bodies = {key: _organisation(key, fields) for key, fields in said["organisations"].items()}
    made = 0
    for kind, rows in ((EntryKind.NEED, said["needs"]), (EntryKind.SOLUTION, said["solutions"])):
        for row in rows:
            made += _entry(kind, bodies[row["by"]], row, study)
    return made


def _text() -> str:
    source = files("viavolta.hub.market").joinpath("sample_entries.toml")
    return source.read_text(encoding="utf-8")


def _organisation(key: str, fields: Mapping[str, Any]) -> Organisation:
    body, _is_new = Organisation.objects.get_or_create(
        slug=f"sample-{key}", defaults=dict(fields) | {"is_sample": True}
    )
    return body


def _entry(
    kind: EntryKind, organisation: Organisation, row: Mapping[str, Any], study: Study | None
) -> bool:
    slug = f"sample-{slugify(row['title'])}"[:180]
    if Entry.objects.filter(slug=slug).exists():
        return False
    content = Content(
        title=row["title"],
        summary=row["summary"],
        text=row["text"],
        language=row["language"],
        facets=Facets.from_codes(row["facets"]),
        form=row.get("form", ""),
        study_id=study.pk if study is not None and row.get("study") else None,
        evidence=tuple(map(_figure, row.get("evidence", []))),
    )
    now = timezone.now()
    entry = Entry(
        kind=kind,
        organisation=organisation,
        slug=slug,
        state=EntryState.PUBLISHED,
        is_sample=True,
        published_at=now,
    )
    put_content(entry, content)
    entry.save(force_insert=True)
    keep_words(entry)
    put_evidence(entry, content)
    Revision.objects.create(entry=entry, version=1, content=content.as_json())
    return True


def _figure(row: Mapping[str, Any]) -> MeasuredFigure:
    return MeasuredFigure(
        what=row["what"],
        value=Decimal(str(row["value"])),
        unit=row["unit"],
        place=row["place"],
        measured_from=row["from"],
        measured_to=row["to"],
        method=row["method"],
        contact=row["contact"],
    )
