"""Limits of runs, as the environment sets them."""

import pytest

from viavolta.hub.site.run_limits import run_limits
from viavolta.model.errors import UsageError


def test_limits_follow_from_the_machine_unless_they_are_set() -> None:
    """At least one slot; memory is shared among the slots."""
    usual = run_limits({})
    assert usual.slots >= 1
    assert usual.per_owner == 1
    twice = run_limits({"VIAVOLTA_RUN_SLOTS": str(2 * usual.slots), "VIAVOLTA_RUN_HOURS": "0.5"})
    assert twice.memory_mb == pytest.approx(usual.memory_mb / 2, abs=1)
    assert twice.hours == 0.5


@pytest.mark.parametrize("value", ["none", "0", "-1", "1e30", "nan"])
def test_a_limit_that_is_no_number_in_its_range_is_refused(value: str) -> None:
    """The error names the setting, before anything starts."""
    with pytest.raises(UsageError) as caught:
        run_limits({"VIAVOLTA_RUN_TRIPS": value})
    assert caught.value.code == "bad-setting"
    assert caught.value.where.field == "VIAVOLTA_RUN_TRIPS"
