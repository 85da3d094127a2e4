"""Which EVSEs and connectors are published: those of sites with an address, with known plugs."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from babel.core import get_global

from viavolta.hub.ocpi.models import Party, Place, Plug
from viavolta.storage.tables.stations import Outlet, Session, Station


@dataclass(frozen=True, slots=True, kw_only=True)
class Connector:
    """A connector with all that partners must know of it."""

    place: Place
    station: Station
    evse: int
    connector: int
    plug: Plug
    outlet: Outlet | None

    @property
    def evse_uid(self) -> str:
        """The name of its EVSE on the wire."""
        return evse_uid(self.station.pk, self.evse)


def evse_uid(station: int, evse: int) -> str:
    """The name of an EVSE on the wire."""
    return f"{station}-{evse}"


def evse_id(party: Party, station: int, evse: int) -> str:
    """The name of an EVSE for people, as the eMI3 group writes it."""
    return f"{party.country_code}*{party.party_id}*E{station}*{evse}".upper()


def country_of(alpha_2: str) -> str:
    """A country's code of three letters (ISO 3166-1)."""
    return _ALPHA_3.get(alpha_2.upper(), "")


_ALPHA_3: Mapping[str, str] = {
    twos[0]: three
    for three, twos in get_global("territory_aliases").items()
    if len(three) == 3 and three.isalpha() and len(twos) == 1  # noqa: PLR2004 - ISO 3166-1
}


def connectors_of(place: Place) -> list[Connector]:
    """The connectors at a place that can be published."""
    found = []
    stations = Station.objects.filter(
        tenant_id=place.organisation_id,
        site=place.site,
        admission=Station.Admission.ACCEPTED,
    ).prefetch_related("outlets", "plugs")
    for station in stations:
        plugs = list(station.plugs.all())
        for outlet in station.outlets.all():
            if outlet.evse == 0 or outlet.connector == 0:
                continue
            plug = plug_of(plugs, outlet.evse, outlet.connector)
            if plug is not None:
                found.append(
                    Connector(
                        place=place,
                        station=station,
                        evse=outlet.evse,
                        connector=outlet.connector,
                        plug=plug,
                        outlet=outlet,
                    )
                )
    return found


def connector_at(session: Session) -> Connector | None:
    """The connector of a session, as far as it can be told partners; None where it cannot.

    A station of 1.6 numbers connectors over the whole station; one that names no connector has one.
    """
    station = session.station
    place = Place.objects.filter(organisation=station.tenant_id, site=station.site).first()
    if place is None or not session.evse:
        return None
    evse, connector = session.evse, session.connector or 0
    outlets = [o for o in station.outlets.all() if o.evse == evse and o.connector]
    outlet = next((o for o in outlets if o.connector == connector), None)
    if outlet is None and outlets:
        outlet = outlets[0]
    number = outlet.connector if outlet else connector or 1
    plug = plug_of(station.plugs.all(), evse, number)
    if plug is None:
        return None
    return Connector(
        place=place, station=station, evse=evse, connector=number, plug=plug, outlet=outlet
    )


def plug_of(plugs: Iterable[Plug], evse: int, connector: int) -> Plug | None:
    """The plug that is said of a connector: its own, else that of the EVSE, else of the station."""
    fitting = [p for p in plugs if p.evse in {0, evse} and p.connector in {0, connector}]
    return max(fitting, key=lambda p: (p.evse, p.connector), default=None)


def address_of(place: Place) -> dict[str, Any]:
    """Where a place is, as locations and CDRs say it."""
    found: dict[str, Any] = {
        "id": place.location_id,
        "name": place.name or place.site,
        "address": place.address,
        "city": place.city,
        "country": country_of(place.country),
        "coordinates": {"latitude": f"{place.lat:.6f}", "longitude": f"{place.lon:.6f}"},
    }
    return found | ({"postal_code": place.postal_code} if place.postal_code else {})
