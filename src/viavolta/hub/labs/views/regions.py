"""A region's page, in the region's own languages."""

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import translation
from django.utils.translation import gettext as _

from viavolta.hub.frame.access import Access, access
from viavolta.hub.labs.queries import Region
from viavolta.hub.labs.queries import region as read_region


def _region(nuts: str) -> Region:
    found = read_region(nuts)
    if found is None:
        raise Http404
    return found


@access(Access.PUBLIC)
def region(request: HttpRequest, nuts: str) -> HttpResponseBase:
    """Lead to the page in the reader's language if the region speaks it, else in the region's."""
    found = _region(nuts)
    mine = getattr(request, "LANGUAGE_CODE", settings.LANGUAGE_CODE)
    return redirect("region-in", nuts, mine if mine in found.languages else found.languages[0])


@access(Access.PUBLIC)
def region_in(request: HttpRequest, nuts: str, language: str) -> HttpResponseBase:
    """The labs, sessions, practices, organisations and studies of a region, in its language."""
    found = _region(nuts)
    if language not in found.languages:
        raise Http404
    with translation.override(language):
        names = {
            code: translation.get_language_info(code)["name_local"] for code in found.languages
        }
        labs = [
            (lab, {text.language: text for text in lab.texts.all()}.get(language))
            for lab in found.labs
        ]
        answer = render(
            request,
            "labs/region.html",
            {
                "title": found.name,
                "kicker": _("Region %(nuts)s") % {"nuts": nuts},
                "region": found,
                "labs": labs,
                "spoken": [(code, name, code == language) for code, name in names.items()],
            },
        )
        answer.headers["Content-Language"] = language
        return answer
