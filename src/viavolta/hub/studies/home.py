"""What the signed-in home page says of studies."""

from django.http import HttpRequest

from viavolta.hub.people.access import organisations_of
from viavolta.hub.people.models import Role
from viavolta.hub.studies import queries
from viavolta.hub.studies.models import Study


def own_studies(request: HttpRequest) -> dict[str, object] | None:
    """The newest studies and drafts of my organisations, else the first steps."""
    mine = organisations_of(request.user).values("pk")
    studies = queries.with_state(Study.objects.filter(organisation__in=mine))[:5]
    return {
        "studies": list(studies),
        "drafts": list(queries.drafts_of(request.user)[:3]),
        "may_edit": organisations_of(request.user, Role.EDITOR).exists(),
    }
