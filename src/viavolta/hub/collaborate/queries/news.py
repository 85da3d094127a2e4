"""News as everybody reads them, and as their authors and moderators do."""

from typing import TYPE_CHECKING

from django.db.models import Q, QuerySet

from viavolta.hub.collaborate.models import NewsPost
from viavolta.hub.collaborate.models.news import NewsState
from viavolta.hub.people.access import organisations_of
from viavolta.hub.people.models import Role, User

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser


def published() -> QuerySet[NewsPost]:
    """Posts that everybody reads, newest first."""
    return (
        NewsPost.objects.filter(state=NewsState.PUBLISHED, hidden=False)
        .exclude(organisation__hidden=True)
        .select_related("organisation")
    )


def readable(user: "User | AnonymousUser") -> QuerySet[NewsPost]:
    """Posts a person may open: published ones, her organisations', all for a moderator."""
    posts = NewsPost.objects.select_related("organisation")
    if getattr(user, "is_moderator", False):
        return posts
    is_public = Q(state=NewsState.PUBLISHED, hidden=False)
    mine = organisations_of(user, Role.EDITOR).values("pk")
    return posts.filter(is_public | Q(organisation__in=mine))


def to_decide() -> QuerySet[NewsPost]:
    """Posts that wait for a moderator, the longest wait first."""
    return (
        NewsPost.objects.filter(state=NewsState.SUBMITTED, hidden=False)
        .select_related("organisation")
        .order_by("changed_at", "pk")
    )
