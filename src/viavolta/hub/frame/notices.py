"""Notices on the next page: what was done, and a button that undoes it."""

from django.contrib import messages
from django.http import HttpRequest
from django.utils.functional import Promise


def done(request: HttpRequest, text: str | Promise, *, undo: str = "") -> None:
    """Say what was done; `undo` is the address that undoes it by a POST."""
    messages.success(request, str(text), extra_tags=f"undo:{undo}" if undo else "")


def careful(request: HttpRequest, text: str | Promise) -> None:
    """Say what the reader should look at."""
    messages.warning(request, str(text))


def refused(request: HttpRequest, text: str | Promise) -> None:
    """Say what was not done, and why."""
    messages.error(request, str(text))
