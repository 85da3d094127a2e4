"""Addresses that no row can have: NUL stands in no text of PostgreSQL."""

from collections.abc import Callable

from django.core.exceptions import BadRequest
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase

NUL = "\0"
_OWN_ANSWERS = ("/ocpi/", "/openadr3/")
"""Protocols whose own rules say how a wrong address is answered."""


class AddressMiddleware:
    """Refuse NUL in an address before anything is looked up by it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer what can be looked up.

        Raises
        ------
        Http404: NUL is in the path.
        BadRequest: it is in the query.
        """
        if not request.path.startswith(_OWN_ANSWERS):
            if NUL in request.path:
                raise Http404
            if any(NUL in word for pair in request.GET.lists() for word in (pair[0], *pair[1])):
                raise BadRequest
        return self.get_response(request)
