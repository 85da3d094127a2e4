"""Passwords of stations, kept as keyed hashes.

They are long random texts (OCPP asks for 16 to 40 characters), so that a fast hash is enough: what
is not in the data folder, the key, is what a thief of the database lacks.
"""

import hashlib
import hmac
import secrets
from pathlib import Path

from viavolta.storage.key_file import key_of

PASSWORD_BYTES = 24


def gateway_key(data: Path) -> bytes:
    """The key of all hashes, made once; only the owner of the data folder reads it."""
    return key_of(data, "gateway-key", lambda: secrets.token_bytes(32))


def new_password() -> str:
    """A password for a station: 32 characters."""
    return secrets.token_urlsafe(PASSWORD_BYTES)


def key_hash(key: bytes, identity: str, password: str) -> str:
    """The keyed hash of a station's password; another station's same password has another."""
    return hmac.new(key, f"{identity}\0{password}".encode(), hashlib.sha256).hexdigest()
