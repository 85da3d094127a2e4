"""What may come otherwise: vehicles that leave early, and vehicles that are still to come.

Both are sampled, from a generator that the caller seeds. What is drawn for a stay depends on the
generator and the stay's own name, never on its place in the table: the generator gives one key,
and a keyed hash (BLAKE2b) of the name gives the stay's number. What is drawn for a day to come
depends on the generator and that day's place among the days to come.
"""

import hashlib
import math
from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from viavolta.engines.charging.window import Windows, windows
from viavolta.engines.kit.jit import kernel
from viavolta.model.arrays import Floats, Ints, Times, require
from viavolta.model.signal import SignalTable
from viavolta.model.stay import StayTable

_KEY_BYTES = 16
_HASH_BYTES = 8
_MANTISSA_BITS = 53
_HALF = 0.5
_ROOT_OF_TWO = math.sqrt(2.0)
_S_PER_H = 3600.0
_FRIDAY = 4

_EXTENSIVE = (
    "energy_kwh",
    "max_kw",
    "min_kw",
    "max_discharge_kw",
    "capacity_kwh",
    "soc_arrival_kwh",
    "soc_min_kwh",
    "knee_kw",
    "charging_loss_kw",
    "standing_loss_kw",
)
_PER_STAY = (
    "arrival",
    "departure",
    *_EXTENSIVE,
    "charge_efficiency",
    "discharge_efficiency",
    "wear_eur_per_kwh",
    "limit",
    "taper_soc",
    "efficiency_above_knee",
    "ageing_soc",
    "ageing_eur_per_kwh_h",
    "phase",
)


def early_departure_share(
    stays: StayTable,
    signals: SignalTable,
    *,
    rng: np.random.Generator,
    n_samples: int = 100,
    spread_h: float = 1.0,
    mean_h: float = 0.0,
) -> Floats:
    """Sample how likely each vehicle leaves at the end of each step before its last.

    How much earlier than said a vehicle leaves is normal with this mean and standard deviation in
    hours; leaving later than said changes nothing. At mean 0 half of all vehicles are early.

    A vehicle stays for its first step at least, and one that leaves within a step counts from the
    last step it was there for in full. The samples of a stay are systematic: n_samples numbers
    1/n_samples apart, the first one random. Each share then lies within 1/n_samples of the
    distribution's, and is the distribution's in the mean over seeds.

    Returns
    -------
    (K,) laid out as `windows(stays, signals)`: the `early_share` of `schedule`. What is missing to
    1 in a stay is the chance that it leaves as said; its last step has 0.

    Raises
    ------
    ValueError: spread_h is not above 0, n_samples below 1, or a stay reaches outside the signals.
    """
    require(0 < spread_h < math.inf and math.isfinite(mean_h), "spread_h is above 0, all finite")
    window = windows(stays, signals)
    until_h = _until_departure_h(stays, signals, window=window)
    not_earlier = normal_share((until_h - mean_h) / spread_h)
    return _sampled_share(not_earlier, stays, window=window, rng=rng, n_samples=n_samples)


def early_departure_share_recorded(
    stays: StayTable,
    signals: SignalTable,
    *,
    rng: np.random.Generator,
    earlier_h: ArrayLike,
    n_samples: int = 100,
) -> Floats:
    """Sample as `early_departure_share`, from recorded sessions instead of a normal distribution.

    Parameters
    ----------
    earlier_h
        (N,) hours between the departure that was said and the real one, of sessions like these;
        negative where the vehicle left later.

    Raises
    ------
    ValueError: no or infinite hours, n_samples below 1, or a stay reaches outside the signals.
    """
    recorded_h = np.sort(np.asarray(earlier_h, dtype=np.float64).ravel())
    require(recorded_h.size > 0 and bool(np.isfinite(recorded_h).all()), "earlier_h is finite")
    window = windows(stays, signals)
    until_h = _until_departure_h(stays, signals, window=window)
    not_earlier = np.searchsorted(recorded_h, until_h, side="right") / recorded_h.size
    return _sampled_share(not_earlier, stays, window=window, rng=rng, n_samples=n_samples)


