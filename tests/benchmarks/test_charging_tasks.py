"""The tasks of the charging benchmark are what they say."""

from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import numpy as np

Script = Callable[[str], ModuleType]


def test_a_task_has_nested_levels_and_depends_on_its_seed_alone(script: Script) -> None:
    """21,000 stays hang on sites of 20 below transformers, regions and one system."""
    instance = script("charging_instances").instance
    task, again = instance(21_000), instance(21_000)
    depth = np.zeros(len(task.limits), dtype=int)
    for row, above in enumerate(task.limits.parent):
        depth[row] = depth[above] + 1 if above >= 0 else 0
    assert np.bincount(depth).tolist() == [1, 11, 105, 1050]
    assert (depth[task.stays.limit] == 3).all()
    assert np.bincount(task.stays.limit).max() == 20
    assert (task.stays.energy_kwh == again.stays.energy_kwh).all()
    assert (task.signals.buy_eur_per_kwh == again.signals.buy_eur_per_kwh).all()


def test_a_change_concerns_the_share_it_names(script: Script) -> None:
    """One percent of the stays leave earlier with less energy; the others stay as they were."""
    instances = script("charging_instances")
    before = instances.instance(1000).stays
    after = instances.changed(before)
    differs = before.departure != after.departure
    assert differs.sum() == 10
    assert (after.departure[differs] < before.departure[differs]).all()
    assert (after.energy_kwh[differs] < before.energy_kwh[differs]).all()
    assert (after.energy_kwh[~differs] == before.energy_kwh[~differs]).all()


def test_recorded_sessions_share_no_plug(script: Script, tmp_path: Path) -> None:
    """A session ends at the next of its point; those without energy or end are left out."""
    year = script("charging_year")
    rows = (
        "1,A,u1,Private,2019-01-07T10:05,2019-01-07T12:00,3.0,1.9",
        "2,A,u1,Private,2019-01-07T11:00,2019-01-07T11:30,1.0,0.5",
        "3,A,u2,Private,2019-01-08T00:00,2019-01-08T01:01,2.0,1.0",
        "4,A,u2,Private,2019-01-08T02:00,,2.0,",
        "5,A,u2,Private,2019-01-08T03:00,2019-01-08T04:00,0.0,1.0",
    )
    head = "session,garage,user,user_type,start_local,end_local,energy_kwh,duration_h"
    path = tmp_path / "sessions.csv"
    path.write_text("\n".join((head, *rows)) + "\n")
    sessions = year.recorded(path)
    assert sessions.arrival.tolist() == [40, 44, 96]
    assert sessions.departure.tolist() == [44, 46, 101]
    assert sessions.point.tolist() == [0, 0, 1]
    stays, limits, signals = year.year(sessions, 3)
    assert len(stays) == 9
    assert len(limits) == 3
    assert signals.n_steps == 364 * 96
    assert (stays.arrival[3:6] - stays.arrival[:3] == np.timedelta64(35, "D")).all()
