"""Sessions: the list, and one with its power over time beside the plan."""

import bisect
import datetime as dt

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _

from viavolta.hub.frame.access import Access
from viavolta.hub.frame.cells import Column, Kind
from viavolta.hub.frame.charts import Chart, Series, Style
from viavolta.hub.frame.figures import Figure
from viavolta.hub.frame.numbers import shown_moment, shown_number, shown_percent
from viavolta.hub.frame.rows import QueryRows
from viavolta.hub.frame.tables import Empty, Filter, Table
from viavolta.hub.operate.queries.payments import payment_rows
from viavolta.hub.operate.queries.sessions import (
    Moment,
    course_of,
    hours_of,
    order_of,
    sessions_of,
)
from viavolta.hub.operate.tenants import operators_page, page_context
from viavolta.hub.operate.words import DOUBTS, reason
from viavolta.hub.people.models import Organisation
from viavolta.storage.tables.live import Order
from viavolta.storage.tables.stations import Session

_OPEN, _ENDED, _DOUBTFUL = "open", "ended", "doubtful"


def _by_state(rows: QueryRows, choice: str) -> QueryRows:
    kept = {
        _OPEN: rows.query.filter(ended_at=None),
        _ENDED: rows.query.exclude(ended_at=None),
        _DOUBTFUL: rows.query.exclude(doubts=[]),
    }
    return QueryRows(kept[choice], search=rows.search)


@operators_page(Access.READER)
def sessions(request: HttpRequest, tenant: Organisation) -> HttpResponseBase:
    """All sessions."""

    def page_of(row: Session) -> str:
        return reverse("operate-session", args=(tenant.slug, row.pk))

    table = Table(
        request,
        QueryRows(sessions_of(tenant), search=("station__identity", "transaction", "token")),
        (
            Column(key="transaction", label=_("Session"), link=page_of),
            Column(
                key="station",
                label=_("Station"),
                value=lambda row: row.station.identity,
                sort="station__identity",
            ),
            Column(key="evse", label=_("EVSE"), kind=Kind.NUMBER),
            Column(key="token", label=_("Token"), is_shown=False),
            Column(key="started_at", label=_("Start"), kind=Kind.MOMENT),
            Column(key="ended_at", label=_("End"), kind=Kind.MOMENT),
            Column(key="energy_kwh", label=_("Charged"), kind=Kind.NUMBER, unit="kWh", digits=2),
            Column(
                key="discharged_kwh",
                label=_("Fed back"),
                kind=Kind.NUMBER,
                unit="kWh",
                digits=2,
            ),
            Column(key="power_kw", label=_("Power"), kind=Kind.NUMBER, unit="kW", digits=1),
            Column(key="soc", label=_("State of charge"), kind=Kind.PERCENT),
            Column(key="stop_reason", label=_("Stop reason")),
            Column(
                key="doubts",
                label=_("Doubts"),
                value=lambda row: ", ".join(row.doubts),
                is_shown=False,
            ),
            Column(key="is_complete", label=_("Complete"), kind=Kind.YES_NO, is_shown=False),
        ),
        sort="-started_at",
        caption=_("Sessions"),
        filters=(
            Filter(
                key="state",
                label=_("State"),
                choices=(
                    (_OPEN, _("under way")),
                    (_ENDED, _("ended")),
                    (_DOUBTFUL, _("doubtful")),
                ),
                keep=_by_state,
            ),
        ),
        empty=Empty(
            title=_("No session yet"), text=_("The first one appears when a vehicle charges.")
        ),
    )
    if table.is_export:
        return table.export("sessions")
    return render(
        request,
        "operate/stations.html",
        {
            **page_context(request, tenant, "operate-sessions"),
            "title": _("Sessions"),
            "table": table,
        },
    )