def forecast_stays(
    history: StayTable,
    signals: SignalTable,
    *,
    history_days: ArrayLike,
    first_arrival: np.datetime64,
    rng: np.random.Generator,
    n_scenarios: int = 20,
) -> StayTable:
    """Draw stays that are still to come, so that their mean is planned for.

    Each scenario takes for each day to come one recorded day of the same kind (Monday to Friday,
    or weekend), with all its stays at their times of day: how many come, when, and how long they
    stay belong together. Days count in UTC and move by whole days, so that where clocks changed
    between then and now arrivals are an hour off.

    Every power and energy of a drawn stay is divided by n_scenarios: all scenarios together load
    the limits with the mean of what is to come. The plan then leaves room for the mean, not for
    each single scenario. A stay that lasts beyond the signals is cut there and wants the part of
    its energy that its time allows. Vehicles with several stays a day stay one battery.

    Parameters
    ----------
    history
        Recorded stays at rows of the same limit tree.
    history_days
        (D,) days (UTC) that the record covers, those without any stay included; stays that
        arrived on another day are not drawn.
    first_arrival
        Only arrivals from here on, to the end of the signals; stays known already come before it.

    Returns
    -------
    Stays sorted by scenario, day, arrival and name; stay_id is `scenario/day/stay_id`.

    Raises
    ------
    ValueError: no recorded day is of a kind that is to come, n_scenarios is below 1, or
        first_arrival is after the signals.
    """
    require(n_scenarios >= 1, "n_scenarios is at least 1")
    first = max(first_arrival.astype("datetime64[s]"), signals.start[0])
    require(first < signals.end, "first_arrival is before the end of the signals")
    last_day = (signals.end - np.timedelta64(1, "s")).astype("datetime64[D]")
    days = np.arange(first.astype("datetime64[D]"), last_day + 1)
    recorded = np.unique(np.asarray(history_days, dtype="datetime64[D]"))
    chosen = _chosen_days(days, recorded, rng=rng, n_scenarios=n_scenarios)
    return _moved(
        history, chosen=chosen, days=days, first=first, end=signals.end, weight=1.0 / n_scenarios
    )


def joined(known: StayTable, forecast: StayTable) -> StayTable:
    """Put the stays of two tables one after the other.

    Raises
    ------
    ValueError: a stay_id is in both.
    """
    fields = {
        name: np.concatenate([getattr(known, name), getattr(forecast, name)]) for name in _PER_STAY
    }
    return replace(
        known,
        stay_id=known.stay_id + forecast.stay_id,
        vehicle_id=_vehicles(known) + _vehicles(forecast),
        **fields,
    )


@kernel
def normal_share(value: Floats) -> Floats:
    """Standard normal distribution function. (K,) -> (K,)."""
    share = np.empty_like(value)
    for k in range(len(value)):
        share[k] = _HALF * math.erfc(-value[k] / _ROOT_OF_TWO)
    return share


def _until_departure_h(stays: StayTable, signals: SignalTable, *, window: Windows) -> Floats:
    """Hours from the end of each row to the departure; 0 in the last row. (K,)."""
    departure_s = (stays.departure - signals.start[0]).astype(np.int64)
    # of row r, counted over all stays: departure - (first step + r - first row + 1) steps
    at_row_0_s = departure_s - (window.first_step - window.offsets[:-1] + 1) * signals.step_s
    until_s = np.repeat(at_row_0_s, np.diff(window.offsets))
    until_s -= np.arange(len(window)) * signals.step_s
    hours: Floats = np.maximum(until_s, 0) / _S_PER_H
    return hours


def _sampled_share(
    not_earlier: Floats,
    stays: StayTable,
    *,
    window: Windows,
    rng: np.random.Generator,
    n_samples: int,
) -> Floats:
    """Share of the samples that leave within or after each row and before the next one's end.

    Shapes: not_earlier (K,), chance to be there still at the end of the row, or later; returns
    (K,). A sample u in [0, 1) leaves no earlier than that where u is below not_earlier.
    """
    require(n_samples >= 1, "n_samples is at least 1")
    offset = _numbers_of(stays.stay_id, rng)[window.stay]
    # samples (j + offset) / n that lie above the chance: those that leave before the row's end
    gone = n_samples - np.clip(np.ceil(n_samples * not_earlier - offset), 0, n_samples)
    first, last = window.offsets[:-1], window.offsets[1:] - 1
    gone[first] = 0  # nobody leaves before the end of the first row
    share = np.zeros(len(window))
    share[:-1] = gone[1:] - gone[:-1]
    share[last] = 0.0
    return share / n_samples


