"""Contract certificates from an operator's pool: what is asked, what is taken (2.0.1 M01, M02).

The interface is our own, kept small: whoever speaks another one stands between. A POST of JSON with
the fields of Get15118EVCertificate of OCPP 2.1 as the station sent them; the answer, 200 and JSON,
has `status` (Accepted or Failed), `exiResponse` (base64), and where known `remainingContracts` and
`reasonCode`.
"""

import base64
import json
from collections.abc import Mapping
from typing import Any

from viavolta.protocols.ocpp.schemas import Version

MOST_BYTES = 40_000
_FIELDS = (
    *("iso15118SchemaVersion", "action", "exiRequest"),
    *("maximumContractCertificateChains", "prioritizedEMAIDs"),
)
_MOST_EXI = {Version.V201: 7_500, Version.V21: 17_000}
_MOST_REASON = 20
_MOST_REMAINING = 1_000_000


def question(payload: Mapping[str, Any]) -> bytes:
    """The body of the request."""
    asked = {name: payload[name] for name in _FIELDS if name in payload}
    return json.dumps(asked, separators=(",", ":")).encode()


def answer_of(content: bytes, version: Version) -> dict[str, Any]:
    """The answer for the station; what is no answer of the interface is told as that."""
    try:
        said = json.loads(content)
        status, exi = said["status"], said.get("exiResponse", "")
        if status == "Failed":
            return failed(str(said.get("reasonCode") or "PoolRefuses"))
        is_exi = isinstance(exi, str) and exi.isascii() and base64.b64decode(exi, validate=True)
        left = said.get("remainingContracts")
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return failed("InvalidPoolAnswer")
    is_count = left is None or (type(left) is int and 0 <= left <= _MOST_REMAINING)
    if status != "Accepted" or not is_exi or len(exi) > _MOST_EXI[version] or not is_count:
        return failed("InvalidPoolAnswer")
    more = {"remainingContracts": left} if version is Version.V21 and left is not None else {}
    return {"status": "Accepted", "exiResponse": exi, **more}


def failed(reason: str) -> dict[str, Any]:
    """The answer where there is no certificate."""
    word = "".join(c for c in reason if c.isascii() and c.isprintable())[:_MOST_REASON]
    return {
        "status": "Failed",
        "exiResponse": "",
        "statusInfo": {"reasonCode": word or "PoolRefuses"},
    }
