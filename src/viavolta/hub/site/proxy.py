"""Whom the hub believes about the visitor's address: nobody, or as many proxies as were named."""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase

FORWARDED = ("HTTP_X_FORWARDED_FOR", "HTTP_X_FORWARDED_PROTO", "HTTP_X_FORWARDED_HOST")


class ProxyMiddleware:
    """Take the address and scheme from VIAVOLTA_PROXIES proxies; forget such headers otherwise.

    The last N entries of X-Forwarded-For are those our proxies wrote; what stands before them is
    whatever the visitor claims. After this middleware `REMOTE_ADDR` is the only truth.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Settle the visitor's address before anything reads it."""
        n_proxies: int = settings.N_PROXIES
        addresses = request.META.get("HTTP_X_FORWARDED_FOR", "").split(",")
        if n_proxies and len(addresses) >= n_proxies and addresses[-n_proxies].strip():
            request.META["REMOTE_ADDR"] = addresses[-n_proxies].strip()
        is_https = n_proxies and request.META.get("HTTP_X_FORWARDED_PROTO") == "https"
        for name in FORWARDED:
            request.META.pop(name, None)
        if is_https:
            request.META["HTTP_X_FORWARDED_PROTO"] = "https"  # read by SECURE_PROXY_SSL_HEADER
        return self.get_response(request)
