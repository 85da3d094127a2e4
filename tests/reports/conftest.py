"""A bus study made up by rule, small or as large as a city, for the tests of the report."""

import datetime as dt
import math
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from viavolta.model.notices import Repair, StudyWarning
from viavolta.model.study import AssumptionUsed, Study, StudyInput
from viavolta.reports.bus.report import bus_report

HERE = str(Path(__file__).parent)
if HERE not in sys.path:
    sys.path.append(HERE)  # for pdf_text, which reads what goes on paper

ZERO = dt.datetime(2025, 2, 9, 23, 0, tzinfo=dt.UTC)
"""00:00 of Monday 10 February 2025 in Monaco."""

CAPACITY_KWH = 420.0
POINT_KW = 80.0
STEP_S = 900
StudyMaker = Callable[..., Study]
_SERIOUS = """
const done = arguments[arguments.length - 1];
const values = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
axe.run(document, { resultTypes: ["violations"], runOnly: { type: "tag", values } })
  .then((found) => done(found.violations
    .filter((v) => ["serious", "critical"].includes(v.impact))
    .map((v) => `${v.id}: ${v.nodes.slice(0, 3).map((n) => n.html.slice(0, 140)).join(" | ")}`)));
"""
VOID = {"meta", "link", "input", "br", "img", "hr"}


class Page(HTMLParser):
    """Elements, attributes and text of a page; complains of tags that do not match."""

    def __init__(self, content: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.texts: list[str] = []
        self.inline: dict[str, list[str]] = {"script": [], "style": []}
        self.data: list[str] = []
        self._open: list[str] = []
        self.feed(content)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {k: v or "" for k, v in attrs}))
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {k: v or "" for k, v in attrs}))

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        here = self._open[-1] if self._open else ""
        if here == "script" and self.elements[-1][1].get("type") == "application/json":
            self.data.append(data)
        elif here in self.inline:
            self.inline[here].append(data)
        else:
            self.texts.append(data)

    def text(self) -> str:
        return " ".join(" ".join(self.texts).split())

    def attributes(self, name: str) -> list[str]:
        return [a[name] for _, a in self.elements if name in a]


@pytest.fixture(scope="session")
def make_study() -> StudyMaker:
    """Make a consistent bus study of a given size."""
    return bus_study


@pytest.fixture(scope="session")
def faults(axe: str) -> Callable[[Any, str], list[str]]:
    """Serious faults of accessibility of a page: on a desk, and in the dark on a phone."""

    def find(browser: Any, address: str) -> list[str]:
        found: list[str] = []
        browser.set_script_timeout(240)  # a large page on a busy machine
        for scheme, width in (("light", 1280), ("dark", 390)):
            feature = {"name": "prefers-color-scheme", "value": scheme}
            browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [feature]})
            size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 500}
            browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
            browser.get(address)
            browser.execute_script(axe)
            found += browser.execute_async_script(_SERIOUS)
        return found

    return find


@pytest.fixture(scope="session")
def parse() -> Callable[[str], Page]:
    """Read a page, or a part of one, into its elements and texts."""
    return Page


@pytest.fixture(scope="session")
def study() -> Study:
    """A small bus study: 6 vehicles, 72 trips."""
    return bus_study()


@pytest.fixture(scope="session")
def html(study: Study) -> str:
    """The report of the small study."""
    return bus_report(study).decode()


@pytest.fixture(scope="session")
def page(html: str) -> Page:
    """The report of the small study, parsed."""
    return Page(html)


