"""News: written by organisations, read by a moderator first."""

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from viavolta.hub.collaborate.models import NewsPost
from viavolta.hub.collaborate.models.news import NewsState
from viavolta.hub.collaborate.slugs import free_slug
from viavolta.hub.collaborate.verbs import Verb
from viavolta.hub.frame.events import record
from viavolta.hub.frame.refusals import RefusedError
from viavolta.hub.frame.versions import save_version
from viavolta.hub.people.access import require
from viavolta.hub.people.models import Organisation, Role, User


@transaction.atomic
def write_news(
    user: User,
    organisation: Organisation | None,
    *,
    title: str,
    text: str,
    language: str,
    is_sample: bool = False,
) -> NewsPost:
    """Write a draft; moderators may do so for the platform.

    Raises
    ------
    PermissionDenied: the person is no editor of the organisation, or no moderator.
    """
    require_author(user, organisation)
    post = NewsPost.objects.create(
        organisation=organisation,
        title=title,
        slug=free_slug(NewsPost, title, "news"),
        text=text,
        language=language,
        is_sample=is_sample,
        created_by=user,
    )
    record(Verb.NEWS_WRITTEN, actor=user, organisation=organisation, subject=post)
    return post


@transaction.atomic
def change_news(
    user: User, post: NewsPost, *, title: str, text: str, language: str, seen: int
) -> None:
    """Change a post; one that was published goes to the moderators again.

    Raises
    ------
    PermissionDenied: the person is no editor of the organisation, or no moderator.
    StaleEditError: somebody else saved it in the meantime.
    """
    require_author(user, post.organisation)
    post.title = title
    post.text = text
    post.language = language
    post.changed_at = timezone.now()
    if post.state == NewsState.PUBLISHED:
        post.state = NewsState.SUBMITTED
    save_version(post, seen=seen)
    record(Verb.NEWS_WRITTEN, actor=user, organisation=post.organisation, subject=post)


@transaction.atomic
def submit_news(user: User, post: NewsPost) -> None:
    """Hand a draft, or one that was sent back, to the moderators.

    Raises
    ------
    PermissionDenied: the person is no editor of the organisation, or no moderator.
    RefusedError: it is with them or published already.
    """
    require_author(user, post.organisation)
    _move(post, {NewsState.DRAFT, NewsState.RETURNED}, NewsState.SUBMITTED)
    record(Verb.NEWS_SUBMITTED, actor=user, organisation=post.organisation, subject=post)


@transaction.atomic
def decide_news(user: User, post: NewsPost, *, is_published: bool, comment: str = "") -> None:
    """Publish a post, or send it back with a comment.

    Raises
    ------
    PermissionDenied: the person is no moderator.
    RefusedError: it is not with the moderators, or is sent back without a word.
    """
    if not user.is_moderator:
        raise PermissionDenied
    if not is_published and not comment.strip():
        raise RefusedError(_("Say what should be changed."))
    post.comment = comment
    if is_published:
        post.published_at = post.published_at or timezone.now()
    _move(
        post,
        {NewsState.SUBMITTED},
        NewsState.PUBLISHED if is_published else NewsState.RETURNED,
    )
    record(
        Verb.NEWS_PUBLISHED if is_published else Verb.NEWS_RETURNED,
        actor=user,
        organisation=post.organisation,
        subject=post,
    )


def require_author(user: User, organisation: Organisation | None) -> None:
    """Pass an editor of the organisation, or for the platform's news a moderator.

    Raises
    ------
    PermissionDenied: everybody else.
    """
    if organisation is not None:
        require(user, organisation, Role.EDITOR)
    elif not user.is_moderator:
        raise PermissionDenied


def _move(post: NewsPost, before: set[NewsState], after: NewsState) -> None:
    if post.state not in before:
        raise RefusedError(_("This is not possible at this stage."))
    post.state = after
    save_version(post, seen=post.version)
