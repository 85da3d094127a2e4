"""What must stand in the tables after a case."""

import datetime as dt
from typing import Any

from django.utils import timezone

from oca.cases import Stored
from viavolta.storage.tables.live import Order
from viavolta.storage.tables.notices import Notice
from viavolta.storage.tables.stations import Outlet, Session


def session(**expected: Any) -> Stored:
    """The station has one session, with these fields."""

    def check(stage: Any) -> None:
        row = Session.objects.get(station=stage.station)
        assert {name: getattr(row, name) for name in expected} == expected

    return Stored(check)


def sessions(n: int) -> Stored:
    """So many sessions, each complete."""

    def check(stage: Any) -> None:
        rows = Session.objects.filter(station=stage.station)
        assert [row.is_complete for row in rows] == [True] * n

    return Stored(check)


def outlet(status: str, *, evse: int = 1, connector: int = 1, error: str = "") -> Stored:
    """An outlet is in this state."""

    def check(stage: Any) -> None:
        row = Outlet.objects.get(station=stage.station, evse=evse, connector=connector)
        assert (row.status, row.error) == (status, error)

    return Stored(check)


def told(action: str, n: int = 1, **fields: Any) -> Stored:
    """So many notices of an action, the last of them with these fields."""

    def check(stage: Any) -> None:
        rows = Notice.objects.filter(station=stage.station, action=action)
        assert rows.count() == n
        assert {name: rows[0].payload.get(name) for name in fields} == fields

    return Stored(check)


def planned(*levels: tuple[int, float]) -> Stored:
    """The operator's plan of the running session: kW from so many minutes on, told last."""

    def act(stage: Any) -> None:
        now = timezone.now()
        plan = [[(now + dt.timedelta(minutes=m)).isoformat(), kw] for m, kw in levels]
        Order.objects.update_or_create(
            session=Session.objects.get(station=stage.station),
            defaults={
                "planned_at": now,
                "power_kw": levels[0][1],
                "why": "limited",
                "departure_at": now + dt.timedelta(hours=1),
                "departure_source": "forecast",
                "energy_kwh": 10.0,
                "plan": plan,
                "command": stage.station.commands.filter(action="SetChargingProfile").first(),
            },
        )
        setpoints = stage.gateway.registry.setpoints
        number = stage.station.pk
        expected = [kw for m, kw in levels if m <= 0][-1] * 1000
        stage.wait_for(lambda: (setpoints.at(number, 1, now) or {}).get("setpoint") == expected)

    return Stored(act)


def described(**expected: str) -> Stored:
    """What the station said of itself at its boot."""

    def check(stage: Any) -> None:
        assert {name: getattr(stage.station, name) for name in expected} == expected

    return Stored(check)
