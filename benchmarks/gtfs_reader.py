"""How much faster the GTFS reader is than a plain reader on Python's csv module, feed by feed.

The plain reader does the basic parsing only: rows as dicts, times of day to seconds, coordinates
to numbers; no check, no repair, no service day. Both run in the same process on the same file,
in turn; the best of the rounds counts for each. Prints one line per feed:

    FEED  reader S s  plain S s  ratio R  (TRIPS trips on DATE)

Needs the feeds below in the folder `gtfs` of VIAVOLTA_BENCH_DATA.
"""

import csv
import io
import os
import sys
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

from viavolta.engines.bus.service_day import choose_service_day
from viavolta.formats.gtfs import read_feed, timetable_on

AIM = 5.0
ROUNDS = 5
FEEDS = {
    "trento_urban_2024-25.zip": (
        "https://github.com/SanzioMeh/PublicTransportEmissions_Trento, "
        "file google_transit_urbano_tte.zip at commit b41cea06"
    ),
    "riga_2019.zip": (
        "https://github.com/sergey-rubtsov/riga, file spark/data/gtfs.zip at commit 2f9ef8a2"
    ),
}
TABLES = (
    "agency",
    "routes",
    "stops",
    "calendar",
    "calendar_dates",
    "trips",
    "stop_times",
    "shapes",
)


def main() -> int:
    """Time both readers on every feed; 1 where a feed is missing or the aim is missed."""
    folder = Path(os.environ.get("VIAVOLTA_BENCH_DATA", "")) / "gtfs"
    missing = [name for name in FEEDS if not (folder / name).is_file()]
    for name in missing:
        print(
            f"{name}: not there. Fetch {FEEDS[name]}, save it as gtfs/{name} in a folder, "
            "and set VIAVOLTA_BENCH_DATA to that folder."
        )
    ratios = [compare(folder / name) for name in FEEDS if name not in missing]
    return int(bool(missing) or min(ratios) < AIM)


def compare(path: Path) -> float:
    """Time both readers on one feed, in turn, and print the line; gives the ratio."""
    reader_s, plain_s = [], []
    for _ in range(ROUNDS):
        reader_s.append(seconds(lambda: read_and_cut(path)))
        plain_s.append(seconds(lambda: read_plainly(path)))
    date, n_trips = read_and_cut(path)
    ratio = min(plain_s) / min(reader_s)
    print(
        f"{path.name}  reader {min(reader_s):.2f} s  plain {min(plain_s):.2f} s  "
        f"ratio {ratio:.1f}  ({n_trips} trips on {date})"
    )
    return ratio


def seconds(work: Callable[[], object]) -> float:
    """Wall time of one call."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def read_and_cut(path: Path) -> tuple[str, int]:
    """Read, repair, choose the day and cut its timetable, as viavolta does."""
    feed = read_feed(path)
    date = choose_service_day(feed.trips_per_day).date
    return date.isoformat(), timetable_on(feed, date).timetable.trips.height


def read_plainly(path: Path) -> dict[str, list[dict[str, object]]]:
    """Read all tables as lists of dicts, times as seconds, coordinates as numbers."""
    tables: dict[str, list[dict[str, object]]] = {}
    with zipfile.ZipFile(path) as archive:
        for name in archive.namelist():
            table = name.rsplit("/", 1)[-1].removesuffix(".txt")
            if table not in TABLES:
                continue
            with io.TextIOWrapper(archive.open(name), "utf-8-sig", newline="") as lines:
                tables[table] = [parsed(row) for row in csv.DictReader(lines)]
    return tables


def parsed(row: dict[str, str]) -> dict[str, object]:
    """Read the times and coordinates of a row."""
    values: dict[str, object] = dict(row)
    for field in ("arrival_time", "departure_time"):
        if row.get(field):
            hours, minutes, secs = row[field].split(":")
            values[field] = int(hours) * 3600 + int(minutes) * 60 + int(secs)
    for field in ("stop_lat", "stop_lon", "shape_pt_lat", "shape_pt_lon"):
        if row.get(field):
            values[field] = float(row[field])
    return values


if __name__ == "__main__":
    sys.exit(main())
