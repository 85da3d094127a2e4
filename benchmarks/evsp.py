"""Plans of electric vehicle scheduling beside the best known ones, their bounds proven anew.

Solves each of the 18 published instances as `viavolta blocks solve` does, one after the other, has
every plan checked against its instance (the bound proven anew from its duals), and prints a line
per file:

    INSTANCE  trips  vehicles/dive's  cost  bound  gap  seconds  what dive and trial reached
    aims met or missed, the checker's verdict

`dive` is the diving heuristic of Parmentier, Martinelli and Vidal (arXiv 2104.03823; C++ with
CPLEX); `trial` are the costs and bounds this method reached when it was tried out. The aims: cost
at or below the trial's, a gap of at most 0.03 %, and 2, 25 and 90 s at 100, 300 and 500 trips on
two cores (linear between). Kernels are compiled before the clock starts. Seconds are wall time of
the whole solve, CPU seconds beside them: on a machine that others use only those can be compared.

Usage: python benchmarks/evsp.py [FOLDER] [low|normal|high] [INSTANCE ...]; needs the folder `evsp`
in FOLDER, or in VIAVOLTA_BENCH_DATA.
"""

import csv
import os
import sys
import time
from pathlib import Path
from typing import NamedTuple

import numpy as np

from viavolta.checks.evsp import check_evsp
from viavolta.formats.evsp import read_evsp
from viavolta.model.progress import silent
from viavolta.services.solve_blocks import EFFORTS, solve_blocks

AIM_GAP = 3e-4
AIM_TRIPS, AIM_S = (100, 300, 500), (2.0, 25.0, 90.0)

ORIGIN = (
    "https://github.com/axelparmentier/ElectricalVSP-ColumnGeneration, folder instances/ropke at "
    "commit a13f33d, with the results of the paper as best_known.csv"
)
WARM_UP = "D2_S4_C100_03"
ROUNDING = 1e-2


class Result(NamedTuple):
    """One file: whether plan and bound hold, and which aims are met."""

    is_sound: bool
    meets_cost: bool
    meets_gap: bool
    meets_time: bool


def main() -> int:
    """Solve all instances; 1 where the data is missing or a plan or its bound is wrong."""
    words = sys.argv[1:]
    data = words.pop(0) if words and Path(words[0]).is_dir() else ""
    effort, *names = words or ["normal"]
    if effort not in EFFORTS:
        print(f"effort {effort!r} is none of {', '.join(EFFORTS)}")
        return 2
    folder = Path(data or os.environ.get("VIAVOLTA_BENCH_DATA", "")) / "evsp"
    if not (folder / "best_known.csv").is_file():
        print(f"no data in {folder}. Fetch {ORIGIN}, and set VIAVOLTA_BENCH_DATA.")
        return 1
    with (folder / "best_known.csv").open() as table:
        rows = [row for row in csv.DictReader(table) if not names or row["instance"] in names]
    solved_document(folder / f"{WARM_UP}.txt.xz", effort)
    results = [solve(folder, row, effort) for row in rows]
    n_cost, n_gap, n_time = (sum(r[k] for r in results) for k in range(1, len(Result._fields)))
    print(
        f"effort {effort}, {len(results)} files: cost at or below the trial's {n_cost}, "
        f"gap at most {AIM_GAP:.2%} {n_gap}, in time {n_time}"
    )
    return int(not all(result.is_sound for result in results))


def solved_document(path: Path, effort: str) -> dict[str, object]:
    """Solve one file as the command does."""
    return solve_blocks(
        path, seed=1, effort=effort, time_limit_s=None, progress=silent, clock=time.perf_counter
    )


def solve(folder: Path, row: dict[str, str], effort: str) -> Result:
    """Solve and check one instance and print its line."""
    path = folder / f"{row['instance']}.txt.xz"
    began_cpu_s = time.process_time()
    plan = solved_document(path, effort)
    cpu_s = time.process_time() - began_cpu_s
    instance = read_evsp(path)
    findings = check_evsp(instance, plan)
    cost, bound = float(str(plan["cost"])), float(str(plan["lower_bound"]))
    seconds = float(str(plan["runtime_s"]))
    best = min(float(row[key]) for key in ("dive_cost", "exact_optimum", "trial_cost") if row[key])
    aim_s = float(np.interp(instance.n_trips, AIM_TRIPS, AIM_S))
    result = Result(
        is_sound=not findings and bound <= best + ROUNDING,
        meets_cost=cost <= float(row["trial_cost"]) + ROUNDING,
        meets_gap=float(str(plan["gap"])) <= AIM_GAP,
        meets_time=seconds <= aim_s,
    )
    optimum = f"  optimum {float(row['exact_optimum']):.1f}" if row["exact_optimum"] else ""
    print(
        f"{row['instance']}  {instance.n_trips} trips  vehicles {plan['vehicles']}/"
        f"{row['dive_vehicles']}  cost {cost:.1f}  bound {bound:.1f}  gap {plan['gap']:.4%}  "
        f"{seconds:.1f} s (CPU {cpu_s:.1f} s, aim {aim_s:.0f} s)  "
        f"dive {float(row['dive_cost']):.1f} in {float(row['dive_s']):.0f} s  "
        f"trial {float(row['trial_cost']):.1f} / {float(row['trial_bound']):.1f}{optimum}  "
        + aims(result)
        + ("  checked" if result.is_sound else "  WRONG"),
        flush=True,
    )
    for finding in findings[:5]:
        print(f"  {finding.rule}: {finding.where}: {finding.message}")
    return result


def aims(result: Result) -> str:
    """Say which aims a file met."""
    met = {"cost": result.meets_cost, "gap": result.meets_gap, "time": result.meets_time}
    return ", ".join(f"{name} {'met' if is_met else 'MISSED'}" for name, is_met in met.items())


if __name__ == "__main__":
    sys.exit(main())
