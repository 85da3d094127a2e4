"""Reports, what moderators decide, and the log."""

from cast import Cast
from django.core import mail

from viavolta.hub.market.models import Entry
from viavolta.hub.people.models import Organisation, Report


def _report(cast: Cast) -> Report:
    address = f"/report/people.organisation/{cast.organisation.pk}/"
    cast.client("stranger").post(address, {"reason": "wrong", "text": "It is no city."})
    return Report.objects.get()


def test_a_report_leads_to_hiding_and_a_letter(
    cast: Cast,
    django_capture_on_commit_callbacks,  # type: ignore[no-untyped-def] # pytest-django's fixture
) -> None:
    """The moderator hides it with a reason, its owner and editor are told, and it can be undone."""
    report = _report(cast)
    desk = cast.client("moderator")
    assert "Sampleton" in desk.get("/moderation/").content.decode()
    with django_capture_on_commit_callbacks(execute=True):
        desk.post(
            f"/moderation/reports/{report.pk}/",
            {"decision": "There is no such city.", "hide": "yes"},
        )
    assert Organisation.objects.get(pk=cast.organisation.pk).hidden
    assert {to for letter in mail.outbox for to in letter.to} == {
        "owner@example.org",
        "editor@example.org",
    }
    assert "There is no such city." in mail.outbox[0].body
    desk.post(f"/moderation/reports/{report.pk}/show/")
    assert not Organisation.objects.get(pk=cast.organisation.pk).hidden
    report.refresh_from_db()
    assert report.state == "open"


def test_a_report_without_fault_changes_nothing(cast: Cast) -> None:
    """It is closed, and the thing stays in sight."""
    report = _report(cast)
    cast.client("moderator").post(
        f"/moderation/reports/{report.pk}/", {"decision": "All is well.", "hide": "no"}
    )
    report.refresh_from_db()
    assert report.state == "dismissed"
    assert not Organisation.objects.get(pk=cast.organisation.pk).hidden


def test_what_one_may_not_see_cannot_be_reported(cast: Cast) -> None:
    """A report does not tell whether a hidden thing exists."""
    Organisation.objects.update(hidden=True)
    address = f"/report/people.organisation/{cast.organisation.pk}/"
    assert cast.client("stranger").get(address).status_code == 404
    assert cast.client("stranger").get("/report/people.user/1/").status_code == 404


def test_the_log_is_filtered_and_exported(cast: Cast) -> None:
    """Moderators find what happened by verb and take it as a file."""
    _report(cast)
    desk = cast.client("moderator")
    assert "thing reported" in desk.get("/moderation/log/?verb=thing+reported").content.decode()


def test_entries_of_the_market_can_be_reported(cast: Cast) -> None:
    """The desk hides a need through the market's own rule and shows it again."""
    need = Entry.objects.create(
        organisation=cast.organisation,
        kind="need",
        slug="quiet-buses",
        state="published",
    )
    cast.client("stranger").post(f"/report/market.entry/{need.pk}/", {"reason": "spam"})
    report = Report.objects.get()
    desk = cast.client("moderator")
    desk.post(f"/moderation/reports/{report.pk}/", {"decision": "Empty.", "hide": "yes"})
    need.refresh_from_db()
    assert need.is_hidden
    desk.post(f"/moderation/reports/{report.pk}/show/")
    need.refresh_from_db()
    assert not need.is_hidden
