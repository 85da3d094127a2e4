"""One hub with sample data for all browser tests, and one browser for each file of them."""

import json
import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

CHROMIUM_FLAGS = (
    "--no-sandbox",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--use-gl=angle",
    "--use-angle=swiftshader",  # maps are drawn without a graphics card
    "--enable-unsafe-swiftshader",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """A running hub: its address, its environment, and the session of each kind of visitor."""

    address: str
    sessions: dict[str, str]
    data: Path
    surroundings: dict[str, str]

    def window(
        self, browser: Any, visitor: str = "", *, session: str | None = None, **options: Any
    ) -> Any:
        """A browser window of that visitor or session, English and light unless asked otherwise."""
        chosen = {"locale": "en-GB", "color_scheme": "light", "reduced_motion": "reduce"} | options
        context = browser.new_context(base_url=self.address, **chosen)
        key = self.sessions[visitor] if visitor else session
        if key:
            context.add_cookies([{"name": "session", "value": key, "url": self.address}])
        return context.new_page()


@pytest.fixture(scope="session")
def site(assets: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The hub as `viavolta web` serves it, with sample data of its own."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    address = f"http://127.0.0.1:{port}"
    data = tmp_path_factory.mktemp("hub")
    surroundings = os.environ | {
        "DJANGO_SETTINGS_MODULE": "viavolta.hub.site.settings",
        "DATABASE_URL": "",
        "VIAVOLTA_ASSETS": str(assets),
        "VIAVOLTA_DATA": str(data),
        "VIAVOLTA_ORIGIN": address,
    }
    seed = [sys.executable, str(Path(__file__).with_name("seed_site.py"))]
    told = subprocess.run(seed, env=surroundings, check=True, capture_output=True, text=True)
    serve = [sys.executable, "-m", "viavolta", "web", "--port", str(port), "--processes", "1"]
    server = subprocess.Popen(serve, env=surroundings, stderr=subprocess.DEVNULL)
    try:
        _wait_for(address, server)
        yield Site(
            address=address,
            sessions=json.loads(told.stdout),
            data=data,
            surroundings=surroundings,
        )
    finally:
        server.terminate()
        server.wait(20)


def _wait_for(address: str, server: subprocess.Popen[bytes]) -> None:
    for _ in range(600):
        assert server.poll() is None, "the hub ended before it answered"
        try:
            urllib.request.urlopen(address, timeout=5).close()  # noqa: S310 - our own server
        except OSError:  # refused, or slow
            time.sleep(0.05)  # a process starts; there is nothing else to wait for
        else:
            return
    pytest.fail("the hub does not answer")


@pytest.fixture(scope="module")
def chromium(chromium_path: str) -> Iterator[Any]:
    """Debian's Chromium, driven by Playwright."""
    from playwright.sync_api import sync_playwright  # noqa: PLC0415 - these tests alone

    with sync_playwright() as tools:
        browser = tools.chromium.launch(executable_path=chromium_path, args=list(CHROMIUM_FLAGS))
        yield browser
        browser.close()
