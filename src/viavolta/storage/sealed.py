"""Secrets that must be read again, such as a password for somebody else's server, kept encrypted.

The key lies in the data folder, not in the database: what is stolen of one is of no use without the
other.
"""

from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken

from viavolta.storage.key_file import key_of


def seal(data: Path, text: str) -> str:
    """A secret as it is kept."""
    return _fernet(data).encrypt(text.encode()).decode("ascii")


def unseal(data: Path, sealed: str) -> str:
    """The secret again.

    Raises
    ------
    ValueError: it was sealed with another key.
    """
    try:
        return _fernet(data).decrypt(sealed).decode()
    except InvalidToken as error:
        msg = "a secret was sealed with another key than that of the data folder"
        raise ValueError(msg) from error


def _fernet(data: Path) -> Fernet:
    return Fernet(key_of(data, "sealing-key", Fernet.generate_key))
