"""Versions and credentials in both directions, between two parties over a real socket."""

from typing import Any

import pytest
from cast import Cast
from roaming import PARTY, Speaker

from viavolta.hub.frame.refusals import RefusedError
from viavolta.hub.ocpi.models import Exchange, Partner
from viavolta.hub.ocpi.partners import (
    PartyFacts,
    connect,
    end_partner,
    invite,
    renew_tokens,
    set_party,
)
from viavolta.hub.people.models import Organisation, User

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("loopback")]


def test_two_parties_register_renew_and_leave(
    cast: Cast, issuer: tuple[User, Organisation], address: str
) -> None:
    """Each calls the other with a token of its own; token A is of no use afterwards."""
    owner = cast.users["owner"]
    set_party(owner, cast.organisation, PARTY)
    invited, token_a = invite(owner, cast.organisation, "Issuer")
    theirs = connect(*issuer, name="City", versions_url=address, token=token_a)
    invited.refresh_from_db()
    assert (invited.state, theirs.state) == ("registered", "registered")
    assert invited.parties == "NL*ISS (EMSP)"
    assert theirs.parties == "AT*SAM (CPO), AT*SAM (EMSP)"
    assert theirs.endpoint("locations", "SENDER").endswith("/ocpi/cpo/2.2.1/locations/")
    assert invited.endpoint("locations", "RECEIVER").endswith("/ocpi/emsp/2.2.1/locations/")
    assert invited.endpoint("locations", "SENDER") == ""
    assert Speaker(partner=invited, token=token_a).ask("GET", "versions")[0] == 401
    hashes = {invited.token_hash, theirs.token_hash}
    renew_tokens(issuer[0], theirs)
    invited.refresh_from_db()
    theirs.refresh_from_db()
    assert hashes.isdisjoint({invited.token_hash, theirs.token_hash})
    renew_tokens(owner, invited)
    assert end_partner(issuer[0], Partner.objects.get(pk=theirs.pk)) == ""
    assert set(Partner.objects.values_list("state", "token_hash", "token")) == {("left", None, "")}
    assert not Exchange.objects.exclude(error="").exists()


def test_an_invitation_opens_the_entrance_alone(cast: Cast) -> None:
    """Versions and credentials; it ends, and what was sent of secrets is nowhere in the tables."""
    owner = cast.users["owner"]
    set_party(owner, cast.organisation, PARTY)
    row, token = invite(owner, cast.organisation, "Issuer")
    invited = Speaker(partner=row, token=token)
    assert invited.data("GET", "versions")[0]["version"] == "2.2.1"
    modules = {one["identifier"] for one in invited.data("GET", "2.2.1")["endpoints"]}
    assert {"credentials", "locations", "tokens", "cdrs"} <= modules
    assert invited.data("GET", "2.2.1/credentials")["roles"][0]["party_id"] == "SAM"
    assert invited.ask("GET", "cpo/2.2.1/locations")[0] == 401
    for method in ("PUT", "DELETE"):
        assert invited.ask(method, "2.2.1/credentials", {})[0] == 405
    assert token not in {row.token_hash, row.token}
    Partner.objects.update(invited_until="2020-01-01T00:00Z")
    assert invited.ask("GET", "versions")[0] == 401


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:1/versions",
        "https://10.0.0.1/versions",
        "https://169.254.169.254/latest",
        "http://example.org/versions",
        "ftp://example.org/versions",
        "https://user:secret@example.org/",
    ],
)
def test_addresses_in_credentials_lead_nowhere_private(cast: Cast, settings: Any, url: str) -> None:
    """The same words whatever an address did, and nothing is registered."""
    del settings
    owner = cast.users["owner"]
    set_party(owner, cast.organisation, PARTY)
    row, token = invite(owner, cast.organisation, "Issuer")
    roles = [
        {
            "role": "EMSP",
            "party_id": "ISS",
            "country_code": "NL",
            "business_details": {"name": "Issuer"},
        }
    ]
    told = Speaker(partner=row, token=token).ask(
        "POST", "2.2.1/credentials", {"token": "b", "url": url, "roles": roles}
    )[1]
    assert told["status_code"] in {3001, 2001}
    assert Partner.objects.get().state == "invited"


def test_a_partner_that_offers_private_endpoints_is_refused(
    cast: Cast, issuer: tuple[User, Organisation], address: str, monkeypatch: Any
) -> None:
    """An endpoint within our walls: no registration on either side."""
    from viavolta.hub.ocpi import entrance  # noqa: PLC0415 - changed below

    owner = cast.users["owner"]
    set_party(owner, cast.organisation, PARTY)
    _row, token = invite(owner, cast.organisation, "Issuer")
    real = entrance.details_for

    def details(party: Any) -> Any:
        told = real(party)
        told["endpoints"][-1]["url"] = "http://user@intranet/tokens"
        return told

    monkeypatch.setattr(entrance, "details_for", details)
    with pytest.raises(RefusedError, match="not called"):
        connect(*issuer, name="City", versions_url=address, token=token)
    assert list(Partner.objects.values_list("state", flat=True)) == ["invited"]


def test_a_wrong_token_registers_nobody(
    cast: Cast, issuer: tuple[User, Organisation], address: str
) -> None:
    """The partner's refusal is told, and no half partner stays."""
    set_party(cast.users["owner"], cast.organisation, PARTY)
    with pytest.raises(RefusedError, match="401"):
        connect(*issuer, name="City", versions_url=address, token="ocpi_wrong")
    assert not Partner.objects.exists()


def test_who_we_are_comes_first(cast: Cast) -> None:
    """Without a party nobody is invited; one in use keeps its code; a role is a must."""
    owner = cast.users["owner"]
    with pytest.raises(RefusedError, match="who you are"):
        invite(owner, cast.organisation, "Issuer")
    with pytest.raises(RefusedError, match="role"):
        set_party(
            owner,
            cast.organisation,
            PartyFacts(country_code="AT", party_id="SAM", name="S", is_cpo=False),
        )
    set_party(owner, cast.organisation, PARTY)
    invite(owner, cast.organisation, "Issuer")
    Partner.objects.update(state="registered")
    with pytest.raises(RefusedError, match="code"):
        set_party(owner, cast.organisation, PartyFacts(country_code="AT", party_id="NEW", name="S"))