@operators_page(Access.READER)
def session(request: HttpRequest, tenant: Organisation, charging_session: int) -> HttpResponse:
    """One session: what happened, what was planned, why it has its power, what is doubtful."""
    row = get_object_or_404(sessions_of(tenant), pk=charging_session)
    context = page_context(request, tenant, "operate-sessions")
    order = order_of(row)
    course = course_of(row)
    return render(
        request,
        "operate/session.html",
        {
            **context,
            "title": _("Session %(number)s") % {"number": row.transaction},
            "crumbs": [
                (_("Sessions"), reverse("operate-sessions", args=(tenant.slug,))),
                (row.transaction, ""),
            ],
            "session": row,
            "payment": payment_rows(row),
            "order": order,
            "why": reason(order) if order is not None and row.ended_at is None else "",
            "figures": _figures(row),
            "charts": [
                chart
                for chart in (
                    _power_chart(course, order, context["zone"]),
                    _soc_chart(course, context["zone"]),
                    _plan_chart(row),
                )
                if chart is not None
            ],
            "doubts": [DOUBTS[doubt] for doubt in row.doubts],
        },
    )


def _figures(row: Session) -> list[Figure]:
    return [
        Figure(label=_("Charged"), value=shown_number(row.energy_kwh, digits=2), unit="kWh"),  # type: ignore[attr-defined] # annotated
        Figure(
            label=_("Fed back"),
            value=shown_number(row.discharged_kwh, digits=2),  # type: ignore[attr-defined] # annotated
            unit="kWh",
        ),
        Figure(label=_("Last power"), value=shown_number(row.power_kw, digits=1), unit="kW"),  # type: ignore[attr-defined] # annotated
        Figure(label=_("State of charge"), value=shown_percent(row.soc)),
    ]


def _power_chart(course: list[Moment], order: Order | None, zone: str) -> Chart | None:
    """What the meter said, and from now on what the plan gives."""
    told = {m.at: m.power_kw for m in course if m.power_kw is not None}
    planned = [] if order is None else [(_time(at), float(kw)) for at, kw in order.plan]
    times = sorted({*told, *(at for at, _kw in planned)})
    if not times:
        return None
    starts = [at for at, _kw in planned]

    def plan_at(moment: dt.datetime) -> float | None:
        k = bisect.bisect_right(starts, moment)
        return planned[k - 1][1] if k else None

    last_told = max(told, default=None)
    series = [
        Series(
            label=_("Measured"),
            values=[told.get(at) if last_told and at <= last_told else None for at in times],
            style=Style.LINE,
            digits=1,
            colour="r2",
        )
    ]
    if planned:
        series.append(
            Series(
                label=_("Planned"),
                values=[plan_at(at) for at in times],
                style=Style.STEP,
                digits=1,
                colour="r0",
            )
        )
    return Chart(
        key="power",
        title=_("Power"),
        x=times,
        series=series,
        unit="kW",
        zone=zone,
        x_label=_("Time"),
        note=_("Below zero: fed back into the grid."),
    )


def _soc_chart(course: list[Moment], zone: str) -> Chart | None:
    told = [m for m in course if m.soc is not None]
    if not told:
        return None
    return Chart(
        key="soc",
        title=_("State of charge"),
        x=[m.at for m in told],
        series=[Series(label=_("State of charge"), values=[100.0 * (m.soc or 0.0) for m in told])],
        unit="%",
        zone=zone,
        x_label=_("Time"),
    )


def _plan_chart(row: Session) -> Chart | None:
    """The plan of the day beside what happened, by the hour."""
    hours = hours_of(row)
    if not hours:
        return None
    return Chart(
        key="plan",
        title=_("The plan as it was made first, and what happened"),
        x=[shown_moment(hour.hour) for hour in hours],
        series=[
            Series(
                label=_("Planned"),
                values=[hour.planned_kwh for hour in hours],
                style=Style.STEP,
                digits=2,
                colour="r0",
            ),
            Series(
                label=_("Happened"),
                values=[hour.happened_kwh for hour in hours],
                style=Style.BAR,
                digits=2,
                colour="r2",
            ),
        ],
        unit="kWh",
        x_label=_("Hour"),
    )


def _time(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text)
