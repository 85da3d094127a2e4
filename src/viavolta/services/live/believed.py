"""From what is known of a session to the stay that the scheduler plans.

What is wanted comes from the driver, else from the vehicle, from fleet or preference, from the
past or a default, in this order, as for the departure. What nobody asked for is never held back:
while the need is only believed, more of it is believed as soon as it is served.
"""

import datetime as dt
import math
from dataclasses import dataclass

import numpy as np

from viavolta.protocols.ocpp.schemas import Version
from viavolta.services.live.departure import Leaving, Source, quantile
from viavolta.services.live.facts import AtPlug
from viavolta.services.live.figures import LEAST_CURRENT_A, VOLTS, LiveFigures
from viavolta.services.live.plan import LiveSession

_KW = 1e-3
_THREE = 3
_PHASE_OF = {"R": 1, "S": 2, "T": 3}
_JUST_BELOW = 1e-3


@dataclass(frozen=True, slots=True, kw_only=True)
class Battery:
    """Capacity (kWh) and charge (share), as far as they are known, and least that is kept."""

    capacity_kwh: float | None
    soc: float | None
    min_soc: float

    @property
    def is_known(self) -> bool:
        """Whether both are."""
        return self.capacity_kwh is not None and self.soc is not None

    @property
    def is_below_minimum(self) -> bool:
        """Whether it holds less than the driver always keeps."""
        return self.soc is not None and self.soc < self.min_soc - _JUST_BELOW

    def lacks_kwh(self, target_soc: float) -> float | None:
        """Energy up to a charge; below zero where it holds more; None where nobody knows."""
        if self.capacity_kwh is None or self.soc is None:
            return None
        return (target_soc - self.soc) * self.capacity_kwh


def stay_of(
    plug: AtPlug, leaves: Leaving, *, limit_id: str, now: dt.datetime, figures: LiveFigures
) -> LiveSession:
    """The stay of a session from now on.

    While a battery holds less than its driver always keeps, it charges at full power at once;
    only above that is there a choice of hours, and nothing is taken out below it. Of whom nobody
    knows when she leaves nobody knows that she can wait, either.
    """
    battery = battery_of(plug, figures)
    max_kw = _max_kw(plug, figures)
    max_discharge_kw = _max_discharge_kw(plug, battery)
    capacity_kwh, soc_kwh, kept_kwh = math.nan, math.nan, 0.0
    if battery.capacity_kwh is not None and battery.soc is not None:
        capacity_kwh = battery.capacity_kwh
        soc_kwh = min(max(battery.soc, 0.0), 1.0) * capacity_kwh
        kept_kwh = min(battery.min_soc * capacity_kwh, soc_kwh)
    energy_kwh = _wanted_kwh(plug, battery, figures)
    if max_discharge_kw <= 0:
        energy_kwh = max(energy_kwh, 0.0)
    wish = plug.wish
    is_urgent = wish is not None and (wish.is_now or wish.is_boosted)
    is_urgent = is_urgent or leaves.source is Source.ASSUMED
    return LiveSession(
        session_id=plug.session_id,
        limit_id=limit_id,
        departure=np.datetime64(max(leaves.at, now).replace(tzinfo=None), "s"),
        energy_kwh=energy_kwh,
        max_kw=max_kw,
        min_kw=min(_min_kw(plug), max_kw),
        max_discharge_kw=max_discharge_kw,
        capacity_kwh=capacity_kwh,
        soc_kwh=soc_kwh,
        soc_min_kwh=kept_kwh,
        efficiency=figures.efficiency,
        wear_eur_per_kwh=figures.wear_eur_per_kwh if max_discharge_kw > 0 else 0.0,
        is_now=is_urgent or battery.is_below_minimum,
        comes_first=comes_first(plug, figures),
        phase=_phase(plug),
    )


def comes_first(plug: AtPlug, figures: LiveFigures) -> bool:
    """Whether limits that do not leave enough for all leave it to this session first."""
    wish = plug.wish
    is_before = wish is not None and (wish.is_boosted or wish.has_priority)
    return is_before or battery_of(plug, figures).is_below_minimum


def battery_of(plug: AtPlug, figures: LiveFigures) -> Battery:
    """What is known of the battery now: the meter's word first, else what was said on arrival."""
    needs, wish = plug.needs, plug.wish
    told = [one.capacity_kwh for one in (needs, wish) if one is not None]
    capacity_kwh = next((kwh for kwh in told if kwh is not None and kwh > 0), None)
    soc = plug.soc
    if soc is None and capacity_kwh is not None:
        if needs is not None and needs.soc is not None:
            soc = needs.soc + _stored(needs.taken_since_kwh, figures) / capacity_kwh
        elif wish is not None and wish.soc_arrival is not None:
            soc = wish.soc_arrival + _stored(plug.taken_kwh, figures) / capacity_kwh
    return Battery(
        capacity_kwh=capacity_kwh,
        soc=None if soc is None else min(max(soc, 0.0), 1.0),
        min_soc=_min_soc(plug, capacity_kwh, figures),
    )


