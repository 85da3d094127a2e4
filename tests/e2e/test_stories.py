"""What people come for, told in a real browser, with a worker and letters."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from live import Live, live_hub

pytestmark = pytest.mark.browser
PASSWORD = "four-buses-at-night"


@pytest.fixture(scope="module")
def live(assets: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    """A hub with a worker, on SQLite, or on PostgreSQL if DATABASE_URL names it."""
    with live_hub(tmp_path_factory.mktemp("live"), assets) as hub:
        yield hub


class Visitor:
    """A person with a browser of her own."""

    def __init__(self, live: Live, chromium: Any, name: str) -> None:
        self.live, self.name, self.email = live, name.title(), f"{name}@example.org"
        context = chromium.new_context(base_url=live.address, locale="en-GB")
        context.set_default_timeout(30_000)
        self.window = context.new_page()

    def press(self, name: str | re.Pattern[str]) -> None:
        """Press the button of this name."""
        exact = isinstance(name, str)
        self.window.locator("main").get_by_role("button", name=name, exact=exact).first.click()

    def follow(self, name: str) -> None:
        """Follow the link of this name."""
        self.window.locator("main").get_by_role("link", name=name, exact=True).first.click()

    def reads(self, text: str) -> None:
        """See a text on the page, now or in a moment."""
        self.window.locator("main").get_by_text(text).first.wait_for()

    def sign_up(self) -> None:
        """Sign up, and confirm the address by the link in the letter."""
        window = self.window
        window.goto("/accounts/signup/")
        window.get_by_label("Your name").fill(self.name)
        window.get_by_label("Email").fill(self.email)
        window.get_by_label("Password").fill(PASSWORD)
        window.get_by_label("I agree").check()
        window.locator("form.frame-form button[type=submit]").click()
        link = re.search(r"http\S+/accounts/confirm-email/\S+", self.live.letter(self.email))
        assert link is not None
        window.goto(link[0])
        window.locator("main form button").first.click()
        window.wait_for_url(re.compile("^(?!.*confirm-email)"))
        window.goto("/accounts/login/")
        if "/accounts/login/" in window.url:
            window.get_by_label("Email").fill(self.email)
            window.get_by_label("Password").fill(PASSWORD)
            window.locator("form.frame-form button[type=submit]").first.click()
            window.wait_for_url(re.compile("^(?!.*/accounts/login/)"))

    def found(self, name: str, kind: str, country: str) -> None:
        """Let an organisation join."""
        window = self.window
        window.goto("/organisations/new/")
        window.locator("[name=name]").fill(name)
        window.locator("[name=kind]").select_option(kind)
        window.locator("[name=country]").select_option(country)
        window.locator("form.frame-form .form-end button").click()
        window.get_by_role("heading", level=1, name=name).wait_for()


def indicators(visitor: Visitor) -> dict[str, str]:
    """Every indicator as its page shows it."""
    visitor.window.goto("/indicators/")
    figures = visitor.window.locator(".figure").all()
    return {
        figure.locator(".figure-label").inner_text(): figure.locator(".figure-value").inner_text()
        for figure in figures
    }


def test_two_who_get_in_touch_move_an_indicator(live: Live, chromium: Any) -> None:
    """A company asks a town for contact; once accepted they collaborate, and the figures say so."""
    ana = Visitor(live, chromium, "ana")
    before = indicators(ana)
    ana.sign_up()
    ana.found("Hilltown", "city", "AT")
    eva = Visitor(live, chromium, "eva")
    eva.sign_up()
    eva.found("Twelve Volts", "sme", "SI")

    eva.window.goto("/organisations/hilltown/")
    eva.follow("Ask for contact")
    eva.window.locator("[name=text]").fill("May we see your depot?")
    eva.press("Send")
    eva.window.get_by_text("Your request has been sent.").wait_for()
    assert ana.email not in eva.window.content()

    ana.window.goto("/contacts/")
    ana.follow("Twelve Volts")
    ana.window.locator("[name=answer]").fill("Gladly.")
    ana.press("Accept")
    ana.reads(eva.email)
    ana.follow("Start a collaboration")
    ana.window.locator("[name=title]").fill("A depot that charges at night")
    ana.press("Start")
    ana.window.get_by_role("heading", level=1, name="A depot that charges at night").wait_for()

    after = indicators(eva)
    for name in ("Cities joined", "Active collaborations"):
        assert int(after[name]) == int(before[name]) + 1
    eva.window.locator(".figure-value a").nth(2).click()
    eva.follow("A depot that charges at night")
    eva.reads("Hilltown")