def bus_study(
    *, n_vehicles: int = 6, trips_per_vehicle: int = 12, n_routes: int = 5, n_depots: int = 2
) -> Study:
    """Vehicles shuttle on their line all day; every second one charges at noon."""
    places = _places(n_routes, n_depots)
    days = [
        Day(v=v, route=v % n_routes, depot=f"D{v % n_depots}").drive(trips_per_vehicle)
        for v in range(n_vehicles)
    ]
    trips = [trip for day in days for trip in day.trips]
    blocks = [activity for day in days for activity in day.blocks]
    stays = [stay for day in days for stay in day.stays]
    tables = {
        "places": places,
        "trips": pl.DataFrame(trips).sort("start_s", "trip_id"),
        "blocks": pl.DataFrame(blocks, infer_schema_length=None),
        "vehicles": _vehicles(n_vehicles, n_depots),
        "stays": pl.DataFrame(stays, infer_schema_length=None),
        "schedule": _schedule(stays),
        "chargers": _chargers(n_vehicles, n_depots),
        "shapes": _shapes(places, n_routes),
        "trips_per_day": _trips_per_day(len(trips)),
        "costs": _costs(n_vehicles),
        "why": _why(),
    }
    tables["power"] = _power(tables["stays"], tables["schedule"], n_vehicles, n_depots)
    return Study(
        kind="bus",
        title="Monaco, February 2025",
        seed=1,
        effort="normal",
        service_date=dt.date(2025, 2, 10),
        timezone="Europe/Monaco",
        inputs=(
            StudyInput(
                name="feed.zip",
                sha256="5f" * 32,
                bytes=123456,
                origin="generated from OpenStreetMap as of June 2012",
                licence="ODbL-1.0",
            ),
        ),
        assumptions=_assumptions(),
        repairs=(
            Repair(
                code="gtfs-blank-stop-time",
                file="stop_times.txt",
                count=1812,
                example="trip R1-0007, stop 4",
                action="interpolated along the trip by distance",
            ),
        ),
        warnings=(
            StudyWarning(
                code="generated-timetable",
                file="feed.zip",
                message="OpenStreetMap as of June 2012, generated timetable, not today's network.",
            ),
            StudyWarning(
                code="climate-from-catalogue",
                file=None,
                message="No weather file was given; temperatures are those of the climate zone.",
            ),
        ),
        summary=_summary(tables),
        tables=tables,
        timings_s={"read": 1.234},
    )


def _places(n_routes: int, n_depots: int) -> pl.DataFrame:
    rows = []
    for i in range(2 * n_routes):
        angle = 2.39996 * i
        radius = 0.004 + 0.012 * math.sqrt((i + 1) / (2 * n_routes))
        rows.append((f"P{i}", f"Terminal {i}", 43.735 + radius * math.sin(angle) * 0.6,
                     7.42 + radius * math.cos(angle), True, False))  # fmt: skip
    rows += [
        (f"D{d}", f"Depot {chr(65 + d)}", 43.731 + 0.008 * d, 7.409 + 0.021 * d, False, True)
        for d in range(n_depots)
    ]
    return pl.DataFrame(
        {
            "place_id": [r[0] for r in rows],
            "name": [r[1] for r in rows],
            "lat": [r[2] for r in rows],
            "lon": [r[3] for r in rows],
            "is_terminal": [r[4] for r in rows],
            "is_depot": [r[5] for r in rows],
            "has_charger": [r[5] for r in rows],
            "merged_stop_ids": [f"{r[0]}a {r[0]}b" for r in rows],
        }
    )


