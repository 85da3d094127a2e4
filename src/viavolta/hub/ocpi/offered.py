"""What we offer partners: our version, its modules with their addresses, our credentials."""

from typing import Any

from django.conf import settings

from viavolta.hub.ocpi.models import Party
from viavolta.protocols.ocpi.envelope import VERSION

SENDER, RECEIVER = "SENDER", "RECEIVER"
CPO_MODULES = {
    "locations": SENDER,
    "sessions": SENDER,
    "cdrs": SENDER,
    "tariffs": SENDER,
    "tokens": RECEIVER,
    "commands": RECEIVER,
    "chargingprofiles": RECEIVER,
}
EMSP_MODULES = {
    "locations": RECEIVER,
    "sessions": RECEIVER,
    "cdrs": RECEIVER,
    "tariffs": RECEIVER,
    "tokens": SENDER,
}


def address_of(*parts: str) -> str:
    """An address of ours; names of objects are appended to those of modules, which end in /."""
    return "/".join((f"{settings.ORIGIN}/ocpi", *parts))


def versions_address() -> str:
    """Where a partner begins."""
    return address_of("versions")


def versions() -> list[dict[str, str]]:
    """The versions that we speak."""
    return [{"version": VERSION, "url": address_of(VERSION)}]


def details_for(party: Party) -> dict[str, Any]:
    """The modules of the roles that an organisation has, with their addresses."""
    found = [("credentials", SENDER, address_of(VERSION, "credentials", ""))]
    if party.is_cpo:
        found += [
            (module, role, address_of("cpo", VERSION, module, ""))
            for module, role in CPO_MODULES.items()
        ]
    if party.is_emsp:
        found += [
            (module, role, address_of("emsp", VERSION, module, ""))
            for module, role in EMSP_MODULES.items()
        ]
    return {
        "version": VERSION,
        "endpoints": [
            {"identifier": module, "role": role, "url": url} for module, role, url in found
        ],
    }


def credentials_for(party: Party, token: str) -> dict[str, Any]:
    """Our credentials, with the token that the partner shall call us with."""
    business = {"name": party.name} | ({"website": party.website} if party.website else {})
    roles = [name for name, has in (("CPO", party.is_cpo), ("EMSP", party.is_emsp)) if has]
    return {
        "token": token,
        "url": versions_address(),
        "roles": [
            {
                "role": role,
                "business_details": business,
                "party_id": party.party_id,
                "country_code": party.country_code,
            }
            for role in roles
        ],
    }
