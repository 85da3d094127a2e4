"""Invitations by e-mail and tokens for programs."""

import re
from datetime import timedelta

import pytest
from cast import Cast
from django.core import mail
from django.test import Client
from django.utils import timezone

from viavolta.hub.people.models import ApiToken, Invitation, Membership, User
from viavolta.hub.people.tokens import make_token


@pytest.fixture
def letter(cast: Cast, django_capture_on_commit_callbacks) -> str:  # type: ignore[no-untyped-def] # pytest-django's fixture
    """The address in the letter that invites somebody as editor."""
    with django_capture_on_commit_callbacks(execute=True):
        cast.client("owner").post(
            "/organisations/sampleton/invite/", {"email": "new@example.org", "role": "editor"}
        )
    found = re.search(r"http://127.0.0.1:8000(/invitation/\S+)", mail.outbox[0].body)
    assert found is not None
    return found[1]


def test_an_invitation_is_accepted_once(cast: Cast, letter: str) -> None:
    """Whoever has the letter joins with its role; afterwards the letter is void."""
    assert "Sampleton" in cast.client("stranger").get(letter).content.decode()
    assert cast.client("stranger").post(letter).status_code == 302
    assert Membership.objects.get(user=cast.users["stranger"]).role == "editor"
    assert cast.client("moderator").post(letter).status_code == 410
    assert not Membership.objects.filter(user=cast.users["moderator"]).exists()


def test_a_revoked_or_old_invitation_is_void(cast: Cast, letter: str) -> None:
    """Revoking and time end it; the secret itself is kept nowhere."""
    kept = Invitation.objects.get()
    assert letter.split("/")[2] not in repr(kept.__dict__)
    Invitation.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert cast.client("stranger").post(letter).status_code == 410
    Invitation.objects.update(expires_at=timezone.now() + timedelta(days=1))
    cast.client("owner").post(f"/invitations/{kept.pk}/revoke/")
    assert cast.client("stranger").post(letter).status_code == 410


def test_an_invitation_never_lowers_a_role(cast: Cast, letter: str) -> None:
    """An owner who opens an editor's letter stays owner."""
    cast.client("owner").post(letter)
    assert Membership.objects.get(user=cast.users["owner"]).role == "owner"


def _ask(text: str, path: str = "/api/me", **more: object):  # type: ignore[no-untyped-def] # the client's answer
    return Client().get(path, headers={"authorization": f"Bearer {text}"}, **more)


def test_a_token_speaks_for_its_organisation(cast: Cast) -> None:
    """A token reads what members read, is kept as a hash, and ends when revoked or old."""
    token, text = make_token(
        cast.users["owner"], cast.organisation, name="meter", scope="read", days=1
    )
    assert _ask(text).json()["memberships"] == [
        {"organisation": "sampleton", "name": "Sampleton", "role": "reader"}
    ]
    names = {row["name"] for row in _ask(text, "/api/organisations/sampleton/members").json()}
    assert names == {"Reader", "Editor", "Owner"}
    assert text not in repr(ApiToken.objects.get().__dict__)
    ApiToken.objects.update(expires_at=timezone.now())
    assert _ask(text).status_code == 401
    ApiToken.objects.update(expires_at=timezone.now() + timedelta(days=1))
    cast.client("owner").post(f"/tokens/{token.pk}/revoke/")
    assert _ask(text).status_code == 401


def test_a_token_that_reads_does_not_write(cast: Cast) -> None:
    """Its scope is checked before anything else; no token makes organisations."""
    for scope, status in (("read", 403), ("write", 403)):
        _token, text = make_token(
            cast.users["owner"], cast.organisation, name=scope, scope=scope, days=1
        )
        answer = Client().post(
            "/api/organisations",
            {"name": "Celje", "kind": "city", "country": "SI"},
            content_type="application/json",
            headers={"authorization": f"Bearer {text}"},
        )
        assert answer.status_code == status
        assert answer.headers["Content-Type"] == "application/problem+json"


def test_nobody_signs_in_as_a_token(cast: Cast) -> None:
    """The account behind a token has no password and is not active."""
    make_token(cast.users["owner"], cast.organisation, name="meter", scope="read", days=1)
    account = User.objects.get(is_machine=True)
    assert not account.is_active
    assert not account.has_usable_password()


@pytest.mark.django_db
def test_the_api_counts_requests(settings) -> None:  # type: ignore[no-untyped-def] # pytest-django's fixture
    """After its share of the minute an address waits."""
    settings.API_RATE_PER_MINUTE_UNKNOWN = 3
    statuses = [
        Client(REMOTE_ADDR="10.9.8.7").get("/api/organisations").status_code for _ in range(5)
    ]
    assert statuses[:3] == [200, 200, 200]
    assert 429 in statuses


def test_the_browser_needs_its_secret_to_write(cast: Cast) -> None:
    """A signed-in browser without the CSRF token changes nothing through the API."""
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(cast.users["owner"])
    answer = browser.post("/api/organisations", "{}", content_type="application/json")
    assert answer.status_code == 403
    assert answer.json()["code"] == "refused"
