"""Files, drafts, studies and runs by the API."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from cast import Cast
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from viavolta.hub.studies.models import Scenario, Upload
from viavolta.hub.studies.wizard.sample import sample_feed
from viavolta.storage.tables.models import Run, RunState

WorkOff = Callable[[], None]
TOML = b"[costs]\ndriver_eur_per_h = 41\n"


def ask(client: Client, method: str, path: str, body: Any = None) -> tuple[int, Any]:
    answer = client.generic(
        method,
        f"/api/studies{path}",
        data=b"" if body is None else json.dumps(body),
        content_type="application/json",
    )
    content = answer.content
    return answer.status_code, json.loads(content) if content else None


@pytest.mark.django_db(transaction=True)
def test_a_file_is_sent_checked_and_read_back(cast: Cast, work_off: WorkOff) -> None:
    """What the check found is in the API as on the page."""
    client = cast.client("editor")
    sent = client.post(
        "/api/studies/uploads",
        {
            "organisation": "sampleton",
            "kind": "config",
            "file": SimpleUploadedFile("plan.toml", TOML),
        },
    )
    assert sent.status_code == 201, sent.content
    assert sent.json()["state"] == "checking"
    work_off()
    status, found = ask(client, "GET", f"/uploads/{sent.json()['id']}")
    assert status == 200
    assert found["state"] == "usable"
    assert found["findings"]["facts"]["changed"][0]["key"] == "costs.driver_eur_per_h"
    status, listed = ask(client, "GET", "/uploads?kind=config")
    assert (status, listed["count"]) == (200, 1)
    assert ask(client, "DELETE", f"/uploads/{found['id']}") == (204, None)
    assert not Upload.objects.exists()


@pytest.mark.django_db
def test_a_bad_file_is_a_problem(cast: Cast) -> None:
    """A web page under the name of a feed is refused as a problem that says what to do."""
    answer = cast.client("editor").post(
        "/api/studies/uploads",
        {
            "organisation": "sampleton",
            "kind": "feed",
            "file": SimpleUploadedFile("feed.zip", b"<!doctype html>"),
        },
    )
    assert answer.status_code == 422
    assert "web page" in answer.json()["detail"]
    assert answer.headers["Content-Type"] == "application/problem+json"


@pytest.mark.django_db
def test_a_study_is_made_started_stopped_and_resumed(cast: Cast) -> None:
    """The whole life of a run by the API."""
    client = cast.client("editor")
    feed = sample_feed(cast.users["editor"], cast.organisation)
    status, made = ask(
        client,
        "POST",
        "",
        {
            "organisation": "sampleton",
            "title": "By program",
            "uploads": [feed.pk],
            "config": {"costs": {"driver_eur_per_h": 40}},
            "effort": "low",
        },
    )
    assert status == 201, made
    assert made["slug"] == "by-program"
    scenario = made["scenarios"][0]
    assert scenario["run"]["state"] == "queued"
    assert "--config plan.toml" in scenario["command"]
    run = f"/scenarios/{scenario['id']}/run"
    assert ask(client, "POST", f"{run}/cancel")[1]["state"] == "stopped"
    assert ask(client, "POST", f"{run}/resume")[1]["state"] == "queued"
    assert ask(client, "GET", run)[1]["state"] == "queued"
    Run.objects.update(state=RunState.DONE)
    assert ask(client, "POST", run)[0] == 202
    assert Run.objects.count() == 2
    assert ask(client, "GET", "?state=queued")[1]["count"] == 1
    assert ask(cast.client("stranger"), "GET", "/by-program")[0] == 404


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"organisation": "nobody"}, 404),
        ({"uploads": []}, 422),
        ({"uploads": [999]}, 422),
        ({"effort": "heroic"}, 422),
        ({"config": {"nonsense": 1}}, 422),
        ({"config": {"costs": {"driver_eur_per_h": -1}}}, 422),
        ({"config": {"depots": [1, {"name": "x"}]}}, 422),
    ],
)
def test_a_wrong_study_is_refused(cast: Cast, change: dict[str, Any], status: int) -> None:
    """What cannot be computed is refused before anything is made."""
    feed = sample_feed(cast.users["editor"], cast.organisation)
    body = {"organisation": "sampleton", "uploads": [feed.pk], **change}
    assert ask(cast.client("editor"), "POST", "", body)[0] == status
    assert not Scenario.objects.exists()


@pytest.mark.django_db
def test_a_draft_is_begun_and_started(cast: Cast) -> None:
    """A draft without a timetable cannot start; with one it becomes a study, once."""
    client = cast.client("editor")
    status, draft = ask(client, "POST", "/drafts", {"organisation": "sampleton"})
    assert status == 201
    assert ask(client, "POST", f"/drafts/{draft['id']}/start", {})[0] == 409
    assert ask(client, "GET", "/drafts")[1][0]["id"] == draft["id"]
    assert ask(client, "DELETE", f"/drafts/{draft['id']}")[0] == 204
    status, made = ask(client, "POST", "/sample", {"organisation": "sampleton"})
    assert status == 201
    assert made["is_sample"]