@dataclass(kw_only=True)
class Day:
    """One vehicle's day, built activity by activity."""

    v: int
    route: int
    depot: str
    soc: float = 0.95 * CAPACITY_KWH
    now: int = 0
    trips: list[dict[str, Any]] = field(default_factory=list)
    blocks: list[dict[str, Any]] = field(default_factory=list)
    stays: list[dict[str, Any]] = field(default_factory=list)

    def drive(self, n_trips: int) -> "Day":
        """Pull-out, trips to and fro, a charge at noon for every second bus, pull-in, night."""
        ends, here = (f"P{2 * self.route}", f"P{2 * self.route + 1}"), 0
        pull_out = self.now = 18000 + (self.v * 397) % 9000
        self.add("pull_out", (self.depot, ends[0]), seconds=600, km=3.1, kwh=4.0)
        for k in range(n_trips):
            if k == n_trips // 2 and self.v % 2 == 0:
                self.charge_at_noon(ends[here])
            self.trip((ends[here], ends[1 - here]), k)
            here = 1 - here
            wait = 420 + 60 * ((self.v + k) % 6)
            self.add("layover", (ends[here], ends[here]), seconds=wait, kwh=0.4)
        self.add("pull_in", (ends[here], self.depot), seconds=600, km=3.2, kwh=4.1)
        self.stay(None, (self.now, pull_out + 86400), 0.95 * CAPACITY_KWH - self.soc)
        return self

    def trip(self, way: tuple[str, str], k: int) -> None:
        km = 5.0 + self.route * 0.8 + (k % 3) * 0.2
        kwh = km * (1.05 + 0.15 * (self.route % 5) - 0.01 * self.route)
        trip_id = f"R{self.route + 1}-{self.v:03d}-{k:02d}"
        seconds = 60 * (24 + (7 * k + 3 * self.v) % 19)
        self.trips.append(
            {
                "trip_id": trip_id,
                "route_id": f"r{self.route + 1}",
                "route_name": str(self.route + 1),
                "from_place": way[0],
                "to_place": way[1],
                "start_s": self.now,
                "end_s": self.now + seconds,
                "distance_km": km,
                "distance_source": "straight" if self.route == 0 else "shape",
                "climb_m": 20.0 + 9 * self.route,
                "energy_kwh": kwh,
            }
        )
        self.add("trip", way, seconds=seconds, km=km, kwh=kwh, trip_id=trip_id)

    def charge_at_noon(self, end: str) -> None:
        self.add("deadhead", (end, self.depot), seconds=480, km=2.9, kwh=3.6)
        self.stay(len(self.blocks), (self.now, self.now + 5400), 60.0)
        self.add("charge", (self.depot, self.depot), seconds=5400, charged=60.0)
        self.add("deadhead", (self.depot, end), seconds=480, km=2.9, kwh=3.6)

    def add(
        self,
        kind: str,
        way: tuple[str, str],
        *,
        seconds: int,
        km: float = 0.0,
        kwh: float = 0.0,
        charged: float = 0.0,
        trip_id: str | None = None,
    ) -> None:
        after = self.soc - kwh + charged
        self.blocks.append(
            {
                "block_id": f"B{self.v:03d}",
                "vehicle_id": f"bus-{self.v:03d}",
                "seq": len(self.blocks),
                "kind": kind,
                "trip_id": trip_id,
                "from_place": way[0],
                "to_place": way[1],
                "start_s": self.now,
                "end_s": self.now + seconds,
                "distance_km": km,
                "energy_kwh": kwh,
                "charged_kwh": charged,
                "soc_start_kwh": self.soc,
                "soc_end_kwh": after,
            }
        )
        self.now, self.soc = self.now + seconds, after

    def stay(self, seq: int | None, span: tuple[int, int], kwh: float) -> None:
        self.stays.append(
            {
                "stay_id": f"bus-{self.v:03d}-{'night' if seq is None else seq}",
                "arrival": ZERO + dt.timedelta(seconds=span[0]),
                "departure": ZERO + dt.timedelta(seconds=span[1]),
                "energy_kwh": kwh,
                "max_kw": POINT_KW,
                "vehicle_id": f"bus-{self.v:03d}",
                "block_id": f"B{self.v:03d}",
                "seq": seq,
                "place_id": self.depot,
            }
        )


def _schedule(stays: list[dict[str, Any]]) -> pl.DataFrame:
    """Night charging spread evenly over the stay, by day at the pace that is needed."""
    rows = []
    for stay in stays:
        seconds = (stay["departure"] - stay["arrival"]).total_seconds()
        first = math.ceil((stay["arrival"] - ZERO).total_seconds() / STEP_S)
        n = int(seconds // STEP_S) - 1
        power = stay["energy_kwh"] / (n * STEP_S / 3600)
        rows += [
            {
                "stay_id": stay["stay_id"],
                "start": ZERO + dt.timedelta(seconds=(first + k) * STEP_S),
                "power_kw": power,
            }
            for k in range(n)
        ]
    return pl.DataFrame(rows)


def _vehicles(n: int, n_depots: int) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "vehicle_id": [f"bus-{v:03d}" for v in range(n)],
            "vehicle_type": ["battery_12m_large" if v % 3 else "battery_18m" for v in range(n)],
            "depot": [f"D{v % n_depots}" for v in range(n)],
            "capacity_kwh": [CAPACITY_KWH] * n,
            "soc_min_kwh": [0.15 * CAPACITY_KWH] * n,
            "soc_max_kwh": [0.95 * CAPACITY_KWH] * n,
            "max_charge_kw": [POINT_KW] * n,
        }
    )


