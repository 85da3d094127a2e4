"""Indicators: all of them with the map of members, and each with its rows and history."""

import csv
import io
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from viavolta.hub.collaborate.pages import person_of
from viavolta.hub.frame.access import Access, access
from viavolta.hub.frame.cells import Column, Kind, for_file
from viavolta.hub.frame.charts import Chart, Series, Style
from viavolta.hub.frame.figures import Figure, Why
from viavolta.hub.frame.forms import Source
from viavolta.hub.frame.maps import Layer, Map, Shape, point
from viavolta.hub.frame.numbers import shown_day, shown_number
from viavolta.hub.frame.pages import form_page
from viavolta.hub.frame.rows import RecordRows
from viavolta.hub.frame.tables import Table
from viavolta.hub.kpis.actions import set_baseline
from viavolta.hub.kpis.countries import MIDDLES, country_name
from viavolta.hub.kpis.counts import members_by_country
from viavolta.hub.kpis.forms import BaselineForm
from viavolta.hub.kpis.indicators import Indicator
from viavolta.hub.kpis.models import Baseline
from viavolta.hub.kpis.queries import Standing, baseline, facts, has_samples, standings
from viavolta.hub.kpis.rows import rows_table

SOURCE = Source(
    label="EV4SCC, European Innovation Partnership on Smart Cities and Communities",
    url="https://www.eu-smartcities.eu/content/electromobility",
)
_EV4SCC = frozenset(
    {
        Indicator.CITIES,
        Indicator.SME_SHARE,
        Indicator.ACTIVE_COLLABORATIONS,
        Indicator.NEW_PROJECTS,
    }
)


def _with_samples(request: HttpRequest) -> bool:
    return request.GET.get("samples") == "1" and has_samples()


@access(Access.PUBLIC)
def kpis(request: HttpRequest) -> HttpResponseBase:
    """Every indicator as it stands, and members by country."""
    with_samples = _with_samples(request)
    now = timezone.now()
    read = facts(with_samples=with_samples)
    countries = [
        {"country": code, "name": country_name(code), "members": count}
        for code, count in members_by_country(read, now)
    ]
    table = Table(
        request,
        RecordRows(countries),
        (
            Column(key="name", label=_("Country")),
            Column(key="country", label=_("Code"), is_shown=False),
            Column(key="members", label=_("Members"), kind=Kind.NUMBER),
        ),
        sort="-members",
        caption=_("Members by country"),
        page_size=50,
    )
    if table.is_export:
        return table.export("members")
    since = baseline()
    return render(
        request,
        "kpis/kpis.html",
        {
            "title": _("Indicators"),
            "lead": _("Counted from what happened on this platform, at this moment."),
            "figures": [_figure(one, since, with_samples) for one in standings(read, now)],
            "map": _map(countries),
            "table": table,
            "with_samples": with_samples,
            "can_count_samples": has_samples(),
            "baseline": since,
        },
    )


def _figure(standing: Standing, since: Baseline | None, with_samples: bool) -> Figure:  # noqa: FBT001 - of the page
    address = reverse("kpi", args=(standing.indicator.value,))
    return Figure(
        label=standing.meaning.name,
        value=shown_value(standing, standing.value),
        unit="" if standing.meaning.is_share else standing.meaning.unit,
        note=_goal_note(standing, since),
        why=Why(
            rule=standing.meaning.rule,
            inputs=()
            if since is None or standing.indicator is not Indicator.ACTIVE_COLLABORATIONS
            else ((_("Baseline date"), shown_day(since.on)), (_("Reason"), since.note)),
            sources=(SOURCE,) if standing.indicator in _EV4SCC else (),
        ),
        link=f"{address}?samples=1" if with_samples else address,
    )


def shown_value(standing: Standing, value: float | None) -> str:
    """A value of an indicator as the reader's language writes it."""
    if value is not None and standing.meaning.is_share:
        return f"{shown_number(value * 100)}\N{NARROW NO-BREAK SPACE}%"
    return shown_number(value)


