"""What the VTN refuses: a status of HTTP and a sentence, told as a problem."""

from http import HTTPStatus

from django.http import HttpResponse, JsonResponse


class RefusedError(Exception):
    """A request that is not done."""

    def __init__(self, status: HTTPStatus, detail: str) -> None:
        super().__init__(detail)
        self.status, self.detail = status, detail


def bad(detail: str) -> RefusedError:
    """A request that holds what cannot be."""
    return RefusedError(HTTPStatus.BAD_REQUEST, detail)


def forbidden(detail: str) -> RefusedError:
    """A request that this client may not make."""
    return RefusedError(HTTPStatus.FORBIDDEN, detail)


def missing(what: str) -> RefusedError:
    """A request for what is not there, or not for this client to see."""
    return RefusedError(HTTPStatus.NOT_FOUND, f"there is no such {what}")


def conflict(detail: str) -> RefusedError:
    """A request for what is there already."""
    return RefusedError(HTTPStatus.CONFLICT, detail)


def problem(status: HTTPStatus, detail: str) -> HttpResponse:
    """The answer that says so (RFC 9457)."""
    body = {"type": "about:blank", "title": status.phrase, "status": status, "detail": detail}
    answer = JsonResponse(body, status=status, content_type="application/problem+json")
    if status == HTTPStatus.UNAUTHORIZED:
        answer.headers["WWW-Authenticate"] = 'Bearer realm="openadr3"'
    return answer
