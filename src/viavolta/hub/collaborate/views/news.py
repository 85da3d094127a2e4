"""News and their feeds."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.feedgenerator import Atom1Feed
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from viavolta.hub.collaborate.actions.news import (
    change_news,
    decide_news,
    require_author,
    submit_news,
    write_news,
)
from viavolta.hub.collaborate.columns import page_of, sample_column
from viavolta.hub.collaborate.forms.news import DecisionForm, NewsForm
from viavolta.hub.collaborate.models import NewsPost
from viavolta.hub.collaborate.models.news import NewsState
from viavolta.hub.collaborate.pages import acting_page, person_of
from viavolta.hub.collaborate.queries.news import published, readable, to_decide
from viavolta.hub.collaborate.views.collaborations import tabs
from viavolta.hub.frame.access import Access, access
from viavolta.hub.frame.cells import Column, Kind
from viavolta.hub.frame.pages import act, form_page
from viavolta.hub.frame.rows import QueryRows
from viavolta.hub.frame.tables import Empty, Filter, Table
from viavolta.hub.people.access import organisations_of
from viavolta.hub.people.models import Organisation, Role

_IN_FEED = 50


@access(Access.PUBLIC)
def news(request: HttpRequest) -> HttpResponseBase:
    """What is new; `?organisation=` narrows it to one."""
    table = Table(
        request,
        QueryRows(published(), search=("title", "text")),
        (
            Column(key="title", label=_("Title"), link=page_of),
            Column(
                key="organisation",
                label=_("Organisation"),
                value=lambda row: row.organisation or settings.SITE_NAME,
                sort="organisation__name",
            ),
            Column(key="published_at", label=_("Published"), kind=Kind.DAY),
            Column(
                key="language",
                label=_("Language"),
                value=lambda row: row.get_language_display(),
                sort="language",
            ),
            sample_column(),
        ),
        sort="-published_at",
        caption=_("News"),
        filters=(
            Filter(
                key="language",
                label=_("Language"),
                choices=settings.LANGUAGES,
                keep=lambda rows, choice: QueryRows(
                    rows.query.filter(language=choice), search=rows.search
                ),
            ),
        ),
        empty=Empty(title=_("No news yet"), url=reverse("news-new"), label=_("Write news")),
    )
    if table.is_export:
        return table.export("news")
    waiting = to_decide() if getattr(request.user, "is_moderator", False) else ()
    return render(
        request,
        "collaborate/news.html",
        {
            "title": _("News"),
            "table": table,
            "tabs": tabs("news"),
            "waiting": waiting,
            "mine": _unpublished(request),
        },
    )


def _unpublished(request: HttpRequest) -> list[NewsPost]:
    mine = organisations_of(request.user, Role.EDITOR).values("pk")
    posts = readable(request.user).filter(organisation__in=mine)
    return list(posts.exclude(state=NewsState.PUBLISHED)[:20])


@access(Access.PUBLIC)
def feed(request: HttpRequest, slug: str = "") -> HttpResponse:
    """The newest posts as an Atom feed, of everybody or of one organisation."""
    posts = published()
    title = f"{settings.SITE_NAME}: {_('News')}"
    if slug:
        organisation = get_object_or_404(Organisation, slug=slug, hidden=False)
        posts = posts.filter(organisation=organisation)
        title = f"{organisation.name}: {_('News')}"
    atom = Atom1Feed(
        title=title,
        link=request.build_absolute_uri(reverse("news")),
        description="",
        feed_url=request.build_absolute_uri(),
    )
    for post in posts[:_IN_FEED]:
        address = request.build_absolute_uri(post.get_absolute_url())
        atom.add_item(
            title=post.title,
            link=address,
            description=post.text,
            unique_id=address,
            author_name=post.organisation.name if post.organisation else settings.SITE_NAME,
            pubdate=post.published_at,
            updateddate=post.changed_at,
        )
    return HttpResponse(
        atom.writeString("utf-8"), content_type="application/atom+xml; charset=utf-8"
    )


@access(Access.PUBLIC)
def post_page(request: HttpRequest, slug: str) -> HttpResponseBase:
    """A post; its authors and moderators see it before it is published."""
    post = get_object_or_404(readable(request.user), slug=slug)
    return render(
        request,
        "collaborate/news_post.html",
        {
            "title": post.title,
            "is_sample": post.is_sample,
            "crumbs": [(_("News"), reverse("news")), (post.title, "")],
            "post": post,
            "can_edit": _may_edit(request, post),
            "can_submit": _may_edit(request, post)
            and post.state in {NewsState.DRAFT, NewsState.RETURNED},
            "can_decide": getattr(request.user, "is_moderator", False)
            and post.state == NewsState.SUBMITTED,
            "decision_form": DecisionForm(),
        },
    )


def _may_edit(request: HttpRequest, post: NewsPost) -> bool:
    if post.organisation is None:
        return bool(getattr(request.user, "is_moderator", False))
    return organisations_of(request.user, Role.EDITOR).filter(pk=post.organisation.pk).exists()


@access(Access.SIGNED_IN)
def new_post(request: HttpRequest) -> HttpResponseBase:
    """Write a post."""

    def save(cleaned: dict[str, Any]) -> tuple[str, str]:
        post = write_news(
            person_of(request),
            cleaned["organisation"],
            title=cleaned["title"],
            text=cleaned["text"],
            language=cleaned["language"],
        )
        return post.get_absolute_url(), _("The draft is kept.")

    return acting_page(
        request,
        NewsForm(
            person_of(request),
            request.POST or None,
            initial={"language": request.LANGUAGE_CODE},
            is_new=True,
        ),
        save,
        title=_("Write news"),
    )


@access(Access.EDITOR)
def edit_post(request: HttpRequest, slug: str) -> HttpResponseBase:
    """Change a post."""
    post = get_object_or_404(readable(request.user), slug=slug)
    require_author(person_of(request), post.organisation)

    def save(cleaned: dict[str, Any]) -> tuple[str, str]:
        seen = cleaned.pop("version")
        change_news(person_of(request), post, **cleaned, seen=seen)
        return post.get_absolute_url(), _("Saved.")

    return form_page(
        request,
        NewsForm(person_of(request), request.POST or None, initial=_facts(post), is_new=False),
        save,
        current=lambda: _current(slug),
        title=post.title,
        cancel_url=post.get_absolute_url(),
    )


def _current(slug: str) -> tuple[NewsPost, dict[str, Any]]:
    post = NewsPost.objects.get(slug=slug)
    return post, _facts(post)


def _facts(post: NewsPost) -> dict[str, Any]:
    return {
        "title": post.title,
        "text": post.text,
        "language": post.language,
        "version": post.version,
    }


@require_POST
@access(Access.EDITOR)
def submit_post(request: HttpRequest, slug: str) -> HttpResponse:
    """Hand a post to the moderators."""
    post = get_object_or_404(readable(request.user), slug=slug)
    require_author(person_of(request), post.organisation)
    return act(
        request,
        lambda: submit_news(person_of(request), post),
        _("The moderators will read it."),
        back=post.get_absolute_url(),
    )


@require_POST
@access(Access.MODERATOR)
def decide_post(request: HttpRequest, slug: str) -> HttpResponse:
    """Publish a post or send it back, as the button says."""
    post = get_object_or_404(readable(request.user), slug=slug)
    is_published = "publish" in request.POST
    form = DecisionForm(request.POST)
    comment = form.cleaned_data["comment"] if form.is_valid() else ""
    return act(
        request,
        lambda: decide_news(person_of(request), post, is_published=is_published, comment=comment),
        _("Published.") if is_published else _("Sent back."),
        back=post.get_absolute_url(),
    )
