"""Windows, inboxes and what becomes of the stations in them."""

import datetime as dt

import pytest
from django.utils import timezone

from viavolta.storage.enrolment import (
    adopt,
    close_window,
    knock,
    open_window,
    refuse,
    token_hash,
    waiting,
)
from viavolta.storage.tables.enrolment import EnrolmentWindow
from viavolta.storage.tables.stations import Command, Station

HOUR = dt.timedelta(hours=1)
pytestmark = pytest.mark.django_db


def opened(tenant_id: int = 1, *, capacity: int = 50) -> EnrolmentWindow:
    """An open window."""
    return open_window(tenant_id, by="test", lasts=HOUR, capacity=capacity)[0]


def test_only_the_hash_of_a_token_is_kept() -> None:
    """The token is shown once, and another window has another one."""
    (first, one), (second, other) = (open_window(1, by="x", lasts=HOUR) for _ in range(2))
    assert one != other
    assert (first.token_hash, second.token_hash) == (token_hash(one), token_hash(other))


@pytest.mark.parametrize(("hours", "capacity"), [(0, 1), (24 * 32, 1), (1, 0), (1, 1001)])
def test_windows_have_bounds(hours: int, capacity: int) -> None:
    """Neither for ever nor for everybody."""
    with pytest.raises(ValueError, match="lasts up to"):
        open_window(1, by="test", lasts=hours * HOUR, capacity=capacity)


def test_a_station_waits_in_the_inbox_of_its_tenant_alone() -> None:
    """It is nobody's but the one's whose window it called; a known name cannot wait again."""
    window = opened(1)
    station = knock(window.pk, "cp", "")
    assert list(waiting(1)) == [station]
    assert not waiting(2).exists()
    assert knock(opened(2).pk, "cp", "") is None
    assert knock(window.pk, "cp", "") is None


def test_an_inbox_is_bounded_and_a_closed_window_takes_nobody() -> None:
    """The third of two stays outside; when one is adopted there is room again."""
    window = opened(capacity=2)
    stations = [knock(window.pk, f"cp-{k}", "") for k in range(3)]
    assert [s is None for s in stations] == [False, False, True]
    assert stations[0] is not None
    adopt(stations[0], by="test")
    assert knock(window.pk, "cp-3", "") is not None
    close_window(window)
    assert knock(window.pk, "cp-4", "") is None
    assert waiting(1).count() == 2


def test_a_window_ends_by_itself() -> None:
    """Nobody has to close it."""
    window = opened()
    EnrolmentWindow.objects.update(ends_at=timezone.now())
    assert knock(window.pk, "cp", "") is None


def test_who_is_adopted_gets_a_key_and_boots_again() -> None:
    """Once: a station that does not wait cannot be adopted."""
    station = knock(opened().pk, "cp", "")
    assert station is not None
    adopt(station, by="test")
    assert (station.admission, station.wants_key) == ("Accepted", True)
    assert Command.objects.get().payload == {"requestedMessage": "BootNotification"}
    with pytest.raises(ValueError, match="does not wait"):
        adopt(station, by="test")


def test_who_is_refused_is_forgotten_when_the_window_closes() -> None:
    """So that its name is free for whom it belongs to."""
    window = opened()
    station = knock(window.pk, "cp", "")
    assert station is not None
    refuse(station)
    assert Station.objects.get().admission == "Rejected"
    close_window(window)
    assert not Station.objects.exists()
