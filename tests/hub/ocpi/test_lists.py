"""What partners read: locations, tariffs, sessions, CDRs, tokens, page by page; nobody else's."""

from collections.abc import Callable
from typing import Any

import pytest
from cast import Cast
from django.utils import timezone
from roaming import TOKEN, Speaker, partner_of

from viavolta.hub.ocpi.models import Exchange, Module, OwnObject, Partner, Place
from viavolta.hub.ocpi.partners import suspend
from viavolta.protocols.ocpi.objects import findings
from viavolta.storage.billing import close_bills
from viavolta.storage.tables.billing import ChargingTerms
from viavolta.storage.tables.stations import Outlet, Station, Token

pytestmark = pytest.mark.django_db
Publish = Callable[..., None]
CPO, EMSP = "cpo/2.2.1", "emsp/2.2.1"


def test_a_site_is_a_location(partner: Speaker, station: Station, publish: Publish) -> None:
    """With its EVSEs, connectors and tariff, as OCPI wants it."""
    publish()
    (found,) = partner.data("GET", f"{CPO}/locations")
    assert findings("Location", found) == []
    place = Place.objects.get()
    assert (found["id"], found["country"], found["coordinates"]["latitude"]) == (
        f"L{place.pk}",
        "AUT",
        "48.200000",
    )
    evse = found["evses"][0]
    assert (evse["uid"], evse["evse_id"], evse["status"]) == (
        f"{station.pk}-1",
        f"AT*SAM*E{station.pk}*1",
        "AVAILABLE",
    )
    assert evse["connectors"][0]["max_electric_power"] == 11000
    (tariff,) = partner.data("GET", f"{CPO}/tariffs")
    assert evse["connectors"][0]["tariff_ids"] == [tariff["id"]]
    assert findings("Tariff", tariff) == []
    path = f"{CPO}/locations/L{place.pk}/{evse['uid']}"
    assert partner.data("GET", path) == evse
    assert partner.data("GET", f"{path}/1") == evse["connectors"][0]
    assert partner.ask("GET", f"{path}/9")[0] == 404


def test_only_what_changed_has_a_new_time(
    partner: Speaker, station: Station, publish: Publish
) -> None:
    """One EVSE faults: its time and the location's are new, the other EVSE's is not."""
    publish()
    (before,) = partner.data("GET", f"{CPO}/locations")
    Outlet.objects.filter(station=station, evse=2).update(status="Faulted")
    publish(minutes=5)
    (after,) = partner.data("GET", f"{CPO}/locations")
    assert [evse["status"] for evse in after["evses"]] == ["AVAILABLE", "OUTOFORDER"]
    assert after["evses"][0] == before["evses"][0]
    assert after["evses"][1]["last_updated"] == after["last_updated"] > before["last_updated"]
    assert partner.data("GET", f"{CPO}/locations", date_from=after["last_updated"]) == [after]
    assert partner.data("GET", f"{CPO}/locations", date_to=after["last_updated"]) == []
    publish(minutes=6)
    assert partner.data("GET", f"{CPO}/locations") == [after]
    Outlet.objects.filter(station=station, evse=2).delete()
    publish(minutes=7)
    (last,) = partner.data("GET", f"{CPO}/locations")
    assert [evse["status"] for evse in last["evses"]] == ["AVAILABLE", "REMOVED"]


def test_lists_come_in_pages(cast: Cast, partner: Speaker) -> None:
    """With a link to the next page, the total and the longest page."""
    for i in range(5):
        OwnObject.objects.create(
            organisation=cast.organisation,
            module=Module.TARIFFS,
            object_id=f"T{i}",
            content={"id": f"T{i}"},
            last_updated=timezone.now(),
        )
    http, told, headers = partner.ask("GET", f"{CPO}/tariffs/", offset=1, limit=2)
    assert (http, [one["id"] for one in told["data"]]) == (200, ["T1", "T2"])
    assert (headers["X-Total-Count"], headers["X-Limit"]) == ("5", "200")
    assert "cpo/2.2.1/tariffs?offset=3&limit=2" in headers["Link"]
    assert "Link" not in partner.ask("GET", f"{CPO}/tariffs", offset=3, limit=2)[2]
    assert partner.ask("GET", f"{CPO}/tariffs", limit="none")[1]["status_code"] == 2001


