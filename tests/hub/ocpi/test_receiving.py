"""What partners tell us: kept once, the newest counts, nobody writes for another."""

from typing import Any

import pytest
from cast import Cast
from roaming import (
    CDR,
    EVSE,
    LOCATION,
    NOW,
    TARIFF,
    THEIR_ROLES,
    TOKEN,
    Speaker,
    later,
    partner_of,
)

from viavolta.hub.ocpi.foreign_tokens import admit_all
from viavolta.hub.ocpi.models import ForeignObject, ForeignToken
from viavolta.hub.ocpi.partners import suspend
from viavolta.storage.tables.stations import Token

pytestmark = pytest.mark.django_db
CPO, EMSP = "cpo/2.2.1", "emsp/2.2.1"


def token_status(uid: str = "CARD-1") -> str:
    """What stations are told of a token."""
    return Token.objects.get(token=uid).status


def test_tokens_of_a_partner_charge(cast: Cast, partner: Speaker) -> None:
    """While they are valid and their issuer need not be asked, and the partner is active."""
    path = f"{CPO}/tokens/NL/PRT/CARD-1"
    partner.data("PUT", path, TOKEN)
    assert token_status() == "Accepted"
    assert partner.data("GET", path) == TOKEN
    partner.data("PATCH", path, {"valid": False, "last_updated": later(minutes=1)})
    assert token_status() == "Blocked"
    partner.data("PUT", path, TOKEN)  # a repeat of what is older now
    assert token_status() == "Blocked"
    assert partner.data("GET", path)["valid"] is False
    asked = {**TOKEN, "whitelist": "NEVER", "last_updated": later(minutes=2)}
    partner.data("PUT", path, asked)
    assert token_status() == "Invalid"
    partner.data("PUT", path, {**TOKEN, "last_updated": later(minutes=3)})
    suspend(cast.users["owner"], partner.partner, is_suspended=True)
    assert token_status() == "Blocked"
    suspend(cast.users["owner"], partner.partner, is_suspended=False)
    assert token_status() == "Accepted"
    admit_all(partner.partner)
    assert ForeignToken.objects.count() == Token.objects.count() == 1


def test_nobody_takes_anothers_token(cast: Cast, partner: Speaker) -> None:
    """Neither the organisation's own nor that of another partner, in whatever case."""
    Token.objects.create(tenant_id=cast.organisation.pk, token="OWN-1", status="Blocked")
    roles = [{**role, "party_id": "TWO"} for role in THEIR_ROLES]
    second = partner_of(cast.users["owner"], cast.organisation, roles=roles)
    partner.data("PUT", f"{CPO}/tokens/NL/PRT/CARD-1", TOKEN)
    for speaker, party, uid in (
        (partner, "PRT", "own-1"),
        (second, "TWO", "CARD-1"),
        (second, "TWO", "card-1"),
    ):
        told = {**TOKEN, "party_id": party, "uid": uid}
        answer = speaker.ask("PUT", f"{CPO}/tokens/NL/{party}/{uid}", told)[1]
        assert (answer["status_code"], "another issuer" in answer["status_message"]) == (2001, True)
    assert token_status("OWN-1") == "Blocked"
    assert Token.objects.count() == 2


@pytest.mark.parametrize(
    ("path", "change"),
    [
        ("NL/XXX/CARD-1", {}),
        ("NL/XXX/CARD-1", {"party_id": "XXX"}),
        ("NL/PRT/CARD-1", {"party_id": "XXX"}),
        ("NL/PRT/CARD-2", {}),
        ("NL/PRT/CARD-1", {"type": "OTHER"}),
        ("NL/PRT/CARD-1", {"uid": "x" * 37}),
        ("NL/PRT/CARD-1", {"valid": "yes"}),
        ("NL/PRT/CARD-1", {"last_updated": "yesterday"}),
    ],
)
def test_what_does_not_fit_is_refused(partner: Speaker, path: str, change: dict[str, Any]) -> None:
    """A party that is not the partner's, names that differ, what OCPI does not allow."""
    http, told, _headers = partner.ask("PUT", f"{CPO}/tokens/{path}", {**TOKEN, **change})
    assert (http, told["status_code"]) == (200, 2001)
    assert not Token.objects.exists()


