"""Export of all data, erasure, and what stays."""

import io
import json
import time
import zipfile

from cast import Cast
from django.contrib.auth import SESSION_KEY
from django.db.models import CASCADE, SET_NULL
from django.test import Client

from viavolta.hub.frame.models import Event
from viavolta.hub.people.actions import give_consent
from viavolta.hub.people.models import Consent, Membership, User
from viavolta.hub.studies.models import Study


def _recently(browser: Client) -> Client:
    """The browser as it is after the password was typed a moment ago."""
    session = browser.session
    session["account_authentication_methods_user"] = session[SESSION_KEY]
    session["account_authentication_methods"] = [
        {"method": "password", "at": time.time(), "reauthenticated": True}
    ]
    session.save()
    return browser


def test_all_data_comes_as_a_zip(cast: Cast) -> None:
    """One JSON per app, with consents and roles in that of accounts."""
    give_consent(cast.users["editor"])
    Study.objects.create(
        organisation=cast.organisation,
        title="Our buses",
        slug="our-buses",
        link_token="hush",
        created_by=cast.users["editor"],
    )
    answer = cast.client("editor").post("/account/export/")
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        account = json.loads(archive.read("account.json"))
        made = json.loads(archive.read("what-i-made.json"))
    assert account["email"] == "editor@example.org"
    assert {row["document"] for row in account["consents"]} == {"terms", "privacy"}
    assert account["organisations"][0]["organisation__name"] == "Sampleton"
    assert {row["verb"] for row in account["events"]} >= {"consent given"}
    assert made["studies.Study.created_by"][0]["title"] == "Our buses"
    assert "hush" not in json.dumps(made)


def test_an_erased_person_leaves_no_name(cast: Cast) -> None:
    """Account, consents and memberships go; events stay without the person."""
    give_consent(cast.users["editor"])
    pk = cast.users["editor"].pk
    browser = _recently(cast.client("editor"))
    assert browser.post("/account/erase/", {"agrees": "on"}).status_code == 302
    assert not User.objects.filter(pk=pk).exists()
    assert not Consent.objects.exists()
    assert not Membership.objects.filter(user_id=pk).exists()
    assert Event.objects.get(verb="consent given").actor is None
    assert browser.get("/account/").status_code == 302


def test_a_sole_owner_hands_over_first(cast: Cast) -> None:
    """The page names the organisations; nothing is erased."""
    page = _recently(cast.client("owner")).post("/account/erase/", {"agrees": "on"})
    assert "Sampleton" in page.content.decode()
    assert User.objects.filter(pk=cast.users["owner"].pk).exists()


def test_erasing_asks_for_the_password_again(cast: Cast) -> None:
    """A session that is merely open does not erase an account."""
    answer = cast.client("editor").post("/account/erase/", {"agrees": "on"})
    assert answer.headers["Location"].startswith("/accounts/reauthenticate/")
    assert User.objects.filter(email="editor@example.org").exists()


def test_no_table_keeps_a_person_against_her_will() -> None:
    """Whatever names a person is emptied or goes with her account; nothing forbids erasing it."""
    held = {
        f"{relation.related_model._meta.label}.{relation.field.name}"
        for relation in User._meta.related_objects
        if relation.on_delete not in {CASCADE, SET_NULL} and not relation.many_to_many
    }
    assert held == set()
