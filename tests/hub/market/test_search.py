"""Search and matching on the market: at once on words and facets, better once vectors are there."""

import pytest
from cast import Cast

from viavolta.catalogue.glossary import terms
from viavolta.hub.market import actions, vectors
from viavolta.hub.market.content import Content
from viavolta.hub.market.matching import matches_of
from viavolta.hub.market.models import Entry, EntryKind, EntryWords
from viavolta.hub.market.search import search
from viavolta.hub.market.words import token_of
from viavolta.hub.people.models import Membership, Organisation, Role, User
from viavolta.model.facets import Facets
from viavolta.storage.tables.models import Run, RunState


@pytest.fixture
def company(cast: Cast) -> User:
    """An editor of a company that offers things."""
    firm = Organisation.objects.create(name="Voltworks", slug="voltworks", kind="sme", country="DE")
    user = cast.users["stranger"]
    Membership.objects.create(organisation=firm, user=user, role=Role.EDITOR)
    return user


def content(title: str, text: str = "", *, language: str = "en", **codes: list[str]) -> Content:
    """Content that may be published."""
    said = {"segment": ["infrastructure"], **codes}
    return Content(
        title=title,
        summary=title,
        text=text,
        language=language,
        facets=Facets.from_codes(said),
        form="product",
    )


def offer(user: User, *args: str, **codes: list[str]) -> Entry:
    """A published solution of the company."""
    firm = Organisation.objects.get(slug="voltworks")
    entry = actions.create(user, firm, EntryKind.SOLUTION, content(*args, **codes))
    actions.publish(user, entry)
    return entry


def found(query: str, language: str = "en", kind: EntryKind = EntryKind.SOLUTION) -> list[int]:
    """Ids found, best first."""
    return search(kind, query, language).ids.tolist()


def test_words_are_found_at_once_in_any_language(company: User) -> None:
    """A German text is found by its own words, by their beginnings, and by a Slovenian word."""
    bikes = offer(company, "Lastenräder für Paketdienste", language="de")
    offer(company, "Charging hub for lorries")
    assert found("lastenrad", "de") == [bikes.pk]
    assert found("Lasten", "de") == [bikes.pk]
    assert found("tovorno kolo", "sl") == [bikes.pk]
    assert found("cargo bikes") == [bikes.pk]
    assert found("ferry") == []


def test_titles_count_more_than_texts(company: User) -> None:
    """Of two entries with a word, the one that has it in its title comes first."""
    first = offer(company, "Ferry charging")
    second = offer(company, "Charging", "For a ferry and for others")
    assert found("ferry") == [first.pk, second.pk]


def test_all_words_are_wanted_else_some(company: User) -> None:
    """A search finds what has all its words; where nothing has, what has some, and says so."""
    both = offer(company, "Solar roof with cargo bikes")
    one = offer(company, "Solar roof")
    assert found("solar bikes") == [both.pk]
    hits = search(EntryKind.SOLUTION, "solar ferry", "en")
    assert hits.is_loose
    assert set(hits.ids.tolist()) == {both.pk, one.pk}


def test_names_of_organisations_are_found(company: User) -> None:
    """Who looks for a company by name finds what it offers."""
    entry = offer(company, "Charging hub")
    assert found("voltworks") == [entry.pk]


@pytest.mark.parametrize(
    "query", ['"', "a OR", "NEAR(", "x:*", "'); --", "*", "& | !", "\x00", "—"]
)
def test_signs_break_no_search(company: User, query: str) -> None:
    """Signs that a database reads as commands are just signs."""
    offer(company, "Charging hub")
    assert search(EntryKind.SOLUTION, query, "en").ids is not None


def test_changed_words_are_found_and_old_ones_are_not(company: User) -> None:
    """An edit changes what a search finds, in the same moment."""
    entry = offer(company, "Charging hub")
    actions.edit(company, entry, content("Ferry at the quay"), seen=entry.version)
    assert found("hub") == []
    assert found("ferry") == [entry.pk]


def test_needs_and_solutions_find_each_other(cast: Cast, company: User) -> None:
    """Matching works both ways before any vector is there, and says on what."""
    right = offer(
        company,
        "Nachtladung im Betriebshof",
        language="de",
        vehicle=["bus"],
        site=["depot"],
        terrain=["mountain"],
    )
    offer(company, "Ferry charging", vehicle=["ferry"], site=["port"])
    need = actions.create(
        cast.users["editor"],
        cast.organisation,
        EntryKind.NEED,
        content(
            "Overnight charging for our buses",
            vehicle=["bus"],
            site=["depot"],
            terrain=["mountain"],
        ),
    )
    matches = matches_of(need)
    assert [match.entry for match in matches] == [right]
    assert matches[0].reason_names("en")[0] == "depot charging"
    assert "mountain" in matches[0].reason_names("en")
    assert matches_of(right) == []
    actions.publish(cast.users["editor"], need)
    assert [match.entry for match in matches_of(right)] == [need]
    assert "Gebirge" in matches_of(right)[0].reason_names("de")


