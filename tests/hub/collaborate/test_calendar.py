"""Events: series over the change of clocks, registration, groups, iCalendar, reminders."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.core import mail
from django.core.exceptions import PermissionDenied
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from icalendar import Calendar

from viavolta.hub.collaborate.actions.calendar import (
    GatheringFacts,
    assign_groups,
    cancel_gathering,
    change_gathering,
    keep_minutes,
    note_attendance,
    plan_gatherings,
    register,
    set_groups,
    spread_over_groups,
    unregister,
)
from viavolta.hub.collaborate.actions.tasks import finish_task, set_task
from viavolta.hub.collaborate.ical import calendar_of
from viavolta.hub.collaborate.models import Gathering
from viavolta.hub.collaborate.queries.calendar import (
    attendance,
    gatherings,
    may_look_inside,
    month,
)
from viavolta.hub.collaborate.reminders import KIND, ask_for_reminders, remind
from viavolta.hub.collaborate.zones import Rhythm, instant, repeated, wall_time, zone_names
from viavolta.hub.frame.refusals import RefusedError
from viavolta.storage.tables.models import Run

VIENNA = "Europe/Vienna"
wall = datetime.fromisoformat


def facts(**more: Any) -> GatheringFacts:
    """Two hours in Vienna, next year in October."""
    usual = {
        "title": "Depot talk",
        "starts": wall("2027-10-20 09:30"),
        "minutes_long": 120,
        "zone": VIENNA,
    }
    return GatheringFacts(**(usual | more))


def test_a_series_keeps_its_hour_over_the_change_of_clocks(cast: Any) -> None:
    """Half past nine stays half past nine, which is another hour in UTC from November on."""
    made = plan_gatherings(
        cast.users["editor"], cast.organisation, facts(), rhythm=Rhythm.WEEKLY, count=3
    )
    assert [g.starts_at.astimezone(UTC).hour for g in made] == [7, 7, 8]
    assert {wall_time(g.starts_at, VIENNA).hour for g in made} == {9}
    assert len({g.series for g in made}) == 1


def test_a_monthly_series_keeps_weekday_and_week() -> None:
    """The third Wednesday stays the third; the fifth becomes the last where there is none."""
    third = repeated(wall("2027-10-20 09:00"), Rhythm.MONTHLY, 4)
    assert [d.date() for d in third] == [
        date(2027, 10, 20),
        date(2027, 11, 17),
        date(2027, 12, 15),
        date(2028, 1, 19),
    ]
    fifth = repeated(wall("2027-09-29 09:00"), Rhythm.MONTHLY, 2)
    assert fifth[1].date() == date(2027, 10, 27)


def test_an_hour_that_the_clock_skips_is_refused() -> None:
    """Half past two on the last Sunday of March does not exist; in October the first one counts."""
    with pytest.raises(RefusedError):
        instant(wall("2027-03-28 02:30"), VIENNA)
    assert instant(wall("2027-10-31 02:30"), VIENNA) == datetime(2027, 10, 31, 0, 30, tzinfo=UTC)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    shown=st.datetimes(wall("2024-01-01 00:00"), wall("2037-12-31 00:00")).map(
        lambda d: d.replace(second=0, microsecond=0)
    ),
    zone=st.sampled_from(["Europe/Vienna", "Europe/Lisbon", "Atlantic/Azores", "UTC"]),
)
def test_wall_times_come_back(shown: datetime, zone: str) -> None:
    """What is typed is what is shown, except where the clock has no such time."""
    try:
        moment = instant(shown, zone)
    except RefusedError:
        return
    assert wall_time(moment, zone) == shown


def test_calendars_read_back_what_was_planned(cast: Any) -> None:
    """A calendar of the series, read by another reader's rules, has the same instants and zone."""
    plan_gatherings(
        cast.users["editor"],
        cast.organisation,
        facts(about="Bring a plan; and a pen, please.", place="Depot, Gate 2"),
        rhythm=Rhythm.WEEKLY,
        count=3,
    )
    planned = list(gatherings())
    text = calendar_of(planned, name="viavolta", origin="https://hub.example")
    calendar = Calendar.from_ical(text)
    zones = [c["tzid"] for c in calendar.walk("VTIMEZONE")]
    assert zones == [VIENNA]
    events = calendar.walk("VEVENT")
    assert [e.decoded("dtstart").astimezone(UTC) for e in events] == [g.starts_at for g in planned]
    assert [e.decoded("dtend").astimezone(UTC) for e in events] == [g.ends_at for g in planned]
    assert events[2]["dtstart"].params["tzid"] == VIENNA
    assert events[0]["description"] == "Bring a plan; and a pen, please."
    assert events[0]["location"] == "Depot, Gate 2"
    assert str(events[0]["url"]).startswith("https://hub.example/")
    assert b"@example.org" not in text


def test_a_change_raises_the_sequence_and_a_cancelled_event_says_so(cast: Any) -> None:
    """Calendars that hold an event take the change: its number goes up, its name stays."""
    editor = cast.users["editor"]
    (made,) = plan_gatherings(editor, cast.organisation, facts())
    change_gathering(editor, made, facts(starts=wall("2027-10-21 09:30")), seen=1)
    cancel_gathering(editor, made, is_cancelled=True, seen=2)
    calendar = Calendar.from_ical(calendar_of([made], name="v", origin=""))
    (event,) = calendar.walk("VEVENT")
    assert event["sequence"] == 2
    assert event["status"] == "CANCELLED"
    assert event["uid"] == f"{Gathering.objects.get().uid}@viavolta"


