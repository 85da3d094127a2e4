"""Prints a hash of schedules, for the test that starts this file with other numbers of threads."""

import hashlib
import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parents[1] / "golden" / "charging")]

from proofs import solve  # noqa: E402 - the path first
from random_tasks import BINARY, CONVEX, random_task  # noqa: E402 - the path first

PLAIN = {"n_stays": 600, "n_steps": 96, "peak_eur_per_kw": 0.5}
DETAILED = {"n_stays": 60, "n_steps": 48, "with_": (*CONVEX, *BINARY, "chains")}


def main() -> None:
    """Solve a plain task and one with everything, in one part and in three."""
    for options, n_parts in ((PLAIN, 3), (DETAILED, 3), (DETAILED, 1)):
        found = solve(random_task(7, **options), gap=0.02, n_parts=n_parts)
        seen = hashlib.sha256()
        for values in (
            found.plan.power_kw,
            found.plan.net_kw,
            found.plan.phase_used,
            found.prices.import_eur_per_kwh,
            found.prices.export_eur_per_kwh,
            found.prices.peak_eur_per_kwh,
            found.prices.energy_eur_per_kwh,
        ):
            seen.update(values.tobytes())
        print(seen.hexdigest(), repr(found.cost_eur), repr(found.lower_bound_eur))  # noqa: T201 - read by the test


if __name__ == "__main__":
    main()
