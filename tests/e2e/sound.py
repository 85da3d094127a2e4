"""Whether a page in a browser's window is sound: accessible, light enough, asking nobody else."""

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

DESKTOP, PHONE = {"width": 1280, "height": 900}, {"width": 390, "height": 844}
MOST_BYTES, MOST_BYTES_WITH_MAP = 500_000, 1_000_000
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
            self.errors.append(f"{message.text} {message.location['url']}")

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
