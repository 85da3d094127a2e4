"""The health of the hub, for whoever watches it."""

import pytest
from django.db import DatabaseError
from django.test import Client

from viavolta.hub.site import health
from viavolta.storage import presence
from viavolta.storage.processes import identity
from viavolta.storage.runs import queue


@pytest.mark.django_db
def test_health_says_which_part_is_silent() -> None:
    """503 until worker and gateway were heard of, 200 with them, 503 again when one has gone."""
    client = Client()
    assert (client.get("/health").status_code, client.get("/health").json()) == (
        503,
        {"web": "ok", "worker": "silent", "gateway": "silent"},
    )
    presence.begin("g", identity())
    queue.say_alive("w")
    queue.say_alive("w")
    answer = client.get("/health")
    assert (answer.status_code, answer.json()) == (
        200,
        {"web": "ok", "worker": "ok", "gateway": "ok"},
    )
    assert answer["Cache-Control"] == "no-store"
    queue.say_gone("w")
    assert client.get("/health").status_code == 503
    queue.say_alive("w")
    presence.end("g")
    assert client.get("/health").status_code == 503


def test_health_without_a_database_is_an_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    """A database that is away is told, not a page of error."""

    def away() -> bool:
        raise DatabaseError

    monkeypatch.setattr(health, "is_any_worker_alive", away)
    answer = Client().get("/health")
    assert (answer.status_code, answer.json()["web"]) == (503, "no database")
