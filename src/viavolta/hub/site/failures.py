"""Pages for what went wrong: in the hub's layout and language, without a word about the inside."""

from http import HTTPStatus

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from viavolta.hub.site.problems import problem

MACHINES = ("/api/", "/ocpi/", "/openadr3/")


def _answer(
    request: HttpRequest, status: HTTPStatus, *, code: str, title: str, text: str
) -> HttpResponse:
    if request.path.startswith(MACHINES):
        return problem(status, code=code)
    if not hasattr(request, "user"):  # refused before anybody asked who it is
        return render(
            None, "frame/server_error.html", {"title": title, "text": text}, status=status
        )
    return render(
        request,
        "frame/failure.html",
        {"title": title, "lead": text},
        status=status,
    )


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:  # noqa: ARG001 - Django's signature
    """A request that makes no sense."""
    return _answer(
        request,
        HTTPStatus.BAD_REQUEST,
        code="bad-request",
        title=_("This request makes no sense to us"),
        text=_("Go back and try again."),
    )


def not_allowed(request: HttpRequest, exception: Exception) -> HttpResponse:  # noqa: ARG001 - Django's signature
    """Something that this person's role does not allow."""
    return _answer(
        request,
        HTTPStatus.FORBIDDEN,
        code="not-allowed",
        title=_("Your role does not allow this"),
        text=_("An owner of the organisation can change your role."),
    )


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:  # noqa: ARG001 - Django's signature
    """Nothing there, or nothing this person may see."""
    return _answer(
        request,
        HTTPStatus.NOT_FOUND,
        code="not-found",
        title=_("There is nothing here"),
        text=_("The address is wrong, the page is gone, or you must sign in to see it."),
    )


def server_error(request: HttpRequest) -> HttpResponse:
    """A fault of ours; the page needs no database."""
    if request.path.startswith(MACHINES):
        return problem(500, code="internal-error")
    return render(None, "frame/server_error.html", status=500)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:  # noqa: ARG001 - Django's signature
    """A form without its secret: an old page, or a foreign one."""
    return _answer(
        request,
        HTTPStatus.FORBIDDEN,
        code="not-allowed",
        title=_("This form is no longer valid"),
        text=_("Reload the page and send it again; nothing was changed."),
    )
