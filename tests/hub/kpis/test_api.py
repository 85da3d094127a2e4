"""Indicators, labs and working together in the API."""

from typing import Any

import pytest
from django.test import Client

from viavolta.hub.collaborate import samples as of_collaborate
from viavolta.hub.collaborate.models import Collaboration, Gathering
from viavolta.hub.labs import samples as of_labs
from viavolta.hub.market import samples as of_market
from viavolta.hub.people.models import Membership, Organisation, Role, User


@pytest.fixture
def client(make_user: Any) -> Client:
    """A browser of an editor of a real company, on a hub with samples."""
    of_market.seed()
    of_collaborate.seed()
    of_labs.seed()
    company = Organisation.objects.create(
        name="Twelve", slug="twelve", kind="sme", country="SI", is_sme=True
    )
    person: User = make_user("ana")
    Membership.objects.create(organisation=company, user=person, role=Role.EDITOR)
    browser = Client()
    browser.force_login(person)
    return browser


def test_all_that_pages_show_is_in_the_api(client: Client) -> None:
    """Lists and single things answer with what was seeded."""
    for address, n in (
        ("collaborations", 3),
        ("projects", 2),
        ("calls", 1),
        ("events", 6),
        ("news", 3),
        ("labs", 1),
        ("practices", 3),
    ):
        answer = client.get(f"/api/{address}")
        assert answer.status_code == 200, (address, answer.content)
        assert answer.json()["count"] == n, address
        first = answer.json()["items"][0]
        if "slug" in first:
            one = client.get(f"/api/{address}/{first['slug']}")
            assert one.json()["slug"] == first["slug"]
    lacks = client.get("/api/consortia/sample-consortium").json()["lacks"]
    assert [part["key"] for part in lacks] == ["dso", "smart-charging"]
    sessions = client.get("/api/labs/sample-lab/sessions").json()
    assert [row["attendance"] for row in sessions] == [0, 14]
    assert client.get("/api/labs/sample-lab/figures").status_code == 404
    assert client.get("/api/collaborations/sample-logistics/messages").status_code == 404


def test_indicators_leave_samples_out_unless_asked(client: Client) -> None:
    """The company alone counts; with samples the cities of the sample market do, too."""
    real = client.get("/api/indicators").json()
    values = {row["indicator"]: row["value"] for row in real["indicators"]}
    assert values["cities"] == 0
    assert values["sme-share"] == 1
    assert real["members"] == [{"country": "SI", "members": 1}]
    assert real["with_samples"] is False
    with_samples = client.get("/api/indicators/cities?samples=true").json()
    assert with_samples["value"] == 12
    assert len(with_samples["history"]) == 25
    assert client.get("/api/indicators/happiness").status_code == 404


def test_one_works_together_through_the_api(client: Client) -> None:
    """Start, write, add a project, plan a series, register; refusals are problems."""
    started = _post(
        client, "collaborations", {"lead": "twelve", "title": "Together", "segment": "fleets"}
    )
    assert started["members"] == [{"slug": "twelve", "name": "Twelve"}]
    slug = Collaboration.objects.get(is_sample=False).slug
    _post(client, f"collaborations/{slug}/messages", {"text": "Hello"})
    _post(client, f"collaborations/{slug}/projects", {"title": "One", "funding_eur": "10.50"})
    changed = {"title": "Now", "segment": "fleets", "state": "running", "version": 1}
    url = f"/api/collaborations/{slug}"
    assert client.put(url, changed, content_type="application/json").status_code == 200
    stale = client.put(url, changed, content_type="application/json")
    assert (stale.status_code, stale.json()["code"]) == (409, "stale-edit")
    series = _post(
        client,
        "events",
        {
            "organisation": "twelve",
            "title": "Clinic",
            "starts": "2031-10-20T09:30",
            "minutes_long": 60,
            "zone": "Europe/Ljubljana",
            "rhythm": "weekly",
            "count": 2,
        },
    )
    assert [row["starts_at"] for row in series] == ["2031-10-20T07:30:00Z", "2031-10-27T08:30:00Z"]
    event = Gathering.objects.filter(is_sample=False).first()
    at = f"/api/events/{event.slug}/registration"
    assert client.post(at, {}, content_type="application/json").status_code == 204
    assert client.delete(at).status_code == 204
    asked = {"sender": "twelve", "recipient": "sample-gradina", "text": "Shall we?"}
    contact = _post(client, "contacts", asked)
    assert contact["asked_by_email"] == ""
    again = client.post("/api/contacts", asked, content_type="application/json")
    assert (again.status_code, again.json()["code"]) == (409, "not-possible")
    answer = {"is_accepted": True}
    own = client.post(
        f"/api/contacts/{contact['id']}/answer", answer, content_type="application/json"
    )
    assert own.status_code == 403


def _post(client: Client, address: str, body: dict[str, Any]) -> Any:
    answer = client.post(f"/api/{address}", body, content_type="application/json")
    assert answer.status_code == 201, answer.content
    return answer.json()
