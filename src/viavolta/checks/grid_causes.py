"""What drives a violation, tested by a power flow without charging."""

from collections.abc import Iterator

import polars as pl

from viavolta.checks.finding import Finding
from viavolta.checks.grid_data import NONE, GridData, found
from viavolta.checks.grid_flow import TwinGrid
from viavolta.checks.grid_results import BY_NODE, WORST_IS_LEAST, limited
from viavolta.checks.grid_steps import NEAR_PERCENT, NEAR_PU, flows, read_steps
from viavolta.model.messages import text


def check_causes(data: GridData) -> Iterator[Finding]:
    """Causes of violations whose worst moment is a worst step: charging, or not, by the twin."""
    rows = limited(data).filter(
        pl.col("kind").is_in([*BY_NODE, "overload"]) & pl.col("limit").is_not_null()
    )
    by_key = rows.partition_by(["strategy", "worst_start"], as_dict=True)
    steps = [step for step in read_steps(data) if step.key in by_key and step.key[0] != NONE]
    twin = TwinGrid(data.tables["nodes"], data.tables["branches"])
    node = {name: row for row, name in enumerate(data.tables["nodes"]["node_id"])}
    branch = {name: row for row, name in enumerate(data.tables["branches"]["branch_id"])}
    for step, flow, k in flows(twin, [(s, s.power_va - s.charging_va) for s in steps]):
        if not flow.is_settled[k] or not _same_taps(data):
            continue
        for row in by_key[step.key].iter_rows(named=True):
            if row["kind"] == "overload":
                gap = flow.percent[k, branch[row["element"]]] - row["limit"]
                near = NEAR_PERCENT
            else:
                u = flow.u_pu[k, node[row["element"]]]
                low = row["kind"] == WORST_IS_LEAST
                gap = row["limit"] - u.min() if low else u.max() - row["limit"]
                near = NEAR_PU
            by_charging = row["cause"] in {"charging", "discharging"}
            if (gap > near) == by_charging and abs(gap) > near:
                key = tuple(row[name] for name in ("strategy", "element", "kind", "start"))
                message = text(
                    "{c}: without charging the violation is gone: {g}",
                    c=row["cause"],
                    g=bool(gap <= near),
                )
                yield found("cause", "violations", key, message)


def _same_taps(data: GridData) -> bool:
    """Whether no tap follows the load: else those without charging are not in the tables."""
    return bool(data.tables["branches"]["regulated_pu"].is_null().all())
