"""The map of a tenant's stations, live, with the table beside it."""

from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from viavolta.hub.frame.access import Access, access
from viavolta.hub.frame.cells import Column, Kind
from viavolta.hub.frame.figures import Figure
from viavolta.hub.frame.maps import Layer, Map, Shape, point
from viavolta.hub.frame.numbers import shown_number
from viavolta.hub.frame.rows import QueryRows, keep
from viavolta.hub.frame.tables import Empty, Filter, Table
from viavolta.hub.operate.queries.stations import shown_stations, totals_of
from viavolta.hub.operate.tenants import operators_page, page_context
from viavolta.hub.operate.words import STATES, state_badge
from viavolta.hub.people.access import organisations_of
from viavolta.hub.people.models import Organisation
from viavolta.storage.tables.stations import Station

MOST_ON_MAP = 2_000


@access(Access.SIGNED_IN)
def operate(request: HttpRequest) -> HttpResponse:
    """The organisations in whose name the visitor may see stations; a single one at once."""
    mine = list(organisations_of(request.user).order_by("name"))
    if len(mine) == 1:
        return redirect("operate-map", mine[0].slug)
    return render(
        request, "operate/choose.html", {"title": _("Charging stations"), "organisations": mine}
    )


@operators_page(Access.READER)
def live_map(request: HttpRequest, tenant: Organisation) -> HttpResponseBase:
    """Where the stations are, how they stand and what they draw, this moment."""
    table = station_table(request, tenant, is_short=True)
    if table.is_export:
        return table.export("stations")
    layer = stations_layer(tenant)
    return render(
        request,
        "operate/map.html",
        {
            **page_context(request, tenant, "operate-map"),
            "title": _("Charging stations"),
            "table": table,
            "figures": _figures(tenant),
            "map": Map(
                key="stations",
                title=_("Stations"),
                layers=[layer],
                note=_("At most %(n)s stations are drawn; the table has all of them.")
                % {"n": shown_number(MOST_ON_MAP)}
                if len(layer.features) >= MOST_ON_MAP
                else "",
            ),
        },
    )


def station_table(request: HttpRequest, tenant: Organisation, *, is_short: bool) -> Table:
    """A tenant's stations as a table; the short one stands beside the map."""

    def page_of(row: Station) -> str:
        return reverse("operate-station", args=(tenant.slug, row.identity))

    return Table(
        request,
        QueryRows(shown_stations(tenant), search=("identity", "name", "site", "vendor", "model")),
        (
            Column(key="identity", label=_("Station"), link=page_of),
            Column(key="name", label=_("Name"), is_shown=not is_short),
            Column(
                key="state",
                label=_("State"),
                html=lambda row: state_badge(row.state),
                sort="state",
            ),
            Column(key="power_kw", label=_("Power now"), kind=Kind.NUMBER, unit="kW", digits=1),
            Column(key="site", label=_("Site")),
            Column(key="limit_id", label=_("Limit"), is_shown=not is_short),
            Column(key="ocpp_version", label="OCPP", is_shown=not is_short),
            Column(key="vendor", label=_("Make"), is_shown=not is_short),
            Column(key="model", label=_("Model"), is_shown=False),
            Column(key="serial", label=_("Serial number"), is_shown=False),
            Column(key="firmware", label=_("Firmware"), is_shown=not is_short),
            Column(
                key="security_profile",
                label=_("Security profile"),
                kind=Kind.NUMBER,
                is_shown=False,
            ),
            Column(key="heard_at", label=_("Last heard"), kind=Kind.MOMENT),
            Column(key="lat", label=_("Latitude"), kind=Kind.NUMBER, digits=5, is_shown=False),
            Column(key="lon", label=_("Longitude"), kind=Kind.NUMBER, digits=5, is_shown=False),
        ),
        sort="identity",
        caption=_("Stations"),
        filters=(
            Filter(
                key="state",
                label=_("State"),
                choices=[(state, words) for state, (words, _look, _colour) in STATES.items()],
                keep=keep("state"),
            ),
        ),
        empty=Empty(
            title=_("No station yet"),
            text=_("Add a station, or open a window in which stations may call."),
            url=reverse("operate-station-new", args=(tenant.slug,)),
            label=_("Add a station"),
        ),
    )


def stations_layer(tenant: Organisation) -> Layer:
    """The stations with a place, as they stand now."""
    rows = shown_stations(tenant).exclude(lat=None).exclude(lon=None)[:MOST_ON_MAP]
    return Layer(
        key="stations",
        label=_("Stations"),
        shape=Shape.POINT,
        features=[_feature(row) for row in rows],
        colour="r0",
        colour_by="colour",
        size=8,
        text="label",
        popup=[
            ("name", _("Station")),
            ("state", _("State")),
            ("power_kw", _("Power now, kW")),
        ],
    )


def _feature(row: Any) -> dict[str, Any]:
    words, _look, colour = STATES[row.state]
    power = None if row.power_kw is None else round(row.power_kw, 1)
    name = row.name or row.identity
    label = name if power is None else f"{name} · {shown_number(power, digits=1)} kW"
    return point(
        row.lat,
        row.lon,
        id=row.identity,
        name=name,
        state=str(words),
        power_kw=power,
        label=label,
        colour=colour,
    )


def _figures(tenant: Organisation) -> list[Figure]:
    totals = totals_of(tenant)
    return [
        Figure(label=_("Stations"), value=shown_number(totals.stations)),
        Figure(label=_("On line"), value=shown_number(totals.online)),
        Figure(label=_("Sessions"), value=shown_number(totals.sessions)),
        Figure(label=_("Drawn now"), value=shown_number(totals.import_kw, digits=1), unit="kW"),
        Figure(label=_("Fed back now"), value=shown_number(totals.export_kw, digits=1), unit="kW"),
    ]
