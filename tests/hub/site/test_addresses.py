"""NUL stands in no text of PostgreSQL: it is refused before anything is looked up by it."""

import json

import pytest
from cast import Cast
from django.test import Client


@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("/organisations/%00/", 404),
        ("/market/solutions/a%00b/", 404),
        ("/api/organisations/%00", 404),
        ("/organisations/?q=%00", 400),
        ("/organisations/?%00=q", 400),
        ("/api/organisations?q=a%00", 400),
    ],
)
def test_an_address_with_nul_is_refused(cast: Cast, address: str, status: int) -> None:
    """In the path and in the query, with a page to people and a problem to programs."""
    answer = cast.client("owner").get(address)
    assert answer.status_code == status
    kind = "application/problem+json" if address.startswith("/api/") else "text/html"
    assert answer.headers["Content-Type"].startswith(kind)


@pytest.mark.parametrize(
    "body",
    [
        b'{"name": "a\\u0000"}',
        b'{"name\\u0000": 1}',
        b'{"inhabitants": NaN}',
        b"[" * 5000 + b"]" * 5000,
        b'{"name": "\\ud800"}',
        b"{",
    ],
)
def test_json_that_no_table_holds_is_refused(cast: Cast, client: Client, body: bytes) -> None:
    """NUL, half a character, no number, nested too deep, no JSON: 400, and nothing is changed."""
    client.force_login(cast.users["owner"])
    answer = client.put("/api/organisations/sampleton", body, content_type="application/json")
    assert (answer.status_code, json.loads(answer.content)["code"]) == (400, "refused")
