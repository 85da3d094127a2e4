"""How often an address may knock: counted where every process sees it."""

import time
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.utils.translation import gettext as _

_WINDOW_S = 60
View = Callable[..., HttpResponseBase]


def allows(request: HttpRequest) -> bool:
    """Count a request of this address; False when the minute is used up."""
    is_look = request.method in {"GET", "HEAD"}
    most = settings.VISITOR_LOOKS_PER_MINUTE if is_look else settings.VISITOR_CHANGES_PER_MINUTE
    window = int(time.time()) // _WINDOW_S
    key = f"drive-use:{is_look}:{request.META.get('REMOTE_ADDR', '')}:{window}"
    if cache.add(key, 1, timeout=2 * _WINDOW_S):
        return True
    return bool(cache.incr(key) <= most)


def fair_use(view: View) -> View:
    """Turn away who looks or changes too often, and say so."""

    @wraps(view)
    def counted(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not allows(request):
            title = _("Too many requests")
            return render(request, "drive/wait.html", {"title": title}, status=429)
        return view(request, *args, **kwargs)

    return counted
