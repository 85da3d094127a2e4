"""What goes around objects: status, authorisation, pages."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from viavolta.protocols.ocpi.envelope import (
    LONGEST_PAGE,
    Page,
    Status,
    authorization,
    envelope,
    next_address,
    page_of,
    token_of,
)

NOW = dt.datetime(2026, 12, 1, 8, tzinfo=dt.UTC)


def test_an_answer() -> None:
    """Data and message are left out where there are none."""
    assert envelope([], now=NOW) == {
        "data": [],
        "status_code": 1000,
        "timestamp": "2026-12-01T08:00:00Z",
    }
    assert "data" not in envelope(now=NOW, status=Status.INVALID, message="no")


def test_the_token_is_in_base64() -> None:
    """As the note of 2.2.1 has it."""
    assert authorization("example-token") == "Token ZXhhbXBsZS10b2tlbg=="
    assert token_of("Token ZXhhbXBsZS10b2tlbg==") == "example-token"


@pytest.mark.parametrize(
    "header", ["", "Token", "Token ", "Bearer eA==", "Token ä", "Token _w==", "Token AAE="]
)
def test_no_token(header: str) -> None:
    """Anything else is no token."""
    assert token_of(header) is None


@given(st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=64))
def test_tokens_come_back(token: str) -> None:
    """Whatever is printable."""
    assert token_of(authorization(token)) == token


def test_a_page_and_the_next() -> None:
    """The link holds the filters and the limit of the server."""
    page = page_of({"offset": "50", "limit": "2000", "date_from": "2016-01-01T00:00:00Z"})
    assert page.limit == LONGEST_PAGE
    link = page.next_link("https://hub.example/ocpi/cpo/2.2.1/cdrs", 1_000)
    assert link == (
        "<https://hub.example/ocpi/cpo/2.2.1/cdrs?offset=250&limit=200"
        '&date_from=2016-01-01T00:00:00Z>; rel="next"'
    )
    assert next_address(link) == link[1:].partition(">")[0]
    assert Page(offset=0, limit=50).next_link("https://hub.example/", 50) == ""
    assert next_address('<https://x/>; rel="prev"') == ""


@pytest.mark.parametrize(
    "query",
    [
        {"offset": "-1"},
        {"limit": "0"},
        {"limit": "x"},
        {"date_to": "yesterday"},
        {"offset": "9" * 12},
    ],
)
def test_a_query_that_cannot_be_read(query: dict[str, str]) -> None:
    """The word is named."""
    with pytest.raises(ValueError, match=next(iter(query))):
        page_of(query)
