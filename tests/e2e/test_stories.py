"""What people come for, told in a real browser, with a worker and letters."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from live import Live, live_hub
from small_town import write_feed

pytestmark = pytest.mark.browser
PASSWORD = "four-buses-at-night"
RUN_S = 600.0


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

    def upload_timetable(self, feed: Path) -> None:
        """Upload a feed; the page says when it is usable."""
        self.window.goto("/studies/uploads/new/?kind=feed")
        self.window.set_input_files("input[type=file]", feed)
        self.press("Upload")
        self.window.get_by_text("usable", exact=True).wait_for(timeout=90_000)

    def plan(self, title: str) -> str:
        """Make a study in five steps by their defaults; the study's page.

        Her run is watched to its end although the first time the page asks, the hub is away.
        """
        window = self.window
        window.goto("/studies/new/")
        self.press("Begin")
        window.locator("[name=title]").fill(title)
        for _step in range(5):
            self.press("Next")
        window.locator("[name=effort][value=low]").check()
        window.route("**/progress/", lambda asked: asked.fulfill(status=503), times=1)
        self.press("Start")
        self.wait_for_run()
        found = re.search(r"/studies/[^/]+/", window.url)
        assert found is not None
        return found[0]

    def wait_for_run(self) -> None:
        """Watch a run until it is done; the page then moves to the results by itself."""
        self.window.wait_for_url(re.compile(r"/results/\d+/$"), timeout=RUN_S * 1000)

    def change_battery(self, study: str, kwh: int) -> None:
        """Add a scenario with another battery and run it."""
        self.window.goto(f"{study}scenarios/")
        self.press("Add a scenario")
        self.window.locator("[name=battery]").fill(str(kwh))
        self.press("Save and run")
        self.wait_for_run()

    def publish(self, study: str) -> None:
        """Share a study with everybody."""
        self.window.goto(f"{study}share/")
        self.window.locator("[name=visibility][value=public]").check()
        self.window.locator("[name=confirmed]").check()
        self.press("Save")
        self.window.locator("[name=visibility][value=public]:checked").wait_for(state="attached")

    def offer(self, title: str, study: str) -> None:
        """Put a solution on the market that shows a study."""
        window = self.window
        window.goto("/market/solutions/new/")
        window.locator("[name=title]").fill(title)
        window.locator("[name=summary]").fill(
            "Two lines run by battery buses that charge at night."
        )
        window.locator("[name=form][value=pilot]").check()
        window.locator("[name=segment][value=public-transport]").check()
        window.locator("[name=study]").select_option(label=study)
        self.press("Save and publish")
        window.get_by_role("heading", level=1, name=title).wait_for()

    def replicate(self, title: str) -> None:
        """Find a solution, and compute it on one's own timetable."""
        window = self.window
        window.goto("/market/solutions/?q=battery+buses")
        self.follow(title)
        self.press(re.compile("Replicate for|Compute for"))
        window.get_by_role("heading", name="The original and here").wait_for(timeout=RUN_S * 1000)


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


def test_a_town_plans_its_buses_and_another_replicates_the_plan(
    live: Live, chromium: Any, tmp_path: Path
) -> None:
    """From a timetable to a published plan of two scenarios, and on to a neighbour's plan."""
    mia = Visitor(live, chromium, "mia")
    mia.sign_up()
    mia.found("Valley", "city", "AT")
    mia.upload_timetable(write_feed(tmp_path / "valley.zip", "Valley", ride_s=540))
    study = mia.plan("Buses of Valley")
    mia.change_battery(study, 350)
    mia.window.goto(f"{study}scenarios/")
    mia.follow("Compare")
    changed = mia.window.get_by_role("region", name="What was changed")
    assert "350" in changed.inner_text()
    guest = Visitor(live, chromium, "guest").window
    assert guest.goto(study).status == 404
    mia.publish(study)
    assert guest.goto(study).status == 200
    mia.offer("Night charging in a small town", "Buses of Valley")

    ben = Visitor(live, chromium, "ben")
    before = indicators(ben)["Replications"]
    ben.sign_up()
    ben.found("Laketown", "city", "SI")
    ben.upload_timetable(write_feed(tmp_path / "laketown.zip", "Laketown", ride_s=900))
    ben.replicate("Night charging in a small town")
    assert int(indicators(ben)["Replications"]) == int(before) + 1
    ben.window.locator(".figure", has_text="Replications").locator(".figure-value a").click()
    ben.reads("Laketown")
