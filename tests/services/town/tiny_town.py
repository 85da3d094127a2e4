"""A town of one medium voltage line with a few stations, small enough to study in a second."""

import numpy as np

from viavolta.catalogue import Assumptions
from viavolta.model.grid import BranchKind, Grade, Grid, NodeKind
from viavolta.services.ev_behaviour import recorded_behaviour
from viavolta.services.town.areas import areas_of, members
from viavolta.services.town.calendar import n_weeks
from viavolta.services.town.cars import Cars, draw_cars
from viavolta.services.town.charging import WeeklyPlan
from viavolta.services.town.figures import TOWN_SUBJECTS, hourly_prices
from viavolta.services.town.place import BaseLoad, Place

N_STEPS = 2 * 672
N_CARS = 24


def tiny_grid(
    *,
    n_stations: int = 2,
    n_feeders: int = 2,
    n_homes: int = 3,
    sn_kva: float = 100.0,
    max_a: float = 150.0,
    home_km: float = 0.06,
) -> Grid:
    """A 20 kV line with stations; each feeds radial cables with a home at every joint."""
    node_id, kind, kv = ["source"], [NodeKind.SOURCE], [20.0]
    branch_id: list[str] = []
    branch_kind: list[BranchKind] = []
    ends: list[tuple[int, int]] = []
    length: list[float] = []
    before = 0
    for s in range(n_stations):
        node_id += [f"mv{s}", f"lv{s}"]
        kind += [NodeKind.BUSBAR, NodeKind.BUSBAR]
        kv += [20.0, 0.4]
        mv = len(node_id) - 2
        branch_id += [f"line{s}", f"station{s}"]
        branch_kind += [BranchKind.CABLE, BranchKind.TRANSFORMER]
        ends += [(before, mv), (mv, mv + 1)]
        length += [0.8, 0.0]
        before = mv
        for f in range(n_feeders):
            last = mv + 1
            for h in range(n_homes):
                node_id.append(f"home{s}-{f}-{h}")
                kind.append(NodeKind.CONNECTION)
                kv.append(0.4)
                branch_id.append(f"cable{s}-{f}-{h}")
                branch_kind.append(BranchKind.CABLE)
                ends.append((last, len(node_id) - 1))
                length.append(home_km)
                last = len(node_id) - 1
    km = np.array(length)
    is_transformer = np.array([one is BranchKind.TRANSFORMER for one in branch_kind])
    is_lv = np.array([kv[a] < 1 for a, _ in ends])

    def of_lines(lv: float, mv: float) -> np.ndarray:
        return np.where(is_transformer, np.nan, np.where(is_lv, lv, mv) * km)

    def of_transformers(value: float) -> np.ndarray:
        return np.where(is_transformer, value, np.nan)

    return Grid(
        node_id=tuple(node_id),
        node_kind=tuple(kind),
        nominal_kv=np.array(kv),
        lat=np.nan,
        lon=np.nan,
        u_ref_pu=1.0,
        sk_mva=np.inf,
        branch_id=tuple(branch_id),
        branch_kind=tuple(branch_kind),
        from_node=np.array([a for a, _ in ends]),
        to_node=np.array([b for _, b in ends]),
        is_closed=True,
        length_km=np.where(is_transformer, 0.0, km),
        r_ohm=of_lines(0.206, 0.2),
        x_ohm=of_lines(0.08, 0.12),
        c_nf=of_lines(260.0, 250.0),
        r0_ohm=np.nan,
        x0_ohm=np.nan,
        c0_nf=np.nan,
        max_a=np.where(is_transformer, np.inf, np.where(is_lv, max_a, 300.0)),
        n_parallel=1,
        sn_kva=of_transformers(sn_kva),
        uk_percent=of_transformers(4.0),
        pk_kw=of_transformers(0.0135 * sn_kva),
        p0_kw=of_transformers(0.002 * sn_kva),
        i0_percent=of_transformers(0.3),
        rated_from_kv=of_transformers(20.0),
        rated_to_kv=of_transformers(0.4),
        tap_pos=0,
        tap_step_percent=0.0,
        tap_min=0,
        tap_max=0,
        regulated_pu=np.nan,
        vector_group=tuple("Dyn5" if one else "" for one in is_transformer),
        grade=Grade.TWIN,
    )


def drawn(place: Place, *, has_v2x: bool = False) -> Cars:
    return draw_cars(
        place,
        N_CARS,
        behaviour=recorded_behaviour(Assumptions(TOWN_SUBJECTS)),
        n_steps=N_STEPS,
        timezone="Europe/Berlin",
        has_v2x=has_v2x,
        rng=np.random.default_rng(1),
    )


def weekly_plan(place: Place, base: BaseLoad, cars: Cars, *, limit_kw: float) -> WeeklyPlan:
    areas = areas_of(place.grid, town="T")
    limits = np.full((areas.n_areas, n_weeks(N_STEPS)), 1e4)
    limits[areas.name.index("station0")] = limit_kw
    prices = hourly_prices(
        Assumptions(TOWN_SUBJECTS), n_hours=N_STEPS // 4, timezone="Europe/Berlin"
    )
    return WeeklyPlan(
        stays=cars.stays,
        areas=areas,
        directly=members(areas, place),
        base=base,
        price_eur_per_kwh=prices,
        import_kw=limits,
        export_kw=limits.copy(),
        unmet_eur_per_kwh=2.0,
        most_passes=8,
    )