def test_an_edit_changes_matches(cast: Cast, company: User) -> None:
    """When a solution says something else, a need no longer matches it."""
    entry = offer(company, "Bus charging", vehicle=["bus"], site=["depot"])
    need = actions.create(
        cast.users["editor"],
        cast.organisation,
        EntryKind.NEED,
        content("Bus charging", vehicle=["bus"], site=["depot"]),
    )
    assert [match.entry for match in matches_of(need)] == [entry]
    other = content("Bicycles to hire", vehicle=["bicycle"], site=["rail-station"])
    actions.edit(company, entry, other, seen=entry.version)
    assert matches_of(need) == []


def test_own_entries_and_hidden_ones_do_not_match(cast: Cast, company: User) -> None:
    """Neither what one offers oneself nor what a moderator hid comes up."""
    said = {"vehicle": ["bus"], "site": ["depot"]}
    theirs = offer(company, "Bus charging", **said)
    firm = theirs.organisation
    own_need = actions.create(company, firm, EntryKind.NEED, content("Bus charging", **said))
    assert matches_of(own_need) == []
    need = actions.create(
        cast.users["editor"], cast.organisation, EntryKind.NEED, content("Bus charging", **said)
    )
    assert matches_of(need)
    Organisation.objects.filter(pk=firm.pk).update(hidden=True, version=firm.version + 1)
    assert matches_of(need) == []


def test_vectors_come_from_a_worker(company: User) -> None:
    """A new text asks once for a run; the run computes what lacks; an edit makes it lack again."""
    entry = offer(company, "Charging hub")
    offer(company, "Ferry charging")
    waiting = Run.objects.filter(kind=vectors.KIND, state=RunState.QUEUED)
    assert waiting.count() == 1
    told: list[float] = []
    assert vectors.compute_vectors(told.append) == {"computed": 2, "left": 0}
    assert told[-1] >= 1.0
    assert not EntryWords.objects.filter(vector=None).exists()
    assert vectors.compute_vectors(told.append) == {"computed": 0, "left": 0}
    waiting.update(state=RunState.DONE)
    actions.edit(company, entry, content("Charging hub by the sea"), seen=entry.version)
    assert waiting.count() == 1
    assert EntryWords.objects.get(pk=entry.pk).vector is None


def test_an_edit_without_new_words_keeps_the_vector(company: User) -> None:
    """Saving the same words again costs no computation."""
    entry = offer(company, "Charging hub")
    vectors.compute_vectors(lambda _share: None)
    Run.objects.update(state=RunState.DONE)
    actions.edit(company, entry, content("Charging hub"), seen=entry.version)
    assert EntryWords.objects.get(pk=entry.pk).vector is not None
    assert not Run.objects.filter(state=RunState.QUEUED).exists()


def test_missing_and_outdated_words_are_mended(company: User) -> None:
    """What came by another way, or was read with an older glossary, is read again by the worker."""
    lost, old = offer(company, "Charging hub"), offer(company, "Ferry")
    EntryWords.objects.filter(pk=lost.pk).delete()
    EntryWords.objects.filter(pk=old.pk).update(digest="older", words="", title_words="")
    assert found("hub") == []
    vectors.compute_vectors(lambda _share: None)
    assert found("hub") == [lost.pk]
    assert found("ferry") == [old.pk]


def test_terms_have_words_of_their_own() -> None:
    """No two terms of the glossary share the word by which the full text knows them."""
    assert len({token_of(key) for key in terms()}) == len(terms())


def test_pages_show_matches_with_reasons(cast: Cast, company: User) -> None:
    """A need's page shows the solutions that match and on what, in the reader's language."""
    said = {"vehicle": ["bus"], "site": ["depot"]}
    offer(company, "Overnight charging for buses", **said)
    need = actions.create(
        cast.users["editor"], cast.organisation, EntryKind.NEED, content("Our bus depot", **said)
    )
    actions.publish(cast.users["editor"], need)
    address = f"/market/needs/{need.slug}/"
    page = cast.client("anonymous").get(address, headers={"accept-language": "en"})
    assert "Overnight charging for buses" in page.text
    assert "Matched on: bus, depot" in page.text.replace("\n", " ")
    german = cast.client("anonymous").get(address, headers={"accept-language": "de"})
    assert "Passende Lösungen" in german.text


def test_a_loose_search_says_so(cast: Cast, company: User) -> None:
    """The list tells that no entry has all the words that were looked for."""
    offer(company, "Solar roof")
    page = cast.client("anonymous").get("/market/solutions/?q=solar+ferry")
    assert "None has all these words" in page.text
    assert "Solar roof" in page.text
