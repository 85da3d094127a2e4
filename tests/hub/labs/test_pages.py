"""Pages of living labs."""

from datetime import datetime
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from viavolta.hub.collaborate.actions.calendar import GatheringFacts
from viavolta.hub.labs.actions.labs import invite_person, plan_session
from viavolta.hub.labs.models import Lab, Practice
from viavolta.hub.people.models import User


def browser(user: User) -> Client:
    """A browser with this person signed in."""
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def session(cast: Any, lab: Any, host: Any) -> Any:
    """A session next year."""
    return plan_session(
        host,
        lab,
        cast.organisation,
        GatheringFacts(
            title="Treffen",
            starts=datetime.fromisoformat("2031-03-03 10:00"),
            minutes_long=60,
            zone="Europe/Vienna",
        ),
    )


def test_everybody_reads_labs(cast: Any, lab: Any, session: Any) -> None:
    """Lists, lab, session and region need no account; figures are the hosts'."""
    pages = [
        reverse("labs"),
        reverse("practices"),
        reverse("lab", args=(lab.slug,)),
        reverse("lab-session", args=(session.pk,)),
        reverse("region-in", args=("AT21", "sl")),
    ]
    for persona in ("anonymous", "stranger", "editor", "moderator"):
        for page in pages:
            assert cast.client(persona).get(page).status_code == 200, (persona, page)
        hosts_only = cast.client(persona).get(reverse("lab-figures", args=(lab.slug,)))
        assert hosts_only.status_code in {302, 404}


def test_a_region_speaks_its_own_language(lab: Any) -> None:
    """The page's language is the region's, its switch offers the other one, no third exists."""
    page = Client().get(
        reverse("region-in", args=(lab.nuts, "sl")), headers={"accept-language": "fr"}
    )
    assert b'<html lang="sl"' in page.content
    assert b"Polnimo skupaj." in page.content
    assert b'hreflang="de"' in page.content
    assert page.headers["Content-Language"] == "sl"
    assert Client().get(reverse("region-in", args=(lab.nuts, "fr"))).status_code == 404
    assert Client().get(reverse("region", args=("XX99",))).status_code == 404


def test_readers_are_led_to_the_language_they_share_with_the_region(lab: Any) -> None:
    """A Slovenian reader gets Slovenian, a French one the region's first language."""
    for reads, gets in (("sl", "sl"), ("fr", "de")):
        answer = Client().get(
            reverse("region", args=(lab.nuts,)), headers={"accept-language": reads}
        )
        assert answer["Location"] == reverse("region-in", args=(lab.nuts, gets))


def test_a_host_opens_changes_and_exports_in_the_browser(cast: Any, host: Any) -> None:
    """From the form of a new lab to the CSV for the funder."""
    client = browser(host)
    answer = client.post(
        reverse("lab-new"),
        {
            "organisation": cast.organisation.pk,
            "name": "Laboratorio",
            "nuts": "ITH10",
            "region_name": "Südtirol",
            "about_it": "Insieme.",
        },
    )
    lab = Lab.objects.get()
    assert answer["Location"] == lab.get_absolute_url()
    assert lab.languages == ["de", "it"]
    wrong = client.post(reverse("lab-new"), {"organisation": cast.organisation.pk, "nuts": "tirol"})
    assert wrong.status_code == 422
    assert client.get(reverse("lab-edit", args=(lab.slug,))).status_code == 200
    planned = client.post(
        reverse("lab-session-new", args=(lab.slug,)),
        {
            "organisation": cast.organisation.pk,
            "title": "Incontro",
            "starts": "2031-04-04T09:00",
            "minutes_long": 60,
            "zone": "Europe/Rome",
            "agenda": "1. Giro",
        },
    )
    assert planned.status_code == 302
    file = client.get(
        reverse("lab-file", args=(lab.slug, "sessions")),
        {"since": "2031-01-01", "until": "2031-12-31"},
    )
    assert "Incontro,2031-04-04T09:00:00" in file.content.decode()
    figures = client.get(reverse("lab-figures", args=(lab.slug,)))
    assert figures.status_code == 200
    assert client.get(reverse("lab-file", args=(lab.slug, "people"))).status_code == 404


def test_a_practice_goes_through_review_in_the_browser(
    cast: Any, lab: Any, session: Any, other_host: Any
) -> None:
    """Written from its form, submitted, read and published by another host, then public."""
    editor = cast.client("editor")
    editor.post(
        reverse("practice-new", args=(lab.slug,)),
        {
            "organisation": cast.organisation.pk,
            "title": "Nachts laden",
            "language": "de",
            "segment": "public-transport",
            "challenge": "Spitzen",
            "approach": "Reihum",
            "session": session.pk,
        },
    )
    practice = Practice.objects.get()
    page = practice.get_absolute_url()
    assert cast.client("stranger").get(page).status_code == 404
    editor.post(reverse("practice-submit", args=(practice.slug,)))
    reviewer = browser(other_host)
    assert b"Nachts laden" in reviewer.get(reverse("practices")).content
    assert reviewer.get(page).status_code == 200
    reviewer.post(
        reverse("practice-review", args=(practice.slug,)),
        {"comment": "Gut.", "version": 2, "publish": "1"},
    )
    shown = Client().get(page)
    assert shown.status_code == 200
    assert b'lang="de"' in shown.content
    assert b"Nachts laden" in Client().get(reverse("lab-session", args=(session.pk,))).content
    assert editor.get(reverse("practice-edit", args=(practice.slug,))).status_code == 200


def test_a_letter_is_answered_by_its_reader(cast: Any, lab: Any, host: Any) -> None:
    """The link opens for the person it was sent to, and for nobody else."""
    place = invite_person(host, lab, "stranger@example.org", address="{token}")
    page = reverse("lab-join", args=(place.token,))
    assert cast.client("reader").get(page).status_code == 404
    assert cast.client("anonymous").get(page).status_code == 302
    assert cast.client("stranger").get(page).status_code == 200
    cast.client("stranger").post(page, {"accept": "1"})
    place.refresh_from_db()
    assert place.state == "member"


def test_only_hosts_see_whom_they_invited(cast: Any, lab: Any, host: Any) -> None:
    """E-mail addresses of those who were invited are on the host's page alone."""
    invite_person(host, lab, "guest@example.org", address="{token}")
    assert b"guest@example.org" in browser(host).get(lab.get_absolute_url()).content
    for persona in ("anonymous", "stranger", "editor", "moderator"):
        assert b"guest@example.org" not in cast.client(persona).get(lab.get_absolute_url()).content
