"""The terminals that the configuration names, found among the places of the timetable."""

from collections.abc import Iterable
from difflib import get_close_matches

import numpy as np

from viavolta.catalogue import Assumptions
from viavolta.model.errors import InputError, Where
from viavolta.model.geo import great_circle_km
from viavolta.model.messages import text
from viavolta.services.bus.network import Network
from viavolta.services.bus.sites import Terminal
from viavolta.services.terminal_settings import TerminalSetting

_SHOWN = 5
_M_PER_KM = 1000.0


def find_terminals(
    network: Network,
    settings: Iterable[TerminalSetting],
    assumptions: Assumptions,
    *,
    file: str,
) -> tuple[Terminal, ...]:
    """Find each terminal's node: a place where trips of the day begin or end.

    Raises
    ------
    InputError: no place has the name, several have, none lies near the position, no trip begins or
        ends there, or two terminals are the same place.
    """
    return _Finder(network, assumptions, file=file).all_of(settings)


class _Finder:
    """Places of the timetable by name, place_id and position."""

    def __init__(self, network: Network, assumptions: Assumptions, *, file: str) -> None:
        self._network, self._file = network, file
        self._most_m = assumptions.number("planning.terminal_place_most_m")
        self._point_kw = assumptions.number("planning.terminal_point_kw")
        places = network.places
        n = len(places.place_id) - len(network.depots)
        self._row_of_id = {place_id: k for k, place_id in enumerate(places.place_id[:n])}
        self._rows_of_name: dict[str, list[int]] = {}
        for k, name in enumerate(places.name[:n]):
            if name:
                self._rows_of_name.setdefault(name.strip().casefold(), []).append(k)
        ends = network.nodes[: network.nodes.size - len(network.depots)]
        self._node_of_row = {int(row): node for node, row in enumerate(ends)}

    def all_of(self, settings: Iterable[TerminalSetting]) -> tuple[Terminal, ...]:
        """The terminals, in the order given."""
        found: dict[int, Terminal] = {}
        for setting in settings:
            terminal = self._terminal(setting)
            if terminal.node in found:
                raise self._error(
                    setting,
                    code="config-conflict",
                    message=text("{name} is given twice", name=terminal.name),
                    expected=text("each terminal once"),
                    hint=text("take one of the two out"),
                )
            found[terminal.node] = terminal
        return tuple(found.values())

    def _terminal(self, setting: TerminalSetting) -> Terminal:
        row = self._row_at(setting) if setting.lat is not None else self._row_named(setting)
        if row not in self._node_of_row:
            raise self._error(
                setting,
                code="terminal-without-trips",
                message=text("no trip begins or ends at {name}", name=self._name(row)),
                expected=text("a place where trips of the day begin or end"),
                hint=text(
                    "buses charge between trips: name a terminal, such as {some}", some=self._some()
                ),
            )
        terminal = Terminal(
            name=setting.name if setting.lat is not None and setting.name else self._name(row),
            node=self._node_of_row[row],
            point_kw=self._point_kw if setting.point_kw is None else setting.point_kw,
            max_points=setting.max_points,
        )
        kw = setting.connection_kw
        return terminal if kw is None else terminal.limited_to(kw)

    def _row_named(self, setting: TerminalSetting) -> int:
        name = setting.name or ""
        if name in self._row_of_id:
            return self._row_of_id[name]
        rows = self._rows_of_name.get(name.strip().casefold(), [])
        if len(rows) > 1:
            with_trips = [row for row in rows if row in self._node_of_row]
            rows = with_trips or rows
        if len(rows) == 1:
            return rows[0]
        if rows:
            ids = ", ".join(self._network.places.place_id[row] for row in rows[:_SHOWN])
            raise self._error(
                setting,
                code="terminal-ambiguous",
                message=text("{n} places have the name {name}", n=len(rows), name=name),
                expected=ids,
                hint=text("give the place_id, or lat and lon"),
            )
        near = get_close_matches(name.strip().casefold(), list(self._rows_of_name), n=1)
        hint = text("name a place as the timetable does, or give lat and lon")
        if near:
            hint = text("did you mean {name}?", name=self._name(self._rows_of_name[near[0]][0]))
        raise self._error(
            setting,
            code="terminal-unknown",
            message=text("the timetable has no place {name}", name=name),
            expected=text("a place where trips begin or end, such as {some}", some=self._some()),
            hint=hint,
        )

    def _row_at(self, setting: TerminalSetting) -> int:
        """The nearest place where trips begin or end."""
        assert setting.lat is not None  # noqa: S101 - the caller asks
        assert setting.lon is not None  # noqa: S101 - the reader asks for both
        places = self._network.places
        rows = np.array(sorted(self._node_of_row), dtype=np.int64)
        away_m = _M_PER_KM * great_circle_km(
            setting.lat, setting.lon, places.lat[rows], places.lon[rows]
        )
        nearest = int(rows[int(away_m.argmin())])
        if away_m.min() > self._most_m:
            raise self._error(
                setting,
                code="terminal-far-away",
                message=text(
                    "the terminal lies {km:,.1f} km from {name}, the nearest place where trips "
                    "begin or end",
                    km=float(away_m.min()) / _M_PER_KM,
                    name=self._name(nearest),
                ),
                expected=text("latitude, then longitude, within {m:.0f} m of one", m=self._most_m),
                hint=text("are latitude and longitude exchanged?"),
            )
        return nearest

    def _name(self, row: int) -> str:
        places = self._network.places
        return places.name[row] or places.place_id[row]

    def _some(self) -> str:
        return ", ".join(self._name(row) for row in list(self._node_of_row)[:_SHOWN])

    def _error(
        self, setting: TerminalSetting, *, code: str, message: str, expected: str, hint: str
    ) -> InputError:
        at = setting.name if setting.lat is None else f"{setting.lat},{setting.lon}"
        return InputError(
            code=code,
            message=message,
            where=Where(file=self._file or None, field=setting.field, value=at),
            expected=expected,
            hint=hint,
        )
