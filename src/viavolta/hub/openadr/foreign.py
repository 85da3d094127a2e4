"""Requests to a VTN of somebody else: tokens, lists page by page, objects made."""

import json
from datetime import timedelta
from http import HTTPStatus
from typing import Any
from urllib.parse import quote, urlencode

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _

from viavolta.hub.openadr.doors import outgoing_door
from viavolta.hub.openadr.models import Connection
from viavolta.model.errors import PeerError
from viavolta.storage.outgoing import Reply, send
from viavolta.storage.sealed import seal, unseal

PAGE = 50
MOST_PAGES = 40
_EARLY = timedelta(seconds=30)
_LONGEST_TOKEN = 8_192
_USUAL_S, _LONGEST_S = 300, 86_400


class ForeignVtn:
    """A VTN as one of its clients sees it."""

    def __init__(self, connection: Connection) -> None:
        self._row = connection

    def all(self, path: str, **asked: str) -> list[dict[str, Any]]:
        """All objects of a list.

        Raises
        ------
        PeerError: the VTN does not answer, or not as it should; it is asked for more than 2,000.
        """
        found: list[dict[str, Any]] = []
        for page in range(MOST_PAGES):
            query = urlencode({**asked, "skip": page * PAGE, "limit": PAGE})
            told = self._ask("GET", f"{path}?{query}")
            if not isinstance(told, list) or not all(isinstance(one, dict) for one in told):
                raise _odd(_("a list was expected"))
            found += told
            if len(told) < PAGE:
                return found
        raise _odd(_("it has more than we read"))

    def make(self, path: str, content: dict[str, Any]) -> dict[str, Any]:
        """Make an object; what the VTN made of it.

        Raises
        ------
        PeerError: the VTN does not answer, or refuses.
        """
        told = self._ask("POST", path, content)
        if not isinstance(told, dict):
            raise _odd(_("an object was expected"))
        return told

    def change(self, path: str, object_id: str, content: dict[str, Any]) -> None:
        """Put new content in place of an object's.

        Raises
        ------
        PeerError: the VTN does not answer, or refuses.
        """
        self._ask("PUT", f"{path}/{quote(object_id, safe='')}", content)

    def _ask(self, method: str, path: str, content: dict[str, Any] | None = None) -> Any:
        reply = self._send(method, path, content)
        if reply.status == HTTPStatus.UNAUTHORIZED:  # the token may have ended early
            self._row.token, self._row.token_until = "", None
            reply = self._send(method, path, content)
        if reply.status not in {HTTPStatus.OK, HTTPStatus.CREATED}:
            raise _refused(reply)
        return _json(reply)

    def _send(self, method: str, path: str, content: dict[str, Any] | None) -> Reply:
        headers = {"Authorization": f"Bearer {self._token()}", "Accept": "application/json"}
        body = None
        if content is not None:
            headers["Content-Type"] = "application/json"
            body = json.dumps(content, separators=(",", ":")).encode()
        address = f"{self._row.url.rstrip('/')}/{path}"
        return send(method, address, headers=headers, body=body, door=outgoing_door())

    def _token(self) -> str:
        """The token that holds, or a new one."""
        row, now = self._row, timezone.now()
        if row.token and row.token_until and row.token_until > now + _EARLY:
            return unseal(settings.CONFIG.data, row.token)
        asked = {
            "grant_type": "client_credentials",
            "client_id": row.client_id,
            "client_secret": unseal(settings.CONFIG.data, row.secret),
        }
        reply = send(
            "POST",
            row.token_url or f"{row.url.rstrip('/')}/auth/token",
            headers={
                "Content-Type": "application/x-www-form-urlencoded",
                "Accept": "application/json",
            },
            body=urlencode(asked).encode(),
            door=outgoing_door(),
            most_bytes=100_000,
        )
        if reply.status != HTTPStatus.OK:
            raise _refused(reply)
        told = _json(reply)
        text = told.get("access_token") if isinstance(told, dict) else None
        if not isinstance(text, str) or not text.isprintable() or len(text) > _LONGEST_TOKEN:
            raise _odd(_("it gave no token"))
        seconds = told.get("expires_in")
        is_number = isinstance(seconds, int) and 0 < seconds <= _LONGEST_S
        row.token = seal(settings.CONFIG.data, text)
        row.token_until = now + timedelta(seconds=seconds if is_number else _USUAL_S)
        row.save(update_fields=["token", "token_until"])
        return text


def _json(reply: Reply) -> Any:
    try:
        return json.loads(reply.body)
    except (ValueError, RecursionError) as error:
        raise _odd(_("its answer is no JSON")) from error


def _refused(reply: Reply) -> PeerError:
    """What a VTN refuses, with the words that it gave."""
    try:
        told = json.loads(reply.body)
        words = told.get("detail") or told.get("error") or told.get("title") or ""
    except (ValueError, RecursionError, AttributeError):
        words = ""
    return _odd(f"HTTP {reply.status} {str(words)[:120]}".strip())


def _odd(words: str) -> PeerError:
    return PeerError(
        code="vtn-refused",
        message=_("The VTN does not answer as it should: %(why)s") % {"why": words},
        hint=_("check address, client ID and secret with whoever runs it"),
    )
