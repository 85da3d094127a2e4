"""Passwords in QR codes that change, beside those of the authors of the algorithm."""

import datetime as dt

import pytest

from viavolta.protocols.ocpp.changing_code import ChangingCode, without_secret
from viavolta.protocols.ocpp.schemas import Version, first_violation

SECRET = "secure!Charging!"
AT = dt.datetime(2024, 5, 23, 0, 23, 5, tzinfo=dt.UTC)
"""The moment and the secret of the tests of OpenChargingCloud/DynamicQRCodes, TOTPTests.cs."""


@pytest.mark.parametrize(
    ("validity_s", "length", "before", "now", "after"),
    [
        (30, 12, "MdPU0jCm5tXz", "CN63y502maVh", "dI54vnA25m2h"),
        (
            30,
            23,
            "MdPU0jCm5tXzkaPrPj61KwI",
            "CN63y502maVhAsv27Sd7JlE",
            "dI54vnA25m2hWW3bUcdY13q",
        ),
        (60, 12, "nTdkiuG6yUyg", "XJZr0L1DGKn0", "ft0ONZ62MdMj"),
    ],
)
def test_passwords_are_those_of_the_reference(
    validity_s: int, length: int, before: str, now: str, after: str
) -> None:
    """Of the time before, of now, of the next: each is taken."""
    code = ChangingCode(secret=SECRET, validity_s=validity_s, length=length)
    step = dt.timedelta(seconds=validity_s)
    found = [code.password_at(AT + k * step) for k in (-1, 0, 1)]
    assert found == [before, now, after]
    assert all(code.holds(one, AT) for one in found)
    assert not code.holds(code.password_at(AT - 2 * step), AT)
    assert not code.holds(now[:-1], AT)
    assert not code.holds("", AT)
    assert not code.holds("\N{SNOWMAN}" * length, AT)


def test_what_a_station_is_told_is_valid_and_keeps_no_secret() -> None:
    """All variables of WebPaymentsCtrlr that are written."""
    payload = ChangingCode(secret=SECRET).variables(
        "https://h.example/c/{chargingstationid}/{evse}"
    )
    assert first_violation(Version.V21, "SetVariables", payload) is None
    assert SECRET in str(payload)
    kept = without_secret(payload)
    assert SECRET not in str(kept)
    assert first_violation(Version.V21, "SetVariables", kept) is None
