"""Pages of the market, as visitors meet them."""

import pytest
from cast import Cast
from django.test import Client

from viavolta.hub.market.models import (
    Entry,
    EntryKind,
    EntryState,
    Evidence,
    Merge,
    SavedSearch,
)
from viavolta.hub.people.models import Membership, Organisation

NEED, SOLUTION = EntryKind.NEED, EntryKind.SOLUTION
FORM = {
    "title": "Minibuses in the old town",
    "summary": "Small electric buses on steep lanes.",
    "language": "en",
    "segment": ["public-transport"],
    "vehicle": ["minibus"],
    "form": "pilot",
    "evidence-TOTAL_FORMS": "1",
    "evidence-INITIAL_FORMS": "0",
    "evidence-0-what": "Energy per kilometre",
    "evidence-0-value": "1.15",
    "evidence-0-unit": "kWh/km",
    "evidence-0-place": "Sampleton",
    "evidence-0-measured_from": "2025-01-01",
    "evidence-0-measured_to": "2025-12-31",
}


@pytest.mark.parametrize("language", ["en", "de", "fr", "it", "sl", "nl"])
def test_every_page_opens_in_every_language(cast: Cast, make_entry, language: str) -> None:
    """Lists in three views, both kinds of entries, forms, history, files, searches, desk."""
    for kind in EntryKind:
        make_entry(kind, f"An entry {kind}", text="Words.\n\nMore words.")
    entry = Entry.objects.get(kind=SOLUTION)
    Evidence.objects.create(
        entry=entry,
        what="x",
        value="1.5",
        unit="kWh",
        place="y",
        measured_from="2025-01-01",
        measured_to="2025-02-01",
    )
    browser = cast.client("editor")
    browser.cookies["django_language"] = language
    page = f"/market/solutions/{entry.slug}/"
    for address in (
        "/market/",
        "/market/needs/",
        "/market/solutions/",
        "/market/solutions/?view=table",
        "/market/solutions/?view=map",
        "/market/solutions/?q=entry&segment=public-transport",
        "/market/needs/new/",
        "/market/solutions/new/",
        "/market/ours/",
        "/market/searches/",
        page,
        f"{page}edit/",
        f"{page}history/",
        f"{page}files/",
        "/market/needs/an-entry-need/",
    ):
        answer = browser.get(address)
        assert answer.status_code == 200, address
        assert f'lang="{language}"' in answer.text


def test_what_is_typed_is_a_draft_then_public(cast: Cast) -> None:
    """An editor writes a solution with a figure, publishes it, and strangers find it."""
    editor, stranger = cast.client("editor"), cast.client("stranger")
    answer = editor.post("/market/solutions/new/", FORM)
    address = answer["Location"]
    assert stranger.get(address).status_code == 404
    assert "Minibuses" in editor.get(address).text
    editor.post(f"{address}publish/")
    text = stranger.get(address).text
    assert "1.15" in text
    assert "Minibuses" in stranger.get("/market/solutions/?vehicle=minibus").text
    assert "Minibuses" not in stranger.get("/market/solutions/?vehicle=ferry").text


def test_words_are_shown_as_words(cast: Cast, make_entry) -> None:
    """HTML in any text is text."""
    bad = "<script>alert(1)</script><b>x"
    entry = make_entry(SOLUTION, "Bad", summary=bad, text=bad)
    Entry.objects.filter(pk=entry.pk).update(title=bad)
    for address in (
        "/market/",
        "/market/solutions/",
        "/market/solutions/?view=table",
        "/market/solutions/bad/",
    ):
        text = cast.client("stranger").get(address).text
        assert "<script>alert" not in text
        assert "&lt;script&gt;alert" in text


def test_two_who_edit_at_once_see_both_texts(cast: Cast, make_entry) -> None:
    """The second save is refused with 409, shows theirs beside yours, and can be sent again."""
    entry = make_entry(SOLUTION, "One", form="pilot")
    address = "/market/solutions/one/edit/"
    sent = FORM | {"version": "1"}
    assert cast.client("editor").post(address, sent).status_code == 302
    second = cast.client("owner").post(address, sent | {"title": "Of the owner"})
    assert second.status_code == 409
    assert "Of the owner" in second.text
    assert "Minibuses in the old town" in second.text
    entry.refresh_from_db()
    assert entry.title == "Minibuses in the old town"
    assert 'name="version" value="2"' in second.text


def test_a_wrong_figure_is_named(cast: Cast) -> None:
    """An end before the beginning is refused beside the field; nothing is saved."""
    sent = FORM | {"evidence-0-measured_to": "2024-01-01", "evidence-0-contact": "a@b.example"}
    answer = cast.client("editor").post("/market/solutions/new/", sent)
    assert answer.status_code == 200
    assert "The end is before the beginning." in answer.text
    assert "not an e-mail address" in answer.text
    assert not Entry.objects.exists()


