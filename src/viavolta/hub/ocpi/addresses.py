"""Every address below `/ocpi/`, however many slashes stand between its parts or at the end.

Endpoints are told with a slash at the end, as the specification's examples have them; some partners
append another.
"""

from collections.abc import Callable, Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse

from viavolta.hub.frame.access import Access
from viavolta.hub.ocpi import (
    authorizing,
    commands,
    entrance,
    lists,
    preferences,
    profiles,
    receiving,
)
from viavolta.hub.ocpi.callers import nothing
from viavolta.protocols.ocpi.envelope import VERSION

View = Callable[..., HttpResponse]
_CPO, _EMSP = f"cpo/{VERSION}", f"emsp/{VERSION}"
_THEIRS = ":country_code/:party_id/:object_id"
VIEWS: Mapping[str, View] = {
    "versions": entrance.version_list,
    VERSION: entrance.version_details,
    f"{VERSION}/credentials": entrance.credentials,
    f"{_CPO}/locations": lists.locations,
    f"{_CPO}/locations/:object_id": lists.location,
    f"{_CPO}/locations/:object_id/:evse_uid": lists.location,
    f"{_CPO}/locations/:object_id/:evse_uid/:connector_id": lists.location,
    f"{_CPO}/sessions": lists.sessions,
    f"{_CPO}/sessions/:object_id/charging_preferences": preferences.charging_preferences,
    f"{_CPO}/cdrs": lists.cdrs,
    f"{_CPO}/tariffs": lists.tariffs,
    f"{_CPO}/tokens/{_THEIRS}": receiving.token,
    f"{_CPO}/commands/:object_id": commands.command,
    f"{_CPO}/chargingprofiles/:object_id": profiles.charging_profile,
    f"{_EMSP}/locations/{_THEIRS}": receiving.location,
    f"{_EMSP}/locations/{_THEIRS}/:evse_uid": receiving.location,
    f"{_EMSP}/locations/{_THEIRS}/:evse_uid/:connector_id": receiving.location,
    f"{_EMSP}/sessions/{_THEIRS}": receiving.session,
    f"{_EMSP}/tariffs/{_THEIRS}": receiving.tariff,
    f"{_EMSP}/cdrs": receiving.cdrs,
    f"{_EMSP}/cdrs/:object_id": receiving.cdr,
    f"{_EMSP}/tokens": lists.tokens,
    f"{_EMSP}/tokens/:object_id/authorize": authorizing.authorize,
}
"""Views by address; a part that begins with a colon is handed to the view under its name."""

_PARTS = {tuple(address.split("/")): view for address, view in VIEWS.items()}


def answer(request: HttpRequest, path: str) -> HttpResponse:
    """The answer of the view whose address this is."""
    given = [part for part in path.split("/") if part]
    for parts, view in _PARTS.items():
        words = _words(parts, given)
        if words is not None:
            return view(request, **words)
    return nothing(request)


answer.access = Access.MACHINE  # type: ignore[attr-defined] # read by the matrix
answer.csrf_exempt = True  # type: ignore[attr-defined] # no session counts here


def _words(parts: tuple[str, ...], given: list[str]) -> dict[str, Any] | None:
    """What the parts of an address stand for; None where it is another address."""
    if len(parts) != len(given):
        return None
    words = {}
    for part, one in zip(parts, given, strict=True):
        if part.startswith(":"):
            words[part[1:]] = one
        elif part != one:
            return None
    return words
