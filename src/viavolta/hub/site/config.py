"""What the hub needs to know of its surroundings, read once from the environment.

Settings: docs/reference/settings.md.
"""

import os
import re
import secrets
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from viavolta.hub.site.run_limits import RunLimits, run_limits

DATA_FOLDERS = ("secrets", "uploads", "runs", "studies", "media", "outbox", "backups")


@dataclass(frozen=True, slots=True, kw_only=True)
class HubConfig:
    """Where the hub keeps its data and how it is reached."""

    data: Path
    assets: Path
    database_url: str
    secret_key: str
    hosts: tuple[str, ...]
    origin: str
    is_https: bool
    runs: RunLimits


def hub_config(environ: Mapping[str, str] = os.environ) -> HubConfig:
    """Read the settings, make the data folder and, the first time, a key only the owner reads.

    Raises
    ------
    OSError: the data folder cannot be made. UsageError: a setting is no number in its range.
    """
    data = Path(environ.get("VIAVOLTA_DATA", "viavolta-data")).absolute()
    for name in DATA_FOLDERS:
        (data / name).mkdir(parents=True, exist_ok=True)
    (data / "secrets").chmod(0o700)
    origin = environ.get("VIAVOLTA_ORIGIN", "http://127.0.0.1:8000").rstrip("/")
    hosts = tuple(filter(None, environ.get("VIAVOLTA_HOSTS", "").split(",")))
    own_host = urlsplit(origin).netloc.rpartition("@")[2]
    return HubConfig(
        data=data,
        assets=Path(
            environ.get("VIAVOLTA_ASSETS", str(Path(sys.prefix) / "share" / "viavolta" / "assets"))
        ).absolute(),
        database_url=environ.get("DATABASE_URL", "") or f"sqlite:///{data / 'hub.sqlite3'}",
        secret_key=_secret_key(data / "secrets" / "hub-key"),
        hosts=hosts or (re.sub(r":\d+$", "", own_host), "127.0.0.1", "localhost", "[::1]"),
        origin=origin,
        is_https=origin.startswith("https://"),
        runs=run_limits(environ),
    )


def _secret_key(path: Path) -> str:
    """The key that signs sessions and links; made once, with room for two who start at once."""
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_text(encoding="ascii").strip()
    with os.fdopen(handle, "w", encoding="ascii") as file:
        key = secrets.token_urlsafe(64)
        file.write(key)
    return key
