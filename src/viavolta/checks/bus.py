"""The check of a bus study: every rule of the contract, from the tables alone."""

from collections.abc import Mapping
from typing import Any

import polars as pl

from viavolta.checks.bus_blocks import check_blocks
from viavolta.checks.bus_energy import check_energy
from viavolta.checks.bus_grid import check_bus_grid
from viavolta.checks.bus_keys import check_keys, check_ranges, check_vehicles_and_places
from viavolta.checks.bus_power import check_power
from viavolta.checks.bus_stays import check_stays
from viavolta.checks.bus_summary import check_summary, check_summary_shape
from viavolta.checks.bus_tables import TABLES, arrange, day_start
from viavolta.checks.bus_trips import check_trips
from viavolta.checks.finding import Finding
from viavolta.checks.table_shape import check_shapes


def check_bus(study: Mapping[str, Any], tables: Mapping[str, pl.DataFrame]) -> list[Finding]:
    """Check a bus study.

    Parameters
    ----------
    study : mapping
        `study.json` as read, with the keys that `study_file.check_study_keys` asks for.
    tables : mapping
        The study's tables by name.

    Returns
    -------
    list of Finding
        Empty where every rule holds. Where a table or the summary has not the shape of the
        contract, or a value is impossible in itself, only that is found: the other rules
        cannot reckon with it.
    """
    findings = [*check_shapes(tables, TABLES), *check_summary_shape(study["summary"])]
    start_us, wrong_day = day_start(study)
    findings += wrong_day
    findings = findings or list(check_ranges(tables))
    if findings:
        return findings
    rows = arrange(study, tables, day_start_us=start_us)
    return [
        *check_keys(tables),
        *check_vehicles_and_places(rows),
        *check_trips(rows),
        *check_blocks(rows),
        *check_energy(rows),
        *check_stays(rows),
        *check_power(rows),
        *check_summary(rows),
        *check_bus_grid(study["summary"], tables),
    ]
