"""Whatever the API is asked, it answers: no request made by its own description breaks it."""

from contextlib import suppress
from itertools import product
from typing import Any

import pytest
import schemathesis
from cast import Cast
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode

from viavolta.hub.people.models import TokenScope
from viavolta.hub.people.tokens import make_token
from viavolta.hub.site.wsgi import application

DESCRIPTION = "/api/openapi.json"
EXAMPLES = 200
"""Requests in all, spread over the operations: some seconds."""


@pytest.fixture
def plenty(settings: Any) -> None:
    """More requests a minute than this test makes."""
    settings.API_RATE_PER_MINUTE = settings.API_RATE_PER_MINUTE_UNKNOWN = 1_000_000
    settings.ALLOWED_HOSTS = ["*"]


def hub(environ: dict[str, Any], start_response: Any) -> list[bytes]:
    """The hub, each answer closed at once as a server does, so that uploads are put away."""
    answer: Any = application(environ, start_response)
    try:
        return [b"".join(answer)]
    finally:
        answer.close()


def operations() -> list[Any]:
    """Every operation of the description."""
    schema = schemathesis.openapi.from_wsgi(DESCRIPTION, hub)
    return [found.ok() for found in schema.get_all_operations()]


def token(cast: Cast) -> dict[str, str]:
    """The header of a program that may write for the organisation."""
    _token, secret = make_token(
        cast.users["owner"], cast.organisation, name="test", scope=TokenScope.WRITE, days=1
    )
    return {"Authorization": f"Bearer {secret}"}


@pytest.mark.usefixtures("plenty")
def test_no_request_breaks_the_api(cast: Cast) -> None:
    """Requests drawn from the description, valid or not, get an answer below 500."""
    every = operations()
    assert every
    mine = token(cast)
    ways = (
        (GenerationMode.POSITIVE, {}),
        (GenerationMode.POSITIVE, mine),
        (GenerationMode.NEGATIVE, mine),
    )
    n = max(EXAMPLES // (len(ways) * len(every)), 1)
    broken: list[str] = []
    for operation, (mode, headers) in product(every, ways):
        broken += broken_by(operation.as_strategy(generation_mode=mode), headers, n)
    assert broken == []


def broken_by(requests: Any, headers: dict[str, str], n: int) -> list[str]:
    """Which of n requests drawn were answered with a server's error."""
    broken: list[str] = []

    @given(case=requests)
    @settings(
        max_examples=n,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    def ask(case: Any) -> None:
        answer = case.call(headers=headers)
        if answer.status_code >= 500:
            broken.append(f"{answer.status_code}: {case.as_curl_command()}")

    with suppress(Unsatisfiable):  # an operation that takes nothing can be asked nothing wrong
        ask()
    return broken
