"""A dispatcher and an operator in a real browser: vehicles, a bad file, prices, a card."""

from pathlib import Path
from typing import Any

import pytest
from sound import DESKTOP, Watch, faults

pytestmark = pytest.mark.browser
ROOT = "/stations/sample-operator/"
BAD = "vehicle,day,time\nNobody,2030-05-04,06:30\nVan 7,4.5.2030,25:00\n"
GOOD = "vehicle;day;time;energy_kwh\nVan 7;2030-05-04;06:30;12,5\n"


class Shown:
    """What status a page had that a form brought."""

    status = 200


class Desk:
    """The window of the sample operator's owner."""

    def __init__(self, site: Any, chromium: Any, axe: str) -> None:
        self.window = site.window(chromium, "owner", viewport=DESKTOP)
        self.window.context.set_default_timeout(60_000)
        self.main = self.window.locator("main")
        self.wrong: list[str] = []
        self._watch, self._axe = Watch(self.window, site.address), axe

    def look(self, name: str) -> None:
        """Whether the page is sound as it stands, without loading it again."""
        self._watch.errors.clear()
        found = faults(self._watch, Shown, self._axe)
        self.wrong.extend(f"{name}: {fault}" for fault in found)

    def press(self, name: str) -> None:
        """Press the button of this name."""
        self.main.get_by_role("button", name=name, exact=True).first.click()

    def reads(self, text: str) -> None:
        """See a text on the page, now or in a moment."""
        self.main.get_by_text(text).first.wait_for()

    def load(self, content: str, path: Path) -> None:
        """Load a file of departures."""
        path.write_text(content, encoding="utf-8")
        self.window.goto(f"{ROOT}fleet/departures/load/")
        self.window.get_by_label("File").set_input_files(path)
        self.press("Save")


def test_a_fleet_is_set_up_by_hand_and_by_file(
    site: Any, chromium: Any, axe: str, tmp_path: Path
) -> None:
    """Each page on the way is sound, with what it says when something is wrong, too."""
    desk = Desk(site, chromium, axe)
    window = desk.window
    window.goto(f"{ROOT}fleet/new/")
    window.get_by_label("Name").fill("Van 7")
    desk.press("Save")
    desk.reads("Give a card, a contract or a MAC address.")
    window.get_by_label("MAC address").fill("00:11:22:AA:BB:CC")
    window.get_by_label("Monday").fill("06:30")
    desk.press("Save")
    desk.reads("001122AABBCC")
    desk.look("a vehicle")
    desk.load(BAD, tmp_path / "bad.csv")
    desk.reads("Your fleet has no vehicle of this name.")
    desk.reads("A day is written as in 2026-12-24.")
    desk.load(GOOD, tmp_path / "good.csv")
    desk.reads("The file of this table")
    window.goto(f"{ROOT}fleet/")
    desk.reads("Van 7")
    desk.look("the fleet")
    window.context.close()
    assert not desk.wrong, "\n".join(desk.wrong)


def test_prices_are_followed_and_a_card_is_tied(site: Any, chromium: Any, axe: str) -> None:
    """New prices stand on the page; the link of a card opens on a phone of somebody else."""
    desk = Desk(site, chromium, axe)
    window = desk.window
    window.goto(f"{ROOT}terms/prices/")
    window.get_by_label("Per kWh (optional)", exact=True).fill("0.41")
    window.get_by_label("Reward per flexible hour").fill("0.03")
    desk.press("Save")
    desk.reads("0.41")
    desk.look("prices")
    window.goto(f"{ROOT}tokens/")
    desk.main.get_by_role("link", name="simulated-1", exact=True).click()
    desk.press("Make a link for its holder")
    address = desk.main.locator("code").first.inner_text()
    desk.look("a link for a card")
    phone = site.window(chromium)
    phone.goto(address)
    phone.get_by_role("button", name="Tie my card to this phone").click()
    phone.get_by_text("tied to this phone").first.wait_for()
    phone.context.close()
    window.context.close()
    assert not desk.wrong, "\n".join(desk.wrong)
