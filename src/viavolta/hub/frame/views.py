"""The first page, and the choice of a theme."""

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from viavolta.hub.frame.access import Access, access
from viavolta.hub.frame.context import THEMES
from viavolta.hub.frame.registry import home_sections

_YEAR_S = 365 * 24 * 3600


@access(Access.PUBLIC)
def home(request: HttpRequest) -> HttpResponse:
    """What the hub answers and where to begin; for those signed in, what is theirs."""
    if not request.user.is_authenticated:
        return render(request, "frame/home.html", {"title": _("Can our buses go electric?")})
    context = {"title": _("Welcome"), "sections": home_sections(request)}
    return render(request, "frame/home_signed_in.html", context)


@access(Access.PUBLIC)
@require_POST
def set_theme(request: HttpRequest) -> HttpResponse:
    """Keep the theme this browser asked for in a cookie."""
    answer = HttpResponseRedirect(_back_to(request))
    wanted = request.POST.get("theme", "")
    if wanted in THEMES:
        answer.set_cookie(
            "theme", wanted, max_age=_YEAR_S, samesite="Lax", secure=request.is_secure()
        )
    return answer


def _back_to(request: HttpRequest) -> str:
    wanted = request.POST.get("next", "")
    safe = url_has_allowed_host_and_scheme(
        wanted, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return wanted if safe else "/"