def _numbers_of(names: tuple[str, ...], rng: np.random.Generator) -> Floats:
    """A number in [0, 1) for each name, by the generator and the name alone. (S,)."""
    key = rng.bytes(_KEY_BYTES)
    digests = b"".join(
        hashlib.blake2b(name.encode(), digest_size=_HASH_BYTES, key=key).digest() for name in names
    )
    whole = np.frombuffer(digests, dtype="<u8") >> np.uint64(64 - _MANTISSA_BITS)
    numbers: Floats = whole.astype(np.float64) * 2.0**-_MANTISSA_BITS
    return numbers


def _chosen_days(
    days: NDArray[np.datetime64],
    recorded: NDArray[np.datetime64],
    *,
    rng: np.random.Generator,
    n_scenarios: int,
) -> NDArray[np.datetime64]:
    """A recorded day of the same kind for each scenario and day to come. (n_scenarios, days)."""
    chosen = np.empty((n_scenarios, len(days)), dtype="datetime64[D]")
    is_weekend = _is_weekend(recorded)
    for column, wanted in enumerate(_is_weekend(days).tolist()):
        like = recorded[is_weekend == wanted]
        kind = "weekend day" if wanted else "day from Monday to Friday"
        require(like.size > 0, f"the record has no {kind}")
        chosen[:, column] = like[rng.integers(0, like.size, n_scenarios)]
    return chosen


def _is_weekend(days: NDArray[np.datetime64]) -> NDArray[np.bool_]:
    weekday = (days.astype(np.int64) + 3) % 7  # the first day of 1970 was a Thursday, 3
    return weekday > _FRIDAY


def _moved(
    history: StayTable,
    *,
    chosen: NDArray[np.datetime64],
    days: NDArray[np.datetime64],
    first: np.datetime64,
    end: np.datetime64,
    weight: float,
) -> StayTable:
    """The stays of the chosen days on the days to come, scaled by the weight."""
    order = np.lexsort((np.array(history.stay_id, dtype=np.str_), history.arrival))
    came_on = history.arrival[order].astype("datetime64[D]")
    rows: list[Ints] = []
    shifts: list[Times] = []
    prefix: list[str] = []
    for scenario, day in np.ndindex(chosen.shape):
        low, high = np.searchsorted(came_on, [chosen[scenario, day], chosen[scenario, day] + 1])
        shift = (days[day] - chosen[scenario, day]).astype("timedelta64[s]")
        arrival = history.arrival[order[low:high]] + shift
        drawn = order[low:high][(arrival >= first) & (arrival < end)]
        rows.append(drawn)
        shifts.append(np.full(len(drawn), shift))
        prefix.extend([f"{scenario}/{days[day]}/"] * len(drawn))
    row = np.concatenate(rows)
    return _scaled(history, row, np.concatenate(shifts), prefix=prefix, end=end, weight=weight)


def _scaled(
    history: StayTable,
    row: Ints,
    shift: NDArray[np.timedelta64],
    *,
    prefix: list[str],
    end: np.datetime64,
    weight: float,
) -> StayTable:
    """Rows of the history, moved in time, cut at the end, each counting as much as its weight."""
    fields = {name: getattr(history, name)[row] for name in _PER_STAY}
    for name in _EXTENSIVE:
        fields[name] = fields[name] * weight
    arrival, departure = fields["arrival"] + shift, fields["departure"] + shift
    fields["arrival"], fields["departure"] = arrival, np.minimum(departure, end)
    whole_s = (departure - arrival).astype(np.int64)
    fields["energy_kwh"] *= (fields["departure"] - arrival).astype(np.int64) / whole_s
    names, vehicles, drawn = history.stay_id, _vehicles(history), row.tolist()
    return replace(
        history,
        stay_id=tuple(p + names[r] for p, r in zip(prefix, drawn, strict=True)),
        vehicle_id=tuple(
            p + vehicles[r] if vehicles[r] else "" for p, r in zip(prefix, drawn, strict=True)
        ),
        **fields,
    )


def _vehicles(stays: StayTable) -> tuple[str, ...]:
    return stays.vehicle_id or ("",) * len(stays)
