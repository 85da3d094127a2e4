"""What holds at a station by the commands that it accepted."""

import datetime as dt
from typing import Any

import pytest

from viavolta.services.central_system.installed import Accepted, profiles, reservations

NOW = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)
HOUR = dt.timedelta(hours=1)


def told(action: str, payload: dict[str, Any], *, status: str = "Accepted") -> Accepted:
    """A command of an hour ago."""
    return Accepted(action=action, payload=payload, answer={"status": status}, at=NOW - HOUR)


def reserve(number: int, card: str = "card", *, until: str = "2026-03-01T13:00:00Z") -> Accepted:
    """A reservation in the words of 2.0.1."""
    payload = {
        "id": number,
        "expiryDateTime": until,
        "idToken": {"idToken": card, "type": "ISO14443"},
        "evseId": 1,
    }
    return told("ReserveNow", payload)


def profile(number: int, *, level: int = 1, purpose: str = "TxProfile", tx: str = "t1") -> Accepted:
    """A profile in the words of 2.0.1."""
    content = {"id": number, "stackLevel": level, "chargingProfilePurpose": purpose}
    if purpose == "TxProfile":
        content["transactionId"] = tx
    return told("SetChargingProfile", {"evseId": 1, "chargingProfile": content})


def held(*commands: Accepted, **more: Any) -> list[int]:
    """Numbers of the reservations that hold."""
    said = {"gone": (), "starts": (), "now": NOW} | more
    return [found.number for found in reservations(commands, **said)]


def test_reservations_end_in_every_way_that_they_can() -> None:
    """Refused, cancelled, expired, ended by the station, used up by a session of its token."""
    cancelled = told("CancelReservation", {"reservationId": 1})
    assert held(reserve(1), reserve(2)) == [1, 2]
    assert held(told("ReserveNow", reserve(1).payload, status="Occupied")) == []
    assert held(reserve(1), cancelled) == []
    assert held(cancelled, reserve(1)) == [1]
    assert held(reserve(1, until="2026-03-01T11:59:59Z")) == []
    assert held(reserve(1), reserve(2), gone=[1]) == [2]
    assert held(reserve(1, "mine"), starts=[("mine", NOW)]) == []
    assert held(reserve(1, "mine"), starts=[("other", NOW), ("mine", NOW - 2 * HOUR)]) == [1]


def test_reservations_of_1_6_are_read_too() -> None:
    """Its fields have other names; a time without offset counts as UTC."""
    payload = {
        "connectorId": 0,
        "expiryDate": "2026-03-01T13:00:00",
        "idTag": "card",
        "reservationId": 7,
    }
    found = reservations([told("ReserveNow", payload)], gone=(), starts=(), now=NOW)
    assert [(r.number, r.evse, r.token) for r in found] == [(7, None, "card")]


def numbers(*commands: Accepted, opened: set[str] | None = None) -> list[int]:
    """Numbers of the profiles that the station holds."""
    return [p.number for p in profiles(commands, open_transactions=opened or {"t1"})]


def test_a_profile_replaces_one_of_its_number_or_level() -> None:
    """K01.FR.05: the same purpose and level at the same EVSE; other levels stay."""
    assert numbers(profile(1), profile(2)) == [2]
    assert numbers(profile(1), profile(2, level=2)) == [1, 2]
    assert numbers(profile(1), profile(1, level=2)) == [1]


def test_profiles_of_ended_transactions_are_gone() -> None:
    """Defaults stay."""
    default = profile(5, purpose="TxDefaultProfile")
    assert numbers(profile(1, tx="ended"), default) == [5]


@pytest.mark.parametrize(
    ("clear", "left"),
    [
        ({"chargingProfileId": 1}, [5]),
        ({"chargingProfileCriteria": {"chargingProfilePurpose": "TxDefaultProfile"}}, [1]),
        ({"chargingProfileCriteria": {"evseId": 2}}, [1, 5]),
        ({"id": 5}, [1]),
        ({"connectorId": 1, "stackLevel": 1}, []),
        ({}, []),
    ],
)
def test_clearing_takes_what_it_names(clear: dict[str, Any], left: list[int]) -> None:
    """By number, else by all criteria that are given; without any, everything (1.6 and 2.0.1)."""
    default = profile(5, purpose="TxDefaultProfile")
    assert numbers(profile(1), default, told("ClearChargingProfile", clear)) == left
