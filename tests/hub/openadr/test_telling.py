"""Subscribers are told of changes by webhooks, and nobody else is."""

import json
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest
from django.utils import timezone
from openadr_vtn import Speaker, limiting

from viavolta.hub.openadr.clients import revoke_client
from viavolta.hub.openadr.models import Notification, VtnObject
from viavolta.hub.openadr.telling import MOST_TRIES, send_due

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("loopback")]


class Subscriber(ThreadingHTTPServer):
    """A server that keeps what it is told, and answers with `status`."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.heard: list[tuple[str | None, Any]] = []
        self.status = 200

    @property
    def url(self) -> str:
        """Where it is told."""
        return f"http://127.0.0.1:{self.server_address[1]}/hook"


class _Handler(BaseHTTPRequestHandler):
    server: Subscriber

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.heard.append((self.headers["Authorization"], json.loads(body)))
        self.send_response(self.server.status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def subscriber() -> Iterator[Subscriber]:
    """A subscriber on this machine."""
    server = Subscriber()
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def subscription(program: str | None, url: str, **more: Any) -> dict[str, Any]:
    """Tell me of all changes of events and programmes."""
    return {
        "clientName": "v",
        "programID": program,
        "objectOperations": [
            {
                "objects": ["EVENT", "PROGRAM"],
                "operations": ["CREATE", "UPDATE", "DELETE"],
                "callbackUrl": url,
                "bearerToken": "tell-me",
            }
        ],
        **more,
    }


def told(subscriber: Subscriber) -> list[tuple[str, str]]:
    """Operation and type of all that was heard, after one round."""
    send_due(timezone.now())
    return [(one["operation"], one["objectType"]) for _, one in subscriber.heard]


@pytest.mark.parametrize(
    ("base", "words"), [("3.0.1", "POST PUT DELETE"), ("3.1.0", "CREATE UPDATE DELETE")]
)
def test_a_subscriber_is_told_of_each_change_once(
    base: str, words: str, speakers: tuple[Speaker, Speaker], program: str, subscriber: Subscriber
) -> None:
    """With the token it gave, in the words of its version."""
    ven, dso = speakers
    wish = subscription(program, subscriber.url)
    made = ven.made("subscriptions", wish, base=f"/openadr3/{base}/")
    assert "bearerToken" not in made["objectOperations"][0]
    assert "tell-me" not in str(VtnObject.objects.values_list("content", "secrets"))
    event = dso.made("events", limiting(program, 10, targets=None))
    dso.ask("PUT", f"events/{event['id']}", limiting(program, 20, targets=None))
    dso.ask("DELETE", f"events/{event['id']}")
    assert told(subscriber) == [(word, "EVENT") for word in words.split()]
    assert {token for token, _ in subscriber.heard} == {"Bearer tell-me"}
    assert subscriber.heard[0][1]["object"] == event
    send_due(timezone.now() + timedelta(hours=1))
    assert len(subscriber.heard) == 3


def test_only_what_a_subscriber_sees_is_told(
    ven: Speaker, dso: Speaker, program: str, subscriber: Subscriber, elsewhere: Speaker
) -> None:
    """Not events for others, of other programmes, or of other organisations."""
    ven.made("subscriptions", subscription(program, subscriber.url))
    dso.made("events", limiting(program, 10, group="somebody"))
    other = dso.made("programs", {"programName": "Other"})["id"]
    dso.made("events", limiting(other, 10, targets=None))
    foreign = elsewhere.made("programs", {"programName": "P"})["id"]
    elsewhere.made("events", limiting(foreign, 10, targets=None))
    assert told(subscriber) == []
    dso.made(
        "vens",
        {
            "venName": "v",
            "clientID": ven.client.client_id,
            "targets": [{"type": "GROUP", "values": ["somebody"]}],
        },
    )
    dso.made("events", limiting(program, 10, group="somebody"))
    assert told(subscriber) == [("POST", "EVENT")]


def test_targets_of_a_subscription_narrow_it(
    dso: Speaker, program: str, subscriber: Subscriber
) -> None:
    """Only events that name one of them."""
    groups = [{"type": "GROUP", "values": ["north"]}]
    dso.made("subscriptions", subscription(program, subscriber.url, targets=groups))
    dso.made("events", limiting(program, 10, group="south"))
    dso.made("events", limiting(program, 10, group="north"))
    assert told(subscriber) == [("POST", "EVENT")]


def test_a_subscriber_that_refuses_is_told_later_and_then_no_more(
    dso: Speaker, program: str, subscriber: Subscriber
) -> None:
    """Waits grow; after the last try it is given up."""
    subscriber.status = 503
    dso.made("subscriptions", subscription(program, subscriber.url))
    dso.made("events", limiting(program, 10))
    now = timezone.now()
    assert send_due(now) == 1
    row = Notification.objects.get()
    assert (row.tries, row.error, row.given_up_at) == (1, "HTTP 503", None)
    assert row.due_at > now + timedelta(seconds=5)
    assert send_due(now) == 0
    for _ in range(MOST_TRIES):
        send_due(now + timedelta(days=30))
    row.refresh_from_db()
    assert row.given_up_at is not None
    assert len(subscriber.heard) == MOST_TRIES
    subscriber.status = 200
    assert send_due(now + timedelta(days=60)) == 0


@pytest.mark.parametrize(
    "url",
    [
        "http://example.org/",
        "ftp://example.org/",
        "https://user:word@example.org/",
        "javascript:alert(1)",
        "https://",
    ],
)
def test_addresses_that_may_not_be_called_are_refused(
    dso: Speaker, program: str, url: str, settings: Any
) -> None:
    """When the subscription is made, as far as can be told then."""
    del settings
    status, told = dso.ask("POST", "subscriptions", subscription(program, url))
    if url == "http://example.org/":  # plain http may be this machine: told when it is looked up
        assert status == 201
        dso.made("events", limiting(program, 1))
        send_due(timezone.now())
        assert Notification.objects.get().error
        return
    assert (status, "callbackUrl" in told["detail"]) == (400, True)


def test_an_inner_address_is_never_called(dso: Speaker, program: str) -> None:
    """A name or number of a machine behind our walls: nothing is sent."""
    for url in ("https://10.0.0.1/", "https://169.254.169.254/latest/", "https://[fd00::1]/"):
        dso.made("subscriptions", subscription(program, url))
    dso.made("events", limiting(program, 10))
    assert send_due(timezone.now()) == 3
    errors = set(Notification.objects.values_list("error", flat=True))
    assert all("not public" in error for error in errors)


def test_a_revoked_client_hears_no_more(
    dso: Speaker, ven: Speaker, program: str, subscriber: Subscriber
) -> None:
    """Its subscriptions are asleep."""
    ven.made("subscriptions", subscription(program, subscriber.url))
    owner = ven.client.created_by
    assert owner is not None
    revoke_client(owner, ven.client)
    dso.made("events", limiting(program, 10, targets=None))
    assert told(subscriber) == []
