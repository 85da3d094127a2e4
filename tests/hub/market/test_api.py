"""The market in the API: what pages show, and what editors do, tokens included."""

from decimal import Decimal

import pytest
from cast import Cast
from django.test import Client

from viavolta.hub.market.models import Entry, EntryKind, EntryState, SavedSearch
from viavolta.hub.people.models import Organisation

SOLUTION, NEED = EntryKind.SOLUTION, EntryKind.NEED
BODY = {
    "organisation": "sampleton",
    "title": "Minibuses",
    "summary": "Small buses.",
    "language": "en",
    "form": "pilot",
    "facets": {"segment": ["public-transport"], "vehicle": ["minibus"]},
    "evidence": [
        {
            "what": "Energy",
            "value": "1.15",
            "unit": "kWh/km",
            "place": "Sampleton",
            "measured_from": "2025-01-01",
            "measured_to": "2025-02-01",
        }
    ],
}


def _send(browser: Client, method: str, address: str, body: object) -> object:
    return getattr(browser, method)(address, body, content_type="application/json")


def test_a_list_is_narrowed_sorted_and_counted(make_entry) -> None:
    """The same choices as the page's, with counts for each further choice."""
    make_entry(SOLUTION, "Bus", facets={"segment": ["fleets"], "vehicle": ["bus"]})
    make_entry(SOLUTION, "Van", facets={"segment": ["fleets"], "vehicle": ["van"]})
    answer = Client().get("/api/market/solutions?vehicle=bus&vehicle=coach").json()
    assert [e["slug"] for e in answer["items"]] == ["bus"]
    assert answer["counts"]["vehicle"]["van"] == 1
    titles = Client().get("/api/market/solutions?sort=title&descending=true").json()
    assert [e["title"] for e in titles["items"]] == ["Van", "Bus"]
    assert Client().get("/api/market/solutions?vehicle=submarine").status_code == 422
    assert Client().get("/api/market/needs").json()["count"] == 0


def test_an_editor_writes_publishes_changes_and_deletes(cast: Cast) -> None:
    """Drafts first; an edit of an old version is refused with 409; deletion can be undone."""
    browser = cast.client("editor")
    made = _send(browser, "post", "/api/market/solutions", BODY)
    assert made.status_code == 201
    address = "/api/market/solutions/minibuses"
    assert Client().get(address).status_code == 404
    assert browser.post(f"{address}/publish").status_code == 200
    seen = Client().get(address).json()
    assert Decimal(seen["evidence"][0]["value"]) == Decimal("1.15")
    assert seen["state"] == "published"
    changed = {**BODY, "title": "Buses", "version": seen["version"]}
    assert _send(browser, "put", address, changed).status_code == 200
    stale = _send(browser, "put", address, changed)
    assert stale.status_code == 409
    assert stale["Content-Type"] == "application/problem+json"
    assert browser.delete(address).status_code == 204
    assert Client().get(address).status_code == 404
    assert browser.post(f"{address}/undelete").status_code == 200


@pytest.mark.parametrize(
    ("persona", "status"),
    [("anonymous", 401), ("stranger", 404), ("reader", 403), ("moderator", 404), ("owner", 201)],
)
def test_who_may_write(cast: Cast, persona: str, status: int) -> None:
    """Editors and owners of the organisation, nobody else."""
    answer = _send(cast.client(persona), "post", "/api/market/solutions", BODY)
    assert answer.status_code == status


def test_what_is_missing_is_said_as_a_problem(cast: Cast) -> None:
    """Publishing without a segment names the field."""
    _send(cast.client("editor"), "post", "/api/market/needs", BODY | {"facets": {}})
    answer = cast.client("editor").post("/api/market/needs/minibuses/publish")
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["where"] == "segment"
    assert Entry.objects.get().state == EntryState.DRAFT


def test_matches_say_on_what(make_entry) -> None:
    """A need's matches are solutions of others, with the words on which they match."""
    other = Organisation.objects.create(name="Firm", slug="firm", kind="sme", country="SI")
    facets = {
        "segment": ["public-transport"],
        "vehicle": ["bus"],
        "site": ["depot"],
        "terrain": ["mountain"],
    }
    make_entry(NEED, "Buses in the mountains", facets=facets)
    make_entry(SOLUTION, "Mountain bus", facets=facets, organisation=other)
    answer = Client().get("/api/market/needs/buses-in-the-mountains/matches?lang=de").json()
    assert [m["entry"]["slug"] for m in answer] == ["mountain-bus"]
    assert "Gebirge" in answer[0]["matched_on"]


def test_searches_are_kept_by_whom_they_belong_to(cast: Cast) -> None:
    """Made, listed, forgotten; another person's is not there."""
    browser = cast.client("stranger")
    body = {"side": "needs", "query": "vehicle=bus&nonsense=1", "name": "Buses"}
    made = _send(browser, "post", "/api/market/searches", body)
    assert made.status_code == 201
    assert made.json()["query"] == "vehicle=bus"
    number = made.json()["id"]
    assert cast.client("owner").delete(f"/api/market/searches/{number}").status_code == 404
    assert len(browser.get("/api/market/searches").json()) == 1
    assert browser.delete(f"/api/market/searches/{number}").status_code == 204
    assert not SavedSearch.objects.exists()
