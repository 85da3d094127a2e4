"""Clients of a VTN, as tests ask it."""

import json
from dataclasses import dataclass
from typing import Any

from django.test import Client as Browser

from viavolta.hub.openadr.clients import make_client
from viavolta.hub.openadr.models import Client, ClientRole
from viavolta.hub.people.models import Organisation, User

START = "2031-03-01T09:00:00Z"


@dataclass(frozen=True, slots=True, kw_only=True)
class Speaker:
    """A client of the VTN with its token."""

    client: Client
    secret: str
    token: str

    def ask(
        self, method: str, path: str, body: Any = None, *, base: str = "/openadr3/", **query: Any
    ) -> tuple[int, Any]:
        """Status and content of an answer."""
        answer = Browser().generic(
            method,
            f"{base}{path}",
            data=b"" if body is None else json.dumps(body).encode(),
            content_type="application/json",
            headers={"Authorization": f"Bearer {self.token}"},
            query_params=query or None,
        )
        return answer.status_code, json.loads(answer.content)

    def made(self, path: str, body: Any, **more: Any) -> Any:
        """What was made."""
        status, content = self.ask("POST", path, body, **more)
        assert status == 201, content
        return content


def token_for(client: Client, secret: str, scope: str = "") -> tuple[int, Any]:
    """What the VTN answers to a request for a token."""
    answer = Browser().post(
        "/openadr3/auth/token",
        {
            "grant_type": "client_credentials",
            "client_id": client.client_id,
            "client_secret": secret,
            "scope": scope,
        },
    )
    return answer.status_code, answer.json()


def speaker(
    user: User, organisation: Organisation, role: ClientRole, *, scope: str = "", **more: Any
) -> Speaker:
    """A new client with a token."""
    client, secret = make_client(user, organisation, name=role, role=role, **more)
    status, told = token_for(client, secret, scope)
    assert status == 200
    return Speaker(client=client, secret=secret, token=told["access_token"])


def limiting(program: str, *limits_kw: float, group: str = "feeder-7", **more: Any) -> Any:
    """An event of an hour each from nine on."""
    return {
        "programID": program,
        "targets": [{"type": "GROUP", "values": [group]}],
        "intervalPeriod": {"start": START, "duration": "PT1H"},
        "intervals": [
            {"id": k, "payloads": [{"type": "IMPORT_CAPACITY_LIMIT", "values": [kw]}]}
            for k, kw in enumerate(limits_kw)
        ],
        **more,
    }
