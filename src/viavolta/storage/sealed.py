"""Secrets that must be read again, such as a password for somebody else's server, kept encrypted.

The key lies in the data folder, not in the database: what is stolen of one is of no use without the
other.
"""

import os
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken


def seal(data: Path, text: str) -> str:
    """A secret as it is kept."""
    return Fernet(_key(data)).encrypt(text.encode()).decode("ascii")


def unseal(data: Path, sealed: str) -> str:
    """The secret again.

    Raises
    ------
    ValueError: it was sealed with another key.
    """
    try:
        return Fernet(_key(data)).decrypt(sealed).decode()
    except InvalidToken as error:
        msg = "a secret was sealed with another key than that of the data folder"
        raise ValueError(msg) from error


def _key(data: Path) -> bytes:
    """The key of all of them, made once; only the owner of the data folder reads it."""
    path = data / "secrets" / "sealing-key"
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_bytes()
    with os.fdopen(handle, "wb") as file:
        key = Fernet.generate_key()
        file.write(key)
    return key
