"""Who sees a study."""

from collections.abc import Callable

import pytest
from cast import PERSONAS, Cast
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied

from viavolta.hub.frame.models import Event
from viavolta.hub.frame.versions import StaleEditError
from viavolta.hub.people.models import User
from viavolta.hub.studies.models import Scenario, Study, Visibility
from viavolta.hub.studies.sharing import renew_link, share, visible_studies

MakeScenario = Callable[..., Scenario]
SEEN_BY = {
    Visibility.PRIVATE: {"editor", "owner"},
    Visibility.ORGANISATION: {"reader", "editor", "owner"},
    Visibility.LINK: {"reader", "editor", "owner"},
    Visibility.PUBLIC: set(PERSONAS),
}


def visitor(cast: Cast, persona: str) -> User | AnonymousUser:
    """The person behind a persona."""
    return AnonymousUser() if persona == "anonymous" else cast.users[persona]


@pytest.mark.parametrize("visibility", Visibility)
def test_each_visibility_is_seen_by_those_it_names(
    cast: Cast, make_scenario: MakeScenario, visibility: Visibility
) -> None:
    """Private: editors and owners. Organisation and link: members. Public: everybody."""
    study = make_scenario().study
    share(cast.users["owner"], study, visibility, seen=study.version)
    seen = {p for p in PERSONAS if study in visible_studies(visitor(cast, p), [])}
    assert seen == SEEN_BY[visibility]


def test_a_link_opens_one_study_until_it_is_revoked(
    cast: Cast, make_scenario: MakeScenario
) -> None:
    """The token shows its study to a stranger; a new token closes the old one at once."""
    study, other = make_scenario().study, make_scenario().study
    editor, stranger = cast.users["editor"], cast.users["stranger"]
    share(editor, study, Visibility.LINK, seen=study.version)
    token = study.link_token
    assert list(visible_studies(stranger, [token])) == [study]
    assert other not in visible_studies(stranger, [token])
    renew_link(editor, study, seen=study.version)
    assert not visible_studies(stranger, [token])
    assert study in visible_studies(stranger, [study.link_token])


def test_no_token_is_no_link(cast: Cast, make_scenario: MakeScenario) -> None:
    """An empty token opens nothing, even where a row with visibility link has none."""
    study = make_scenario().study
    Study.objects.filter(pk=study.pk).update(visibility=Visibility.LINK, link_token="")
    assert not visible_studies(cast.users["stranger"], [""])


def test_what_an_organisation_hides_is_not_public(cast: Cast, make_scenario: MakeScenario) -> None:
    """The public studies of a hidden organisation are seen by its members only."""
    study = make_scenario().study
    share(cast.users["owner"], study, Visibility.PUBLIC, seen=study.version)
    cast.organisation.hidden = True
    cast.organisation.save()
    assert not visible_studies(cast.users["stranger"], [])
    assert study in visible_studies(cast.users["reader"], [])


@pytest.mark.parametrize("persona", ["stranger", "reader", "moderator"])
def test_only_editors_share(cast: Cast, make_scenario: MakeScenario, persona: str) -> None:
    """Readers and strangers cannot change who sees a study, nor its link."""
    study = make_scenario().study
    with pytest.raises(PermissionDenied):
        share(cast.users[persona], study, Visibility.PUBLIC, seen=study.version)
    with pytest.raises(PermissionDenied):
        renew_link(cast.users[persona], study, seen=study.version)


def test_a_stale_share_is_refused(cast: Cast, make_scenario: MakeScenario) -> None:
    """Two editors who share at once: the second is told, nothing is overwritten."""
    study = make_scenario().study
    seen = study.version
    share(cast.users["owner"], study, Visibility.PUBLIC, seen=seen)
    with pytest.raises(StaleEditError):
        share(cast.users["editor"], study, Visibility.PRIVATE, seen=seen)
    assert Study.objects.get(pk=study.pk).visibility == Visibility.PUBLIC


def test_publishing_is_written_down(cast: Cast, make_scenario: MakeScenario) -> None:
    """Each change of visibility is one event with what it was before."""
    study = make_scenario().study
    share(cast.users["owner"], study, Visibility.PUBLIC, seen=study.version)
    share(cast.users["owner"], study, Visibility.PRIVATE, seen=study.version)
    verbs = list(Event.objects.order_by("id").values_list("verb", "detail"))
    assert verbs == [
        ("study.published", {"before": "organisation", "now": "public"}),
        ("study.withdrawn", {"before": "public", "now": "private"}),
    ]
