"""Addresses at which partners tell us their objects: locations, sessions, tariffs, CDRs, tokens.

The party in an address and in the object must be one of the partner's own, so that nobody writes
for another.
"""

from typing import Any

from django.http import HttpRequest, HttpResponse

from viavolta.hub.frame.json_bodies import json_object
from viavolta.hub.ocpi.callers import CPO, EMSP, body_of, for_partners, told
from viavolta.hub.ocpi.foreign_objects import ConflictError, object_of, patched, take_object
from viavolta.hub.ocpi.foreign_tokens import TakenError, take_token, token_of
from viavolta.hub.ocpi.models import ForeignObject, Module, Partner
from viavolta.hub.ocpi.offered import address_of
from viavolta.hub.ocpi.own.keeping import KINDS
from viavolta.hub.ocpi.refusals import invalid, missing, too_little
from viavolta.protocols.ocpi.envelope import VERSION, Status
from viavolta.protocols.ocpi.objects import findings, is_one_of

_USUAL_KIND = "RFID"
_UNKNOWN = {Module.LOCATIONS: Status.UNKNOWN_LOCATION, Module.TOKENS: Status.UNKNOWN_TOKEN}
Content = dict[str, Any]


@for_partners("GET", "PUT", "PATCH", role=EMSP)
def location(
    request: HttpRequest,
    partner: Partner,
    country_code: str,
    party_id: str,
    object_id: str,
    **inner: str,
) -> HttpResponse:
    """A partner's location, or within it an EVSE or a connector."""
    names = (country_code, party_id, object_id)
    _check_party(partner, country_code, party_id, "CPO")
    if not inner:
        return _whole(request, partner, Module.LOCATIONS, names)
    row = _known(partner, Module.LOCATIONS, names)
    path = [("evses", "uid", inner["evse_uid"])]
    if "connector_id" in inner:
        path.append(("connectors", "id", inner["connector_id"]))
    kind = "Connector" if "connector_id" in inner else "EVSE"
    if request.method == "GET":
        return told(_inner(row.content, path))
    is_patch = request.method == "PATCH"
    part = body_of(request, kind, is_patch=is_patch)
    if not isinstance(part.get("last_updated"), str):
        msg = "last_updated: is required"
        raise too_little(msg)
    content = _replaced(row.content, path, part, is_patch=is_patch)
    _check(Module.LOCATIONS, content)
    take_object(partner, Module.LOCATIONS, content)
    return told()


@for_partners("GET", "PUT", "PATCH", role=EMSP)
def session(
    request: HttpRequest, partner: Partner, country_code: str, party_id: str, object_id: str
) -> HttpResponse:
    """A session of one of our tokens at a partner's station."""
    _check_party(partner, country_code, party_id, "CPO")
    return _whole(request, partner, Module.SESSIONS, (country_code, party_id, object_id))


@for_partners("GET", "PUT", "DELETE", role=EMSP)
def tariff(
    request: HttpRequest, partner: Partner, country_code: str, party_id: str, object_id: str
) -> HttpResponse:
    """A partner's tariff."""
    names = (country_code, party_id, object_id)
    _check_party(partner, country_code, party_id, "CPO")
    if request.method == "DELETE":
        _known(partner, Module.TARIFFS, names).delete()
        return told()
    return _whole(request, partner, Module.TARIFFS, names)


@for_partners("POST", role=EMSP)
def cdrs(request: HttpRequest, partner: Partner) -> HttpResponse:
    """A charge detail record; told again it is the same one, and never changed."""
    content = body_of(request, "CDR")
    _check_party(partner, content["country_code"], content["party_id"], "CPO")
    try:
        row = take_object(partner, Module.CDRS, content)
    except ConflictError as error:
        msg = "another record of this id was told before"
        raise invalid(msg) from error
    answer = told()
    answer.headers["Location"] = address_of("emsp", VERSION, Module.CDRS, str(row.pk))
    return answer


@for_partners("GET", role=EMSP)
def cdr(request: HttpRequest, partner: Partner, object_id: str) -> HttpResponse:  # noqa: ARG001 - a view's signature
    """A charge detail record that the partner told."""
    rows = ForeignObject.objects.filter(partner=partner, module=Module.CDRS)
    is_number = object_id.isascii() and object_id.isdecimal() and len(object_id) < 16  # noqa: PLR2004 - of a row
    row = rows.filter(pk=int(object_id)).first() if is_number else None
    if row is None:
        msg = "charge detail record"
        raise missing(msg)
    return told(row.content)