def test_an_issuer_alone_tells_tokens(cast: Cast) -> None:
    """A partner that is only an operator has no tokens, and the other way round no locations."""
    operator = partner_of(cast.users["owner"], cast.organisation, roles=THEIR_ROLES[:1])
    told = operator.ask("PUT", f"{CPO}/tokens/NL/PRT/CARD-1", TOKEN)[1]
    assert told["status_code"] == 2001
    operator.data("PUT", f"{EMSP}/locations/NL/PRT/LOC1", LOCATION)
    issuer = partner_of(cast.users["owner"], cast.organisation, roles=THEIR_ROLES[1:])
    assert issuer.ask("PUT", f"{EMSP}/locations/NL/PRT/LOC1", LOCATION)[1]["status_code"] == 2001
    assert issuer.ask("POST", f"{EMSP}/cdrs", CDR)[1]["status_code"] == 2001


def test_a_location_and_its_parts(partner: Speaker, elsewhere: Speaker) -> None:
    """Whole, an EVSE, a connector; told anew or changed in part; seen by nobody else."""
    path = f"{EMSP}/locations/NL/PRT/LOC1"
    assert partner.ask("PATCH", path, {"last_updated": NOW})[0] == 404
    partner.data("PUT", path, LOCATION)
    partner.data("PUT", path, LOCATION)
    partner.data("PATCH", path, {"name": "Dam", "last_updated": later(minutes=1)})
    new = {**EVSE, "uid": "E2", "last_updated": later(minutes=2)}
    partner.data("PUT", f"{path}/E2", new)
    charging = {"status": "CHARGING", "last_updated": later(minutes=3)}
    partner.data("PATCH", f"{path}/E2", charging)
    partner.data("PATCH", f"{path}/E1/1", {"max_amperage": 16, "last_updated": later(minutes=4)})
    told = partner.data("GET", path)
    assert (told["name"], told["last_updated"]) == ("Dam", later(minutes=4))
    found = {evse["uid"]: evse for evse in told["evses"]}
    assert found["E2"] == {**new, **charging}
    assert found["E1"]["connectors"][0]["max_amperage"] == 16
    assert partner.data("GET", f"{path}/E2") == found["E2"]
    assert partner.data("GET", f"{path}/E1/1") == found["E1"]["connectors"][0]
    for lost in ("E9", "E1/9"):
        assert partner.ask("GET", f"{path}/{lost}")[0] == 404
    wrong = partner.ask("PATCH", f"{path}/E2", {"status": "BROKEN", "last_updated": NOW})[1]
    assert wrong["status_code"] == 2001
    assert partner.ask("PATCH", f"{path}/E2", {"status": "CHARGING"})[1]["status_code"] == 2002
    assert elsewhere.ask("GET", path)[0] == 404
    assert ForeignObject.objects.count() == 1


def test_a_record_is_told_once(partner: Speaker, elsewhere: Speaker) -> None:
    """The same again is the same; another one of its id is refused; it is read back."""
    http, told, headers = partner.ask("POST", f"{EMSP}/cdrs/", CDR)
    assert (http, told["status_code"]) == (200, 1000)
    assert partner.ask("POST", f"{EMSP}/cdrs", CDR)[2]["Location"] == headers["Location"]
    dearer = {**CDR, "total_cost": {"excl_vat": 3.0}}
    assert partner.ask("POST", f"{EMSP}/cdrs", dearer)[1]["status_code"] == 2001
    path = headers["Location"].partition("/ocpi/")[2]
    assert partner.data("GET", path) == CDR
    assert elsewhere.ask("GET", path)[0] == 404
    assert partner.ask("GET", f"{EMSP}/cdrs/none")[0] == 404
    assert ForeignObject.objects.count() == 1


def test_tariffs_come_and_go(partner: Speaker) -> None:
    """Told, read, deleted."""
    path = f"{EMSP}/tariffs/NL/PRT/12"
    partner.data("PUT", path, TARIFF)
    assert partner.data("GET", path) == TARIFF
    partner.data("DELETE", path)
    assert partner.ask("GET", path)[0] == 404
    assert partner.ask("DELETE", path)[0] == 404


def test_bodies_are_bounded(partner: Speaker) -> None:
    """Too large, too deep, no JSON, no object, NUL: refused, nothing kept."""
    path = f"{CPO}/tokens/NL/PRT/CARD-1"
    deep: Any = []
    for _ in range(40):
        deep = [deep]
    for body, http in (
        ({**TOKEN, "issuer": "x" * 1_000_001}, 413),
        ({**TOKEN, "more": deep}, 400),
        ([TOKEN], 400),
        ({**TOKEN, "issuer": "a\0b"}, 400),
    ):
        assert partner.ask("PUT", path, body)[0] == http
    assert partner.ask("PUT", f"{path}%00", TOKEN)[1]["status_code"] in {2001, 2000}
    assert not Token.objects.exists()
