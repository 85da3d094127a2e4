"""Stays: vehicles at a plug for a while, the demand that the scheduler serves."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from viavolta.model.arrays import Floats, Ints, Times, freeze, require


@dataclass(frozen=True, slots=True, kw_only=True)
class StayTable:
    """Stays as kernels see them. Shapes: all (S,); scalars are broadcast, arrays made read-only.

    Power counts at the plug, charging positive; energy counts in the battery.

    Attributes
    ----------
    stay_id : unique names.
    arrival, departure : datetime64[s] in UTC, arrival before departure.
    energy_kwh : net energy into the battery wanted by departure; may be negative, may be more than
        power times time allows (what is missing is unmet, at a price).
    max_kw, min_kw : charging power is 0 or between the two.
    max_discharge_kw : 0 where the vehicle may not feed back.
    capacity_kwh, soc_arrival_kwh : battery and charge on arrival; NaN where not known (both or
        none): then no battery bound, and no discharging.
    soc_min_kwh : reserve that discharging leaves in the battery.
    charge_efficiency, discharge_efficiency : battery gain per plug energy, and plug energy per
        battery loss; in (0, 1].
    wear_eur_per_kwh : cost per kWh taken out of the battery by discharging.
    limit : row of the LimitTree that the plug hangs on.
    vehicle_id : stays of one name are one battery at several plugs, one after the other; "" for a
        vehicle of its own. Charge on arrival is then what the vehicle brings when every stay before
        got its energy: more or less stays in the battery, what was unmet is charged elsewhere.
    taper_soc : share of the capacity above which charging power falls linearly, to nothing at
        full, counted at the end of a step; 1 for no taper.
    knee_kw, efficiency_above_knee : charging power above the knee is stored with this efficiency,
        at most charge_efficiency; inf for none.
    charging_loss_kw : what the vehicle itself uses while it charges, so that low power is poor.
    standing_loss_kw : what leaves the battery all the time at the plug.
    ageing_soc, ageing_eur_per_kwh_h : each kWh above this share of the capacity costs this much
        per hour at the plug (calendar ageing), counted at the end of a step.
    phase : 0 for three phases evenly, 1 to 3 for one phase, -1 for one that the scheduler chooses.
    """

    stay_id: tuple[str, ...]
    arrival: Times
    departure: Times
    energy_kwh: Floats
    max_kw: Floats
    min_kw: Floats
    max_discharge_kw: Floats
    capacity_kwh: Floats
    soc_arrival_kwh: Floats
    soc_min_kwh: Floats
    charge_efficiency: Floats
    discharge_efficiency: Floats
    wear_eur_per_kwh: Floats
    limit: Ints
    vehicle_id: tuple[str, ...]
    taper_soc: Floats
    knee_kw: Floats
    efficiency_above_knee: Floats
    charging_loss_kw: Floats
    standing_loss_kw: Floats
    ageing_soc: Floats
    ageing_eur_per_kwh_h: Floats
    phase: Ints

    def __post_init__(self) -> None:
        shape = (len(self.stay_id),)
        for field in ("arrival", "departure"):
            freeze(self, field, "datetime64[s]", shape)
        for field in _FLOAT_FIELDS:
            freeze(self, field, "float64", shape)
        freeze(self, "limit", "int64", shape)
        freeze(self, "phase", "int64", shape)
        require(len(self.vehicle_id) in {0, shape[0]}, "one vehicle_id per stay, or none at all")
        require(len(set(self.stay_id)) == len(self.stay_id), "stay_id is not unique")
        require(self.arrival < self.departure, "arrival before departure does not hold")
        require(self.limit >= 0, "limit is a row of the limit tree")
        self._require_finite()
        self._require_ranges()

    def __len__(self) -> int:
        return len(self.stay_id)

    @property
    def has_details(self) -> bool:
        """Whether any stay has a trip chain, curve, loss or ageing: what plain stays do without."""
        return bool(
            any(self.vehicle_id)
            or (self.taper_soc < 1).any()
            or np.isfinite(self.knee_kw).any()
            or (self.charging_loss_kw > 0).any()
            or (self.standing_loss_kw > 0).any()
            or (self.ageing_eur_per_kwh_h > 0).any()
        )

    @property
    def has_battery(self) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
        """(S,) True where capacity and charge on arrival are known."""
        return ~np.isnan(self.capacity_kwh)

    @property
    def room_kwh(self) -> Floats:
        """(S,) room in the battery on arrival; infinite where it is not known."""
        return np.where(self.has_battery, self.capacity_kwh - self.soc_arrival_kwh, np.inf)

    def _require_finite(self) -> None:
        for field in _FLOAT_FIELDS:
            values = getattr(self, field)
            if field in {"capacity_kwh", "soc_arrival_kwh"}:
                values = values[self.has_battery]
            if field == "knee_kw":
                values = values[values != np.inf]
            require(np.isfinite(values), f"{field} is not finite")
        both = np.isnan(self.capacity_kwh) == np.isnan(self.soc_arrival_kwh)
        require(both, "capacity_kwh and soc_arrival_kwh go together")

    def _require_ranges(self) -> None:
        require((self.min_kw >= 0) & (self.min_kw <= self.max_kw), "0 <= min_kw <= max_kw")
        require(self.max_discharge_kw >= 0, "max_discharge_kw >= 0")
        require((self.max_discharge_kw == 0) | self.has_battery, "discharge needs a battery")
        require(self.wear_eur_per_kwh >= 0, "wear_eur_per_kwh >= 0")
        for efficiency in (self.charge_efficiency, self.discharge_efficiency):
            require((efficiency > 0) & (efficiency <= 1), "0 < efficiency <= 1")
        known = self.has_battery
        soc, capacity = self.soc_arrival_kwh[known], self.capacity_kwh[known]
        require((soc >= 0) & (soc <= capacity), "0 <= soc_arrival_kwh <= capacity_kwh")
        require(self.soc_min_kwh >= 0, "soc_min_kwh >= 0")
        require(self.soc_min_kwh[known] <= capacity, "soc_min_kwh <= capacity_kwh")
        self._require_details()

    def _require_details(self) -> None:
        require((self.taper_soc > 0) & (self.taper_soc <= 1), "0 < taper_soc <= 1")
        require((self.ageing_soc >= 0) & (self.ageing_soc <= 1), "0 <= ageing_soc <= 1")
        require(self.knee_kw >= 0, "knee_kw >= 0")
        above = self.efficiency_above_knee
        require((above > 0) & (above <= self.charge_efficiency), "efficiency_above_knee is higher")
        for field in ("charging_loss_kw", "standing_loss_kw", "ageing_eur_per_kwh_h"):
            require(getattr(self, field) >= 0, f"{field} >= 0")
        needs_battery = (
            (self.taper_soc < 1) | (self.standing_loss_kw > 0) | (self.ageing_eur_per_kwh_h > 0)
        )
        require(~needs_battery | self.has_battery, "taper, standing loss and ageing need a battery")
        both = (self.taper_soc < 1) & np.isfinite(self.knee_kw)
        require(~both, "a stay has a taper or a knee, not both")
        require((self.phase >= -1) & (self.phase <= 3), "phase is -1, 0, 1, 2 or 3")  # noqa: PLR2004 - three phases


_FLOAT_FIELDS = (
    "energy_kwh",
    "max_kw",
    "min_kw",
    "max_discharge_kw",
    "capacity_kwh",
    "soc_arrival_kwh",
    "soc_min_kwh",
    "charge_efficiency",
    "discharge_efficiency",
    "wear_eur_per_kwh",
    "taper_soc",
    "knee_kw",
    "efficiency_above_knee",
    "charging_loss_kw",
    "standing_loss_kw",
    "ageing_soc",
    "ageing_eur_per_kwh_h",
)


def stay_table(
    stay_id: tuple[str, ...],
    arrival: ArrayLike,
    *,
    departure: ArrayLike,
    energy_kwh: ArrayLike,
    max_kw: ArrayLike,
    limit: ArrayLike = 0,
    min_kw: ArrayLike = 0.0,
    max_discharge_kw: ArrayLike = 0.0,
    capacity_kwh: ArrayLike = np.nan,
    soc_arrival_kwh: ArrayLike = np.nan,
    soc_min_kwh: ArrayLike = 0.0,
    charge_efficiency: ArrayLike = 1.0,
    discharge_efficiency: ArrayLike = 1.0,
    wear_eur_per_kwh: ArrayLike = 0.0,
    vehicle_id: tuple[str, ...] = (),
    taper_soc: ArrayLike = 1.0,
    knee_kw: ArrayLike = np.inf,
    efficiency_above_knee: ArrayLike | None = None,
    charging_loss_kw: ArrayLike = 0.0,
    standing_loss_kw: ArrayLike = 0.0,
    ageing_soc: ArrayLike = 1.0,
    ageing_eur_per_kwh_h: ArrayLike = 0.0,
    phase: ArrayLike = 0,
) -> StayTable:
    """Build a StayTable with the defaults of STAYS.csv; each argument is (S,) or a scalar.

    Raises
    ------
    ValueError: a field is out of range (see StayTable).
    """
    return StayTable(
        stay_id=stay_id,
        arrival=np.asarray(arrival, dtype="datetime64[s]"),
        departure=np.asarray(departure, dtype="datetime64[s]"),
        energy_kwh=np.asarray(energy_kwh, dtype=np.float64),
        max_kw=np.asarray(max_kw, dtype=np.float64),
        min_kw=np.asarray(min_kw, dtype=np.float64),
        max_discharge_kw=np.asarray(max_discharge_kw, dtype=np.float64),
        capacity_kwh=np.asarray(capacity_kwh, dtype=np.float64),
        soc_arrival_kwh=np.asarray(soc_arrival_kwh, dtype=np.float64),
        soc_min_kwh=np.asarray(soc_min_kwh, dtype=np.float64),
        charge_efficiency=np.asarray(charge_efficiency, dtype=np.float64),
        discharge_efficiency=np.asarray(discharge_efficiency, dtype=np.float64),
        wear_eur_per_kwh=np.asarray(wear_eur_per_kwh, dtype=np.float64),
        limit=np.asarray(limit, dtype=np.int64),
        vehicle_id=vehicle_id,
        taper_soc=np.asarray(taper_soc, dtype=np.float64),
        knee_kw=np.asarray(knee_kw, dtype=np.float64),
        efficiency_above_knee=np.asarray(
            charge_efficiency if efficiency_above_knee is None else efficiency_above_knee,
            dtype=np.float64,
        ),
        charging_loss_kw=np.asarray(charging_loss_kw, dtype=np.float64),
        standing_loss_kw=np.asarray(standing_loss_kw, dtype=np.float64),
        ageing_soc=np.asarray(ageing_soc, dtype=np.float64),
        ageing_eur_per_kwh_h=np.asarray(ageing_eur_per_kwh_h, dtype=np.float64),
        phase=np.asarray(phase, dtype=np.int64),
    )
