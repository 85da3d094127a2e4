"""What goes on beside the pages, round after round."""

import threading
from typing import Any

import pytest
from django.db import OperationalError

from viavolta.hub.ocpi import rounds

STEPS = ("refresh_all", "conclude", "send_due", "read_due", "forget_old")


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The steps of the rounds, each noted instead of done."""
    noted: list[str] = []
    monkeypatch.setattr(rounds, "TICK_S", 0.0)
    monkeypatch.setattr(rounds, "_PAUSE_S", 0.0)
    monkeypatch.setattr(rounds, "close_old_connections", lambda: None)
    for name in STEPS:
        monkeypatch.setattr(rounds, name, lambda _now, name=name: noted.append(name))
    return noted


def test_results_and_changes_are_told_before_lists_are_read(
    calls: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """All steps in the first round; the slow ones not in the next."""
    stop = threading.Event()

    def forget(_now: Any) -> None:
        calls.append("forget_old")

    def read(_now: Any) -> None:
        calls.append("read_due")
        if calls.count("read_due") == 2:
            stop.set()

    monkeypatch.setattr(rounds, "forget_old", forget)
    monkeypatch.setattr(rounds, "read_due", read)
    rounds.run(stop)
    assert calls == [*STEPS, "conclude", "send_due", "read_due"]


def test_a_database_out_of_reach_is_waited_for(
    calls: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The round ends, and the next one does what is due."""
    stop = threading.Event()
    closed: list[bool] = []

    class Connection:
        def close(self) -> None:
            closed.append(True)

    def send(_now: Any) -> None:
        calls.append("send_due")
        if calls.count("send_due") == 1:
            raise OperationalError
        stop.set()

    monkeypatch.setattr(rounds, "connection", Connection())
    monkeypatch.setattr(rounds, "send_due", send)
    rounds.run(stop)
    assert closed == [True]
    assert calls.count("send_due") == 2
    assert "read_due" in calls
