"""News: a moderator reads them before everybody does."""

from typing import Any

import pytest
from django.core.exceptions import PermissionDenied

from viavolta.hub.collaborate.actions.news import (
    change_news,
    decide_news,
    submit_news,
    write_news,
)
from viavolta.hub.collaborate.queries.news import published, readable, to_decide
from viavolta.hub.frame.refusals import RefusedError


def test_a_post_is_published_by_a_moderator(cast: Any) -> None:
    """Draft, submitted, sent back with a comment, submitted again, published."""
    editor, moderator = cast.users["editor"], cast.users["moderator"]
    post = write_news(editor, cast.organisation, title="Ten buses", text="...", language="en")
    assert not published().exists()
    submit_news(editor, post)
    assert list(to_decide()) == [post]
    with pytest.raises(PermissionDenied):
        decide_news(cast.users["owner"], post, is_published=True)
    with pytest.raises(RefusedError):
        decide_news(moderator, post, is_published=False)
    decide_news(moderator, post, is_published=False, comment="Which line?")
    submit_news(editor, post)
    decide_news(moderator, post, is_published=True)
    assert list(published()) == [post]


def test_a_changed_post_is_read_again(cast: Any) -> None:
    """What was published and then changed is not shown until a moderator has read it again."""
    editor, moderator = cast.users["editor"], cast.users["moderator"]
    post = write_news(editor, cast.organisation, title="Ten buses", text="...", language="en")
    submit_news(editor, post)
    decide_news(moderator, post, is_published=True)
    change_news(editor, post, title="Twelve", text="...", language="en", seen=post.version)
    assert not published().exists()


def test_drafts_are_not_found_by_strangers(cast: Any) -> None:
    """A draft is its organisation's, and open to moderators."""
    post = write_news(
        cast.users["editor"], cast.organisation, title="Secret", text="...", language="de"
    )
    assert post in readable(cast.users["owner"])
    assert post in readable(cast.users["moderator"])
    assert post not in readable(cast.users["stranger"])
    with pytest.raises(PermissionDenied):
        write_news(cast.users["stranger"], None, title="Platform", text="...", language="en")
