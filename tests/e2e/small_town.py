"""The timetable of a made-up small town: two lines, each way once an hour, from six to eight."""

import zipfile
from pathlib import Path

STOPS = (
    ("A", "Station", 46.6160, 14.3130),
    ("B", "Market", 46.6240, 14.3080),
    ("C", "School", 46.6330, 14.3010),
    ("D", "Hospital", 46.6280, 14.3230),
    ("E", "Lake", 46.6180, 14.2860),
)
LINES = {"1": ("A", "B", "C"), "2": ("D", "B", "E")}
HEADWAY_S, FIRST_S, LAST_S = 3_600, 6 * 3600, 20 * 3600


def write_feed(path: Path, town: str, *, ride_s: int) -> Path:
    """Write the feed as a zip; from stop to stop a bus rides so long."""
    trips, times = (
        ["route_id,service_id,trip_id"],
        ["trip_id,arrival_time,departure_time,stop_id,stop_sequence"],
    )
    for line, stops in LINES.items():
        for direction, way in enumerate((stops, stops[::-1])):
            for start in range(FIRST_S, LAST_S, HEADWAY_S):
                trip = f"{line}-{direction}-{start}"
                trips.append(f"{line},daily,{trip}")
                for n, stop in enumerate(way):
                    at = _clock(start + n * ride_s)
                    times.append(f"{trip},{at},{at},{stop},{n}")
    files = {
        "agency.txt": f"agency_id,agency_name,agency_url,agency_timezone\nX,{town},https://example.org,Europe/Vienna",
        "stops.txt": "stop_id,stop_name,stop_lat,stop_lon\n"
        + "\n".join(f"{key},{town} {name},{lat},{lon}" for key, name, lat, lon in STOPS),
        "routes.txt": "route_id,agency_id,route_short_name,route_type\n"
        + "\n".join(f"{line},X,{line},3" for line in LINES),
        "trips.txt": "\n".join(trips),
        "stop_times.txt": "\n".join(times),
        "calendar.txt": "service_id,monday,tuesday,wednesday,thursday,friday,saturday,sunday,"
        "start_date,end_date\ndaily,1,1,1,1,1,1,1,20270101,20271231",
    }
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text + "\n")
    return path


def _clock(second: int) -> str:
    return f"{second // 3600:02}:{second // 60 % 60:02}:{second % 60:02}"
