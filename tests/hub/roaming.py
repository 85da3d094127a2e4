"""Partners of roaming, as tests speak for them."""

import datetime as dt
import json
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.test import Client as Browser
from django.utils import timezone

from viavolta.hub.ocpi.models import Partner, Place, Plug
from viavolta.hub.ocpi.partners import PartyFacts, invite, set_party
from viavolta.hub.people.models import Organisation, User
from viavolta.protocols.ocpi.envelope import authorization
from viavolta.storage.sealed import seal
from viavolta.storage.tables.stations import Outlet, Station

NOW = "2026-12-01T08:00:00Z"
PARTY = PartyFacts(country_code="AT", party_id="SAM", name="Sampleton", is_cpo=True, is_emsp=True)
THEIR_ROLES = [
    {
        "role": role,
        "party_id": "PRT",
        "country_code": "NL",
        "business_details": {"name": "Partner"},
    }
    for role in ("CPO", "EMSP")
]
TOKEN = {
    "country_code": "NL",
    "party_id": "PRT",
    "uid": "CARD-1",
    "type": "RFID",
    "contract_id": "NL-PRT-C1",
    "issuer": "Partner",
    "valid": True,
    "whitelist": "ALWAYS",
    "last_updated": NOW,
}

WHERE = {"country_code": "NL", "party_id": "PRT"}
CONNECTOR = {
    "id": "1",
    "standard": "IEC_62196_T2",
    "format": "CABLE",
    "power_type": "AC_3_PHASE",
    "max_voltage": 230,
    "max_amperage": 32,
    "last_updated": NOW,
}
EVSE = {"uid": "E1", "status": "AVAILABLE", "connectors": [CONNECTOR], "last_updated": NOW}
LOCATION = {
    **WHERE,
    "id": "LOC1",
    "publish": True,
    "address": "Dam 1",
    "city": "Amsterdam",
    "country": "NLD",
    "coordinates": {"latitude": "52.37000", "longitude": "4.89000"},
    "evses": [EVSE],
    "time_zone": "Europe/Amsterdam",
    "last_updated": NOW,
}
CDR_TOKEN = {
    "country_code": "AT",
    "party_id": "SAM",
    "uid": "OWN-1",
    "type": "RFID",
    "contract_id": "AT-SAM-C1",
}
CDR = {
    **WHERE,
    "id": "CDR1",
    "start_date_time": NOW,
    "end_date_time": "2026-12-01T09:00:00Z",
    "cdr_token": CDR_TOKEN,
    "auth_method": "WHITELIST",
    "cdr_location": {
        "id": "LOC1",
        "address": "Dam 1",
        "city": "Amsterdam",
        "country": "NLD",
        "coordinates": {"latitude": "52.37000", "longitude": "4.89000"},
        "evse_uid": "E1",
        "evse_id": "NL*PRT*E1",
        "connector_id": "1",
        "connector_standard": "IEC_62196_T2",
        "connector_format": "CABLE",
        "connector_power_type": "AC_3_PHASE",
    },
    "currency": "EUR",
    "charging_periods": [{"start_date_time": NOW, "dimensions": [{"type": "ENERGY", "volume": 5}]}],
    "total_cost": {"excl_vat": 2.0},
    "total_energy": 5,
    "total_time": 1,
    "last_updated": NOW,
}
TARIFF = {
    **WHERE,
    "id": "12",
    "currency": "EUR",
    "elements": [{"price_components": [{"type": "ENERGY", "price": 0.25, "step_size": 1}]}],
    "last_updated": NOW,
}
SESSION = {
    **WHERE,
    "id": "S1",
    "start_date_time": NOW,
    "kwh": 5,
    "cdr_token": CDR_TOKEN,
    "auth_method": "WHITELIST",
    "location_id": "LOC1",
    "evse_uid": "E1",
    "connector_id": "1",
    "currency": "EUR",
    "status": "ACTIVE",
    "last_updated": NOW,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Speaker:
    """A registered partner with the token that it calls us with."""

    partner: Partner
    token: str

    def ask(
        self, method: str, path: str, body: Any = None, *, headers: Any = None, **query: Any
    ) -> tuple[int, Any, Any]:
        """Status of HTTP, content and headers of an answer."""
        answer = Browser().generic(
            method,
            f"/ocpi/{path}",
            data=b"" if body is None else json.dumps(body).encode(),
            content_type="application/json",
            headers={"Authorization": authorization(self.token)} | (headers or {}),
            query_params=query or None,
        )
        return answer.status_code, json.loads(answer.content), answer.headers

    def data(self, method: str, path: str, body: Any = None, **more: Any) -> Any:
        """The data of an answer that went well."""
        http, told, _headers = self.ask(method, path, body, **more)
        assert (http, told["status_code"]) == (200, 1000), told
        return told.get("data")


def partner_of(
    user: User, organisation: Organisation, *, endpoints: Any = (), roles: Any = None
) -> Speaker:
    """A partner that has registered, without the handshake."""
    if not hasattr(organisation, "party"):
        set_party(user, organisation, PARTY)
    row, token = invite(user, organisation, "Partner")
    row.state, row.registered_at = Partner.State.REGISTERED, timezone.now()
    row.token = seal(settings.CONFIG.data, "their-token")
    row.roles = THEIR_ROLES if roles is None else roles
    row.endpoints = list(endpoints)
    row.save()
    return Speaker(partner=row, token=token)


def a_site(organisation: Organisation, identity: str = "AT-SAM-E1") -> Station:
    """A station on the line with two points, at a site that is published."""
    station = Station.objects.create(
        tenant_id=organisation.pk,
        identity=identity,
        site="Market",
        gateway="g",
        ocpp_version="2.0.1",
    )
    for evse in (1, 2):
        Outlet.objects.create(
            station=station,
            evse=evse,
            connector=1,
            status="Available",
            status_at=timezone.now(),
            max_kw=11,
        )
    Place.objects.get_or_create(
        organisation=organisation,
        site="Market",
        defaults={
            "name": "Market square",
            "address": "Market 1",
            "city": "Sampleton",
            "postal_code": "1010",
            "country": "AT",
            "lat": 48.2,
            "lon": 16.37,
            "time_zone": "Europe/Vienna",
        },
    )
    Plug.objects.create(
        station=station,
        standard="IEC_62196_T2",
        format="SOCKET",
        power_type="AC_3_PHASE",
        max_voltage=230,
        max_amperage=16,
    )
    return station


def later(text: str = NOW, **more: float) -> str:
    """A time of the wire some while later."""
    at = dt.datetime.fromisoformat(text.replace("Z", "+00:00")) + dt.timedelta(**more)
    return f"{at:%Y-%m-%dT%H:%M:%SZ}"
