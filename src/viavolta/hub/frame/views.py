"""The first page, the choice of a theme, tiles of basemaps, and all components on one page."""

from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import render
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from viavolta.hub.frame.access import Access, access
from viavolta.hub.frame.basemaps import basemap_answer
from viavolta.hub.frame.components import shown_parts, shown_table
from viavolta.hub.frame.context import THEMES
from viavolta.hub.frame.registry import doors, home_sections, showcase

_YEAR_S = 365 * 24 * 3600


@access(Access.PUBLIC)
def home(request: HttpRequest) -> HttpResponse:
    """What the hub answers and where to begin; for those signed in, what is theirs."""
    if not request.user.is_authenticated:
        context = {
            "title": _("Can our buses go electric?"),
            "showcase": showcase(request),
            "doors": doors(),
        }
        return render(request, "frame/home.html", context)
    own = {
        "title": _("Welcome, %(name)s") % {"name": request.user},
        "sections": home_sections(request),
        "doors": doors(),
        "showcase": showcase(request),
    }
    return render(request, "frame/home_signed_in.html", own)


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


@access(Access.PUBLIC)
@require_safe
def basemap(request: HttpRequest, name: str) -> HttpResponseBase:
    """The part of a basemap that a browser asks for."""
    return basemap_answer(request, name)


@access(Access.MODERATOR)
def components(request: HttpRequest) -> HttpResponseBase:
    """Every component of the frame with figures made up for the page, and marked so."""
    table = shown_table(request)
    if table.is_export:
        return table.export("components")
    return render(request, "frame/components.html", {"table": table, **shown_parts(request)})


def _back_to(request: HttpRequest) -> str:
    wanted = request.POST.get("next", "")
    safe = url_has_allowed_host_and_scheme(
        wanted, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return wanted if safe else "/"
