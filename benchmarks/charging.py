"""How fast and how near the optimum the charging engine is, beside HiGHS, linopy and acnportal.

Every case runs in a process of its own, whose peak memory is printed; the first, small task of
each, which loads the compiled kernels, is not measured. Short cases run up to five times and the
best counts. The gap is that between the cost and the bound proven by the prices. Peers run one
after the other in the environments of `.venv-peers` (`make bench` makes them), written as their
users would, on the same task, once, for at most PEER_LIMIT_S. Their seconds are those of building
and solving, without imports; ratio = theirs / ours. An anchor is what was measured before the
engine was built, on two cores.

VIAVOLTA_BENCH_LARGE=1 adds ten million stays (5 minutes, 12 GB) and HiGHS on 10,000 stays.
Ends with 1 where an aim is missed, or where the optimum of a peer that solves the same program
does not lie between our bound and cost.
"""

import json
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
PEERS = HERE.parent / ".venv-peers"
IS_LARGE = os.environ.get("VIAVOLTA_BENCH_LARGE") == "1"
PEER_LIMIT_S = 60
LARGE_PEER_LIMIT_S = 600
ROUNDING = 1e-7
YEAR_POINTS, YEAR_AIM_US, YEAR_LIMIT_S = 10_000, 0.2, 60
SESSIONS = "ev-sessions/norway-residential/sessions.csv"
SESSIONS_ORIGIN = (
    "Dataset 1 of Sorensen et al., Data in Brief 36 (2021) 107105, Mendeley Data jbks2rcwyj, as "
    "session, user, start_local, end_local, energy_kwh"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Aim:
    """What a figure should stay below: its name, the limit, what it is and how it is written."""

    name: str
    most: float
    unit: str
    measured: float

    @property
    def is_reached(self) -> bool:
        """Whether the figure is within the aim."""
        return self.measured <= self.most

    def __str__(self) -> str:
        verdict = "reached" if self.is_reached else "NOT REACHED"
        aim = f"aim {self.most:g} {self.unit}: {verdict}"
        return f"{self.name} {self.measured:.3g} {self.unit} ({aim})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A task of the table."""

    n_stays: int
    gap: float
    anchor: str
    aim_s: float | None = None
    replan_s: float | None = None
    files_s: float | None = None
    memory_mb: float | None = None
    peers: tuple[str, ...] = ()
    peer_limit_s: int = PEER_LIMIT_S


CASES = (
    Case(n_stays=1_000, gap=1e-4, aim_s=0.1, anchor="HiGHS 1.8 s", peers=("highs", "linopy")),
    Case(n_stays=3_000, gap=1e-4, anchor="HiGHS 12 s", peers=("highs",)),
    Case(
        n_stays=10_000,
        gap=5e-4,
        aim_s=0.5,
        replan_s=0.2,
        anchor="HiGHS 222 s",
        peers=("highs",) if IS_LARGE else (),
        peer_limit_s=LARGE_PEER_LIMIT_S,
    ),
    Case(
        n_stays=1_000_000,
        gap=1e-3,
        aim_s=20,
        replan_s=2,
        files_s=20,
        memory_mb=1500,
        anchor="prototype 44 s, no peer",
    ),
)
LARGE = Case(n_stays=10_000_000, gap=1e-3, aim_s=300, memory_mb=12_000, anchor="none")


def main() -> int:
    """Print the table, case by case, and what was not reached; 1 where something was not."""
    missed: list[str] = []
    with tempfile.TemporaryDirectory() as folder:
        for case in CASES:
            missed += run(case, Path(folder))
        missed += run_year(Path(folder))
    if IS_LARGE:
        missed += run(LARGE, Path())
    else:
        print("10,000,000 stays and HiGHS on 10,000: not measured without VIAVOLTA_BENCH_LARGE=1")
    print("not reached: " + ("; ".join(missed) or "nothing, every aim is reached"))
    return int(bool(missed))


def run(case: Case, folder: Path) -> list[str]:
    """Measure one case and print its lines; gives what it did not reach."""
    name = f"{case.n_stays:,} stays"
    print(f"{name}, proven gap <= {case.gap:.2%} (anchor: {case.anchor})", flush=True)
    options = [word for word in ("replan", "files") if getattr(case, f"{word}_s") is not None]
    figures = own("plan", str(case.n_stays), str(case.gap), *options)
    aims = aims_of(case, figures)
    if case.aim_s is None:
        print(f"  scheduled in {figures['seconds']:.3g} s")
    for aim in aims:
        print(f"  {aim}")
    print(
        f"  cost {figures['cost_eur']:,.2f} EUR, unmet {figures['unmet_kwh']:,.1f} kWh, "
        f"{figures['limits']:,} limits, peak memory {figures['peak_mb']:,.0f} MB "
        f"({figures['task_mb']:,.0f} before)",
        flush=True,
    )
    missed = [aim.name for aim in aims if not aim.is_reached]
    missed += [
        f"agreement with {peer}"
        for peer in case.peers
        if not agrees(peer, case, figures, folder=folder)
    ]
    return [f"{name}: {what}" for what in missed]


def aims_of(case: Case, figures: dict[str, Any]) -> list[Aim]:
    """List the figures of a case that have an aim."""
    aims = [Aim(name="proven gap", most=100 * case.gap, unit="%", measured=100 * figures["gap"])]
    if case.aim_s is not None:
        aims.insert(
            0, Aim(name="scheduled in", most=case.aim_s, unit="s", measured=figures["seconds"])
        )
    if case.memory_mb is not None:
        aims.append(
            Aim(name="peak memory", most=case.memory_mb, unit="MB", measured=figures["peak_mb"])
        )
    if "replan" in figures:
        again = figures["replan"]
        aims += [
            Aim(
                name="planned again after a 1 % change in",
                most=case.replan_s or 0.0,
                unit="s",
                measured=again["seconds"],
            ),
            Aim(name="proven gap then", most=100 * case.gap, unit="%", measured=100 * again["gap"]),
        ]
    if case.files_s is not None:
        files = figures["files"]
        aims += [
            Aim(
                name=f"stays read from {kind} and schedule written in",
                most=case.files_s,
                unit="s",
                measured=files[f"read_{kind}_s"] + files["write_s"],
            )
            for kind in ("csv", "parquet")
        ]
    return aims


def agrees(peer: str, case: Case, figures: dict[str, Any], *, folder: Path) -> bool:
    """Give a peer the same task and print its line; False where its optimum contradicts ours."""
    task = folder / f"{case.n_stays}.npz"
    if not task.exists():
        own("task", str(case.n_stays), str(task))
    answer = peers_answer(peer, [str(task)], limit_s=case.peer_limit_s)
    if isinstance(answer, str):
        print(f"  {answer}", flush=True)
        return True
    slack = ROUNDING * abs(figures["cost_eur"])
    optimum_eur, ratio = answer["cost_eur"], answer["seconds"] / figures["seconds"]
    lies_between = figures["bound_eur"] - slack <= optimum_eur <= figures["cost_eur"] + slack
    print(
        f"  {answer['peer']} {answer['seconds']:.3g} s, building {answer['build_s']:.2g} s: "
        f"ratio {ratio:.1f}\n    its optimum {optimum_eur:,.2f} EUR "
        + ("lies between bound and cost" if lies_between else "CONTRADICTS bound or cost"),
        flush=True,
    )
    return lies_between


def run_year(folder: Path) -> list[str]:
    """Simulate a year at 10,000 points, as far as the time allows, and acnportal at one site."""
    name = f"a year at {YEAR_POINTS:,} points"
    print(f"{name}, recorded sessions, planned anew at every event")
    print("  (anchor: peers 80-600 us per vehicle-step)", flush=True)
    sessions = Path(os.environ.get("VIAVOLTA_BENCH_DATA", ""), SESSIONS)
    if not sessions.is_file():
        print(f"  not measured: no {SESSIONS} in VIAVOLTA_BENCH_DATA. Fetch {SESSIONS_ORIGIN}")
        return [f"{name}: no data"]
    figures = own("year", str(sessions), str(YEAR_LIMIT_S))
    rate = Aim(
        name="a core needs",
        most=YEAR_AIM_US,
        unit="us per vehicle-step",
        measured=figures["core_s_per_vehicle_step"] * 1e6,
    )
    is_whole = figures["points"] >= YEAR_POINTS
    print(
        f"  {rate}\n  {figures['points']:,} points over {figures['days']} days: "
        f"{figures['vehicle_steps']:,} vehicle-steps in {figures['seconds']:.3g} s"
        + ("" if is_whole else f"; more would take over {YEAR_LIMIT_S} s: NOT REACHED")
        + f"\n  unmet {figures['unmet_share']:.2%}, peak memory {figures['peak_mb']:,.0f} MB",
        flush=True,
    )
    own("weeks", str(sessions), str(folder / "weeks.npz"))
    print_acnportal(figures, folder / "weeks.npz")
    missed = [rate.name] * (not rate.is_reached) + ["all points"] * (not is_whole)
    return [f"{name}: {what}" for what in missed]


def print_acnportal(figures: dict[str, Any], weeks: Path) -> None:
    """Simulate one site with acnportal and print its line."""
    answer = peers_answer("acnportal", [str(weeks)], limit_s=PEER_LIMIT_S)
    if isinstance(answer, str):
        print(f"  {answer}")
        return
    its_s = answer["seconds"] / answer["vehicle_steps"]
    ratio = its_s / figures["s_per_vehicle_step"]
    print(
        f"  {answer['peer']} {its_s * 1e6:.3g} us per vehicle-step: ratio {ratio:.1f}\n"
        f"    its least laxity first, blind to prices; {answer['points']} points of one site, "
        f"4 weeks; unmet {1 - answer['delivered_share']:.2%}"
    )


def peers_answer(peer: str, arguments: list[str], *, limit_s: float) -> dict[str, Any] | str:
    """Run a peer's script in its own environment; its figures, or why there are none."""
    python = PEERS / peer / "bin" / "python"
    if not python.exists():
        return f"{peer}: not installed; make .venv-peers/{peer}/.made"
    script = HERE / "peers" / f"{peer}_charging.py"
    try:
        return last_line([str(python), str(script), *arguments], limit_s=limit_s)
    except subprocess.TimeoutExpired:
        return f"{peer} did not finish in {limit_s} s"


def own(*arguments: str) -> dict[str, Any]:
    """Run a case of our own in a new process."""
    return last_line([sys.executable, str(HERE / "charging_case.py"), *arguments], limit_s=None)


def last_line(command: list[str], *, limit_s: float | None) -> dict[str, Any]:
    """Run a script and read the JSON on the last line of its output."""
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, timeout=limit_s)
    figures: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return figures


if __name__ == "__main__":
    sys.exit(main())
