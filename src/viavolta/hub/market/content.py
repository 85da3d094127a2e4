"""The words and figures of an entry, apart from who wrote them and who sees them."""

import datetime as dt
from dataclasses import asdict, dataclass, field
from decimal import Decimal
from typing import Any

from viavolta.hub.market.models import Entry, EntryKind, Evidence
from viavolta.model.facets import Facets

EVIDENCE_FIELDS = (
    "what",
    "value",
    "unit",
    "place",
    "measured_from",
    "measured_to",
    "method",
    "contact",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasuredFigure:
    """One figure of evidence."""

    what: str
    value: Decimal
    unit: str
    place: str
    measured_from: dt.date
    measured_to: dt.date
    method: str = ""
    contact: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """What an editor writes. `study_id` is a public study; only solutions have a form, figures."""

    title: str
    summary: str
    language: str
    text: str = ""
    facets: Facets = field(default_factory=Facets)
    form: str = ""
    wanted_by: dt.date | None = None
    study_id: int | None = None
    evidence: tuple[MeasuredFigure, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """What a revision keeps."""
        return asdict(self) | {"facets": self.facets.as_codes()}

    @staticmethod
    def from_json(content: dict[str, Any]) -> "Content":
        """Read a revision back."""
        day = dt.date.fromisoformat
        wanted_by = content["wanted_by"]
        return Content(
            **{
                **content,
                "facets": Facets.from_codes(content["facets"]),
                "wanted_by": None if wanted_by is None else day(wanted_by),
                "evidence": tuple(
                    MeasuredFigure(
                        **{
                            **figure,
                            "value": Decimal(figure["value"]),
                            "measured_from": day(figure["measured_from"]),
                            "measured_to": day(figure["measured_to"]),
                        }
                    )
                    for figure in content["evidence"]
                ),
            }
        )


def content_of(entry: Entry) -> Content:
    """The content an entry has now."""
    return Content(
        title=entry.title,
        summary=entry.summary,
        language=entry.language,
        text=entry.text,
        facets=entry.said(),
        form=entry.form,
        wanted_by=entry.wanted_by,
        study_id=entry.study_id,
        evidence=tuple(
            MeasuredFigure(**{name: getattr(figure, name) for name in EVIDENCE_FIELDS})
            for figure in entry.evidence.all()
        ),
    )


def put_content(entry: Entry, content: Content) -> None:
    """Set the fields of an entry; what its kind does not have stays empty."""
    is_solution = entry.kind == EntryKind.SOLUTION
    entry.title = content.title.strip()
    entry.summary = content.summary.strip()
    entry.text = content.text.strip()
    entry.language = content.language
    entry.facets = content.facets.as_codes()
    entry.form = content.form if is_solution else ""
    entry.wanted_by = None if is_solution else content.wanted_by
    entry.study_id = content.study_id if is_solution else None


def put_evidence(entry: Entry, content: Content) -> None:
    """Write the figures of a solution in place of those it had."""
    figures = content.evidence if entry.kind == EntryKind.SOLUTION else ()
    entry.evidence.all().delete()
    Evidence.objects.bulk_create(
        Evidence(
            entry=entry,
            position=position,
            **{name: getattr(figure, name) for name in EVIDENCE_FIELDS},
        )
        for position, figure in enumerate(figures)
    )