def _chargers(n_vehicles: int, n_depots: int) -> pl.DataFrame:
    points = [len(range(d, n_vehicles, n_depots)) // 2 + 1 for d in range(n_depots)]
    return pl.DataFrame(
        {
            "place_id": [f"D{d}" for d in range(n_depots)],
            "n_points": points,
            "point_kw": [POINT_KW] * n_depots,
            "connection_kw": [50.0 * p for p in points],
            "cost_eur": [60000.0 * p + 90000 for p in points],
        }
    )


def _shapes(places: pl.DataFrame, n_routes: int) -> pl.DataFrame:
    spot = {p: (lat, lon) for p, lat, lon in places.select("place_id", "lat", "lon").iter_rows()}
    rows = []
    for r in range(n_routes):
        (lat0, lon0), (lat1, lon1) = spot[f"P{2 * r}"], spot[f"P{2 * r + 1}"]
        for k in range(41):
            t = k / 40
            bend = 0.003 * math.sin(math.pi * t) + 0.0006 * math.sin(9 * t + r)
            rows.append((f"r{r + 1}", str(r + 1), lat0 + (lat1 - lat0) * t + bend,
                         lon0 + (lon1 - lon0) * t + bend * math.cos(r), 0))  # fmt: skip
    return pl.DataFrame(
        rows, schema=["route_id", "route_name", "lat", "lon", "part"], orient="row"
    )  # fmt: skip


def _trips_per_day(n_trips: int) -> pl.DataFrame:
    first = dt.date(2025, 1, 6)
    rows = []
    for d in range(120):
        date = first + dt.timedelta(days=d)
        factor = (1, 1, 1, 1, 0.97, 0.62, 0.41)[date.weekday()]
        trips = round(n_trips * factor)
        overlap = round(0.9 * trips) if 60 <= d < 67 else 0
        rows.append((date, trips + overlap, overlap, date == dt.date(2025, 2, 10)))
    return pl.DataFrame(
        rows, schema=["date", "trips", "overlapping_trips", "is_chosen"], orient="row"
    )  # fmt: skip


def _power(
    stays: pl.DataFrame, schedule: pl.DataFrame, n_vehicles: int, n_depots: int
) -> pl.DataFrame:
    """The schedule summed per depot, folded into one day, beside charging on arrival."""
    managed: dict[tuple[int, str], float] = {}
    plain: dict[tuple[int, str], float] = {}
    place = dict(stays.select("stay_id", "place_id").iter_rows())
    for stay, start, kw in schedule.select("stay_id", "start", "power_kw").iter_rows():
        key = (int((start - ZERO).total_seconds()) % 86400, place[stay])
        managed[key] = managed.get(key, 0.0) + kw
    for depot, arrival, kwh in stays.select("place_id", "arrival", "energy_kwh").iter_rows():
        left, second = kwh, math.ceil((arrival - ZERO).total_seconds() / STEP_S) * STEP_S
        while left > 0:
            key, kw = (second % 86400, depot), min(POINT_KW, left * 4)
            plain[key] = plain.get(key, 0.0) + kw
            left, second = left - kw / 4, second + STEP_S
    limits = dict(_chargers(n_vehicles, n_depots).select("place_id", "connection_kw").iter_rows())
    rows = [
        {
            "start_s": s,
            "place_id": depot,
            "unmanaged_kw": plain.get((s, depot), 0.0),
            "managed_kw": managed.get((s, depot), 0.0),
            "limit_kw": limits[depot],
            "price_eur_per_kwh": 0.16 + 0.07 * math.exp(-(((s / 3600 - 19) / 2.5) ** 2))
            + 0.05 * math.exp(-(((s / 3600 - 8) / 1.8) ** 2)),
        }
        for depot in limits
        for s in range(0, 86400, STEP_S)
    ]  # fmt: skip
    return pl.DataFrame(rows)


def _costs(n: int) -> pl.DataFrame:
    rows = [
        ("vehicles", 41000.0 * n, 24000.0 * n, 33000.0 * n, 52000.0 * n, "tenders of 2023-24"),
        ("batteries", 9000.0 * n, 0.0, 5000.0 * n, 16000.0 * n, "price survey 2024"),
        ("charging_points", 5200.0 * n, 0.0, 3600.0 * n, 8000.0 * n, "two offers"),
        ("grid_connection", 1800.0 * n, 0.0, 900.0 * n, 4100.0 * n, "price sheets of 6 DSOs"),
        ("energy", 16400.0 * n, 33800.0 * n, 13000.0 * n, 21000.0 * n, "tariff of this study"),
        ("maintenance", 14200.0 * n, 19900.0 * n, None, None, "operator reports"),
        ("driver_time_empty", 6900.0 * n, 6100.0 * n, None, None, "wage agreement 2024"),
    ]
    names = ["item", "electric_eur_per_year", "diesel_eur_per_year", "min_eur_per_year"]
    return pl.DataFrame(rows, schema=[*names, "max_eur_per_year", "source"], orient="row")


def _why() -> pl.DataFrame:
    rows = [
        ("vehicles", "At 07:42 so many trips run at once.", "the morning peak", "nothing"),
        ("peak_kw_managed", "Half the fleet must be full by 05:10.", "connection of Depot A",
         "1,200 EUR per year for each MW less"),
        ("charging_points", "Two buses share a point at night.", "dwell time", "310 EUR per year"),
        ("connection", "Sized by the winter day.", "the night", "92 EUR per kW and year"),
    ]  # fmt: skip
    return pl.DataFrame(rows, schema=["figure", "statement", "binds", "one_more"], orient="row")


def _assumptions() -> tuple[AssumptionUsed, ...]:
    statuses = ("verified", "secondary", "general-knowledge", "user")
    words = ("rolling_resistance", "heating_kw_per_k", "purchase_eur", "battery_life_years")
    numbers = [
        AssumptionUsed(
            key=f"buses.{word}_{i}",
            value=0.008 * (i + 1) * 10**i,
            unit="1",
            source="a handbook, table 3",
            year=2023,
            status=statuses[(i + k) % 4],
            minimum=0.006 * (i + 1) * 10**i if k else None,
            maximum=0.011 * (i + 1) * 10**i if k else None,
        )
        for i in range(6)
        for k, word in enumerate(words)
    ]
    choice = AssumptionUsed(
        key="buses.heating",
        value="heat_pump",
        unit="",
        source="config.toml",
        year=None,
        status="user",
    )
    return (*numbers, choice)


def _summary(tables: dict[str, pl.DataFrame]) -> dict[str, Any]:
    blocks, power = (
        tables["blocks"],
        (tables["power"].group_by("start_s").agg(pl.col("unmanaged_kw", "managed_kw").sum())),
    )
    n = tables["vehicles"].height
    service = float(blocks.filter(pl.col("kind") == "trip")["distance_km"].sum())
    total = float(blocks["distance_km"].sum())
    electric = float(tables["costs"]["electric_eur_per_year"].sum())
    return {
        "trips": tables["trips"].height,
        "vehicles": n,
        "vehicles_lower_bound": n - 1,
        "vehicles_without_energy_limit": n - 1,
        "gap_vehicles": 1 / n,
        "cost_lower_bound_eur": 0.94 * electric,
        "gap_cost": 0.06,
        "bound_kind": "min-cost flow without energy limit",
        "vehicles_by_type": {"battery_12m_large": n},
        "service_km": service,
        "deadhead_km": total - service,
        "energy_kwh": float(blocks["energy_kwh"].sum()),
        "charging_points": int(tables["chargers"]["n_points"].sum()),
        "peak_kw_unmanaged": float(power["unmanaged_kw"].max()),
        "peak_kw_managed": float(power["managed_kw"].max()),
        "energy_cost_eur_unmanaged": 412.0 * n,
        "energy_cost_eur_managed": 371.0 * n,
        "cost_eur_per_year": electric,
        "cost_eur_per_km": electric / (total * 310),
        "diesel_cost_eur_per_year": float(tables["costs"]["diesel_eur_per_year"].sum()),
        "co2_t_per_year": 6.1 * n,
        "diesel_co2_t_per_year": 88.0 * n,
        "infeasible_trips": [],
        "currency": "EUR",
        "step_s": STEP_S,
        "day_start_utc": ZERO.isoformat(),
        "service_day_reason": "It is the busiest ordinary weekday of the timetable.",
        "elevation": "SRTM N43E007",
        "weather": "climate Cfb of the catalogue",
        "detour_factor": 1.31,
        "deadhead_kmh": 24.0,
        "yearly_km": total * 310,
        "operating_days_per_year": 310,
        "depots_proposed": True,
    }
