"""`viavolta gateway`: the processes where charging stations connect."""

import json
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from viavolta.cli.serving import (
    CertificateOption,
    DataOption,
    HostOption,
    KeyOption,
    Listening,
    PlainOption,
    data_in_use,
    make_ready,
    told_plainly,
    until_told_to_stop,
)
from viavolta.model.errors import PeerError, UsageError, Where
from viavolta.model.messages import text

if TYPE_CHECKING:
    from viavolta.hub.site.together import Together

OCPP_PORT = 9000
NAME = "gateway"
_PLAIN_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")

OcppPortOption = Annotated[
    int, typer.Option("--port", help="Port for charging stations.", min=1, max=65535)
]
NameOption = Annotated[str, typer.Option("--name", help="Its own among several gateways.")]
ProcessesOption = Annotated[
    int, typer.Option("--processes", help="Processes that hold stations.", min=1, max=64)
]
ClientCaOption = Annotated[
    Path | None, typer.Option("--client-ca", help="Who signs stations' certificates (PEM).")
]
Profile0Option = Annotated[
    bool,
    typer.Option("--allow-security-profile-0", help="Let stations set so in without password."),
]
ProxiesOption = Annotated[
    int, typer.Option("--proxies", help="Reverse proxies of yours in front.", min=0, max=9)
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Stations:
    """Where and how stations are served."""

    at: Listening
    name: str = NAME
    processes: int = 1
    client_ca: Path | None = None
    allows_profile_0: bool = False
    n_proxies: int = 0

    def checked(self, *, option: str = "--port") -> "Stations":
        """The same, if it is safe and possible.

        Raises
        ------
        UsageError: beyond this machine without TLS, half a pair of files, no such file, a port that
        is taken, or a name that is no name of a folder.
        """
        self.at.check_tls()
        if self.client_ca is not None and self.at.certificate is None:
            raise UsageError(
                code="tls-incomplete",
                message=text("stations show certificates over TLS alone"),
                where=Where(field="--client-ca"),
                hint=text("give both --tls-certificate and --tls-key"),
            )
        if not _PLAIN_NAME.fullmatch(self.name):
            raise UsageError(
                code="bad-gateway-name",
                message=text("the name of a gateway is the name of a folder"),
                where=Where(field="--name", value=self.name[:80]),
                expected=text("letters, digits, dot, dash and underscore, 64 at most"),
                hint=text("give each gateway a --name of its own"),
            )
        self.at.check_free(option)
        return self

    def start(self, together: "Together") -> None:
        """Start the processes: some hold stations, one fills the tables, one plans sessions."""
        from django.conf import settings  # noqa: PLC0415 - start-up time

        environment = {
            "DJANGO_SETTINGS_MODULE": "viavolta.gateway.settings",
            "VIAVOLTA_DATA": str(settings.CONFIG.data),
            "DATABASE_URL": settings.CONFIG.database_url,
        }
        for part, name, values in self._parts(str(settings.CONFIG.data)):
            if part == "hold":
                values["vouched"] = settings.CONFIG.certificate_hosts
            together.start(
                name,
                [part, json.dumps(values)],
                module="viavolta.gateway.part",
                environment=environment,
            )

    def _parts(self, data: str) -> Iterator[tuple[str, str, dict[str, Any]]]:
        yield "project", "projector", {"data": data}
        yield "control", "control", {"data": data}
        for k in range(self.processes):
            name = self.name if self.processes == 1 else f"{self.name}-{k + 1}"
            values = {
                "data": data,
                "name": name,
                "host": self.at.host,
                "port": self.at.port,
                "is_shared": self.processes > 1,
                "tls": self._tls(),
                "allows_profile_0": self.allows_profile_0,
                "n_proxies": self.n_proxies,
            }
            yield "hold", name, values

    def _tls(self) -> dict[str, str | None] | None:
        if self.at.certificate is None or self.at.key is None:
            return None
        client_ca = None if self.client_ca is None else str(self.client_ca.absolute())
        return {
            "certificate": str(self.at.certificate.absolute()),
            "key": str(self.at.key.absolute()),
            "client_ca": client_ca,
        }


def gateway(
    *,
    host: HostOption = "127.0.0.1",
    port: OcppPortOption = OCPP_PORT,
    data: DataOption = None,
    name: NameOption = NAME,
    processes: ProcessesOption = 1,
    tls_certificate: CertificateOption = None,
    tls_key: KeyOption = None,
    client_ca: ClientCaOption = None,
    allow_security_profile_0: Profile0Option = False,
    allow_plain_http: PlainOption = False,
    proxies: ProxiesOption = 0,
) -> None:
    """Let charging stations connect, over OCPP 1.6, 2.0.1 and 2.1; until told to stop."""
    with told_plainly():
        at = Listening(
            host=host,
            port=port,
            certificate=tls_certificate,
            key=tls_key,
            allow_plain=allow_plain_http,
        )
        stations = Stations(
            at=at,
            name=name,
            processes=processes,
            client_ca=client_ca,
            allows_profile_0=allow_security_profile_0,
            n_proxies=proxies,
        ).checked()
        make_ready(data, None)
        run_alone(stations)


def run_alone(stations: Stations) -> None:
    """Run the gateway's processes until told to stop.

    Raises
    ------
    PeerError: one of them ends again and again.
    """
    from viavolta.hub.site.together import Together  # noqa: PLC0415 - start-up time

    together = Together(os.environ)
    with data_in_use(), until_told_to_stop() as stop:
        try:
            stations.start(together)
            is_kept = together.watch(stop)
        finally:
            together.stop()
    if not is_kept:
        raise PeerError(
            code="part-lost",
            message=text("a process of the gateway ended again and again"),
            hint=text("the lines above say why"),
        )
