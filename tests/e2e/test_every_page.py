"""Every page of the hub in a real browser: sound, accessible, light enough, asking nobody else.

One page for each address pattern, found by following links as an owner, a moderator and a visitor.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.urls import Resolver404, resolve
from playwright.sync_api import Error

pytestmark = pytest.mark.browser

# Not pages of ours, or links that do something rather than show it.
PASSED_BY = ("/admin/", "/api/", "/static/", "/accounts/logout/", "/i18n/", "/sign-in/")
DESKTOP, PHONE = {"width": 1280, "height": 900}, {"width": 390, "height": 844}
MOST_BYTES, MOST_BYTES_WITH_MAP = 500_000, 1_000_000
_LINKS = """() => [...document.querySelectorAll(':is(main, nav, .nav-end) a[href]:not([download])')]
  .map((a) => a.href)"""
_TOO_WIDE = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"
_AXE = """async (only) => {
  const levels = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
  const found = await axe.run(document, {
    resultTypes: ["violations"],
    runOnly: only ?? { type: "tag", values: levels },
  });
  return found.violations
    .filter((v) => ["serious", "critical"].includes(v.impact))
    .map((v) => `${v.id}: ${v.nodes.slice(0, 3).map((n) => n.html.slice(0, 140)).join(" | ")}`);
}"""
_CONTRAST = {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}
_SMALL = {
    "type": "rule",
    "values": ["color-contrast", "target-size", "scrollable-region-focusable"],
}


def view_of(path: str) -> str | None:
    """The name of the view an address leads to; None if it is not to be walked."""
    if path.startswith(PASSED_BY):
        return None
    try:
        return resolve(path).view_name
    except Resolver404:
        return f"nowhere: {path}"


@dataclass
class Watch:
    """What a window does besides showing pages: requests, bytes, errors."""

    window: Any
    address: str
    requested: list[str] = field(default_factory=list)
    sizes: dict[str, int] = field(default_factory=dict)
    errors: list[str] = field(default_factory=list)
    _by_id: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.window.on("request", lambda request: self.requested.append(request.url))
        self.window.on("pageerror", lambda error: self.errors.append(str(error)))
        self.window.on("console", self._on_console)
        wire = self.window.context.new_cdp_session(self.window)
        wire.send("Network.enable")
        wire.on("Network.requestWillBeSent", self._on_request)
        wire.on("Network.loadingFinished", self._on_finished)

    def _on_console(self, message: Any) -> None:
        if message.type == "error":
            self.errors.append(message.text)

    def _on_request(self, event: dict[str, Any]) -> None:
        self._by_id[event["requestId"]] = event["request"]["url"]

    def _on_finished(self, event: dict[str, Any]) -> None:
        url = self._by_id.get(event["requestId"], "")
        self.sizes[url] = max(self.sizes.get(url, 0), int(event["encodedDataLength"]))

    def bytes_of_page(self) -> int:
        """What the last page weighs for a first visitor, whatever was kept from pages before."""
        return sum(self.sizes.get(url, 0) for url in set(self.requested))

    def foreign(self) -> set[str]:
        """Hosts other than the hub's that were asked."""
        own = {urlsplit(self.address).netloc, ""}
        return {urlsplit(url).netloc for url in self.requested} - own


def walk(watch: Watch, seen: set[str]) -> Iterator[tuple[str, Any]]:
    """Each new page: its path and the answer that brought it."""
    waiting = ["/"]
    seen.discard("home")
    while waiting:
        path = waiting.pop(0)
        name = view_of(path.split("?")[0])
        if name is None or name in seen:
            continue
        seen.add(name)
        watch.requested.clear()
        watch.errors.clear()
        answer = _answer(watch.window, path)
        if answer is None or "text/html" not in answer.headers.get("content-type", ""):
            continue
        yield path, answer
        for link in watch.window.evaluate(_LINKS):
            parts = urlsplit(link)
            if f"{parts.scheme}://{parts.netloc}" == watch.address:
                waiting.append(parts.path + (f"?{parts.query}" if parts.query else ""))


def _answer(window: Any, path: str) -> Any:
    """What an address brings; None if it is a file to keep."""
    try:
        answer = window.goto(path)
    except Error as error:
        if "Download is starting" in str(error):
            return None
        raise
    if window.locator("vv-map, vv-chart, vv-gantt, vv-tags").count():
        window.wait_for_load_state("networkidle")
    return answer


def faults(watch: Watch, answer: Any, axe: str) -> list[str]:
    """What is wrong with the page in the window, in both themes, on a desk and on a phone."""
    window = watch.window
    found = [f"status {answer.status}"] if answer.status >= 400 else []
    has_map = window.locator("vv-map").count() > 0
    if has_map:
        window.wait_for_selector("vv-map[data-ready]", timeout=20_000)
    weight = watch.bytes_of_page()
    most = MOST_BYTES_WITH_MAP if has_map else MOST_BYTES
    found += [f"weighs {weight} bytes"] if weight > most else []
    window.evaluate(axe)
    found += [f"axe {v}" for v in window.evaluate(_AXE, None)]
    window.emulate_media(color_scheme="dark", reduced_motion="reduce")
    found += [f"axe, dark: {v}" for v in window.evaluate(_AXE, _CONTRAST)]
    window.set_viewport_size(PHONE)
    found += [f"axe, dark phone: {v}" for v in window.evaluate(_AXE, _SMALL)]
    too_wide = window.evaluate(_TOO_WIDE)
    found += [f"{too_wide} px too wide on a phone"] if too_wide > 0 else []
    window.emulate_media(color_scheme="light", reduced_motion="reduce")
    window.set_viewport_size(DESKTOP)
    too_wide = window.evaluate(_TOO_WIDE)
    found += [f"{too_wide} px too wide on a desk"] if too_wide > 0 else []
    found += [f"asked {host}" for host in watch.foreign()]
    return found + [f"error: {text}" for text in watch.errors]


def test_every_page_is_sound(site: Any, chromium: Any, axe: str) -> None:
    """No finding of axe, foreign request, error, sideways scroll, dead link or heavy page."""
    seen: set[str] = set()
    wrong: list[str] = []
    for visitor in ("moderator", "owner", ""):
        window = site.window(chromium, visitor, viewport=DESKTOP)
        watch = Watch(window, site.address)
        for path, answer in walk(watch, seen):
            wrong += [
                f"{visitor or 'visitor'} {path}: {fault}" for fault in faults(watch, answer, axe)
            ]
        window.context.close()
    wrong += sorted(name for name in seen if name.startswith("nowhere"))
    assert not wrong, "\n".join(wrong)
    assert {"home", "components", "market", "account_login"} <= seen
