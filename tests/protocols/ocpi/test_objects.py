"""Objects of OCPI: what is right passes, and each slip is found in its place."""

import datetime as dt
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from viavolta.protocols.ocpi.objects import (
    as_date_time,
    enumerations,
    findings,
    moment_of,
    objects,
)

TOKEN: dict[str, Any] = {  # token_put_example.json of the specification
    "country_code": "NL",
    "party_id": "TNM",
    "uid": "012345678",
    "type": "RFID",
    "contract_id": "NL8ACC12E46L89",
    "visual_number": "DF000-2001-8999-1",
    "issuer": "TheNewMotion",
    "group_id": "DF000-2001-8999",
    "valid": True,
    "whitelist": "ALWAYS",
    "last_updated": "2015-06-29T22:39:09Z",
}
CONNECTOR: dict[str, Any] = {
    "id": "1",
    "standard": "IEC_62196_T2",
    "format": "CABLE",
    "power_type": "AC_3_PHASE",
    "max_voltage": 220,
    "max_amperage": 16,
    "tariff_ids": ["11"],
    "last_updated": "2015-03-16T10:10:02Z",
}
LOCATION: dict[str, Any] = {  # location_example.json of the specification, shortened
    "country_code": "BE",
    "party_id": "BEC",
    "id": "LOC1",
    "publish": True,
    "name": "Gent Zuid",
    "address": "F.Rooseveltlaan 3A",
    "city": "Gent",
    "postal_code": "9000",
    "country": "BEL",
    "coordinates": {"latitude": "51.047599", "longitude": "3.729944"},
    "parking_type": "ON_STREET",
    "evses": [
        {
            "uid": "3256",
            "evse_id": "BE*BEC*E041503001",
            "status": "AVAILABLE",
            "capabilities": ["RESERVABLE"],
            "connectors": [CONNECTOR],
            "last_updated": "2015-06-28T08:12:01Z",
        }
    ],
    "operator": {"name": "BeCharged"},
    "time_zone": "Europe/Brussels",
    "last_updated": "2015-06-29T20:39:09Z",
}


def test_examples_of_the_specification_pass() -> None:
    """A token and a location as the text has them, with properties it does not know."""
    assert findings("Token", TOKEN | {"nltnm_extra": {"a": 1}}) == []
    assert findings("Location", LOCATION) == []


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"uid": None}, "uid"),
        ({"uid": "x" * 37}, "uid"),
        ({"uid": "ärger"}, "uid"),
        ({"uid": "a\tb"}, "uid"),
        ({"issuer": "x" * 65}, "issuer"),
        ({"type": "rfid"}, "type"),
        ({"valid": 1}, "valid"),
        ({"last_updated": "2015-06-29T22:39:09+02:00"}, "last_updated"),
        ({"last_updated": "2015-02-30T22:39:09Z"}, "last_updated"),
        ({"energy_contract": {"contract_id": "1"}}, "energy_contract.supplier_name"),
        ({"energy_contract": []}, "energy_contract"),
    ],
)
def test_a_slip_is_found(change: dict[str, Any], place: str) -> None:
    """One finding, where the slip is."""
    assert [f.place for f in findings("Token", TOKEN | change)] == [place]


def test_all_slips_are_told_at_once() -> None:
    """Of inner objects, too, with the index of the row."""
    wrong = {"connectors": [CONNECTOR | {"max_voltage": "230"}, CONNECTOR | {"format": "PLUG"}]}
    location = LOCATION | {"evses": [LOCATION["evses"][0] | wrong], "country": "BELG"}
    assert {str(f).partition(":")[0] for f in findings("Location", location)} == {
        "country",
        "evses[0].connectors[0].max_voltage",
        "evses[0].connectors[1].format",
    }
    assert len(findings("Location", {})) == 10
    assert [f.place for f in findings("Location", [])] == [""]


def test_part_of_an_object_is_enough_for_a_patch() -> None:
    """What is there must be right; what is required cannot be taken away."""
    assert findings("EVSE", {"status": "CHARGING"}, is_patch=True) == []
    assert findings("EVSE", {"floor_level": None}, is_patch=True) == []
    patch = {"status": None, "connectors": []}
    assert [f.place for f in findings("EVSE", patch, is_patch=True)] == ["status", "connectors"]


def test_the_table_is_whole() -> None:
    """Every type of a property is an object, an enumeration or a plain type that can be checked."""
    plain = {"number", "int", "boolean", "DateTime", "URL", "Secret", "Latitude", "Longitude"}
    plain |= {"ClockTime", "CalendarDate"}
    for name, rows in objects().items():
        for row in rows:
            kind = row.kind.partition("(")[0]
            known = plain | {"CiString", "string"} | set(objects()) | set(enumerations())
            assert kind in known, (name, row)
            assert row.cardinality in {"1", "?", "*", "+"}


@given(st.recursive(st.none() | st.booleans() | st.floats() | st.text(), st.lists, max_leaves=9))
def test_anything_may_be_asked(value: Any) -> None:
    """Whatever comes is answered with findings, never with a fault."""
    assert findings("CDR", value)
    assert findings("CDR", {row.name: value for row in objects()["CDR"]})


@given(st.datetimes(timezones=st.just(dt.UTC)))
def test_times_come_back(moment: dt.datetime) -> None:
    """A time written and read again, to the millisecond."""
    at = moment.replace(microsecond=moment.microsecond // 1000 * 1000)
    assert moment_of(as_date_time(at)) == at
    assert moment_of(as_date_time(at).removesuffix("Z")) == at
