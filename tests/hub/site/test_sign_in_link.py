"""Links that sign a person in: once, within an hour, nobody else."""

from datetime import timedelta

import pytest
from cast import Cast
from django.conf import settings
from django.contrib.messages import get_messages
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from viavolta.hub.site.sign_in_link import LIFE_S, sign_in_link


def follow(link: str, client: Client | None = None) -> Client:
    client = client or Client()
    client.get(link.removeprefix(settings.CONFIG.origin))
    return client


def signed_in_as(client: Client) -> str:
    return client.session.get("_auth_user_id", "")


def test_a_link_signs_in_once(cast: Cast) -> None:
    """A second visitor with the same link is told that it has been used."""
    editor = cast.users["editor"]
    link = sign_in_link(editor)
    assert link.startswith(settings.CONFIG.origin)
    assert signed_in_as(follow(link)) == str(editor.pk)
    late = Client()
    answer = late.get(link.removeprefix(settings.CONFIG.origin))
    assert signed_in_as(late) == ""
    assert answer["Location"] == reverse("account_login")
    (told,) = get_messages(answer.wsgi_request)
    assert str(told) == "This link has been used before, or it is too old."


def test_a_link_ends_with_any_other_sign_in(cast: Cast) -> None:
    """Of two links, the one that is used first ends both."""
    editor = cast.users["editor"]
    one, other = sign_in_link(editor), sign_in_link(editor)
    follow(one)
    assert signed_in_as(follow(other)) == ""
    assert signed_in_as(follow(sign_in_link(type(editor).objects.get(pk=editor.pk)))) != ""


def test_a_link_is_too_old_after_an_hour(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    """What lies about in a terminal's history is worth nothing."""
    link = sign_in_link(cast.users["editor"])
    later = (timezone.now() + timedelta(seconds=LIFE_S + 1)).timestamp()
    monkeypatch.setattr("django.core.signing.time.time", lambda: later)
    assert signed_in_as(follow(link)) == ""


def test_nobody_enters_by_a_changed_link_or_a_closed_account(cast: Cast) -> None:
    """The hub's key signs the link; an account that is closed stays closed."""
    editor = cast.users["editor"]
    link = sign_in_link(editor)
    assert signed_in_as(follow(link[:-1] + ("A" if link[-1] != "A" else "B"))) == ""
    assert signed_in_as(follow(reverse("sign_in_by_link", args=["no-link"]))) == ""
    editor.is_active = False
    editor.save()
    assert signed_in_as(follow(link)) == ""