@for_partners("GET", "PUT", "PATCH", role=CPO)
def token(
    request: HttpRequest, partner: Partner, country_code: str, party_id: str, object_id: str
) -> HttpResponse:
    """A partner's token."""
    _check_party(partner, country_code, party_id, "EMSP")
    kind = request.GET.get("type", _USUAL_KIND)
    if not is_one_of("TokenType", kind):
        msg = "type: a type of token"
        raise invalid(msg)
    row = token_of(partner, country_code, party_id, object_id, kind)
    if row is None and request.method != "PUT":
        msg = "token"
        raise missing(msg, Status.UNKNOWN_TOKEN)
    if request.method == "GET":
        assert row is not None  # noqa: S101 - said above
        return told(row.content)
    content = _told_of(request, "Token", None if row is None else row.content)
    _check_names(content, (country_code, party_id, object_id), "uid")
    if content["type"] != kind:
        msg = "type: not that of the address"
        raise invalid(msg)
    try:
        take_token(partner, content)
    except TakenError as error:
        msg = "another issuer has this token here"
        raise invalid(msg) from error
    return told()


def _whole(
    request: HttpRequest, partner: Partner, module: Module, names: tuple[str, str, str]
) -> HttpResponse:
    """An object read, told, or changed in part."""
    if request.method == "GET":
        return told(_known(partner, module, names).content)
    before = None if request.method == "PUT" else _known(partner, module, names).content
    content = _told_of(request, KINDS[module], before)
    _check_names(content, names, "id")
    take_object(partner, module, content)
    return told()


def _told_of(request: HttpRequest, kind: str, before: Content | None) -> Content:
    """The object that a PUT brings, or `before` with what a PATCH changes.

    Raises
    ------
    RefusedError: it is not as OCPI wants it.
    """
    if request.method == "PUT" or before is None:
        return body_of(request, kind)
    patch = json_object(request)
    if not isinstance(patch.get("last_updated"), str):
        msg = "last_updated: is required"
        raise too_little(msg)
    content = patched(before, patch)
    found = findings(kind, content)
    if found:
        raise invalid("; ".join(str(one) for one in found[:5]))
    return content


def _known(partner: Partner, module: Module, names: tuple[str, str, str]) -> ForeignObject:
    row = object_of(partner, module, *names)
    if row is None:
        raise missing(module.value[:-1], _UNKNOWN.get(module, Status.CLIENT_ERROR))
    return row


def _check(module: Module, content: Content) -> None:
    found = findings(KINDS[module], content)
    if found:
        raise invalid("; ".join(str(one) for one in found[:5]))


def _check_party(partner: Partner, country_code: object, party_id: object, role: str) -> None:
    if not partner.is_party(country_code, party_id, role):
        msg = f"country_code, party_id: none of your parties with the role {role}"
        raise invalid(msg)


def _check_names(content: Content, names: tuple[str, str, str], key: str) -> None:
    """An object is the one of its address."""
    given = (content["country_code"], content["party_id"], content[key])
    if [str(one).upper() for one in given] != [one.upper() for one in names]:
        msg = f"country_code, party_id, {key}: not those of the address"
        raise invalid(msg)


Path = list[tuple[str, str, str]]


def _inner(content: Content, path: Path) -> Content:
    """A part within an object.

    Raises
    ------
    RefusedError: there is none.
    """
    for part, key, value in path:
        found = _at(content, part, key, value)
        if found is None:
            msg = "EVSE or connector"
            raise missing(msg, Status.UNKNOWN_LOCATION)
        content = found
    return content


def _replaced(content: Content, path: Path, part: Content, *, is_patch: bool) -> Content:
    """An object with a part told anew or changed; each around it has the part's time."""
    (name, key, value), *rest = path
    old = _at(content, name, key, value)
    if rest or is_patch:
        if old is None:
            msg = "EVSE or connector"
            raise missing(msg, Status.UNKNOWN_LOCATION)
        new = _replaced(old, rest, part, is_patch=is_patch) if rest else patched(old, part)
    else:
        new = part
    if str(new.get(key)).upper() != value.upper():
        msg = f"{key}: not that of the address"
        raise invalid(msg)
    others = [one for one in content.get(name) or [] if one is not old]
    return {**content, name: [*others, new], "last_updated": part["last_updated"]}


def _at(content: Content, name: str, key: str, value: str) -> Content | None:
    rows = content.get(name) or []
    return next((one for one in rows if str(one[key]).upper() == value.upper()), None)
