"""A responder, lists of revoked certificates and a pool of contracts, on this machine."""

import contextlib
import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from cryptography.x509 import ocsp

from oca.pki import Holder

POOL_TOKEN = "token-of-the-pool"


@dataclass
class Peers:
    """What the peers say, and what they were asked.

    `says` has an answer (DER, or what makes one, in a thread of the server) for each number of a
    certificate, `lists` for each path. `asked` are the numbers that were asked for.
    """

    port: int
    root: Holder = field(default_factory=lambda: Holder.root("MO root"))
    says: dict[int, bytes | Callable[[], bytes]] = field(default_factory=dict)
    lists: dict[str, bytes] = field(default_factory=dict)
    asked: list[int] = field(default_factory=list)
    wanted: list[dict[str, Any]] = field(default_factory=list)
    pool: dict[str, Any] | bytes = field(default_factory=dict)
    pool_status: int = 200

    def __post_init__(self) -> None:
        self.authority = self.root.below("MO authority", url=self.url)
        self.says[self.authority.certificate.serial_number] = self.root.says(
            self.authority.certificate
        )

    @property
    def url(self) -> str:
        """Where the responder is."""
        return f"http://127.0.0.1:{self.port}/ocsp"

    @property
    def host(self) -> str:
        """The host that is vouched for."""
        return f"127.0.0.1:{self.port}"

    def contract(self, emaid: str, status: ocsp.OCSPCertStatus) -> Holder:
        """A new contract certificate, of which the responder says this."""
        made = self.authority.contract(emaid, url=self.url)
        self.says[made.certificate.serial_number] = self.authority.says(made.certificate, status)
        return made


class _Handler(BaseHTTPRequestHandler):
    """Answers by path."""

    server: "_Server"

    def do_GET(self) -> None:
        """A list of revoked certificates."""
        self._answer(self.server.peers.lists.get(self.path))

    def do_POST(self) -> None:
        """A question to the responder, or to the pool."""
        body, peers = self.rfile.read(int(self.headers["Content-Length"])), self.server.peers
        if self.path == "/pool":
            is_known = self.headers["Authorization"] == f"Bearer {POOL_TOKEN}"
            peers.wanted.append(json.loads(body))
            said = peers.pool
            content = said if isinstance(said, bytes) else json.dumps(said).encode()
            self._answer(content, peers.pool_status if is_known else 401)
            return
        serial = ocsp.load_der_ocsp_request(body).serial_number
        peers.asked.append(serial)
        found = peers.says.get(serial)
        self._answer(found() if callable(found) else found)

    def _answer(self, content: bytes | None, status: int = 200) -> None:
        with contextlib.suppress(OSError):  # who asked may be gone
            self.send_response(404 if content is None else status)
            self.send_header("Content-Length", str(len(content or b"")))
            self.end_headers()
            self.wfile.write(content or b"")

    def log_message(self, *_: object) -> None:
        """Say nothing."""


class _Server(ThreadingHTTPServer):
    peers: Peers
    daemon_threads = True
    block_on_close = False


@contextlib.contextmanager
def running_peers() -> Iterator[Peers]:
    """Peers on a free port."""
    with _Server(("127.0.0.1", 0), _Handler) as server:
        server.peers = Peers(server.server_address[1])
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server.peers
        finally:
            server.shutdown()
            thread.join()
