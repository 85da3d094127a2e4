"""What is known of a tenant's sessions, limits and prices at a moment, whoever keeps it.

Energies at the plug unless they say otherwise (kWh), powers in kW, times aware and UTC, shares
0..1; None where nobody said.
"""

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum

from viavolta.protocols.ocpp.schemas import Version

Levels = tuple[tuple[dt.datetime, float], ...]
"""Powers (kW), each from its time until the next."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """A session that has ended: how long it was, and what it took."""

    stay_s: float
    energy_kwh: float


class Giver(StrEnum):
    """Who gave a wish. What the vehicle says comes after a driver's word, and before the rest."""

    DRIVER = "driver"
    PARTNER = "partner"
    FLEET = "fleet"
    PREFERENCE = "preference"

    @property
    def is_usual(self) -> bool:
        """Whether it was not said for this session."""
        return self in {Giver.FLEET, Giver.PREFERENCE}


@dataclass(frozen=True, slots=True, kw_only=True)
class WishFacts:
    """What a driver, her kept preference, a partner or a fleet wants of a session."""

    giver: Giver = Giver.DRIVER
    ready_at: dt.datetime | None = None
    energy_kwh: float | None = None
    target_soc: float | None = None
    min_soc: float | None = None
    capacity_kwh: float | None = None
    soc_arrival: float | None = None
    is_now: bool = False
    may_discharge: bool = False
    is_boosted: bool = False
    has_priority: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class NeedsFacts:
    """What the vehicle said, and what it has taken since (net).

    `energy_kwh` and `min_energy_kwh` are into the battery, as they were then. `phases` in use.
    """

    departure_at: dt.datetime | None = None
    energy_kwh: float | None = None
    min_energy_kwh: float | None = None
    max_kw: float | None = None
    min_kw: float | None = None
    max_discharge_kw: float | None = None
    capacity_kwh: float | None = None
    soc: float | None = None
    phases: int | None = None
    is_dc: bool = False
    taken_since_kwh: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class AtPlug:
    """A session under way.

    Attributes
    ----------
    limit_id : what the plug hangs on, empty for nothing.
    drawn_kwh, given_kwh : charged and fed back so far.
    power_kw : as the meter told last; None before it told any.
    soc : as the vehicle or its station told last.
    outlet_kw, rotation : of the outlet (`storage.tables.stations.Outlet`).
    draws_at_most_kw : what it drew at most though it was given more; None while that is not known.
    is_on_line : whether orders reach the station now; `connected_at` since when.
    refuses : the station turned its last profile down, so that it does as it likes.
    held : what it was told last, for the time without a link.
    """

    session_id: str
    station_id: int
    evse: int
    version: Version
    transaction: str
    limit_id: str
    started_at: dt.datetime
    drawn_kwh: float = 0.0
    given_kwh: float = 0.0
    power_kw: float | None = None
    soc: float | None = None
    outlet_kw: float | None = None
    rotation: str = ""
    draws_at_most_kw: float | None = None
    is_on_line: bool = True
    connected_at: dt.datetime | None = None
    refuses: bool = False
    held: Levels = ()
    wish: WishFacts | None = None
    needs: NeedsFacts | None = None
    token_past: tuple[Past, ...] = ()
    station_past: tuple[Past, ...] = ()

    @property
    def taken_kwh(self) -> float:
        """Net energy at the plug since the session began."""
        return self.drawn_kwh - self.given_kwh


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitFacts:
    """A limit of the tree; `parent` is empty at its top. `fuse_a` is for each phase."""

    limit_id: str
    parent: str = ""
    import_kw: float | None = None
    export_kw: float | None = None
    fuse_a: float | None = None
    base_load_kw: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitSpan:
    """A limit for a while, whoever set it; without an end it holds on."""

    limit_id: str
    starts_at: dt.datetime
    ends_at: dt.datetime | None = None
    import_kw: float | None = None
    export_kw: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceFacts:
    """What energy is worth from a moment on (EUR/kWh), until the next."""

    starts_at: dt.datetime
    buy_eur_per_kwh: float
    sell_eur_per_kwh: float


@dataclass(frozen=True, slots=True, kw_only=True)
class TenantFacts:
    """Everything that a plan of a tenant goes by; `outlets` are pairs of a limit and a number."""

    sessions: tuple[AtPlug, ...] = ()
    limits: tuple[LimitFacts, ...] = ()
    spans: tuple[LimitSpan, ...] = ()
    prices: tuple[PriceFacts, ...] = ()
    outlets: tuple[tuple[str, int], ...] = ()