def test_a_merged_entry_leads_to_the_kept_one(cast: Cast, make_entry) -> None:
    """The moderator merges on the page; the old address redirects; undo takes them apart."""
    make_entry(SOLUTION, "One")
    make_entry(SOLUTION, "Two")
    moderator = cast.client("moderator")
    answer = moderator.post("/market/moderate/merge/solutions/", {"kept": "one", "merged": "two"})
    assert answer.status_code == 302
    old = Client().get("/market/solutions/two/")
    assert (old.status_code, old["Location"]) == (302, "/market/solutions/one/")
    assert "Two" not in Client().get("/market/solutions/").text
    moderator.post(f"/market/moderate/merges/{Merge.objects.get().pk}/undo/")
    assert Client().get("/market/solutions/two/").status_code == 200


@pytest.mark.parametrize(
    ("persona", "expected"),
    [
        ("anonymous", (404, 302, 302)),
        ("stranger", (404, 404, 404)),
        ("reader", (200, 404, 404)),
        ("editor", (200, 200, 404)),
        ("owner", (200, 200, 404)),
        ("moderator", (404, 404, 302)),
    ],
)
def test_who_may_open_what(
    cast: Cast, make_entry, persona: str, expected: tuple[int, int, int]
) -> None:
    """Drafts are for members, forms for editors, hiding for moderators; others learn nothing."""
    draft, edit, hide = expected
    make_entry(SOLUTION, "Draft", state=EntryState.DRAFT)
    make_entry(SOLUTION, "Open")
    browser = cast.client(persona)
    assert browser.get("/market/solutions/draft/").status_code == draft
    assert browser.get("/market/solutions/open/").status_code == 200
    assert browser.get("/market/solutions/open/edit/").status_code == edit
    assert browser.get("/market/solutions/open/files/").status_code == edit
    assert browser.get("/market/solutions/open/history/").status_code == edit
    assert browser.post("/market/solutions/open/hide/", {"reason": "x"}).status_code == hide


def test_the_list_is_a_file_too(make_entry) -> None:
    """CSV with the same choices, ISO dates, and no text a spreadsheet would compute."""
    make_entry(SOLUTION, "Plain")
    entry = make_entry(SOLUTION, "Bad")
    Entry.objects.filter(pk=entry.pk).update(title="=1+1", summary="s")
    answer = Client().get("/market/solutions/?export=csv&segment=public-transport")
    text = b"".join(answer.streaming_content).decode()
    assert text.startswith("title,organisation,")
    assert "'=1+1" in text
    assert "Plain" in text


def test_a_search_is_kept_and_forgotten(cast: Cast, make_entry) -> None:
    """Kept with its choices; others do not see it."""
    make_entry(NEED, "One")
    browser = cast.client("stranger")
    query = "segment=public-transport&q=one"
    browser.post("/market/searches/save/needs/", {"query": query, "name": "Mine", "notify": "on"})
    text = browser.get("/market/searches/").text
    assert "Mine" in text
    assert "q=one&amp;segment=public-transport" in text
    forget = f"/market/searches/{SavedSearch.objects.get().pk}/forget/"
    assert cast.client("owner").post(forget).status_code == 404
    browser.post(forget)
    assert "Mine" not in browser.get("/market/searches/").text


def test_the_home_page_shows_what_matches_ones_own(cast: Cast, make_entry) -> None:
    """A city with a need sees the solution at once; without entries there is no such part."""
    firm = Organisation.objects.create(name="Firm", slug="firm", kind="sme", country="SI")
    facets = {"segment": ["public-transport"], "vehicle": ["bus"], "site": ["depot"]}
    make_entry(NEED, "Buses at our depot", facets=facets)
    make_entry(SOLUTION, "Depot bus", facets=facets, organisation=firm)
    text = cast.client("reader").get("/").text
    assert "Depot bus" in text
    assert "Matched on" in text
    assert "Depot bus" not in cast.client("stranger").get("/").text
    assert 'href="/market/solutions/"' in cast.client("anonymous").get("/").text


def test_a_small_company_sees_at_a_glance_whether_a_need_is_for_it(cast: Cast, make_entry) -> None:
    """Point by point: what is asked, what its own solution offers, met or not."""
    firm = Organisation.objects.create(
        name="Twelve", slug="twelve", kind="sme", country="SI", is_sme=True
    )
    Membership.objects.create(organisation=firm, user=cast.users["stranger"], role="reader")
    make_entry(
        NEED, "Asked", facets={"vehicle": ["bus"], "terrain": ["mountain"], "standard": ["ocpi"]}
    )
    make_entry(
        SOLUTION, "Ours", organisation=firm, facets={"vehicle": ["bus"], "terrain": ["flat"]}
    )
    text = cast.client("stranger").get("/market/needs/asked/").text
    assert "Is this for us?" in text
    assert "1 of 3 points met" in text
    assert "not met" in text
    assert "not said" in text
    assert "Is this for us?" not in cast.client("reader").get("/market/needs/asked/").text
