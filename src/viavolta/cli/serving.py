"""`viavolta web` and `worker`: the hub as processes that run until told to stop."""

import logging
import os
import signal
import socket
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Annotated

import typer

from viavolta.cli.runner import fail_with
from viavolta.model.errors import PlatformError, UsageError, Where
from viavolta.model.messages import text

HostOption = Annotated[str, typer.Option("--host", help="Address to listen at.")]
PortOption = Annotated[int, typer.Option("--port", help="Port to listen at.", min=1, max=65535)]
DataOption = Annotated[
    Path | None, typer.Option("--data", help="Folder of the hub's data (VIAVOLTA_DATA).")
]
ProcessesOption = Annotated[
    int | None, typer.Option("--processes", help="Processes that answer pages.", min=1, max=64)
]
CertificateOption = Annotated[
    Path | None, typer.Option("--tls-certificate", help="Certificate chain (PEM).")
]
KeyOption = Annotated[Path | None, typer.Option("--tls-key", help="Its private key (PEM).")]
PlainOption = Annotated[
    bool, typer.Option("--allow-plain-http", help="Listen beyond this machine without TLS.")
]

_THREADS = 8
_EVERYWHERE = ("0.0.0.0", "::")  # noqa: S104 - compared with, not listened at
_LOOPBACK = ("127.0.0.1", "localhost", "::1")


@dataclass(frozen=True, slots=True, kw_only=True)
class Listening:
    """Where and how the web server listens."""

    host: str
    port: int
    processes: int | None = None
    certificate: Path | None = None
    key: Path | None = None
    allow_plain: bool = False

    @property
    def scheme(self) -> str:
        """Http or https."""
        return "http" if self.certificate is None else "https"

    @property
    def address(self) -> str:
        """Where this machine reaches the server."""
        host = "127.0.0.1" if self.host in _EVERYWHERE else self.host
        return f"{self.scheme}://{f'[{host}]' if ':' in host else host}:{self.port}"

    def checked(self) -> "Listening":
        """The same, if it is safe and possible.

        Raises
        ------
        UsageError: beyond this machine without TLS, half a pair of files, or a name not known.
        """
        self.check_tls()
        if self.host in _EVERYWHERE and not os.environ.get("VIAVOLTA_ORIGIN"):
            raise UsageError(
                code="origin-unknown",
                message=text("at {host} the hub does not know its own name", host=self.host),
                where=Where(field="VIAVOLTA_ORIGIN"),
                expected=text("the address that people type, such as https://hub.example.org"),
                hint=text("set VIAVOLTA_ORIGIN; links in e-mails are made of it"),
            )
        self.check_free()
        return self

    def check_tls(self) -> None:
        """Refuse what is not protected, or cannot be. Raises UsageError."""
        if (self.certificate is None) != (self.key is None):
            raise UsageError(
                code="tls-incomplete",
                message=text("a certificate needs its key, and a key its certificate"),
                where=Where(field="--tls-key" if self.key is None else "--tls-certificate"),
                hint=text("give both --tls-certificate and --tls-key"),
            )
        for path in (self.certificate, self.key):
            if path is not None and not path.is_file():
                raise UsageError(
                    code="missing-path",
                    message=text("there is no file {path}", path=path),
                    hint=text("check the name and the folder you are in"),
                )
        is_open = self.host not in _LOOPBACK and self.certificate is None
        if is_open and not self.allow_plain:
            raise UsageError(
                code="plain-http-refused",
                message=text("at {host} passwords would travel unprotected", host=self.host),
                where=Where(field="--host", value=self.host[:200]),
                expected=text("a loopback address, or TLS"),
                hint=text(
                    "give --tls-certificate and --tls-key, or --allow-plain-http where a proxy "
                    "in between does the TLS"
                ),
            )

    def check_free(self, option: str = "--port") -> None:
        """Refuse a port that is taken, by the name of its option. Raises UsageError."""
        if not is_free(self.host, self.port):
            raise UsageError(
                code="port-taken",
                message=text("cannot listen at {host}:{port}", host=self.host, port=self.port),
                where=Where(field=option, value=str(self.port)),
                expected=text("an address of this machine and a port that nobody listens at"),
                hint=text("choose another {option}, or stop what listens there", option=option),
            )

    def words(self) -> list[str]:
        """The options of `viavolta web`."""
        words = ["--host", self.host, "--port", str(self.port)]
        words += ["--processes", str(self.processes)] if self.processes else []
        if self.certificate is not None and self.key is not None:
            words += ["--tls-certificate", str(self.certificate.absolute())]
            words += ["--tls-key", str(self.key.absolute())]
        return [*words, "--allow-plain-http"] if self.allow_plain else words