def test_a_session_is_seen_by_its_partner_alone(
    cast: Cast,
    partner: Speaker,
    elsewhere: Speaker,
    station: Station,
    told_later: tuple[Publish, Callable[..., None]],
) -> None:
    """From the token that it told to the CDR; the bill's figures are those of the record."""
    publish, charge = told_later
    roles = [{**role, "party_id": "TWO"} for role in partner.partner.roles]
    second = partner_of(cast.users["owner"], cast.organisation, roles=roles)
    partner.data("PUT", f"{CPO}/tokens/NL/PRT/CARD-1", TOKEN)
    charge(station, "CARD-1", range(3))
    publish()
    (session,) = partner.data("GET", f"{CPO}/sessions")
    assert findings("Session", session) == []
    assert (session["status"], session["kwh"], session["cdr_token"]["uid"]) == (
        "ACTIVE",
        2.0,
        "CARD-1",
    )
    charge(station, "CARD-1", range(3, 6))
    close_bills(timezone.now())
    publish(minutes=2)
    (session,) = partner.data("GET", f"{CPO}/sessions")
    assert (session["status"], session["total_cost"]["incl_vat"]) == ("COMPLETED", 3.0)
    (cdr,) = partner.data("GET", f"{CPO}/cdrs")
    assert findings("CDR", cdr) == []
    assert cdr["total_cost"] == {"excl_vat": 2.5, "incl_vat": 3.0}
    assert (cdr["total_energy"], cdr["total_energy_cost"]["incl_vat"]) == (5.0, 2.4)
    energy = sum(
        one["volume"]
        for period in cdr["charging_periods"]
        for one in period["dimensions"]
        if one["type"] == "ENERGY"
    )
    assert energy == pytest.approx(5.0, abs=1e-3)
    publish(minutes=4)
    assert OwnObject.objects.filter(module=Module.CDRS).count() == 1
    for other in (second, elsewhere):
        assert other.data("GET", f"{CPO}/sessions") == []
        assert other.data("GET", f"{CPO}/cdrs") == []


def test_what_was_given_away_costs_nothing(
    partner: Speaker, station: Station, publish: Publish, charge: Callable[..., None]
) -> None:
    """The bill shows what it would have cost; the record says zero, and so does the tariff."""
    ChargingTerms.objects.update(payment="free")
    partner.data("PUT", f"{CPO}/tokens/NL/PRT/CARD-1", TOKEN)
    charge(station, "CARD-1", range(6))
    close_bills(timezone.now())
    publish()
    (cdr,) = partner.data("GET", f"{CPO}/cdrs")
    assert cdr["total_cost"] == {"excl_vat": 0.0, "incl_vat": 0.0}
    assert "total_energy_cost" not in cdr
    (component,) = cdr["tariffs"][0]["elements"][0]["price_components"]
    assert (component["type"], component["price"]) == ("FLAT", 0.0)


def test_a_corrected_bill_is_credited_once(
    partner: Speaker, station: Station, publish: Publish, charge: Callable[..., None]
) -> None:
    """The begin comes late: the old record is taken back, a new one follows, and never again."""
    start = timezone.now() - timezone.timedelta(minutes=10)
    partner.data("PUT", f"{CPO}/tokens/NL/PRT/CARD-1", TOKEN)
    charge(station, "CARD-1", range(1, 6), start=start)
    close_bills(timezone.now() + timezone.timedelta(hours=2))
    publish()
    (first,) = partner.data("GET", f"{CPO}/cdrs")
    assert (first["total_energy"], first["total_cost"]["incl_vat"]) == (4.0, 2.52)
    charge(station, "CARD-1", [0], start=start)
    close_bills(timezone.now() + timezone.timedelta(hours=3))
    publish(minutes=5)
    publish(minutes=6)
    told = partner.data("GET", f"{CPO}/cdrs")
    assert [findings("CDR", one) for one in told] == [[], [], []]
    assert told[0] == first
    assert (told[1]["credit"], told[1]["credit_reference_id"]) == (True, first["id"])
    assert [one["total_cost"]["incl_vat"] for one in told] == [2.52, -2.52, 3.0]
    assert len({one["id"] for one in told}) == 3
    assert len({one["session_id"] for one in told}) == 1


def test_tokens_of_the_city_alone(cast: Cast, partner: Speaker, publish: Publish) -> None:
    """Those of partners are not passed on; a deleted one is told as not valid."""
    Token.objects.create(tenant_id=cast.organisation.pk, token="OWN-1")
    partner.data("PUT", f"{CPO}/tokens/NL/PRT/CARD-1", TOKEN)
    publish()
    (found,) = partner.data("GET", f"{EMSP}/tokens")
    assert findings("Token", found) == []
    assert (found["uid"], found["valid"]) == ("OWN-1", True)
    Token.objects.filter(token="OWN-1").delete()
    publish(minutes=1)
    assert partner.data("GET", f"{EMSP}/tokens")[0]["valid"] is False


