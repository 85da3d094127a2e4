"""Pages and API of roaming."""

from typing import Any

import pytest
from cast import Cast
from django.urls import reverse
from roaming import TOKEN, Speaker

from viavolta.hub.ocpi.models import Partner, Party, Place, Plug, Push
from viavolta.storage.tables.stations import Outlet, Station, Token

pytestmark = pytest.mark.django_db
PARTY = {"country_code": "at", "party_id": "sam", "name": "Sampleton", "is_cpo": "on"}


def at(name: str, *more: object) -> str:
    """The address of a page of the city."""
    return reverse(name, args=("sampleton", *more))


def test_from_nothing_to_an_invitation(cast: Cast) -> None:
    """Who we are first; then a token that is shown once and opens the entrance."""
    owner = cast.client("owner")
    assert "Roaming begins" in owner.get(at("roaming")).content.decode()
    assert owner.post(at("roaming-invite"), {"name": "Partner"}).status_code == 422
    assert owner.post(at("roaming-party"), PARTY).status_code == 302
    party = Party.objects.get()
    assert (str(party), party.is_emsp) == ("AT*SAM", False)
    answer = owner.post(at("roaming-invite"), {"name": "Partner"})
    assert (answer.status_code, answer.headers["Cache-Control"]) == (200, "no-store")
    token, row = answer.context["new_token"], Partner.objects.get()
    assert token in answer.content.decode()
    assert Speaker(partner=row, token=token).data("GET", "versions")
    for name, more in (("roaming", ()), ("roaming-partner", (row.pk,))):
        assert token not in owner.get(at(name, *more)).content.decode()
    assert owner.post(at("roaming-party"), {**PARTY, "party_id": "A-B"}).status_code == 422


def test_a_registration_that_fails_says_why(cast: Cast) -> None:
    """An address that may not be called is said on the form, and no partner stays."""
    owner = cast.client("owner")
    owner.post(at("roaming-party"), PARTY)
    form = {"name": "P", "versions_url": "https://10.0.0.1/versions", "token": "t"}
    answer = owner.post(at("roaming-connect"), form)
    assert answer.status_code == 422
    assert "not public" in answer.content.decode()
    assert not Partner.objects.exists()


def test_a_partner_is_shown_suspended_and_ended(cast: Cast, partner: Speaker) -> None:
    """What was exchanged and refused; its cards stop and come back; the end is for good."""
    row = partner.partner
    partner.data("PUT", "cpo/2.2.1/tokens/NL/PRT/CARD-1", TOKEN)
    partner.ask("GET", "cpo/2.2.1/tariffs", limit="none")
    refused = Push.objects.create(
        partner=row,
        module="tariffs",
        object_id="T9",
        method="PUT",
        request_id="r",
        refused_at="2026-12-01T10:00Z",
        error="2001 no",
    )
    page = cast.client("reader").get(at("roaming-partner", row.pk)).content.decode()
    for words in ("NL*PRT (CPO)", "T9", "2001 no", "limit: a whole number", "PUT"):
        assert words in page
    assert "CARD-1" not in page
    owner = cast.client("owner")
    cast.client("editor").post(at("roaming-again", row.pk, refused.pk))
    refused.refresh_from_db()
    assert refused.refused_at is None
    owner.post(at("roaming-suspend", row.pk), {"suspend": "1"})
    assert Token.objects.get().status == "Blocked"
    assert "suspended" in owner.get(at("roaming")).content.decode()
    owner.post(at("roaming-suspend", row.pk), {"resume": "1"})
    assert Token.objects.get().status == "Accepted"
    owner.post(at("roaming-end", row.pk))
    row.refresh_from_db()
    assert (row.state, row.token_hash) == ("left", None)
    assert Token.objects.get().status == "Blocked"
    csv = owner.get(at("roaming-partner", row.pk), {"format": "csv"})
    assert csv.status_code == 200


