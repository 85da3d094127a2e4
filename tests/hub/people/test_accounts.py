"""Signing up and in: confirmed, limited, without telling who has an account."""

import re

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import (
    format_hotp_value,
    hotp_value,
    yield_hotp_counters_from_time,
)
from cast import PASSWORD, Cast, give_second_factor
from django.core import mail
from django.core.cache import cache
from django.test import Client

from viavolta.hub.people import documents
from viavolta.hub.people.models import Consent, Document, User

NEW = {
    "name": "Ana Novak",
    "email": "ana@example.org",
    "password1": "violet tram 41",
    "agrees": "on",
}


@pytest.fixture(autouse=True)
def fresh_limits() -> None:
    """Limits of sign-in begin anew in each test."""
    cache.clear()


def _sign_in(browser: Client, email: str, password: str = PASSWORD):  # type: ignore[no-untyped-def] # the client's answer
    return browser.post("/accounts/login/", {"login": email, "password": password})


@pytest.mark.django_db
def test_signing_up_from_the_form_to_the_first_page() -> None:
    """Name, language and consent are kept; nobody is in before the e-mail is confirmed."""
    browser = Client(headers={"accept-language": "sl"})
    assert browser.post("/accounts/signup/", NEW).headers["Location"] == "/accounts/confirm-email/"
    user = User.objects.get(email="ana@example.org")
    assert (user.name, user.language) == ("Ana Novak", "sl")
    assert set(Consent.objects.values_list("document", flat=True)) == {"terms", "privacy"}
    assert browser.get("/account/").status_code == 302
    found = re.search(r"http://testserver(/accounts/confirm-email/[^\s/]+/)", mail.outbox[0].body)
    assert found is not None
    browser.post(found[1])
    _sign_in(browser, "ana@example.org", "violet tram 41")
    assert browser.get("/account/").status_code == 200


@pytest.mark.django_db
def test_nobody_signs_up_without_consent() -> None:
    """Leaving the box empty makes no account."""
    Client().post("/accounts/signup/", {**NEW, "agrees": ""})
    assert not User.objects.exists()


@pytest.mark.usefixtures("cast")
def test_signing_up_does_not_tell_who_has_an_account() -> None:
    """A known address gets the same answer on the page, and its owner a letter."""
    known = Client().post("/accounts/signup/", {**NEW, "email": "owner@example.org"})
    unknown = Client().post("/accounts/signup/", NEW)
    assert known.status_code == unknown.status_code == 302
    assert known.headers["Location"] == unknown.headers["Location"]
    assert {letter.to[0] for letter in mail.outbox} == {"owner@example.org", "ana@example.org"}


@pytest.mark.usefixtures("cast")
def test_signing_up_takes_as_long_for_a_known_address(monkeypatch: pytest.MonkeyPatch) -> None:
    """A password is hashed once either way: time does not tell who has an account."""
    hashed: list[str] = []
    for module in ("viavolta.hub.people.adapters", "django.contrib.auth.base_user"):
        monkeypatch.setattr(f"{module}.make_password", lambda text: hashed.append(text) or "!")
    for n, email in enumerate(("owner@example.org", "ana@example.org"), start=1):
        Client().post("/accounts/signup/", {**NEW, "email": email})
        assert len(hashed) == n


@pytest.mark.usefixtures("cast")
def test_asking_for_a_new_password_does_not_tell_either() -> None:
    """The answer is the same for known and unknown addresses."""
    answers = [
        Client().post("/accounts/password/reset/", {"email": email})
        for email in ("owner@example.org", "nobody@example.org")
    ]
    assert len({(answer.status_code, answer.headers["Location"]) for answer in answers}) == 1


@pytest.mark.usefixtures("cast")
def test_wrong_passwords_are_limited() -> None:
    """After five wrong ones even the right one is refused for a while."""
    browser = Client()
    wrong = [_sign_in(browser, "editor@example.org", "wrong").status_code for _ in range(5)]
    assert wrong == [200] * 5
    right = _sign_in(browser, "editor@example.org")
    assert right.status_code in {200, 429}
    assert browser.get("/account/").status_code == 302


def test_a_second_factor_is_asked_for(cast: Cast) -> None:
    """The password alone does not open an account with an authenticator app."""
    user = cast.users["editor"]
    give_second_factor(user)
    user.emailaddress_set.create(email=user.email, verified=True, primary=True)
    browser = Client()
    assert _sign_in(browser, user.email).headers["Location"] == "/accounts/2fa/authenticate/"
    assert browser.get("/account/").status_code == 302
    secret = Authenticator.objects.get(user=user).data["secret"]
    code = format_hotp_value(hotp_value(secret, next(iter(yield_hotp_counters_from_time()))))
    browser.post("/accounts/2fa/authenticate/", {"code": code})
    assert browser.get("/account/").status_code == 200


def test_moderators_need_a_second_factor(cast: Cast) -> None:
    """Without one the desk sends them to set it up; the API refuses."""
    Authenticator.objects.filter(user=cast.users["moderator"]).delete()
    answer = cast.client("moderator").get("/moderation/")
    assert answer.headers["Location"] == "/accounts/2fa/"


def test_owners_are_asked_to_protect_their_account(cast: Cast) -> None:
    """Owners without a second factor read why; readers do not."""
    assert "/accounts/2fa/" in cast.client("owner").get("/account/").content.decode()
    page = cast.client("owner").get("/account/", headers={"accept-language": "en"})
    assert "protect your account" in page.content.decode()
    page = cast.client("reader").get("/account/", headers={"accept-language": "en"})
    assert "protect your account" not in page.content.decode()


def test_a_new_version_of_the_terms_is_asked_at_sign_in(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who agreed to an older version is asked again, and goes on where she wanted to go."""
    user = cast.users["reader"]
    user.emailaddress_set.create(email=user.email, verified=True, primary=True)
    monkeypatch.setitem(documents.VERSIONS, Document.TERMS, "2027-01-01")
    browser = Client()
    answer = _sign_in(browser, user.email)
    assert answer.headers["Location"] == "/account/consent/?next=%2F"
    answer = browser.post("/account/consent/", {"agrees": "on", "next": "https://evil.example/"})
    assert answer.headers["Location"] == "/"
    assert Consent.objects.filter(user=user, document_version="2027-01-01").exists()


def test_the_language_of_a_person_is_remembered(cast: Cast) -> None:
    """Choosing a language on any page changes the account's."""
    cast.client("reader").post("/i18n/setlang/", {"language": "nl"})
    cast.users["reader"].refresh_from_db()
    assert cast.users["reader"].language == "nl"
