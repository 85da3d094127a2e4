"""Secrets shown once: the person gets the text, the database a hash that cannot be turned back.

They are 256 bits of chance, so a plain hash is enough: there is nothing to guess.
"""

import hashlib
import secrets


def new_secret(prefix: str) -> tuple[str, str]:
    """A fresh secret, and its hash to keep."""
    text = f"{prefix}_{secrets.token_urlsafe(32)}"
    return text, hash_of(text)


def hash_of(text: str) -> str:
    """What is kept of a secret."""
    return hashlib.sha256(text.encode()).hexdigest()