def is_free(host: str, port: int) -> bool:
    """Whether a server can listen there."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(found[0], found[1]) as trial:
            trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            trial.bind(found[4])
    except OSError:
        return False
    return True


def web(
    *,
    host: HostOption = "127.0.0.1",
    port: PortOption = 8000,
    data: DataOption = None,
    processes: ProcessesOption = None,
    tls_certificate: CertificateOption = None,
    tls_key: KeyOption = None,
    allow_plain_http: PlainOption = False,
) -> None:
    """Serve the hub's pages and its API; runs are done by `viavolta worker`."""
    with told_plainly():
        at = Listening(
            host=host,
            port=port,
            processes=processes,
            certificate=tls_certificate,
            key=tls_key,
            allow_plain=allow_plain_http,
        ).checked()
        make_ready(data, at)
        from granian import Granian  # noqa: PLC0415 - start-up time
        from granian.constants import Interfaces, SSLProtocols  # noqa: PLC0415

        server = Granian(
            "viavolta.hub.site.served:application",
            address=at.host,
            port=at.port,
            interface=Interfaces.WSGI,
            workers=at.processes or min(4, os.cpu_count() or 1),
            blocking_threads=_THREADS,
            websockets=False,
            respawn_failed_workers=True,
            workers_kill_timeout=10,
            log_enabled=False,
            ssl_cert=at.certificate,
            ssl_key=at.key,
            ssl_protocol_min=SSLProtocols.tls12,
        )
        with data_in_use():
            server.serve()


def worker(*, data: DataOption = None) -> None:
    """Do the hub's runs until told to stop; what is under way then is queued again."""
    with told_plainly():
        make_ready(data, None)
        from django.conf import settings  # noqa: PLC0415 - start-up time

        from viavolta.storage.runs.worker import Quotas, Worker  # noqa: PLC0415

        limits = settings.CONFIG.runs
        quotas = Quotas(
            slots=limits.slots,
            per_owner=limits.per_owner,
            memory_bytes=limits.memory_mb * 1_000_000,
            time_s=limits.hours * 3600.0,
        )
        with data_in_use(), until_told_to_stop() as stop:
            Worker(quotas).work(stop)


def make_ready(data: Path | None, at: Listening | None) -> None:
    """Set up: log, settings, what pages need, tables."""
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr, force=True)
    logging.getLogger("viavolta").setLevel(logging.INFO)
    for handler in logging.getLogger().handlers:
        handler.setFormatter(_Fields())
    from viavolta.hub.site.start import migrate, set_up  # noqa: PLC0415 - start-up time

    set_up(data, origin=None if at is None else at.address)
    if at is not None:
        from django.conf import settings  # noqa: PLC0415 - start-up time

        from viavolta.hub.site.prepare import prepare  # noqa: PLC0415 - start-up time

        prepare(settings.CONFIG.assets)
    migrate()


@contextmanager
def data_in_use() -> Iterator[None]:
    """Keep the hub's data from being replaced by a restore."""
    from django.conf import settings  # noqa: PLC0415 - start-up time

    from viavolta.hub.site.lock import together_with_others  # noqa: PLC0415

    with together_with_others(Path(settings.CONFIG.data)):
        yield


def own_address() -> str:
    """The address that people type."""
    from django.conf import settings  # noqa: PLC0415 - start-up time

    return str(settings.CONFIG.origin)


def ready_line(address: str) -> str:
    """The line by which people and programs know that the hub answers."""
    return text("viavolta is ready: {address}", address=f"{address}/")


@contextmanager
def told_plainly(*, as_json: bool = False) -> Iterator[None]:
    """End with the contract's exit code; say what is wrong in a sentence, or as JSON."""
    try:
        yield
    except PlatformError as error:
        fail_with(error, as_json=as_json)


@contextmanager
def until_told_to_stop() -> Iterator[threading.Event]:
    """An event that SIGTERM and SIGINT set."""
    stop = threading.Event()

    def set_it(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    before = {number: signal.signal(number, set_it) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


class _Fields(logging.Formatter):
    """A line with the fields of the event behind it."""

    _OWN = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime"}

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(message)s")

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - logging's own name
        fields = (f"{k}={v}" for k, v in vars(record).items() if k not in self._OWN)
        return " ".join([super().formatMessage(record), *fields])
