"""Samples of roaming."""

from cast import Cast
from matrix import row, sample
from roaming import PARTY, a_site

from viavolta.hub.ocpi.models import Partner, Place, Plug, Push
from viavolta.hub.ocpi.partners import invite, set_party
from viavolta.storage.tables.stations import Station


def a_partner(cast: Cast) -> Partner:
    """The city has invited somebody."""
    owner = cast.users["owner"]
    set_party(owner, cast.organisation, PARTY)
    return invite(owner, cast.organisation, "Partner")[0]


def a_push(cast: Cast) -> Push:
    """Something that the partner did not take."""
    return Push.objects.create(
        partner=a_partner(cast),
        module="tariffs",
        object_id="T1",
        method="PUT",
        request_id="r",
        refused_at="2026-12-01T10:00Z",
    )


def a_place(cast: Cast) -> Place:
    """A published site."""
    _site(cast)
    return Place.objects.get()


def a_plug(cast: Cast) -> Plug:
    """What a connector is."""
    return Plug.objects.get(station=_site(cast))


def _site(cast: Cast) -> Station:
    return Station.objects.filter(identity="AT-SAM-E1").first() or a_site(cast.organisation)


for name in ("partner", "suspend", "renew", "end"):
    sample("number", route=f"roaming-{name}")(lambda cast: a_partner(cast).pk)
sample("number", route="roaming-again")(lambda cast: a_push(cast).partner.pk)
sample("push", route="roaming-again")(lambda _cast: Push.objects.get().pk)
for name in ("place", "place-remove"):
    sample("number", route=f"roaming-{name}")(lambda cast: a_place(cast).pk)
for name in ("plug", "plug-remove"):
    sample("number", route=f"roaming-{name}")(lambda cast: a_plug(cast).pk)
sample("roaming_partner")(lambda cast: a_partner(cast).pk)

PLACE = {
    "site": "Market",
    "address": "Market 1",
    "city": "Sampleton",
    "country": "AT",
    "lat": 48.2,
    "lon": 16.4,
    "time_zone": "Europe/Vienna",
}


def plug(cast: Cast) -> dict[str, object]:
    """What a form says of a connector."""
    station = Station.objects.filter(tenant_id=cast.organisation.pk).first()
    return {
        "station": station.pk if station else 0,
        "evse": 1,
        "connector": 1,
        "standard": "IEC_62196_T2",
        "format": "SOCKET",
        "power_type": "AC_3_PHASE",
        "max_voltage": 230,
        "max_amperage": 16,
    }


row(
    "roaming-party",
    post={"country_code": "AT", "party_id": "SAM", "name": "Sampleton", "is_cpo": "on"},
)
row("roaming-invite", post={"name": "Partner"})
row(
    "roaming-connect",
    post={"name": "P", "versions_url": "https://partner.example.org/v", "token": "t"},
)
row("roaming-suspend", post={"suspend": "1"})
row("roaming-place-new", post=PLACE)
row("roaming-place", post=PLACE)
row("roaming-plug-new", post=plug)
row("roaming-plug", post=plug)
row("suspend_roaming_partner", post={"is_suspended": True})
