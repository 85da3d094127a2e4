"""The rows behind each indicator as a table."""

from datetime import datetime
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from viavolta.hub.collaborate.columns import page_of, segment_column
from viavolta.hub.collaborate.queries.activity import active_at, with_last_activity
from viavolta.hub.frame.cells import Column, Kind
from viavolta.hub.frame.rows import QueryRows, RecordRows, Rows
from viavolta.hub.frame.tables import Table
from viavolta.hub.kpis.counts import CITY, COMPANIES
from viavolta.hub.kpis.indicators import MEANINGS, Indicator
from viavolta.hub.kpis.queries import (
    co2_avoided_t_per_year,
    collaborations,
    grid_avoided_eur,
    organisations,
    projects,
    published_baselines,
    replications,
)

Part = tuple[Rows, tuple[Column, ...], str]
"""Rows, columns and the order to begin with."""


def rows_table(
    request: HttpRequest, indicator: Indicator, now: datetime, *, with_samples: bool
) -> Table:
    """What an indicator counts, row by row."""
    rows, columns, order = _PARTS[indicator](now, with_samples)
    return Table(request, rows, columns, sort=order, caption=MEANINGS[indicator].name)


def _cities(now: datetime, with_samples: bool) -> Part:  # noqa: ARG001, FBT001 - one signature for all
    found = organisations(with_samples=with_samples).filter(kind=CITY)
    return (
        QueryRows(found, search=("name",)),
        (
            Column(key="name", label=_("Name"), link=page_of),
            Column(key="country", label=_("Country")),
            Column(key="inhabitants", label=_("Inhabitants"), kind=Kind.NUMBER),
            Column(key="joined_at", label=_("Joined"), kind=Kind.DAY),
        ),
        "-joined_at",
    )


def _companies(now: datetime, with_samples: bool) -> Part:  # noqa: ARG001, FBT001 - one signature for all
    found = organisations(with_samples=with_samples).filter(kind__in=COMPANIES)
    return (
        QueryRows(found, search=("name",)),
        (
            Column(key="name", label=_("Name"), link=page_of),
            Column(
                key="kind", label=_("Kind"), value=lambda row: row.get_kind_display(), sort="kind"
            ),
            Column(
                key="is_sme",
                label=_("SME"),
                kind=Kind.YES_NO,
                value=lambda row: row.is_sme or row.kind == "sme",
                sort="is_sme",
            ),
            Column(key="country", label=_("Country")),
            Column(key="joined_at", label=_("Joined"), kind=Kind.DAY),
        ),
        "-joined_at",
    )


def _active(now: datetime, with_samples: bool) -> Part:  # noqa: FBT001 - one signature for all
    found = with_last_activity(active_at(collaborations(with_samples=with_samples), now))
    return (
        QueryRows(found, search=("title",)),
        (
            Column(key="title", label=_("Title"), link=page_of),
            segment_column(),
            Column(key="last_activity", label=_("Last activity"), kind=Kind.DAY),
            Column(key="created_at", label=_("Started"), kind=Kind.DAY),
        ),
        "-last_activity",
    )


def _projects(now: datetime, with_samples: bool) -> Part:  # noqa: ARG001, FBT001 - one signature for all
    found = projects(with_samples=with_samples).select_related("collaboration")
    return (
        QueryRows(found, search=("title", "funder")),
        (
            Column(
                key="title",
                label=_("Title"),
                link=lambda row: page_of(row.collaboration),
            ),
            Column(key="collaboration", label=_("Collaboration"), sort="collaboration__title"),
            Column(key="funder", label=_("Funder")),
            Column(key="funding_eur", label=_("Funding"), unit="EUR", kind=Kind.NUMBER),
            Column(key="created_at", label=_("Entered"), kind=Kind.DAY),
        ),
        "-created_at",
    )


def _replications(now: datetime, with_samples: bool) -> Part:  # noqa: ARG001, FBT001 - one signature for all
    found = replications(with_samples=with_samples).select_related("entry", "organisation")
    return (
        QueryRows(found, search=("entry__title", "organisation__name")),
        (
            Column(
                key="entry",
                label=_("Solution"),
                sort="entry__title",
                link=lambda row: reverse("market-entry", args=(row.entry.kind, row.entry.slug)),
            ),
            Column(key="organisation", label=_("Replicated by"), sort="organisation__name"),
            Column(key="at", label=_("Day"), kind=Kind.DAY),
        ),
        "-at",
    )


def _studies(now: datetime, with_samples: bool) -> Part:  # noqa: ARG001, FBT001 - one signature for all
    found = published_baselines(with_samples=with_samples).select_related("study__organisation")
    return (
        RecordRows([_study(scenario) for scenario in found]),
        (
            Column(key="title", label=_("Study"), link=lambda row: row["address"]),
            Column(key="organisation", label=_("Organisation")),
            Column(
                key="co2_avoided_t_per_year",
                label=_("CO2 avoided"),
                unit=_("t per year"),
                kind=Kind.NUMBER,
                digits=1,
            ),
            Column(
                key="grid_avoided_eur",
                label=_("Grid reinforcement avoided"),
                unit="EUR",
                kind=Kind.NUMBER,
            ),
            Column(key="published_at", label=_("Published"), kind=Kind.DAY),
        ),
        "-published_at",
    )


def _study(scenario: Any) -> dict[str, Any]:
    study = scenario.study
    return {
        "title": study.title,
        "address": reverse("studies:results-overview", args=(study.slug, scenario.pk)),
        "organisation": study.organisation.name,
        "co2_avoided_t_per_year": co2_avoided_t_per_year(scenario.summary),
        "grid_avoided_eur": grid_avoided_eur(scenario.summary),
        "published_at": study.published_at,
    }


_PARTS = {
    Indicator.CITIES: _cities,
    Indicator.SME_SHARE: _companies,
    Indicator.ACTIVE_COLLABORATIONS: _active,
    Indicator.NEW_PROJECTS: _projects,
    Indicator.REPLICATIONS: _replications,
    Indicator.CO2: _studies,
    Indicator.GRID: _studies,
}
