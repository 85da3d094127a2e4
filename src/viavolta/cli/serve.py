"""`viavolta serve`: hub, worker and gateway together."""

import dataclasses
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated

import typer

from viavolta.cli.gateway import OCPP_PORT, Stations
from viavolta.cli.runner import say
from viavolta.cli.serving import (
    CertificateOption,
    DataOption,
    HostOption,
    KeyOption,
    Listening,
    PlainOption,
    PortOption,
    ProcessesOption,
    make_ready,
    own_address,
    ready_line,
    told_plainly,
    until_told_to_stop,
)
from viavolta.model.errors import PeerError
from viavolta.model.messages import text

if TYPE_CHECKING:
    from viavolta.hub.site.together import Together

OcppPortOption = Annotated[
    int, typer.Option("--ocpp-port", help="Port for charging stations.", min=1, max=65535)
]


def serve(
    *,
    host: HostOption = "127.0.0.1",
    port: PortOption = 8000,
    ocpp_port: OcppPortOption = OCPP_PORT,
    data: DataOption = None,
    processes: ProcessesOption = None,
    tls_certificate: CertificateOption = None,
    tls_key: KeyOption = None,
    allow_plain_http: PlainOption = False,
) -> None:
    """Start the hub with its worker and the gateway of stations, and stop all together."""
    with told_plainly():
        at = Listening(
            host=host,
            port=port,
            processes=processes,
            certificate=tls_certificate,
            key=tls_key,
            allow_plain=allow_plain_http,
        ).checked()
        stations = Stations(at=dataclasses.replace(at, port=ocpp_port)).checked(
            option="--ocpp-port"
        )
        make_ready(data, at)
        serve_together(at, stations, on_ready=_say_ready)


def serve_together(
    at: Listening,
    stations: Stations,
    *,
    on_ready: Callable[[], bool],
    meanwhile: "Callable[[Together], None] | None" = None,
    is_once: bool = False,
) -> None:
    """Run web server, worker and gateway until told to stop.

    `meanwhile` is called once while they start, and may start more. `on_ready` is called when both
    answer, again and again until it says that it has told so.

    Raises
    ------
    PeerError: a part ends again and again.
    """
    from viavolta.hub.site.together import Together, health_of  # noqa: PLC0415 - start-up time

    together = Together()
    is_told = False
    with until_told_to_stop() as stop:

        def look() -> None:
            nonlocal is_told
            if not is_told and set((health_of(at.address) or {"": ""}).values()) == {"ok"}:
                is_told = on_ready()
                if is_told and is_once:
                    stop.set()

        try:
            together.start("worker", ["worker"])
            together.start("signals", ["signals"])
            together.start("roaming", ["roaming"])
            stations.start(together)
            together.start("web", ["web", *at.words()])
            if meanwhile is not None:
                meanwhile(together)
            is_kept = together.watch(stop, meanwhile=look)
        finally:
            together.stop()
    if not is_kept:
        raise PeerError(
            code="part-lost",
            message=text("web server, worker or gateway ended again and again"),
            hint=text(
                "the lines above say why; `viavolta web`, `viavolta worker` and `viavolta gateway` "
                "run alone"
            ),
        )


def _say_ready() -> bool:
    say(ready_line(own_address()))
    return True
