"""Cables that can be laid: beside, instead, and from the busbar into the middle of a feeder."""

from viavolta.engines.grid.reinforce.options import (
    LayBeside,
    LayInstead,
    Option,
    Site,
    SplitFeeder,
    as_is,
    worth_asking,
)
from viavolta.engines.grid.reinforce.rules import MeasureKind
from viavolta.engines.grid.reinforce.tree import Edge, beside, cable_edge
from viavolta.model.grid_prices import CableType, Level, level_of


def cable_options(site: Site, node: int) -> list[Option]:
    """Options of an edge of lines or cables; nothing is built where the length is not known."""
    existing = as_is(site, node)
    grid, tree = site.grid, site.tree
    rows, above = tree.rows[node], int(tree.parent[node])
    length_km = float(grid.length_km[rows[0]])
    if length_km <= 0:
        return [existing]
    options = []
    for cable, count in _choices(site, node):
        new = laid(site, (above, node), cable, count=count, length_km=length_km)
        cost = laying_eur(site, cable, count=count, length_km=length_km)
        both = beside([existing.edge, new])
        if both is not None and site.rules.allows(MeasureKind.PARALLEL_CABLE, cable.type_id):
            options.append(
                Option(
                    kind=MeasureKind.PARALLEL_CABLE,
                    type_id=cable.type_id,
                    count=count,
                    cost_eur=cost,
                    edge=both,
                    change=LayBeside(row=rows[0], cable=cable, count=count),
                )
            )
        if site.rules.allows(MeasureKind.THICKER_CABLE, cable.type_id):
            options.append(
                Option(
                    kind=MeasureKind.THICKER_CABLE,
                    type_id=cable.type_id,
                    count=count,
                    cost_eur=cost,
                    edge=new,
                    change=LayInstead(rows=rows, cable=cable, count=count),
                )
            )
    return [existing, *worth_asking(existing, options)]


def split_options(site: Site, *, busbar: int, first: int, node: int) -> list[Option]:
    """Cables from a busbar to a node, by the way of the feeder that goes there now.

    `first` is the node at the busbar's end of that feeder.
    """
    grid, tree = site.grid, site.tree
    path = tree.path(node)
    length_km = sum(float(grid.length_km[tree.rows[one][0]]) for one in path[path.index(first) :])
    options = []
    for cable, count in _choices(site, node):
        if not site.rules.allows(MeasureKind.FEEDER_SPLIT, cable.type_id):
            continue
        cost = laying_eur(site, cable, count=count, length_km=length_km)
        options.append(
            Option(
                kind=MeasureKind.FEEDER_SPLIT,
                type_id=cable.type_id,
                count=count,
                cost_eur=cost + site.prices.outlet_eur(cable.level),
                edge=laid(site, (busbar, node), cable, count=count, length_km=length_km),
                change=SplitFeeder(
                    rows=tree.rows[node],
                    first=tree.rows[first][0],
                    busbar=busbar,
                    node=node,
                    length_km=length_km,
                    cable=cable,
                    count=count,
                ),
            )
        )
    return _kept(options)


def laid(
    site: Site, ends: tuple[int, int], cable: CableType, *, count: int, length_km: float
) -> Edge:
    """Values of cables of a length between the node above and the one below."""
    above, below = ends
    return cable_edge(
        r_ohm=cable.r_ohm_per_km * length_km,
        x_ohm=cable.x_ohm_per_km * length_km,
        c_nf=cable.c_nf_per_km * length_km,
        max_a=cable.max_a,
        kv=(float(site.grid.nominal_kv[above]), float(site.grid.nominal_kv[below])),
        n=count,
    )


def laying_eur(site: Site, cable: CableType, *, count: int, length_km: float) -> float:
    """Price of cables of a length that share a trench."""
    trench = site.prices.trench_eur_per_km(cable.level)
    return length_km * (count * cable.eur_per_km + trench)


def _choices(site: Site, node: int) -> list[tuple[CableType, int]]:
    level = level_of(float(site.grid.nominal_kv[node]))
    return [
        (cable, count)
        for cable in site.prices.cables
        if cable.level is level and level in {Level.LV, Level.MV}
        for count in range(1, site.rules.max_added + 1)
    ]


def _kept(options: list[Option]) -> list[Option]:
    """Options without those that another makes needless."""
    if not options:
        return []
    cheapest = min(options, key=lambda one: one.cost_eur)
    return [cheapest, *worth_asking(cheapest, [one for one in options if one is not cheapest])]
