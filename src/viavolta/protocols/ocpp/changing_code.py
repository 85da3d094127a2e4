"""QR codes that change: a password that holds for a short time stands in the address (2.1 C25).

The station shows the code, the central system checks the password: both compute it from a shared
secret and the time. "TOTP algorithm, version 1" of OCPP 2.1, block C; example values from the
reference implementation of its authors (OpenChargingCloud, DynamicQRCodes) are in the tests.
"""

import datetime as dt
import hashlib
import hmac
from dataclasses import dataclass
from typing import Any

VERSION = "v1"
COMPONENT = "WebPaymentsCtrlr"
_ALPHABET = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"

STATION, EVSE, PASSWORD, ALGORITHM = "{chargingstationid}", "{evse}", "{totp}", "{version}"
"""What a station replaces in the template of its address."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangingCode:
    """How a station makes its passwords: of `length` signs, each for `validity_s` seconds."""

    secret: str
    validity_s: int = 60
    length: int = 12

    def password_at(self, moment: dt.datetime) -> str:
        """The password that a station shows at a moment."""
        return self._password(int(moment.timestamp()) // self.validity_s)

    def holds(self, password: str, now: dt.datetime) -> bool:
        """Whether a password is that of now, of the time before, or of the next.

        It takes a moment to scan a code, and clocks are not exact.
        """
        slot = int(now.timestamp()) // self.validity_s
        known = (self._password(slot + k).encode() for k in (-1, 0, 1))
        return any(hmac.compare_digest(one, password.encode()) for one in known)

    def _password(self, slot: int) -> str:
        digest = hmac.new(self.secret.encode(), slot.to_bytes(8, "big"), hashlib.sha256).digest()
        first = digest[-1] & 0x0F
        signs = (digest[(first + k) % len(digest)] for k in range(self.length))
        return "".join(_ALPHABET[sign % len(_ALPHABET)] for sign in signs)

    def variables(self, template: str) -> dict[str, Any]:
        """The payload of SetVariables that has a station show such codes with this address."""
        values = {
            "URLTemplate": template,
            "TOTPVersion": VERSION,
            "ValidityTime": str(self.validity_s),
            "Length": str(self.length),
            "SharedSecret": self.secret,
        }
        return {
            "setVariableData": [
                {
                    "component": {"name": COMPONENT},
                    "variable": {"name": name},
                    "attributeValue": value,
                }
                for name, value in values.items()
            ]
        }


def without_secret(payload: dict[str, Any]) -> dict[str, Any]:
    """The payload of `variables` as it may be kept once the station has it."""
    data = [
        one | {"attributeValue": ""} if one["variable"]["name"] == "SharedSecret" else one
        for one in payload["setVariableData"]
    ]
    return {"setVariableData": data}
