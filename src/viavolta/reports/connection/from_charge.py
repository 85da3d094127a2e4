"""Requests for the connections at the roots of a charge study."""

import datetime as dt

import numpy as np
import polars as pl

from viavolta.model.messages import text
from viavolta.model.study import Study
from viavolta.reports.charge.facts import ChargeFacts, facts_of
from viavolta.reports.charge.flows import Flows, flows_of
from viavolta.reports.connection.request import ConnectionRequest, DayProfile
from viavolta.reports.numbers import DAY_S, number

_MOST_SITES = 20
"""Roots that get a sheet of their own; a study with more is no request for connections."""


def requests_of(study: Study) -> list[ConnectionRequest]:
    """Give one request per root limit; none where there are more than a desk can file."""
    facts = facts_of(study)
    return requests_from(facts, flows_of(facts))


def requests_from(facts: ChargeFacts, flows: Flows | None) -> list[ConnectionRequest]:
    """Give the requests of a study whose facts and flows are known already."""
    if flows is None or facts.clock is None or len(flows.tree.roots) > _MOST_SITES:
        return []
    return [_request(facts, flows, int(row)) for row in flows.tree.roots]


def _request(facts: ChargeFacts, flows: Flows, row: int) -> ConnectionRequest:
    clock = flows.clock
    own = flows.roots.filter(pl.col("row") == row)
    second = np.array([_of_day(clock.local(int(s))) for s in own["s"].to_numpy()], dtype=np.float64)
    steps = (
        own.with_columns(pl.Series("start_s", second))
        .group_by("start_s")
        .agg(pl.col("net_kw").max(), pl.col("net_unmanaged_kw").max())
        .sort("start_s")
    )
    net = own["net_kw"].to_numpy()
    charged = np.maximum(net - own["base_kw"].to_numpy(), 0.0)
    days = max(1.0, clock.n_steps * clock.step_s / DAY_S)
    limit = float(own["import_kw"].to_numpy().max())
    base_peak = float(own["base_kw"].to_numpy().max())
    return ConnectionRequest(
        site=str(flows.tree.limit_id[row]),
        node="",
        place="",
        now_kw=base_peak if base_peak > 0 else None,
        asked_kw=limit if np.isfinite(limit) else float(net.max()),
        equipment=text("{n} stays of vehicles", n=number(facts.number("stays")))
        if len(flows.tree.roots) == 1
        else "",
        energy_kwh_per_day=float(charged.sum()) * clock.step_h / days,
        export_kw=max(0.0, -float(net.min())),
        profile=DayProfile(
            start_s=steps["start_s"].to_numpy(),
            managed_kw=steps["net_kw"].to_numpy(),
            unmanaged_kw=steps["net_unmanaged_kw"].to_numpy(),
        ),
        day=text("The highest of all days of the schedule at each time of day."),
        timezone=clock.zone_name,
        grade=None,
        study=facts.study,
    )


def _of_day(moment: dt.datetime) -> float:
    return float(moment.hour * 3600 + moment.minute * 60 + moment.second)
