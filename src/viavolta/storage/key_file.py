"""Keys in the data folder, made once; only its owner reads them."""

import contextlib
import os
import secrets
from collections.abc import Callable
from pathlib import Path


def key_of(data: Path, name: str, make: Callable[[], bytes]) -> bytes:
    """The key of that name; `make` gives a new one where there is none yet."""
    path = data / "secrets" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        # written whole under another name first: of two who begin at once, one's key stays
        draft = path.with_name(f"{name}-{secrets.token_hex(8)}")
        draft.touch(mode=0o600)
        draft.write_bytes(make())
        with contextlib.suppress(FileExistsError):
            os.link(draft, path)
        draft.unlink()
    return path.read_bytes()
