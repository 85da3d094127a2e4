"""A small sound GTFS feed that tests break in one place each."""

import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

SOUND_FEED = {
    "agency.txt": "agency_name,agency_timezone\nCity Buses,Europe/Rome\n",
    "routes.txt": "route_id,route_short_name,route_long_name,route_type\n"
    "R1,1,Station - Harbour,3\n"
    "R2,2,Ring,700\n"
    "TRAM,T,Tram,0\n",
    "stops.txt": "stop_id,stop_name,stop_lat,stop_lon,parent_station\n"
    "A,Station,46.0700,11.1200,\n"
    "B,Market,46.0750,11.1250,\n"
    "C,School,46.0800,11.1300,\n"
    "D,Harbour,46.0900,11.1400,\n",
    "calendar.txt": "service_id,monday,tuesday,wednesday,thursday,friday,saturday,sunday,"
    "start_date,end_date\n"
    "WK,1,1,1,1,1,0,0,20250203,20250228\n",
    "trips.txt": "route_id,service_id,trip_id,block_id,shape_id\n"
    "R1,WK,T1,B1,S1\n"
    "R1,WK,T2,B1,\n"
    "R2,WK,T3,,\n"
    "TRAM,WK,T4,,\n",
    "stop_times.txt": "trip_id,arrival_time,departure_time,stop_id,stop_sequence\n"
    "T1,08:00:00,08:00:00,A,1\n"
    "T1,08:05:00,08:06:00,B,2\n"
    "T1,08:10:00,08:10:00,C,3\n"
    "T1,08:20:00,08:20:00,D,4\n"
    "T2,09:00:00,09:00:00,D,1\n"
    "T2,09:20:00,09:20:00,A,2\n"
    "T3,10:00:00,10:00:00,A,1\n"
    "T3,10:30:00,10:30:00,C,2\n"
    "T4,07:00:00,07:00:00,A,1\n"
    "T4,07:30:00,07:30:00,D,2\n",
    "shapes.txt": "shape_id,shape_pt_lat,shape_pt_lon,shape_pt_sequence\n"
    "S1,46.0700,11.1200,1\n"
    "S1,46.0810,11.1310,2\n"
    "S1,46.0900,11.1400,3\n",
}

Changes = Mapping[str, str | bytes | None]
MakeFeed = Callable[..., Path]


@pytest.fixture
def make_feed(tmp_path: Path) -> MakeFeed:
    """Write the sound feed with some tables changed (None: left out) to a zip."""

    def make(changes: Changes | None = None, *, folder: str = "", level: int = 9) -> Path:
        tables = {**SOUND_FEED, **(changes or {})}
        path = tmp_path / "feed.zip"
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=level) as archive:
            for name, content in tables.items():
                if content is not None:
                    archive.writestr(folder + name, content)
        return path

    return make


@pytest.fixture
def sound_feed() -> dict[str, str]:
    """The tables of the sound feed, to be changed freely."""
    return dict(SOUND_FEED)
