"""A plan of two buses on one line, made in a moment."""

import zipfile
from pathlib import Path

from viavolta.model.study import Study
from viavolta.services.bus.request import BusRequest
from viavolta.services.plan_bus import plan_bus

FEED = {
    "routes.txt": "route_id,route_short_name,route_type\nR1,1,3\n",
    "stops.txt": (
        "stop_id,stop_name,stop_lat,stop_lon\nA,Station,46.07,11.12\nD,Harbour,46.09,11.14\n"
    ),
    "calendar_dates.txt": "service_id,date,exception_type\nWK,20250210,1\n",
    "trips.txt": "route_id,service_id,trip_id\nR1,WK,T1\nR1,WK,T2\nR1,WK,T3\n",
    "stop_times.txt": "trip_id,arrival_time,departure_time,stop_id,stop_sequence\n"
    "T1,08:00:00,08:00:00,A,1\nT1,08:20:00,08:20:00,D,2\n"
    "T2,08:40:00,08:40:00,D,1\nT2,09:00:00,09:00:00,A,2\n"
    "T3,08:10:00,08:10:00,D,1\nT3,08:30:00,08:30:00,A,2\n",
}


def planned(folder: Path, config: str = "") -> Study:
    """A small plan under a configuration."""
    feed, toml = folder / "feed.zip", folder / "config.toml"
    with zipfile.ZipFile(feed, "w") as archive:
        for name, content in FEED.items():
            archive.writestr(name, content)
    toml.write_text(config, encoding="utf-8")
    asked = BusRequest(
        feed=feed, config=toml, depots=("North=46.0950,11.1450",), effort="low", title="t"
    )
    return plan_bus(asked, clock=lambda: 0.0)
