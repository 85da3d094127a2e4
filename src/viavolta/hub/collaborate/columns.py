"""Columns and filters that several tables share."""

from typing import Any

from django.utils.translation import gettext as _

from viavolta.hub.collaborate.words import SEGMENTS
from viavolta.hub.frame.cells import Column, Kind
from viavolta.hub.frame.rows import keep
from viavolta.hub.frame.tables import Filter


def segment_filter(field: str = "segment") -> Filter:
    """A choice of segments."""
    return Filter(key="segment", label=_("Segment"), choices=SEGMENTS, keep=keep(field))


def segment_column() -> Column:
    """The segment in words; sorted by its code."""
    return Column(
        key="segment",
        label=_("Segment"),
        value=lambda row: row.get_segment_display(),
        sort="segment",
    )


def sample_column() -> Column:
    """Whether a row is a sample."""
    return Column(key="is_sample", label=_("sample"), kind=Kind.YES_NO, is_shown=False)


def page_of(row: Any) -> str:
    """The page of a row."""
    return str(row.get_absolute_url())


def collaboration_columns() -> tuple[Column, ...]:
    """Columns of collaborations."""
    return (
        Column(key="title", label=_("Title"), link=page_of),
        segment_column(),
        Column(
            key="state",
            label=_("State"),
            value=lambda row: row.get_state_display(),
            sort="state",
        ),
        Column(
            key="members",
            label=_("Members"),
            value=lambda row: ", ".join(p.organisation.name for p in row.members_shown),
        ),
        Column(key="n_projects", label=_("Projects"), kind=Kind.NUMBER),
        Column(key="last_activity", label=_("Last activity"), kind=Kind.DAY),
        Column(key="created_at", label=_("Started"), kind=Kind.DAY, is_shown=False),
        sample_column(),
    )
