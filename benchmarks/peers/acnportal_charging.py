"""Recorded sessions under a scheduler that decides anew each period, as a user of acnportal would.

One site with one limit, period by period, with the package's own least-laxity-first scheduler. Its
optimising scheduler, adacharge, is on no package index, and is left out: nobody here looks at
prices. Vehicles are known to the scheduler with the energy and departure that were recorded.

Usage: python acnportal_charging.py SESSIONS.npz; prints one line of JSON.
"""

import json
import sys
import time
import warnings
from datetime import UTC, datetime
from importlib.metadata import version

import numpy as np

warnings.simplefilter("ignore")  # acnportal asks setuptools for its version in an old way

from acnportal import acnsim  # noqa: E402 - after the filter
from acnportal.algorithms import SortedSchedulingAlgo, least_laxity_first  # noqa: E402 - likewise

VOLTAGE_V = 230
PERIOD_MIN = 15
START = datetime(2019, 1, 7, tzinfo=UTC)


def main() -> None:
    """Simulate and print what it took."""
    sessions = dict(np.load(sys.argv[1]))
    evs = vehicles(sessions)
    begin_s = time.perf_counter()
    simulator = acnsim.Simulator(
        site(sessions),
        SortedSchedulingAlgo(least_laxity_first),
        acnsim.EventQueue([acnsim.PluginEvent(ev.arrival, ev) for ev in evs]),
        START,
        period=PERIOD_MIN,
        verbose=False,
    )
    simulator.run()
    seconds = time.perf_counter() - begin_s
    print(
        json.dumps(
            {
                "peer": f"acnportal {version('acnportal')}",
                "seconds": seconds,
                "points": int(sessions["point"].max()) + 1,
                "sessions": len(evs),
                "vehicle_steps": sum(ev.departure - ev.arrival for ev in evs),
                "delivered_share": acnsim.proportion_of_energy_delivered(simulator),
            }
        )
    )


def site(sessions: dict[str, np.ndarray]) -> acnsim.ChargingNetwork:
    """Build the network: points of one power under one limit on their sum."""
    network = acnsim.ChargingNetwork()
    names = [f"point-{point}" for point in range(int(sessions["point"].max()) + 1)]
    for name in names:
        point = acnsim.EVSE(name, max_rate=float(sessions["max_kw"]) * 1000 / VOLTAGE_V)
        network.register_evse(point, VOLTAGE_V, 0)
    limit_a = float(sessions["site_kw"]) * 1000 / VOLTAGE_V
    network.add_constraint(acnsim.Current(names), limit_a, name="site")
    return network


def vehicles(sessions: dict[str, np.ndarray]) -> list[acnsim.EV]:
    """Turn sessions into vehicles whose battery has room for what was recorded."""
    max_kw, evs = float(sessions["max_kw"]), []
    fields = (sessions[name].tolist() for name in ("point", "arrival", "departure", "energy_kwh"))
    for row, (point, arrival, departure, energy_kwh) in enumerate(zip(*fields, strict=True)):
        battery = acnsim.Battery(energy_kwh, 0, max_kw)
        names = (f"point-{point}", f"session-{row}")
        evs.append(acnsim.EV(arrival, departure, energy_kwh, *names, battery))
    return evs


if __name__ == "__main__":
    main()