def test_the_month_view_shows_an_event_on_its_own_days(cast: Any) -> None:
    """An evening in Lisbon that is the next day in UTC stands on the day of the poster there."""
    editor = cast.users["editor"]
    plan_gatherings(
        editor,
        cast.organisation,
        facts(starts=wall("2027-07-31 23:30"), zone="Atlantic/Azores", minutes_long=20),
    )
    days = [day for week in month(2027, 7) for day in week]
    assert [d.day for d in days if d.gatherings] == [date(2027, 7, 31)]
    assert days[0].day.weekday() == 0


def test_registration_is_once_and_within_the_places(cast: Any) -> None:
    """Twice is once; when the places are taken the next one is refused until somebody leaves."""
    (made,) = plan_gatherings(cast.users["editor"], cast.organisation, facts(places_for=1))
    stranger, reader = cast.users["stranger"], cast.users["reader"]
    first = register(stranger, made)
    assert register(stranger, made) == first
    with pytest.raises(RefusedError):
        register(reader, made, cast.organisation)
    unregister(stranger, made)
    assert register(reader, made, cast.organisation).organisation == cast.organisation
    with pytest.raises(PermissionDenied):
        register(stranger, made, cast.organisation)


def test_past_and_cancelled_events_take_no_registration(cast: Any) -> None:
    """One registers for what is still to come."""
    editor = cast.users["editor"]
    (past,) = plan_gatherings(editor, cast.organisation, facts(starts=wall("2020-01-08 09:00")))
    (made,) = plan_gatherings(editor, cast.organisation, facts())
    cancel_gathering(editor, made, is_cancelled=True, seen=1)
    for gathering in (past, made):
        with pytest.raises(RefusedError):
            register(cast.users["stranger"], gathering)


def test_groups_are_filled_evenly_and_by_hand(cast: Any) -> None:
    """Spreading leaves groups equal in size with people of one organisation apart."""
    editor = cast.users["editor"]
    (made,) = plan_gatherings(editor, cast.organisation, facts())
    with pytest.raises(RefusedError):
        spread_over_groups(editor, made)
    depots, grid = set_groups(editor, made, ["Depots", "Grid"])
    people = {
        name: register(
            cast.users[name], made, cast.organisation if name in {"reader", "owner"} else None
        )
        for name in ("stranger", "moderator", "reader", "owner")
    }
    spread_over_groups(editor, made)
    assert depots.people.count() == grid.people.count() == 2
    theirs = made.registrations.filter(organisation=cast.organisation)
    assert len(set(theirs.values_list("group", flat=True))) == 2
    assign_groups(editor, made, {people["owner"].pk: None, people["reader"].pk: grid.pk})
    assert made.registrations.filter(group=None).get().user == cast.users["owner"]
    set_groups(editor, made, ["Grid"])
    assert made.registrations.filter(group=grid).exists()
    with pytest.raises(PermissionDenied):
        set_groups(cast.users["reader"], made, [])


def test_minutes_and_attendance(cast: Any) -> None:
    """Who registered or belongs to the organisation looks inside; attendance counts both kinds."""
    editor, stranger = cast.users["editor"], cast.users["stranger"]
    (made,) = plan_gatherings(editor, cast.organisation, facts())
    keep_minutes(editor, made, minutes="We agreed.", seen=1)
    assert not may_look_inside(stranger, made)
    there = register(stranger, made)
    assert may_look_inside(stranger, made)
    note_attendance(editor, made, [there.pk], others=4)
    assert attendance(made) == 5


def test_a_reminder_goes_out_once(cast: Any) -> None:
    """An open task is reminded two days before it is due, once, in the owner's language."""
    editor, reader = cast.users["editor"], cast.users["reader"]
    (made,) = plan_gatherings(editor, cast.organisation, facts())
    today = timezone.now().date()
    soon = set_task(
        editor, made, text="Send the load curve", owner=reader, due_on=today + timedelta(days=1)
    )
    set_task(editor, made, text="Later", owner=reader, due_on=today + timedelta(days=30))
    done = set_task(editor, made, text="Done", owner=reader, due_on=today)
    finish_task(reader, done, is_done=True)
    for _again in range(2):
        ask_for_reminders()
    assert Run.objects.get().kind == KIND
    assert remind(timezone.now()) == 1
    assert remind(timezone.now()) == 0
    Run.objects.all().delete()
    ask_for_reminders()
    assert not Run.objects.exists()
    (letter,) = mail.outbox
    assert letter.to == ["reader@example.org"]
    assert "Send the load curve" in letter.subject
    assert soon.gathering == made


def test_tasks_are_given_to_people_of_the_event(cast: Any) -> None:
    """A stranger cannot be given a task, nor tick one off; her own she can."""
    editor, stranger = cast.users["editor"], cast.users["stranger"]
    (made,) = plan_gatherings(editor, cast.organisation, facts())
    day = date(2027, 11, 1)
    with pytest.raises(RefusedError):
        set_task(editor, made, text="Call", owner=stranger, due_on=day)
    task = set_task(editor, made, text="Call", owner=cast.users["reader"], due_on=day)
    with pytest.raises(PermissionDenied):
        finish_task(stranger, task, is_done=True)
    register(stranger, made)
    own = set_task(editor, made, text="Write", owner=stranger, due_on=day)
    finish_task(stranger, own, is_done=True)
    assert own.done_at is not None


def test_zones_are_those_of_the_tables() -> None:
    """Every zone offered can be opened."""
    assert VIENNA in zone_names()
    assert all(ZoneInfo(name) for name in zone_names())
