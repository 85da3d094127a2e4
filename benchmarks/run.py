"""Run every benchmark of this folder, each in a process of its own, and print its ratios.

A benchmark is a script that ends with exit code 0 where it met its aim. It is given the folder that
VIAVOLTA_BENCH_DATA names as its argument; without one, this says what to fetch from where.
"""

import os
import platform
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
VARIABLE = "VIAVOLTA_BENCH_DATA"
DATASETS = {
    "gtfs/trento_urban_2024-25.zip": (
        "Trento and Rovereto, urban buses (Trentino trasporti)",
        (
            "github.com/SanzioMeh/PublicTransportEmissions_Trento @ b41cea06 : "
            "google_transit_urbano_tte.zip"
        ),
    ),
    "gtfs/riga_2019.zip": (
        "Riga, buses, trolleybuses and trams (Rigas satiksme)",
        "github.com/sergey-rubtsov/riga @ 2f9ef8a2 : spark/data/gtfs.zip",
    ),
    "gtfs/jakarta_transjakarta_2023_frequencies.zip": (
        "Jakarta, all bus routes by headways (TransJakarta)",
        "github.com/transjakarta/tj-backend @ 37b3d24a (history) : data/gtfs.zip",
    ),
}
"""File below the folder: what it is, and the public repository @ commit : path it comes from."""
PARTS = (
    "run",
    "charging_case",
    "charging_instances",
    "charging_year",
    "hub_market",
    "matching_set",
    "ocpp_caller",
    "ocpp_network",
)
"""Modules of this folder that are no benchmark of their own."""


def main() -> int:
    """Run all benchmarks; 1 where the data are missing or a benchmark misses its aim."""
    folder = os.environ.get(VARIABLE, "")
    missing = [name for name in DATASETS if not (folder and Path(folder, name).is_file())]
    if missing:
        print(what_to_fetch(missing, folder))
        return 1
    print(f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}")
    missed = [path.stem for path in benchmarks() if not is_met(path, folder)]
    print()
    print(f"missed: {', '.join(missed)}" if missed else "every benchmark met its aim")
    return int(bool(missed))


def what_to_fetch(missing: list[str], folder: str) -> str:
    """Say which files are missing, what they are, and where they come from."""
    lines = [
        f"{VARIABLE} names no folder with the benchmark data"
        if not folder
        else f"{VARIABLE}={folder} lacks some of the benchmark data",
        "Fetch these files from public repositories (@ commit : path):",
    ]
    for name in missing:
        what, origin = DATASETS[name]
        lines += ["", f"  {name}", f"    {what}", f"    {origin}"]
    lines += ["", f"Save them in a folder under these names, and run: {VARIABLE}=FOLDER make bench"]
    return "\n".join(lines)


def benchmarks() -> list[Path]:
    """All modules of this folder that are benchmarks, by name."""
    return sorted(path for path in HERE.glob("*.py") if path.stem not in PARTS)


def is_met(path: Path, folder: str) -> bool:
    """Run one benchmark, its output passed on, and tell whether it met its aim."""
    print(f"\n{path.stem}", flush=True)
    command = [sys.executable, str(path), folder]
    return subprocess.run(command, check=False).returncode == 0


if __name__ == "__main__":
    sys.exit(main())
