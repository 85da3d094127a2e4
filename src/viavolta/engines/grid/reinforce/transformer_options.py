"""Transformers that can be set up: larger ones, one more, and ones that hold the voltage."""

import numpy as np

from viavolta.engines.grid.reinforce.options import (
    Option,
    SetTransformer,
    Site,
    Taps,
    as_is,
    worth_asking,
)
from viavolta.engines.grid.reinforce.rules import MeasureKind
from viavolta.engines.grid.reinforce.tree import Edge, beside, edge_of_row, transformer_edge
from viavolta.model.grid_prices import MAX_LV_KV, MAX_MV_KV, Level, TransformerType

_SAME = 0.005  # share by which equal ratings may differ


def transformer_options(site: Site, node: int) -> list[Option]:
    """Options of an edge of transformers."""
    existing = as_is(site, node, taps=existing_taps(site, node))
    level = _level(site, node)
    if level is None:
        return [existing]
    rows = site.tree.rows[node]
    n = int(site.grid.n_parallel[list(rows)].sum())
    sn_kva = float(site.grid.sn_kva[list(rows)].max())
    types = [one for one in site.prices.transformers if one.level is level]
    options = _one_more(site, node, types, level=level)
    for one in types:
        is_larger = one.sn_kva > sn_kva * (1 + _SAME)
        if is_larger:
            options.append(_set(site, node, one, count=n, level=level))
            options.append(_set(site, node, one, count=n + 1, level=level))
        if one.sn_kva >= sn_kva * (1 - _SAME) and level is Level.MV_LV:
            options.append(_regulated(site, node, one, count=n))
    allowed = [one for one in options if one.kind and site.rules.allows(one.kind, one.type_id)]
    return [existing, *worth_asking(existing, allowed)]


def existing_taps(site: Site, node: int) -> Taps | None:
    """Taps that hold the voltage of a node today."""
    row, grid = site.tree.rows[node][0], site.grid
    held = float(grid.regulated_pu[row])
    if np.isnan(held):
        return None
    step = float(grid.tap_step_percent[row]) / 100
    now = 1 + int(grid.tap_pos[row]) * step
    return Taps(
        held_pu=held,
        step_share=step,
        low=(1 + int(grid.tap_min[row]) * step) / now - 1,
        high=(1 + int(grid.tap_max[row]) * step) / now - 1,
    )


def _level(site: Site, node: int) -> Level | None:
    above_kv = float(site.grid.nominal_kv[site.tree.parent[node]])
    below_kv = float(site.grid.nominal_kv[node])
    if below_kv <= MAX_LV_KV < above_kv <= MAX_MV_KV:
        return Level.MV_LV
    return Level.HV_MV if MAX_LV_KV < below_kv <= MAX_MV_KV < above_kv else None


def _one_more(site: Site, node: int, types: list[TransformerType], *, level: Level) -> list[Option]:
    """One more like the first, at the price of the smallest type of its rating or above."""
    row = site.tree.rows[node][0]
    sn_kva = float(site.grid.sn_kva[row])
    fits = [one for one in types if one.sn_kva >= sn_kva * (1 - _SAME)]
    whole = edge_of_row(site.grid, row, above=int(site.tree.parent[node]))
    if not fits or whole is None:
        return []
    like = min(fits, key=lambda one: one.sn_kva)
    both = beside([site.tree.edge[node], _one_of(whole, int(site.grid.n_parallel[row]))])
    if both is None:
        return []
    taps = existing_taps(site, node)
    is_pair = _becomes_pair(site, node, level)
    return [
        Option(
            kind=MeasureKind.SECOND_TRANSFORMER,
            type_id=like.type_id,
            count=1,
            cost_eur=like.price_eur + site.prices.place_eur(level),
            edge=both,
            change=SetTransformer(
                rows=site.tree.rows[node],
                transformer=None,
                count=1,
                regulated_pu=float("nan") if taps is None else taps.held_pu,
                tap_pos=int(site.grid.tap_pos[row]),
                is_pair=is_pair,
            ),
            taps=taps,
            is_pair=is_pair,
        )
    ]


def _one_of(edge: Edge, n: int) -> Edge:
    """One of n equal transformers."""
    return Edge(
        r=edge.r * n,
        x=edge.x * n,
        a=edge.a,
        cap_kva=edge.cap_kva / n,
        shunt_kw=edge.shunt_kw / n,
        charge_kvar=edge.charge_kvar / n,
    )


def _becomes_pair(site: Site, node: int, level: Level) -> bool:
    n = int(site.grid.n_parallel[list(site.tree.rows[node])].sum())
    return level is Level.HV_MV and n == 1


def _set(site: Site, node: int, one: TransformerType, *, count: int, level: Level) -> Option:
    """Larger ones in place, as many as before or one more."""
    n = int(site.grid.n_parallel[list(site.tree.rows[node])].sum())
    is_more = count > n
    today = existing_taps(site, node)
    held = float("nan") if today is None else today.held_pu
    return _replacing(
        site,
        node,
        one,
        kind=MeasureKind.SECOND_TRANSFORMER if is_more else MeasureKind.LARGER_TRANSFORMER,
        count=count,
        cost_eur=count * one.price_eur
        + (site.prices.place_eur(level) if is_more else 0.0)
        + (
            0.0
            if today is None or level is Level.HV_MV
            else count * site.prices.regulated_extra_eur
        ),
        held_pu=held,
        is_pair=is_more and _becomes_pair(site, node, level),
    )


def _regulated(site: Site, node: int, one: TransformerType, *, count: int) -> Option:
    return _replacing(
        site,
        node,
        one,
        kind=MeasureKind.REGULATED_TRANSFORMER,
        count=count,
        cost_eur=count * (one.price_eur + site.prices.regulated_extra_eur),
        held_pu=site.rules.regulated_pu,
        is_pair=False,
    )


def _replacing(
    site: Site,
    node: int,
    one: TransformerType,
    *,
    kind: MeasureKind,
    count: int,
    cost_eur: float,
    held_pu: float,
    is_pair: bool,
) -> Option:
    """Types in place of what is there, between the same voltages, at the tap nearest to today's."""
    grid, row = site.grid, site.tree.rows[node][0]
    step = one.tap_step_percent / 100
    today = float(grid.tap_pos[row] * grid.tap_step_percent[row]) / 100
    tap_pos = int(np.clip(round(today / step), one.tap_min, one.tap_max)) if step else 0
    now = 1 + tap_pos * step
    taps = Taps(
        held_pu=held_pu,
        step_share=step,
        low=(1 + one.tap_min * step) / now - 1,
        high=(1 + one.tap_max * step) / now - 1,
    )
    return Option(
        kind=kind,
        type_id=one.type_id,
        count=count,
        cost_eur=cost_eur,
        edge=transformer_edge(
            sn_kva=one.sn_kva,
            uk_percent=one.uk_percent,
            pk_kw=one.pk_kw,
            p0_kw=one.p0_kw,
            i0_percent=one.i0_percent,
            turns=(
                float(grid.rated_from_kv[row] / grid.nominal_kv[grid.from_node[row]]),
                float(grid.rated_to_kv[row] / grid.nominal_kv[grid.to_node[row]]),
            ),
            tap_share=tap_pos * step,
            n=count,
        ),
        change=SetTransformer(
            rows=site.tree.rows[node],
            transformer=one,
            count=count,
            regulated_pu=held_pu,
            tap_pos=tap_pos,
            is_pair=is_pair,
        ),
        taps=None if np.isnan(held_pu) else taps,
        is_pair=is_pair,
    )
