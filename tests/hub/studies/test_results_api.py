"""Results, tables, comparisons and sharing in the API."""

from collections.abc import Callable
from typing import Any

import pytest
from cast import Cast
from django.test import Client

from viavolta.hub.studies.models import Scenario, Study, Visibility

MakeScenario = Callable[..., Scenario]


def at(scenario: Scenario, path: str) -> str:
    """An address of a scenario in the API."""
    return f"/api/studies/{scenario.study.slug}/scenarios/{scenario.pk}{path}"


def send(client: Client, method: str, address: str, body: dict[str, Any]) -> Any:
    """A request with a JSON body."""
    call = getattr(client, method)
    return call(address, body, content_type="application/json")


def test_a_result_has_what_its_page_shows(cast: Cast, make_scenario: MakeScenario) -> None:
    """Figures with bounds and reasons, the summary, the tables."""
    answer = cast.client("reader").get(at(make_scenario(), "/result"))
    body = answer.json()
    assert answer.status_code == 200
    figures = {f["key"]: f for f in body["figures"]}
    assert figures["vehicles"]["value"] == "6"
    assert figures["vehicles"]["bound"]
    assert figures["vehicles"]["why"]
    assert body["summary"]["vehicles"] == 6
    assert body["tables"]["trips"] == 72


def test_a_table_is_had_in_parts_and_whole(cast: Cast, make_scenario: MakeScenario) -> None:
    """Rows by offset and limit as JSON; all of them as CSV."""
    scenario, client = make_scenario(), cast.client("reader")
    body = client.get(at(scenario, "/tables/stays?limit=3&offset=2")).json()
    assert len(body["rows"]) == 3
    assert body["n_rows"] > 3
    arrival = body["rows"][0][body["columns"].index("arrival")]
    assert arrival.endswith("Z")
    csv = client.get(at(scenario, "/tables/stays.csv"))
    assert csv.headers["Content-Type"].startswith("text/csv")
    assert client.get(at(scenario, "/tables/secrets")).status_code == 404
    assert client.get(at(scenario, "/tables/stays?limit=100000")).status_code == 422


@pytest.mark.parametrize("persona", ["anonymous", "stranger", "reader", "moderator"])
def test_a_private_study_leaks_by_no_operation(
    cast: Cast, make_scenario: MakeScenario, persona: str
) -> None:
    """Every operation on a private study is 404 or asks to sign in."""
    scenario = make_scenario()
    Study.objects.update(visibility=Visibility.PRIVATE)
    client = cast.client(persona)
    slug = scenario.study.slug
    paths = [at(scenario, p) for p in ("/result", "/tables/trips", "/tables/trips.csv", "/inputs")]
    paths += [f"/api/studies/{slug}/{p}" for p in ("scenarios", "comparison", "sharing")]
    for path in paths:
        assert client.get(path).status_code in {401, 404}, path


def test_a_link_opens_the_api_too(cast: Cast, make_scenario: MakeScenario) -> None:
    """The token of a link is sent as a header."""
    scenario = make_scenario()
    Study.objects.update(visibility=Visibility.LINK, link_token="abc")
    client = cast.client("anonymous")
    assert client.get(at(scenario, "/result")).status_code == 404
    answer = client.get(at(scenario, "/result"), headers={"X-Study-Link": "abc"})
    assert answer.status_code == 200


def test_scenarios_are_added_changed_and_deleted(cast: Cast, make_scenario: MakeScenario) -> None:
    """An editor adds a scenario, changes it with its version, and deletes it."""
    baseline, client = make_scenario(), cast.client("editor")
    root = f"/api/studies/{baseline.study.slug}/scenarios"
    body = {"name": "Small", "changes": [{"kind": "battery", "value": 300}]}
    made = send(client, "post", root, body).json()
    changed = {"changes": [{"kind": "layover", "value": 240}], "version": made["version"]}
    answer = send(client, "put", f"{root}/{made['id']}/changes", changed)
    assert answer.json()["changes"] == [{"kind": "layover", "on": True, "value": 240}]
    assert send(client, "put", f"{root}/{made['id']}/changes", changed).status_code == 409
    assert client.delete(f"{root}/{made['id']}").status_code == 204
    assert len(client.get(root).json()) == 1
    assert client.delete(f"{root}/{baseline.pk}").status_code == 422


@pytest.mark.parametrize(
    "change",
    [
        {"kind": "battery", "value": "300"},
        {"kind": "battery", "value": 1e9},
        {"kind": "vehicle-types", "value": ["tram"]},
        {"kind": "depots", "value": [{"name": "A", "lat": 999, "lon": 0}]},
        {"kind": "depots", "value": []},
        {"kind": "winter", "value": {"place": "../x", "c": 1}},
        {"kind": "grid", "value": {"upload": "1"}},
        {"kind": "moon", "value": 1},
    ],
)
def test_values_that_cannot_be_are_refused(
    cast: Cast, make_scenario: MakeScenario, change: dict[str, Any]
) -> None:
    """A change with a value that its form would refuse is 422, and nothing is added."""
    study = make_scenario().study
    answer = send(
        cast.client("editor"), "post", f"/api/studies/{study.slug}/scenarios", {"changes": [change]}
    )
    assert answer.status_code == 422
    assert study.scenarios.count() == 1


def test_an_estimate_says_that_it_is_one(cast: Cast, make_scenario: MakeScenario) -> None:
    """Figures before and after, labelled, with the largest error found."""
    study = make_scenario().study
    body = {"changes": [{"kind": "battery", "value": 250}]}
    address = f"/api/studies/{study.slug}/estimate"
    told = send(cast.client("editor"), "post", address, body).json()
    assert told["is_estimate"] is True
    assert told["before"]["vehicles"] == 6
    assert told["largest_error_share"]["vehicles"] > 0
    assert send(cast.client("reader"), "post", address, body).status_code in {403, 404}


def test_publishing_needs_a_word(cast: Cast, make_scenario: MakeScenario) -> None:
    """Without `confirmed` nothing is published."""
    study = make_scenario().study
    client, address = cast.client("owner"), f"/api/studies/{study.slug}/sharing"
    body = {"visibility": "public", "version": study.version}
    assert send(client, "put", address, body).status_code == 422
    answer = send(client, "put", address, body | {"confirmed": True})
    assert answer.json()["visibility"] == "public"
    assert send(client, "put", address, body | {"confirmed": True}).status_code == 409
