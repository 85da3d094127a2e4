"""What the page of all components shows: things made up for it, and marked as samples."""

import datetime as dt
import math
from typing import Any

from django import forms
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from viavolta.hub.frame.cells import Column, Kind
from viavolta.hub.frame.charts import Chart, Series, Style
from viavolta.hub.frame.figures import Figure, Why
from viavolta.hub.frame.forms import Guide, guided
from viavolta.hub.frame.gantt import Bar, Gantt, Lane
from viavolta.hub.frame.maps import Layer, Map, Shape, line, point
from viavolta.hub.frame.numbers import shown_number
from viavolta.hub.frame.rows import RecordRows
from viavolta.hub.frame.tables import Table

_STOPS = (
    ("Place d'Armes", 43.7313, 7.4203, 0.4),
    ("Casino", 43.7391, 7.4270, 0.9),
    ("Fontvieille", 43.7283, 7.4140, 0.7),
    ("Jardin Exotique", 43.7330, 7.4130, 0.2),
)
_DEPOT = (43.7283, 7.4140)
_STEPS = 96


class SampleForm(forms.Form):
    """One field of each kind."""

    name = forms.CharField(label=gettext_lazy("Name"))
    power_kw = forms.FloatField(
        label=gettext_lazy("Power of the connection"),
        help_text=gettext_lazy("As in the contract with the grid operator."),
        min_value=1,
    )
    kind = forms.ChoiceField(
        label=gettext_lazy("Vehicle"), choices=[("12", "12 m"), ("18", "18 m")], required=False
    )
    tags = forms.CharField(label=gettext_lazy("Tags"), required=False, initial="depot, 600 V")
    ready = forms.TimeField(
        label=gettext_lazy("Ready by"), widget=forms.TimeInput(attrs={"type": "time"})
    )
    has_v2g = forms.BooleanField(label=gettext_lazy("May feed back"), required=False)
    lat = forms.FloatField(label=gettext_lazy("Latitude"), initial=_DEPOT[0])
    lon = forms.FloatField(label=gettext_lazy("Longitude"), initial=_DEPOT[1])


def shown_table(request: HttpRequest) -> Table:
    """A table of four stops."""
    rows = [{"name": n, "lat": lat, "lon": lon, "share": share} for n, lat, lon, share in _STOPS]
    columns = (
        Column(key="name", label=_("Stop")),
        Column(key="lat", label=_("Latitude"), kind=Kind.NUMBER, digits=4),
        Column(key="lon", label=_("Longitude"), kind=Kind.NUMBER, digits=4),
        Column(key="share", label=_("Share"), kind=Kind.PERCENT),
    )
    return Table(request, RecordRows(rows), columns, caption=_("Stops"), sort="name")


def shown_parts(request: HttpRequest) -> dict[str, Any]:
    """Everything else on the page."""
    form = SampleForm(request.GET if "name" in request.GET else None)
    connection = Guide(
        title=_("Where is this written?"),
        what=_("The highest power your site may draw from the grid."),
        why=_("A higher peak needs a new contract, often a new cable."),
        where=_("On the bill or the contract of the grid operator."),
    )
    guided(form, guides={"power_kw": connection}, units={"power_kw": "kW"})
    return {
        "title": _("Components"),
        "lead": _("Everything pages are made of, with figures made up for this page."),
        "is_sample": True,
        "form": form,
        "figures": _figures(),
        "chart": _chart(),
        "bars": _bars(),
        "gantt": _gantt(),
        "map": _map(),
        "place": Map(
            key="place",
            title=_("Place"),
            is_small=True,
            picks=("id_lat", "id_lon"),
            bounds=(7.405, 43.722, 7.44, 43.752),
        ),
        "empty_title": _("No study yet"),
    }


def _figures() -> list[Figure]:
    peak = Why(
        rule=_("The highest quarter of an hour of the day."),
        binds=_("The transformer of the depot."),
        worth=f"{shown_number(41.5, digits=1)} EUR",
        inputs=[(_("Power of the connection"), "500 kW")],
    )
    return [
        Figure(label=_("Peak"), value=shown_number(412), unit="kW", why=peak),
        Figure(label=_("Vehicle"), value=shown_number(23)),
        Figure(label=_("Share"), value=shown_number(87), unit="%", note=_("of a day in winter")),
    ]


def _chart() -> Chart:
    start = dt.datetime(2026, 1, 20, 3, tzinfo=dt.UTC)
    quarter = dt.timedelta(minutes=15)
    base = [120 + 40 * math.sin(i / _STEPS * 2 * math.pi) for i in range(_STEPS)]
    peak = [80 * math.exp(-(((i - 60) / 9) ** 2)) for i in range(_STEPS)]
    return Chart(
        key="power",
        title=_("Power over a day"),
        x=[start + quarter * i for i in range(_STEPS)],
        zone="Europe/Monaco",
        unit="kW",
        series=[
            Series(label=_("Building"), values=base, style=Style.AREA, colour="r5"),
            Series(label=_("Charging"), values=[b + p for b, p in zip(base, peak, strict=True)]),
        ],
        limits=[(_("Limit"), 260.0)],
    )


def _bars() -> Chart:
    return Chart(
        key="fleet",
        title=_("Fleet by year"),
        x=["2026", "2028", "2030"],
        series=[
            Series(label=_("Diesel"), values=[20, 9, 0], style=Style.BAR, colour="r-rest"),
            Series(label=_("Electric"), values=[3, 14, 24], style=Style.BAR, colour="r2"),
        ],
        is_stacked=True,
    )


def _gantt() -> Gantt:
    lanes = [
        Lane(
            label=f"B{n}",
            bars=[
                Bar(start_s=18_000 + 600 * n, end_s=39_600, kind="trip", text="1"),
                Bar(start_s=39_900, end_s=45_000 + 900 * n, kind="charge", text="80 kW"),
                Bar(start_s=45_600 + 900 * n, end_s=79_200, kind="trip", text="2"),
            ],
        )
        for n in range(1, 6)
    ]
    kinds = [("trip", _("Trip"), "trip"), ("charge", _("Charging"), "charge")]
    return Gantt(key="day", title=_("The day of each bus"), lanes=lanes, kinds=kinds)


def _map() -> Map:
    stops = [point(lat, lon, id=n, name=n, share=s) for n, lat, lon, s in _STOPS]
    route = line([(lat, lon) for _n, lat, lon, _s in _STOPS], id="1", name="1")
    depot = point(*_DEPOT, id="depot", name="Fontvieille")
    return Map(
        key="city",
        title=_("Stops"),
        layers=[
            Layer(key="line", label=_("Line"), shape=Shape.LINE, features=[route], size=4),
            Layer(
                key="stops",
                label=_("Stops"),
                shape=Shape.POINT,
                features=stops,
                colour="r1",
                text="name",
                popup=[("name", _("Stop")), ("share", _("Share"))],
            ),
            Layer(
                key="depot",
                label=_("Depot"),
                shape=Shape.POINT,
                features=[depot],
                is_draggable=True,
                colour="r1",
            ),
        ],
    )
