"""How near the block solver comes to the best known plans of electric vehicle scheduling.

Solves each of the 18 published instances as `viavolta blocks solve` does, one after the other,
checks each plan against its instance, and prints one line per file:

    INSTANCE  vehicles V/B  cost C  bound L  gap G %  S s  best known K  ratio R  (dive: D)

B is the number of vehicles of the best known plan, R = C / K. `dive` is the diving heuristic of
Parmentier, Martinelli and Vidal (arXiv 2104.03823; C++ with CPLEX). The first line includes
compiling where nothing is compiled yet. Seconds are wall time of the whole solve.

Usage: python benchmarks/evsp.py [FOLDER] [low|normal|high] [INSTANCE ...]; needs the folder `evsp`
in FOLDER, or in VIAVOLTA_BENCH_DATA.
"""

import csv
import os
import statistics
import sys
import time
from pathlib import Path

from viavolta.checks.evsp import check_evsp
from viavolta.formats.evsp import read_evsp
from viavolta.model.progress import silent
from viavolta.services.solve_blocks import MOVES, solve_blocks

AIM = {"low": 1.10, "normal": 1.05, "high": 1.05}
"""Mean ratio to the best known costs that each effort must keep."""

ORIGIN = (
    "https://github.com/axelparmentier/ElectricalVSP-ColumnGeneration, folder instances/ropke at "
    "commit a13f33d, with the results of the paper as best_known.csv"
)
COSTS = ("literature_cost", "dive_cost", "exact_optimum", "trial_cost")


def main() -> int:
    """Solve all instances; 1 where the data is missing, a plan is wrong or the aim is missed."""
    words = sys.argv[1:]
    data = words.pop(0) if words and Path(words[0]).is_dir() else ""
    effort, *names = words or ["normal"]
    if effort not in MOVES:
        print(f"effort {effort!r} is none of {', '.join(MOVES)}")
        return 2
    folder = Path(data or os.environ.get("VIAVOLTA_BENCH_DATA", "")) / "evsp"
    if not (folder / "best_known.csv").is_file():
        print(f"no data in {folder}. Fetch {ORIGIN}, and set VIAVOLTA_BENCH_DATA.")
        return 1
    with (folder / "best_known.csv").open() as table:
        rows = [row for row in csv.DictReader(table) if not names or row["instance"] in names]
    solved = [solve(folder, row, effort) for row in rows]
    ratios = [ratio for ratio, _ in solved]
    mean = statistics.mean(ratios)
    print(f"effort {effort}: mean ratio {mean:.4f}, worst {max(ratios):.4f}, aim {AIM[effort]}")
    return int(mean > AIM[effort] or not all(is_sound for _, is_sound in solved))


def solve(folder: Path, row: dict[str, str], effort: str) -> tuple[float, bool]:
    """Solve and check one instance and print its line; gives the ratio and whether all holds."""
    path = folder / f"{row['instance']}.txt.xz"
    plan = solve_blocks(
        path, seed=1, effort=effort, time_limit_s=None, progress=silent, clock=time.perf_counter
    )
    findings = check_evsp(read_evsp(path), plan)
    best = min(float(row[key]) for key in COSTS if row[key])
    is_sound = not findings and plan["lower_bound"] <= best
    print(
        f"{row['instance']}  vehicles {plan['vehicles']}/{int(best // 10_000)}  "
        f"cost {plan['cost']:.1f}  bound {plan['lower_bound']:.1f}  gap {plan['gap']:.2%}  "
        f"{plan['runtime_s']:.1f} s  best known {best:.1f}  ratio {plan['cost'] / best:.4f}  "
        f"(dive: {float(row['dive_cost']):.1f})" + ("" if is_sound else "  WRONG"),
        flush=True,
    )
    for finding in findings[:5]:
        print(f"  {finding.rule}: {finding.where}: {finding.message}")
    return plan["cost"] / best, is_sound


if __name__ == "__main__":
    sys.exit(main())
