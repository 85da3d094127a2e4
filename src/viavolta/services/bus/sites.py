"""Where buses charge: depots, and terminals where points stand beside the road."""

from dataclasses import dataclass, field, replace


@dataclass(frozen=True, slots=True, kw_only=True)
class Terminal:
    """A place of the timetable where buses may charge between two trips.

    `node` is its row of the way matrices. `point_kw` is the power of each point there;
    connection_kw and max_points are limits, None where there is none.
    """

    name: str
    node: int
    point_kw: float
    connection_kw: float | None = None
    max_points: int | None = None

    def limited_to(self, connection_kw: float) -> "Terminal":
        """The terminal with no larger connection, which no point there exceeds."""
        kw = min(connection_kw, self.connection_kw or connection_kw)
        return replace(self, connection_kw=kw, point_kw=min(self.point_kw, kw))

    def room(self, planned_share: float) -> int | None:
        """Most buses that may charge at once; None where nothing limits them.

        Blocks count on `planned_share` of each point's power, which the connection must hold.
        """
        most = [] if self.max_points is None else [self.max_points]
        if self.connection_kw is not None:
            most.append(int(self.connection_kw / (planned_share * self.point_kw) + 1e-9))
        return min(most, default=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class ChargingSite:
    """A depot or a terminal, as far as charging goes; `point_kw` is None at a depot.

    At depots the plan chooses one power for all points.
    """

    name: str
    node: int
    point_kw: float | None
    connection_kw: float | None
    max_points: int | None

    @property
    def is_terminal(self) -> bool:
        """Whether it is no depot."""
        return self.point_kw is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class ClosedSlots:
    """Trips (rows of the block problem) after which, or before which, nobody charges at a terminal.

    What a terminal has no room for is closed to the planner in this way.
    """

    after: frozenset[int] = field(default_factory=frozenset)
    before: frozenset[int] = field(default_factory=frozenset)

    def joined(self, other: "ClosedSlots") -> "ClosedSlots":
        """All slots that are closed in either."""
        return ClosedSlots(after=self.after | other.after, before=self.before | other.before)

    def __bool__(self) -> bool:
        return bool(self.after or self.before)


NO_CLOSED_SLOTS = ClosedSlots()
