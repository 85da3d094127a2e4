"""The first page."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from viavolta.hub.frame.access import Access, access


@access(Access.PUBLIC)
def home(request: HttpRequest) -> HttpResponse:
    """What the hub answers, and where to begin."""
    return render(request, "frame/home.html")
