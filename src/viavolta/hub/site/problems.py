"""Errors of the API as problems (RFC 9457): `application/problem+json`."""

from http import HTTPStatus
from typing import Any

from django.core.exceptions import PermissionDenied
from django.core.exceptions import ValidationError as DjangoValidationError
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, HttpError, Throttled, ValidationError

from viavolta.hub.frame.versions import StaleEditError
from viavolta.model.errors import InputError, NoSolutionError, PlatformError, UsageError


def problem(status: int, *, code: str, detail: str = "", **more: Any) -> HttpResponse:
    """One problem; `code` stays the same between versions."""
    body = {
        "type": f"urn:viavolta:problem:{code}",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "code": code,
        "detail": detail,
        **{key: value for key, value in more.items() if value is not None},
    }
    answer = JsonResponse(body, status=status, content_type="application/problem+json")
    if status == HTTPStatus.UNAUTHORIZED:
        answer.headers["WWW-Authenticate"] = 'Bearer realm="viavolta"'
    return answer


def _http_error(request: HttpRequest, error: Any) -> HttpResponse:  # noqa: ARG001 - ninja's signature
    if isinstance(error, AuthenticationError):
        return problem(401, code="not-signed-in", detail="sign in or send a token")
    if isinstance(error, Throttled):
        answer = problem(429, code="too-many-requests", detail="wait and ask again")
        answer.headers["Retry-After"] = str(error.wait or 60)
        return answer
    return problem(error.status_code, code="refused", detail=str(error))


def _invalid(request: HttpRequest, error: Any) -> HttpResponse:  # noqa: ARG001 - ninja's signature
    errors = [
        {"where": ".".join(str(part) for part in row["loc"]), "expected": row["msg"]}
        for row in error.errors
    ]
    return problem(422, code="invalid-request", detail="a value is not as expected", errors=errors)


def _invalid_model(request: HttpRequest, error: Any) -> HttpResponse:  # noqa: ARG001 - ninja's signature
    fields = error.message_dict if hasattr(error, "error_dict") else {"": error.messages}
    errors = [{"where": name, "expected": " ".join(texts)} for name, texts in fields.items()]
    return problem(422, code="invalid-request", detail="a value is not as expected", errors=errors)


def _platform_error(request: HttpRequest, error: Any) -> HttpResponse:  # noqa: ARG001 - ninja's signature
    ours = isinstance(error, InputError | UsageError | NoSolutionError)
    told = error.as_dict()
    told["detail"] = told.pop("message")
    return problem(422 if ours else 502, **told)


def tell_problems(api: NinjaAPI) -> None:
    """Have `api` answer every error as a problem."""
    api.add_exception_handler(HttpError, _http_error)
    api.add_exception_handler(ValidationError, _invalid)
    api.add_exception_handler(DjangoValidationError, _invalid_model)
    api.add_exception_handler(PlatformError, _platform_error)
    api.add_exception_handler(
        Http404,
        lambda request, error: problem(404, code="not-found"),  # noqa: ARG005 - ninja's signature
    )
    api.add_exception_handler(
        PermissionDenied,
        lambda request, error: problem(403, code="not-allowed"),  # noqa: ARG005 - ninja's signature
    )
    api.add_exception_handler(
        StaleEditError,
        lambda request, error: problem(  # noqa: ARG005 - ninja's signature
            409, code="stale-edit", detail="somebody else saved this in the meantime; read it again"
        ),
    )
