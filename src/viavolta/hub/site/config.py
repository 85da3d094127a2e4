"""What the hub needs to know of its surroundings, read once from the environment.

Settings: docs/reference/settings.md.
"""

import json
import os
import re
import secrets
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from viavolta.hub.site.run_limits import RunLimits, run_limits
from viavolta.model.errors import UsageError, Where
from viavolta.storage.outgoing import Door

LEAST_CARDS = 3
"""Fewer than three different cards hide nobody: each of two knows the other."""

STATIONS_PORT = 9000
"""Where the gateway listens unless told otherwise."""

_HOST_AND_PORT = re.compile(r"[a-z0-9.-]+:[0-9]{1,5}")

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
    n_proxies: int
    operator: str
    contact: str
    smtp: str
    oidc: tuple[dict[str, Any], ...]
    test_payments: bool
    anonymity_cards: int
    partner_door: Door
    certificate_hosts: tuple[str, ...]
    stations: str


def hub_config(environ: Mapping[str, str] = os.environ) -> HubConfig:
    """Read the settings, make the data folder and, the first time, a key only the owner reads.

    Raises
    ------
    OSError: the data folder cannot be made.
    UsageError: a setting makes no sense.
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
        n_proxies=_count(environ, "VIAVOLTA_PROXIES"),
        operator=environ.get("VIAVOLTA_OPERATOR", ""),
        contact=environ.get("VIAVOLTA_CONTACT", ""),
        smtp=environ.get("VIAVOLTA_SMTP", ""),
        oidc=_providers(environ.get("VIAVOLTA_OIDC", "")),
        test_payments=environ.get("VIAVOLTA_TEST_PAYMENTS", "") == "1",
        anonymity_cards=_cards(environ.get("VIAVOLTA_ANONYMITY", "10")),
        partner_door=_door(environ.get("VIAVOLTA_PARTNERS", "")),
        certificate_hosts=_hosts(environ.get("VIAVOLTA_CERTIFICATE_HOSTS", "")),
        stations=environ.get("VIAVOLTA_STATIONS", "").rstrip("/") or _stations_at(origin),
    )


def _stations_at(origin: str) -> str:
    """Where stations call, unless said otherwise: the hub's own host, at the gateway's port."""
    parts = urlsplit(origin)
    host = parts.hostname or "127.0.0.1"
    scheme = "wss" if parts.scheme == "https" else "ws"
    return f"{scheme}://{f'[{host}]' if ':' in host else host}:{STATIONS_PORT}"


def _count(environ: Mapping[str, str], name: str) -> int:
    text = environ.get(name, "0")
    if not text.isdecimal():
        raise UsageError(
            code="bad-setting",
            message=f"{name} is not a whole number",
            where=Where(field=name, value=text),
            expected="0 or more",
            hint="count the reverse proxies in front of the hub",
        )
    return int(text)


def _cards(text: str) -> int:
    """How many different cards a published figure has at least."""
    if not text.isdecimal() or int(text) < LEAST_CARDS:
        raise UsageError(
            code="bad-setting",
            message="VIAVOLTA_ANONYMITY is not a number of cards",
            where=Where(field="VIAVOLTA_ANONYMITY", value=text),
            expected=f"{LEAST_CARDS} or more",
            hint="leave it out for 10",
        )
    return int(text)


def _door(word: str) -> Door:
    """Where requests to partners may go."""
    if word not in {"", "loopback"}:
        raise UsageError(
            code="bad-setting",
            message="VIAVOLTA_PARTNERS is not one of its words",
            where=Where(field="VIAVOLTA_PARTNERS", value=word),
            expected="loopback, or nothing",
            hint="leave it out but for trials on one machine",
        )
    return Door.LOOPBACK if word else Door.PUBLIC


def _hosts(text: str) -> tuple[str, ...]:
    """Hosts behind our own walls that may be asked about certificates."""
    found = tuple(filter(None, (one.strip().lower() for one in text.split(","))))
    for one in found:
        if not _HOST_AND_PORT.fullmatch(one):
            raise UsageError(
                code="bad-setting",
                message="VIAVOLTA_CERTIFICATE_HOSTS names something that is no host with a port",
                where=Where(field="VIAVOLTA_CERTIFICATE_HOSTS", value=one),
                expected="NAME:PORT, with commas between",
                hint="leave it out where all responders and pools are on the public internet",
            )
    return found


def _providers(path: str) -> tuple[dict[str, Any], ...]:
    """The OpenID Connect providers of a JSON file that only the hub's account should read."""
    if not path:
        return ()
    try:
        rows = json.loads(Path(path).read_text(encoding="utf-8"))
        return tuple(
            {
                "provider_id": row["id"],
                "name": row["name"],
                "client_id": row["client_id"],
                "secret": row["secret"],
                "settings": {"server_url": row["server_url"]},
            }
            for row in rows
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UsageError(
            code="bad-setting",
            message=f"the file of VIAVOLTA_OIDC cannot be used: {type(error).__name__}",
            where=Where(field="VIAVOLTA_OIDC", value=path),
            expected="a JSON list of {id, name, client_id, secret, server_url}",
            hint="docs/reference/settings.md shows one",
        ) from error


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
