"""What holds at a station by what it was asked and accepted: reservations and charging profiles.

A station is not asked for it: what stands here follows from the commands that it accepted, in their
order, from what it said since, and from its sessions. Rules: OCPP 1.6 chapters 3.13 and 5.13, 2.0.1
part 2 blocks H and K.
"""

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

_ACCEPTED = "Accepted"
_OF_TRANSACTION = "TxProfile"


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """A command that a station answered, with its answer; `at` is when it was asked."""

    action: str
    payload: Mapping[str, Any]
    answer: Mapping[str, Any]
    at: dt.datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Reservation:
    """An outlet kept for a token; EVSE None: any."""

    number: int
    evse: int | None
    token: str
    made_at: dt.datetime
    expires_at: dt.datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class InstalledProfile:
    """A charging profile at an EVSE; 0 is the whole station. `content` as it was sent."""

    number: int
    evse: int
    purpose: str
    stack_level: int
    transaction: str
    set_at: dt.datetime
    content: Mapping[str, Any]


def reservations(
    told: Iterable[Accepted],
    *,
    gone: Iterable[int],
    starts: Iterable[tuple[str, dt.datetime]],
    now: dt.datetime,
) -> list[Reservation]:
    """The reservations that hold now.

    Parameters
    ----------
    told
        Commands in the order in which they were asked.
    gone
        Numbers that the station itself said are over.
    starts
        Token and begin of the sessions since: a session with its token uses up a reservation.
    """
    held: dict[int, Reservation] = {}
    for one in told:
        if one.answer.get("status") != _ACCEPTED:
            continue
        if one.action == "ReserveNow":
            made = _reservation(one)
            held[made.number] = made
        elif one.action == "CancelReservation":
            held.pop(int(one.payload["reservationId"]), None)
    for number in gone:
        held.pop(number, None)
    used = list(starts)
    return [
        r
        for r in held.values()
        if r.expires_at > now and not any(t == r.token and at >= r.made_at for t, at in used)
    ]


def profiles(told: Iterable[Accepted], *, open_transactions: set[str]) -> list[InstalledProfile]:
    """The charging profiles that the station holds; those of ended transactions are gone."""
    held: list[InstalledProfile] = []
    for one in told:
        if one.answer.get("status") != _ACCEPTED:
            continue
        if one.action == "SetChargingProfile":
            new = _profile(one)
            held = [p for p in held if not _replaces(new, p)]
            held.append(new)
        elif one.action == "ClearChargingProfile":
            held = [p for p in held if not _clears(one.payload, p)]
    return [
        p
        for p in held
        if p.purpose != _OF_TRANSACTION or not p.transaction or p.transaction in open_transactions
    ]


def _reservation(one: Accepted) -> Reservation:
    said = one.payload
    token = said["idToken"]["idToken"] if "idToken" in said else said["idTag"]
    until = dt.datetime.fromisoformat(said.get("expiryDateTime", said.get("expiryDate")))
    evse = said.get("evseId", said.get("connectorId"))
    return Reservation(
        number=said.get("id", said.get("reservationId")),
        evse=evse or None,
        token=token,
        made_at=one.at,
        expires_at=until if until.tzinfo else until.replace(tzinfo=dt.UTC),
    )


def _profile(one: Accepted) -> InstalledProfile:
    content = one.payload.get("csChargingProfiles") or one.payload["chargingProfile"]
    return InstalledProfile(
        number=content.get("chargingProfileId", content.get("id")),
        evse=one.payload.get("connectorId", one.payload.get("evseId", 0)),
        purpose=content["chargingProfilePurpose"],
        stack_level=content["stackLevel"],
        transaction=str(content.get("transactionId", "")),
        set_at=one.at,
        content=content,
    )


def _replaces(new: InstalledProfile, old: InstalledProfile) -> bool:
    """The same number, or the same purpose and level at the same EVSE (K01.FR.05)."""
    if new.number == old.number:
        return True
    place, before = ((p.evse, p.purpose, p.stack_level, p.transaction) for p in (new, old))
    return place == before


def _clears(payload: Mapping[str, Any], profile: InstalledProfile) -> bool:
    """By number where one is given, else by all that is said; nothing said: every profile."""
    number = payload.get("chargingProfileId", payload.get("id"))
    if number is not None:
        return bool(number == profile.number)
    said = payload.get("chargingProfileCriteria", payload)
    wanted = (
        (said.get("evseId", said.get("connectorId")), profile.evse),
        (said.get("chargingProfilePurpose"), profile.purpose),
        (said.get("stackLevel"), profile.stack_level),
    )
    return all(wish is None or wish == fact for wish, fact in wanted)
