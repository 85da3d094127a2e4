"""How stations may write what a vehicle is known by: cards, contracts, addresses of controllers."""

import re

_EMAID = re.compile(r"[A-Z]{2}[A-Z0-9]{3}[A-Z0-9]{9}[A-Z0-9]?")
"""ISO 15118: country, provider, instance, and a check digit if there is one."""
_MAC = re.compile(r"[0-9A-F]{12}")
_SEPARATORS = re.compile(r"[-*:.\s]")


def contract_of(text: str) -> str | None:
    """An eMAID without its separators, in capitals; None where it is none."""
    plain = _SEPARATORS.sub("", text).upper()
    return plain if _EMAID.fullmatch(plain) else None


def mac_of(text: str) -> str | None:
    """A MAC address (EUI-48) without its separators, in capitals; None where it is none."""
    plain = _SEPARATORS.sub("", text).upper()
    return plain if _MAC.fullmatch(plain) else None


def spellings(*, token: str = "", contract_id: str = "", mac: str = "") -> frozenset[str]:
    """Every way in which a station may tell a card, an eMAID or a MAC address without separators.

    Capitals make no difference (OCPP: identifierString).
    """
    found = {token}
    if contract_id:
        parts = (contract_id[:2], contract_id[2:5], contract_id[5:14], contract_id[14:])
        kept = [part for part in parts if part]
        found |= {sign.join(kept) for sign in ("", "-", "*")}
        found |= {"-".join(kept[:3]) + "".join(kept[3:])}
    if mac:
        pairs = [mac[k : k + 2] for k in range(0, len(mac), 2)]
        found |= {sign.join(pairs) for sign in ("", ":", "-")}
    found |= {text.upper() for text in found} | {text.lower() for text in found}
    return frozenset(found - {""})
