"""The hub without a mouse: every control is reached by Tab and worked by keys."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser

_FOCUSED = """() => {
  const element = document.activeElement;
  return [element.id, element.getAttribute("aria-label") ?? "", element.innerText ?? ""].join(" ");
}"""


@pytest.fixture
def window(site: Any, chromium: Any) -> Iterator[Any]:
    page = site.window(chromium, "moderator", viewport={"width": 1280, "height": 900})
    yield page
    page.context.close()


def tab_to(window: Any, words: str, *, most: int = 60) -> None:
    """Press Tab until what is focused says these words."""
    for _ in range(most):
        window.keyboard.press("Tab")
        if re.search(words, window.evaluate(_FOCUSED)):
            return
    pytest.fail(f"Tab does not reach {words!r}")


def test_the_first_tab_skips_to_the_content(window: Any) -> None:
    """The skip link is seen when it is focused, and leads past the navigation."""
    window.goto("/components/")
    window.keyboard.press("Tab")
    expect(window.locator(".skip")).to_be_in_viewport()
    window.keyboard.press("Enter")
    window.keyboard.press("Tab")
    assert window.evaluate("() => document.activeElement.closest('main') !== null")


def test_language_and_theme_are_chosen_by_keys(window: Any) -> None:
    """A menu opens by Enter, Escape closes it and gives the focus back; choices are kept."""
    window.goto("/components/")
    tab_to(window, "EN")
    window.keyboard.press("Enter")
    window.keyboard.press("Escape")
    assert "EN" in window.evaluate(_FOCUSED)
    window.keyboard.press("Enter")
    tab_to(window, "Deutsch", most=6)
    window.keyboard.press("Enter")
    expect(window.locator("html")).to_have_attribute("lang", "de")
    expect(window.locator("h1")).to_contain_text("Bausteine")
    tab_to(window, "Hell oder dunkel")
    window.keyboard.press("Enter")
    tab_to(window, "Dunkel", most=4)
    window.keyboard.press("Enter")
    expect(window.locator("html")).to_have_attribute("data-theme", "dark")
    window.reload()
    expect(window.locator("html")).to_have_attribute("data-theme", "dark")


def test_a_table_is_searched_and_sorted_by_keys(window: Any) -> None:
    """Typing narrows the table in place and keeps the focus; Enter on a head sorts."""
    window.goto("/components/")
    tab_to(window, "^table-q")
    window.keyboard.type("Casino")
    expect(window.locator("#table tbody tr")).to_have_count(1)
    expect(window).to_have_url(re.compile("q=Casino"))
    assert window.evaluate(_FOCUSED).startswith("table-q")
    tab_to(window, r"^\s+Latitude")
    window.keyboard.press("Enter")
    expect(window.locator("#table th[aria-sort=ascending]")).to_contain_text("Latitude")
    expect(window).to_have_url(re.compile("sort=lat"))


def test_the_last_choice_in_a_table_wins(window: Any) -> None:
    """Who sorts while an answer to a search is awaited gets the sorted table, and no other."""
    window.goto("/components/")
    window.route(re.compile("q=Casino"), lambda _asked: None)  # no answer, for now
    with window.expect_request(re.compile("q=Casino")):
        window.locator("#table-q").fill("Casino")
    with window.expect_event("requestfailed", lambda given_up: "q=Casino" in given_up.url):
        window.locator("#table th a", has_text="Latitude").click()
    expect(window.locator("#table th[aria-sort=ascending]")).to_contain_text("Latitude")


def test_pictures_answer_to_arrow_keys(window: Any) -> None:
    """A chart tells its values, a Gantt picture its bars, and a pin on the map moves."""
    window.goto("/components/")
    chart = window.locator("vv-chart[role=img]").first
    chart.focus()
    window.keyboard.press("End")
    window.keyboard.press("ArrowLeft")
    expect(chart.locator(".chart-tip")).to_contain_text("kW")
    window.locator(".gantt").focus()
    window.keyboard.press("ArrowRight")
    window.keyboard.press("ArrowDown")
    expect(window.locator(".gantt-tip")).to_contain_text("B2")
    place = window.locator("#map-place vv-map")
    place.scroll_into_view_if_needed()
    before = window.locator("#id_lon").input_value()
    place.locator(".map-pin").focus()
    window.keyboard.press("ArrowRight")
    expect(window.locator("#id_lon")).not_to_have_value(before)


def test_a_dialog_closes_by_escape(window: Any) -> None:
    """The dialog takes the focus and gives it back."""
    window.goto("/components/")
    opener = window.locator("[data-dialog]")
    opener.focus()
    window.keyboard.press("Enter")
    expect(window.locator("dialog")).to_be_visible()
    window.keyboard.press("Escape")
    expect(window.locator("dialog")).to_be_hidden()
    expect(opener).to_be_focused()


def test_pages_work_without_scripts(site: Any, chromium: Any) -> None:
    """Tables search by a button, the language changes, and every picture has its table."""
    window = site.window(chromium, "moderator", java_script_enabled=False)
    window.goto("/components/")
    window.locator("#table-q").fill("Casino")
    window.locator("#table").get_by_role("button", name="Show").click()
    expect(window.locator("#table tbody tr")).to_have_count(1)
    expect(window.locator("#chart-power tbody tr")).to_have_count(96)
    window.locator(".nav-end summary", has_text="EN").click()
    window.get_by_role("button", name="Français").click()
    expect(window.locator("html")).to_have_attribute("lang", "fr")
    window.context.close()