def test_sites_and_connectors_are_published(cast: Cast) -> None:
    """What lacks is said until it is told."""
    station = Station.objects.create(
        tenant_id=cast.organisation.pk, identity="S", site="Market", lat=48.2, lon=16.4
    )
    Outlet.objects.create(
        station=station,
        evse=1,
        connector=1,
        status="Available",
        status_at="2026-12-01T10:00Z",
    )
    editor = cast.client("editor")
    assert "it has no address" in editor.get(at("roaming-places")).content.decode()
    form = editor.get(at("roaming-place-new"), {"site": "Market"}).context["form"]
    assert (form["lat"].value(), form["time_zone"].value()) == (48.2, "Europe/Vienna")
    place: dict[str, Any] = {
        "site": "Market",
        "address": "Market 1",
        "city": "Sampleton",
        "country": "AT",
        "lat": 48.2,
        "lon": 16.4,
        "time_zone": "Europe/Vienna",
    }
    assert editor.post(at("roaming-place-new"), place).status_code == 302
    assert editor.post(at("roaming-place-new"), place).status_code == 422
    assert "without 1 connectors" in editor.get(at("roaming-places")).content.decode()
    plug = {
        "station": station.pk,
        "evse": 0,
        "connector": 0,
        "standard": "IEC_62196_T2",
        "format": "CABLE",
        "power_type": "AC_3_PHASE",
        "max_voltage": 230,
        "max_amperage": 32,
    }
    assert editor.post(at("roaming-plug-new"), plug).status_code == 302
    assert editor.post(at("roaming-plug-new"), plug).status_code == 422
    (site,) = cast.client("reader").get("/api/organisations/sampleton/roaming/sites").json()
    assert (site["n_connectors"], site["n_without_plug"]) == (1, 0)
    assert site["location_id"] == Place.objects.get().location_id
    row = Plug.objects.get()
    assert editor.post(at("roaming-plug", row.pk), {**plug, "max_amperage": 16}).status_code == 302
    row.refresh_from_db()
    assert row.max_amperage == 16
    editor.post(at("roaming-plug-remove", row.pk))
    editor.post(at("roaming-place-remove", Place.objects.get().pk))
    assert not Place.objects.exists()
    assert not Plug.objects.exists()


def test_a_station_of_others_is_none_of_ours(cast: Cast, elsewhere: Speaker) -> None:
    """Connectors, sites and partners of another organisation are not reached."""
    other = elsewhere.partner.organisation
    station = Station.objects.create(tenant_id=other.pk, identity="X", site="Far")
    editor = cast.client("editor")
    plug = {
        "station": station.pk,
        "evse": 0,
        "connector": 0,
        "standard": "IEC_62196_T2",
        "format": "CABLE",
        "power_type": "DC",
        "max_voltage": 400,
        "max_amperage": 200,
    }
    assert editor.post(at("roaming-plug-new"), plug).status_code == 422
    assert not Plug.objects.exists()
    owner = cast.client("owner")
    assert owner.get(at("roaming-partner", elsewhere.partner.pk)).status_code == 404
    assert owner.post(at("roaming-end", elsewhere.partner.pk)).status_code == 404


def test_the_api_tells_what_the_pages_show(cast: Cast, partner: Speaker) -> None:
    """Party, partners, modules, exchanges; an owner suspends."""
    partner.data("GET", "cpo/2.2.1/tariffs")
    base = "/api/organisations/sampleton/roaming"
    reader, key = cast.client("reader"), partner.partner.pk
    assert reader.get(f"{base}/party").json()["party_id"] == "SAM"
    (shown,) = reader.get(f"{base}/partners").json()
    assert (shown["name"], shown["state"], shown["is_suspended"]) == (
        "Partner",
        "registered",
        False,
    )
    modules = reader.get(f"{base}/partners/{key}/modules").json()
    assert {one["module"] for one in modules} == {
        "locations",
        "sessions",
        "cdrs",
        "tariffs",
        "tokens",
    }
    (one,) = reader.get(f"{base}/partners/{key}/exchanges").json()["items"]
    assert (one["method"], one["what"], one["status"]) == ("GET", "tariffs", 1000)
    for persona, status in (("editor", 403), ("owner", 204)):
        answer = cast.client(persona).post(
            f"{base}/partners/{key}/suspension",
            {"is_suspended": True},
            content_type="application/json",
        )
        assert answer.status_code == status
    assert Partner.objects.get().is_suspended is True
