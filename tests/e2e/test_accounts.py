"""From signing up to signing in by passkey, in a real browser with an authenticator of its own."""

import re
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser


def letter_to(outbox: Path, address: str) -> str:
    """The latest letter to an address."""
    letters = sorted(outbox.iterdir(), key=lambda path: path.stat().st_mtime_ns)
    return next(t for p in reversed(letters) if f"To: {address}" in (t := p.read_text("utf-8")))


def give_authenticator(window: Any) -> None:
    """Plug in a security key that knows its owner, as Chromium can pretend."""
    tools = window.context.new_cdp_session(window)
    tools.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    tools.send("WebAuthn.addVirtualAuthenticator", {"options": options})


def test_a_planner_signs_up_and_comes_back_with_a_passkey(site: Any, chromium: Any) -> None:
    """Account, confirmation, password, passkey, sign-out, and in again without a password."""
    window = site.window(chromium)
    place = site.address.replace("127.0.0.1", "localhost")  # browsers know no passkeys of numbers
    faults: list[str] = []
    window.on("console", lambda line: faults.append(line.text) if line.type == "error" else None)
    give_authenticator(window)

    window.goto(f"{place}/accounts/signup/")
    window.get_by_label("Your name").fill("Ana Novak")
    window.get_by_label(re.compile("^Email")).fill("ana@example.org")
    window.get_by_label("Password").fill("violet tram 41")
    window.get_by_label("I agree to the terms").check()
    window.get_by_role("main").get_by_role("button", name="Sign Up").click()
    expect(window).to_have_url(f"{place}/accounts/confirm-email/")

    letter = letter_to(site.data / "outbox", "ana@example.org")
    found = re.search(r"(/accounts/confirm-email/[^\s/]+/)", letter)
    assert found is not None
    window.goto(place + found[1])
    window.get_by_role("main").get_by_role("button").first.click()
    if "/accounts/login/" in window.url:
        window.get_by_label(re.compile("^Email")).fill("ana@example.org")
        window.get_by_label("Password").fill("violet tram 41")
        window.get_by_role("main").get_by_role("button", name="Sign In").first.click()
    window.goto(f"{place}/account/")
    expect(window.get_by_role("heading", name="Your account")).to_be_visible()

    window.goto(f"{place}/accounts/2fa/webauthn/add/")
    if "reauthenticate" in window.url:
        window.get_by_label("Password").fill("violet tram 41")
        window.get_by_role("main").get_by_role("button").first.click()
    window.get_by_label("Name").fill("Key of the office")
    window.get_by_label("Passwordless").check()
    window.get_by_role("main").get_by_role("button", name="Add").click()
    window.wait_for_url(re.compile("recovery-codes|2fa/$"))

    window.context.clear_cookies()
    window.goto(f"{place}/accounts/login/")
    window.get_by_role("button", name="Sign in with a passkey").click()
    window.wait_for_url(lambda address: "/accounts/" not in address)
    window.goto(f"{place}/account/")
    expect(window.get_by_role("heading", name="Your account")).to_be_visible()
    assert faults == []
    window.context.close()


def test_an_owner_invites_and_makes_a_token(site: Any, chromium: Any) -> None:
    """The letter is in the outbox; the token is shown once and opens the API."""
    window = site.window(chromium, "owner")
    window.goto("/account/")
    window.get_by_role("main").locator("a[href^='/organisations/']").first.click()
    window.get_by_role("link", name="Members").click()
    window.get_by_label("E-mail address").fill("colleague@example.org")
    window.get_by_role("button", name="Send the invitation").click()
    expect(window.get_by_text("colleague@example.org").first).to_be_visible()
    assert "/invitation/" in letter_to(site.data / "outbox", "colleague@example.org")
    window.get_by_label("Name", exact=True).fill("meter")
    window.get_by_label("Scope").select_option("read")
    window.get_by_role("button", name="Make a token").click()
    token = window.locator(".notice code").inner_text()
    answer = window.request.get("/api/me", headers={"Authorization": f"Bearer {token}"})
    assert answer.json()["name"] == "meter"
    window.reload()
    expect(window.get_by_text(token)).to_have_count(0)
    window.context.close()