def _min_soc(plug: AtPlug, capacity_kwh: float | None, figures: LiveFigures) -> float:
    """The higher of what driver and vehicle keep; who may discharge keeps some always."""
    wish, needs = plug.wish, plug.needs
    kept = [] if wish is None or wish.min_soc is None else [wish.min_soc]
    if needs is not None and needs.min_energy_kwh is not None and needs.soc is not None:
        kept += [needs.soc + needs.min_energy_kwh / capacity_kwh] if capacity_kwh else []
    if not kept:
        return figures.soc_min_share if _may_discharge(plug) else 0.0
    return min(max(*kept, 0.0), 1.0)


def _wanted_kwh(plug: AtPlug, battery: Battery, figures: LiveFigures) -> float:
    """Energy into the battery that is still wanted, of what is believed always some."""
    said = _said_kwh(plug, battery, figures)
    if said is not None:
        return max(said, battery.lacks_kwh(battery.min_soc) or said)
    full = battery.lacks_kwh(1.0)
    believed = _stored(_believed_kwh(plug, figures), figures)
    return believed if full is None else min(believed, full)


def _said_kwh(plug: AtPlug, battery: Battery, figures: LiveFigures) -> float | None:
    wish, needs = plug.wish, plug.needs
    own = None
    if wish is not None and wish.target_soc is not None:
        own = battery.lacks_kwh(wish.target_soc)
        if own is None and battery.soc is not None:
            own = (wish.target_soc - battery.soc) * figures.capacity_kwh
    if own is None and wish is not None and wish.energy_kwh is not None:
        own = _stored(wish.energy_kwh - plug.taken_kwh, figures)
    if own is not None and wish is not None and not wish.giver.is_usual:
        return own
    if needs is not None and needs.energy_kwh is not None:
        if battery.capacity_kwh is not None and needs.soc is not None:
            return battery.lacks_kwh(needs.soc + needs.energy_kwh / battery.capacity_kwh)
        return needs.energy_kwh - _stored(needs.taken_since_kwh, figures)
    return own


def _believed_kwh(plug: AtPlug, figures: LiveFigures) -> float:
    """What past sessions that took more than this one took beyond it, else the default."""
    for past in (plug.token_past, plug.station_past):
        more = [one.energy_kwh for one in past if one.energy_kwh > plug.drawn_kwh]
        if len(past) >= figures.min_past and more:
            return quantile(more, figures.energy_share) - plug.drawn_kwh
    left_kwh = figures.first_energy_kwh - plug.drawn_kwh
    return left_kwh if left_kwh > 0 else figures.first_energy_kwh


def _stored(plug_kwh: float, figures: LiveFigures) -> float:
    """Energy in the battery of a net energy at the plug."""
    return plug_kwh * figures.efficiency if plug_kwh > 0 else plug_kwh / figures.efficiency


def _max_kw(plug: AtPlug, figures: LiveFigures) -> float:
    """Least of what outlet and vehicle can, told or seen; more than assumed where it draws more."""
    told = [plug.outlet_kw, None if plug.needs is None else plug.needs.max_kw]
    told.append(plug.draws_at_most_kw)
    known = [kw for kw in told if kw is not None and kw > 0]
    return min(known) if known else max(figures.plug_kw, plug.power_kw or 0.0)


def _min_kw(plug: AtPlug) -> float:
    """What the vehicle said, else 6 A on its phases, or on three where nobody knows."""
    needs = plug.needs
    if needs is not None and needs.min_kw is not None:
        return max(needs.min_kw, 0.0)
    if needs is not None and needs.is_dc:
        return 0.0
    phases = _THREE if needs is None or needs.phases is None else needs.phases
    return LEAST_CURRENT_A * VOLTS * phases * _KW


def _may_discharge(plug: AtPlug) -> bool:
    """Whether driver, fleet or preference said so; that the vehicle could is not enough."""
    return plug.wish is not None and plug.wish.may_discharge


def _max_discharge_kw(plug: AtPlug, battery: Battery) -> float:
    """What vehicle and outlet can, if the driver lets it, in the version that can say so."""
    can = plug.version is Version.V21 and battery.is_known and not battery.is_below_minimum
    if not can or plug.needs is None or plug.needs.max_discharge_kw is None:
        return 0.0
    if not _may_discharge(plug):
        return 0.0
    able_kw = plug.needs.max_discharge_kw
    return max(0.0, able_kw if plug.outlet_kw is None else min(able_kw, plug.outlet_kw))


def _phase(plug: AtPlug) -> int:
    """The phase of the grid that a one-phase vehicle loads; L1 of the station is L1 unless said."""
    if plug.needs is None or plug.needs.phases != 1:
        return 0
    return _PHASE_OF.get(plug.rotation[:1], 1)
