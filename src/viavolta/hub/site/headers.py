"""Headers of every answer beyond those that Django and django-csp set."""

from collections.abc import Callable

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.cache import has_vary_header

PERMISSIONS_POLICY = (
    ", ".join(
        f"{feature}=()"
        for feature in (
            "accelerometer",
            "camera",
            "display-capture",
            "geolocation",
            "gyroscope",
            "magnetometer",
            "microphone",
            "midi",
            "payment",
            "screen-wake-lock",
            "usb",
            "xr-spatial-tracking",
        )
    )
    + ", publickey-credentials-create=(self), publickey-credentials-get=(self)"
)


class HeadersMiddleware:
    """Switch off what no page of the hub uses, and keep personal pages out of shared caches."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer with these headers."""
        answer = self.get_response(request)
        answer.headers.setdefault("Permissions-Policy", PERMISSIONS_POLICY)
        answer.headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        if has_vary_header(answer, "Cookie"):
            answer.headers.setdefault("Cache-Control", "private, no-cache")
        return answer
