"""Reports about entries, the organisation's page, and what is exported of a person."""

import io
import json
import zipfile

from cast import Cast

from viavolta.hub.market.criteria import Criteria
from viavolta.hub.market.models import Entry, EntryKind, EntryState
from viavolta.hub.market.searching import save_search
from viavolta.hub.people.models import Report
from viavolta.hub.people.moderation import decide, show_again
from viavolta.hub.people.privacy import erase, export_of


def test_a_report_that_is_upheld_hides_the_entry_and_can_be_taken_back(
    cast: Cast, make_entry
) -> None:
    """From the link on the page to the desk's decision and back."""
    entry = make_entry(EntryKind.SOLUTION, "Loud")
    browser = cast.client("stranger")
    address = f"/report/market.entry/{entry.pk}/"
    assert address in browser.get("/market/solutions/loud/").text
    browser.post(address, {"reason": "spam", "text": "Nothing but praise."})
    row = Report.objects.get()
    assert row.title == "Loud"
    moderator = cast.users["moderator"]
    decide(moderator, row, entry, hide=True, decision="No content.")
    assert not Entry.objects.get(pk=entry.pk).is_listed
    assert browser.get("/market/solutions/loud/").status_code == 404
    show_again(moderator, row, Entry.objects.get(pk=entry.pk))
    assert Entry.objects.get(pk=entry.pk).is_listed


def test_what_cannot_be_seen_cannot_be_reported(cast: Cast, make_entry) -> None:
    """A draft of others is not there."""
    entry = make_entry(EntryKind.NEED, "Draft", state=EntryState.DRAFT)
    address = f"/report/market.entry/{entry.pk}/"
    assert cast.client("stranger").get(address).status_code == 404


def test_an_organisations_page_shows_its_needs_and_solutions(cast: Cast, make_entry) -> None:
    """Published ones to all, drafts to members."""
    make_entry(EntryKind.NEED, "A need of theirs")
    make_entry(EntryKind.SOLUTION, "A draft of theirs", state=EntryState.DRAFT)
    page = "/organisations/sampleton/"
    seen = cast.client("anonymous").get(page).text
    assert "A need of theirs" in seen
    assert "A draft of theirs" not in seen
    assert "A draft of theirs" in cast.client("reader").get(page).text
    assert page in cast.client("anonymous").get("/market/needs/a-need-of-theirs/").text


def test_searches_are_exported_and_go_with_the_person(cast: Cast, make_entry) -> None:
    """The export names searches and entries begun; erasing keeps the entry without the name."""
    person = cast.users["editor"]
    save_search(person, Criteria(kind=EntryKind.NEED, words="bus"), name="Buses")
    entry = make_entry(EntryKind.NEED, "Begun", created_by=person)
    with zipfile.ZipFile(io.BytesIO(export_of(person))) as archive:
        told = json.loads(archive.read("market.json"))
    assert told["saved_searches"][0]["query"] == "q=bus"
    assert told["entries_begun"][0]["slug"] == "begun"
    erase(person)
    entry.refresh_from_db()
    assert entry.created_by is None
