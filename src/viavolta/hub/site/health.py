"""Whether web, worker and gateway answer, for whoever watches the hub from outside."""

from django.db import DatabaseError
from django.http import HttpRequest, JsonResponse

from viavolta.hub.frame.access import Access, access
from viavolta.storage.presence import is_any_gateway_alive
from viavolta.storage.runs.queue import is_any_worker_alive

UNAVAILABLE = 503


@access(Access.PUBLIC)
def health(request: HttpRequest) -> JsonResponse:  # noqa: ARG001 - the form of a view
    """200 when all parts answer, else 503; each part by name."""
    try:
        parts = {
            "web": "ok",
            "worker": "ok" if is_any_worker_alive() else "silent",
            "gateway": "ok" if is_any_gateway_alive() else "silent",
        }
    except DatabaseError:
        parts = {"web": "no database", "worker": "unknown", "gateway": "unknown"}
    is_well = set(parts.values()) == {"ok"}
    answer = JsonResponse(parts, status=200 if is_well else UNAVAILABLE)
    answer["Cache-Control"] = "no-store"
    return answer