def _goal_note(standing: Standing, since: Baseline | None) -> str:
    if standing.goal is not None:
        return _("goal %(goal)s") % {"goal": shown_value(standing, standing.goal)}
    if standing.indicator is Indicator.ACTIVE_COLLABORATIONS and since is None:
        return _("goal: half as many again as on a baseline date, which is not set yet")
    return ""


def _map(countries: list[dict[str, Any]]) -> Map:
    most = max((row["members"] for row in countries), default=1)
    features = [
        point(
            *MIDDLES[row["country"]],
            id=row["country"],
            name=row["name"],
            members=row["members"],
            radius=5 + 17 * (row["members"] / most) ** 0.5,
        )
        for row in countries
        if row["country"] in MIDDLES
    ]
    return Map(
        key="members",
        title=_("Members by country"),
        layers=(
            Layer(
                key="countries",
                label=_("Members"),
                shape=Shape.POINT,
                features=features,
                size_by="radius",
                text="members",
                popup=(("name", _("Country")), ("members", _("Members"))),
            ),
        ),
        bounds=(-11.0, 35.0, 32.0, 66.0),
        note=_("The area of a circle grows with the number of members."),
    )


def _standing(request: HttpRequest, code: str) -> Standing:
    if code not in set(Indicator):
        raise Http404
    found = standings(facts(with_samples=_with_samples(request)), timezone.now())
    return next(one for one in found if one.indicator == code)


@access(Access.PUBLIC)
def kpi(request: HttpRequest, code: str) -> HttpResponseBase:
    """One indicator: its rule, its history, the rows it counts."""
    standing = _standing(request, code)
    with_samples = _with_samples(request)
    table = rows_table(request, standing.indicator, timezone.now(), with_samples=with_samples)
    if table.is_export:
        return table.export(code)
    history = reverse("kpi-history", args=(code,))
    return render(
        request,
        "kpis/kpi.html",
        {
            "title": standing.meaning.name,
            "crumbs": [(_("Indicators"), reverse("kpis")), (standing.meaning.name, "")],
            "figures": [_figure(standing, baseline(), with_samples)],
            "standing": standing,
            "with_samples": with_samples,
            "chart": _chart(standing, f"{history}?samples=1" if with_samples else history),
            "table": table,
        },
    )


def _chart(standing: Standing, csv_url: str) -> Chart:
    factor = 100 if standing.meaning.is_share else 1
    goal = standing.goal
    return Chart(
        key=standing.indicator.value,
        title=standing.meaning.name,
        x=[at for at, _value in standing.history],
        series=(
            Series(
                label=standing.meaning.name,
                values=[
                    None if value is None else value * factor for _at, value in standing.history
                ],
                style=Style.STEP,
            ),
        ),
        x_label=_("Day"),
        unit="%" if standing.meaning.is_share else standing.meaning.unit,
        limits=() if goal is None else ((_("goal"), goal * factor),),
        note=_("At the end of each month, and now; recomputed from the rows of today."),
        csv_url=csv_url,
    )


@access(Access.PUBLIC)
def history(request: HttpRequest, code: str) -> HttpResponse:
    """The history of an indicator as CSV."""
    standing = _standing(request, code)
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(["at", "value", "goal"])
    for at, value in standing.history:
        writer.writerow([for_file(at), for_file(value), for_file(standing.goal)])
    answer = HttpResponse(text.getvalue(), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{code}-history.csv"'
    return answer


@access(Access.MODERATOR)
def new_baseline(request: HttpRequest) -> HttpResponseBase:
    """Set the baseline date."""
    user = person_of(request)

    def save(cleaned: dict[str, Any]) -> tuple[str, str]:
        set_baseline(user, on=cleaned["on"], note=cleaned["note"])
        return reverse("kpis"), _("The baseline is set.")

    return form_page(
        request,
        BaselineForm(request.POST or None),
        save,
        title=_("Baseline date"),
        lead=_("Active collaborations should grow by half from this day on."),
        cancel_url=reverse("kpis"),
        template="kpis/baseline.html",
        earlier=Baseline.objects.select_related("set_by")[:20],
    )
