"""Our sites with their EVSEs, as locations."""

from collections.abc import Sequence
from datetime import datetime
from itertools import groupby
from typing import Any

from viavolta.hub.ocpi.models import Module, OwnObject, Party, Place
from viavolta.hub.ocpi.own.keeping import Content, Draft, keep
from viavolta.hub.ocpi.own.plugs import Connector, address_of, connectors_of, evse_id, evse_uid
from viavolta.hub.ocpi.own.tariffs import tariff_id_at
from viavolta.protocols.ocpi.objects import as_date_time
from viavolta.storage.tables.stations import Session

CAPABILITIES = ["CHARGING_PREFERENCES_CAPABLE", "REMOTE_START_STOP_CAPABLE"]
"""What is true of every station: the core of OCPP, and the wishes that our planning takes."""

_STATES = {
    "Available": "AVAILABLE",
    "Reserved": "RESERVED",
    "Unavailable": "INOPERATIVE",
    "Faulted": "OUTOFORDER",
    "Charging": "CHARGING",
    "SuspendedEV": "CHARGING",
    "SuspendedEVSE": "CHARGING",
}
"""States of OCPP; in any other a vehicle stands there and does not charge."""
_INNER = "last_updated"


def refresh_locations(party: Party, now: datetime) -> None:
    """Bring the locations up to date; of a place that is no more the EVSEs are removed."""
    places = Place.objects.filter(organisation=party.organisation_id)
    drafts = {place.location_id: Draft(content=_location(party, place, now)) for place in places}
    gone = OwnObject.objects.filter(
        organisation=party.organisation_id, module=Module.LOCATIONS
    ).exclude(object_id__in=list(drafts))
    for row in gone:
        drafts[row.object_id] = Draft(content={**row.content, "evses": []})
    keep(party, Module.LOCATIONS, drafts, now, merge=_merged)


def _location(party: Party, place: Place, now: datetime) -> Content:
    connectors = connectors_of(place)
    busy = _busy(connectors)
    tariff = tariff_id_at(connectors[0].station, now) if connectors else ""  # one for a site
    content: Content = {
        "country_code": party.country_code,
        "party_id": party.party_id,
        "publish": True,
        **address_of(place),
        "time_zone": place.time_zone,
        "operator": {"name": party.name},
        "evses": [
            _evse(party, list(group), busy, tariff)
            for _key, group in groupby(connectors, key=lambda c: (c.station.pk, c.evse))
        ],
    }
    if place.is_always_open:
        content["opening_times"] = {"twentyfourseven": True}
    return content


def _busy(connectors: Sequence[Connector]) -> set[str]:
    """The EVSEs at which a session is under way."""
    stations = {one.station.pk for one in connectors}
    running = Session.objects.filter(station__in=stations, ended_at=None).exclude(evse=None)
    return {
        evse_uid(station, evse or 0) for station, evse in running.values_list("station_id", "evse")
    }


def _evse(
    party: Party, connectors: Sequence[Connector], busy: set[str], tariff: str
) -> dict[str, Any]:
    first = connectors[0]
    return {
        "uid": first.evse_uid,
        "evse_id": evse_id(party, first.station.pk, first.evse),
        "status": _state(connectors, is_busy=first.evse_uid in busy),
        "capabilities": CAPABILITIES,
        "connectors": [_connector(one, tariff) for one in connectors],
    }


def _state(connectors: Sequence[Connector], *, is_busy: bool) -> str:
    """The state of an EVSE; one whose station is not on the line is not known."""
    if not connectors[0].station.gateway:
        return "UNKNOWN"
    states = [_STATES.get(one.outlet.status, "BLOCKED") for one in connectors if one.outlet]
    worst = next((s for s in states if s not in {"AVAILABLE", "BLOCKED"}), "")
    if worst in {"OUTOFORDER", "INOPERATIVE"}:
        return worst
    if is_busy:
        return "CHARGING"
    return worst or ("BLOCKED" if "BLOCKED" in states else "AVAILABLE")


def _connector(one: Connector, tariff: str) -> dict[str, Any]:
    plug = one.plug
    found: dict[str, Any] = {
        "id": str(one.connector),
        "standard": plug.standard,
        "format": plug.format,
        "power_type": plug.power_type,
        "max_voltage": plug.max_voltage,
        "max_amperage": plug.max_amperage,
    }
    if one.outlet is not None and one.outlet.max_kw:
        found["max_electric_power"] = round(one.outlet.max_kw * 1000)
    return found | ({"tariff_ids": [tariff]} if tariff else {})


def _merged(content: Content, before: Content | None, now: datetime) -> Content:
    """New content with the times of EVSEs and connectors; an EVSE that is gone is REMOVED."""
    known = {evse["uid"]: evse for evse in (before or {}).get("evses", [])}
    evses = [_timed_evse(evse, known.pop(evse["uid"], None), now) for evse in content["evses"]]
    evses += [_timed_evse({**_bare(old), "status": "REMOVED"}, old, now) for old in known.values()]
    return {**content, "evses": evses}


def _timed_evse(evse: Content, old: Content | None, now: datetime) -> Content:
    known = {one["id"]: one for one in (old or {}).get("connectors", [])}
    connectors = [_timed(one, known.get(one["id"]), now) for one in evse["connectors"]]
    return _timed({**evse, "connectors": connectors}, old, now)


def _timed(part: Content, old: Content | None, now: datetime) -> Content:
    if old is not None and {k: v for k, v in old.items() if k != _INNER} == part:
        return old
    return {**part, _INNER: as_date_time(now)}


def _bare(evse: Content) -> Content:
    plain = {k: v for k, v in evse.items() if k != _INNER}
    return plain | {
        "connectors": [{k: v for k, v in one.items() if k != _INNER} for one in evse["connectors"]]
    }