def test_whoever_is_not_known_learns_nothing(
    cast: Cast, partner: Speaker, elsewhere: Speaker, station: Station, publish: Publish
) -> None:
    """Unknown, malformed, missing, suspended and ended tokens get the same answer."""
    publish()
    assert elsewhere.data("GET", f"{CPO}/locations") == []
    answers = set()
    suspended = partner
    suspend(cast.users["owner"], suspended.partner, is_suspended=True)
    for token in (partner.token, "ocpi_no-such-token"):
        http, told, _headers = Speaker(partner=partner.partner, token=token).ask(
            "GET", f"{CPO}/locations"
        )
        answers.add((http, told["status_code"], told["status_message"], "data" in told))
    for raw in ("", "Token", "Token ???", "Bearer x", f"Token {partner.token}"):
        http, told, _headers = partner.ask("GET", f"{CPO}/sessions", headers={"Authorization": raw})
        answers.add((http, told["status_code"], told["status_message"], "data" in told))
    Partner.objects.filter(pk=partner.partner.pk).update(state="left", is_suspended=False)
    http, told, _headers = partner.ask("GET", "versions")
    answers.add((http, told["status_code"], told["status_message"], "data" in told))
    assert answers == {(401, 2000, "no token, or one that does not hold", False)}
    assert Station.objects.get().pk == station.pk


def test_headers_go_back_and_wrong_ones_are_refused(cast: Cast, partner: Speaker) -> None:
    """The ids of a request come back; a party that is not the one meant is told so."""
    _http, _told, headers = partner.ask(
        "GET", f"{CPO}/tariffs", headers={"X-Request-ID": "r-1", "X-Correlation-ID": "c-1"}
    )
    assert (headers["X-Request-ID"], headers["X-Correlation-ID"]) == ("r-1", "c-1")
    assert (headers["OCPI-from-country-code"], headers["OCPI-from-party-id"]) == ("AT", "SAM")
    wrong: dict[str, Any]
    for wrong in (
        {"OCPI-to-country-code": "DE", "OCPI-to-party-id": "XXX"},
        {"OCPI-from-country-code": "DE", "OCPI-from-party-id": "XXX"},
    ):
        assert partner.ask("GET", f"{CPO}/tariffs", headers=wrong)[1]["status_code"] == 2001
    fine = {"OCPI-from-country-code": "nl", "OCPI-from-party-id": "prt"}
    headers = partner.ask("GET", f"{CPO}/tariffs", headers=fine)[2]
    assert headers["OCPI-to-party-id"] == "PRT"
    http, _told, headers = partner.ask("DELETE", f"{CPO}/tariffs")
    assert (http, headers["Allow"]) == (405, "GET")
    cast.organisation.party.is_cpo = False
    cast.organisation.party.save()
    assert partner.ask("GET", f"{CPO}/tariffs")[0] == 404
    assert Exchange.objects.filter(partner=partner.partner, is_ours=False).count() == 6


def test_a_card_is_asked_about(cast: Cast, partner: Speaker) -> None:
    """In real time: allowed, blocked, expired, unknown."""
    row = Token.objects.create(tenant_id=cast.organisation.pk, token="OWN-1")
    at = {"location_id": "L-9", "evse_uids": ["1"]}
    told = partner.data("POST", f"{EMSP}/tokens/own-1/authorize", at)
    assert findings("AuthorizationInfo", told) == []
    assert (told["allowed"], told["location"]) == ("ALLOWED", at)
    for status, word in (("Blocked", "BLOCKED"), ("NoCredit", "NO_CREDIT")):
        Token.objects.filter(pk=row.pk).update(status=status)
        assert partner.data("POST", f"{EMSP}/tokens/OWN-1/authorize")["allowed"] == word
    Token.objects.filter(pk=row.pk).update(status="Accepted", expires_at=timezone.now())
    assert partner.data("POST", f"{EMSP}/tokens/OWN-1/authorize")["allowed"] == "EXPIRED"
    partner.data("PUT", f"{CPO}/tokens/NL/PRT/CARD-1", TOKEN)
    for name, kind in (("CARD-1", "RFID"), ("NOBODY", "RFID"), ("OWN-1", "APP_USER")):
        http, told, _headers = partner.ask("POST", f"{EMSP}/tokens/{name}/authorize", type=kind)
        assert (http, told["status_code"]) == (404, 2004)
