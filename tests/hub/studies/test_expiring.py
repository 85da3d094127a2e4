"""A deleted scenario comes back for thirty days, and is gone with its result afterwards."""

from collections.abc import Callable
from datetime import timedelta

from cast import Cast
from django.conf import settings
from django.utils import timezone

from viavolta.hub.studies.expiring import remove_expired
from viavolta.hub.studies.models import Scenario
from viavolta.hub.studies.scenarios import delete_scenario, restore_scenario

LATER = timedelta(days=31)


def test_a_deleted_scenario_goes_with_its_result(
    cast: Cast, make_scenario: Callable[..., Scenario]
) -> None:
    """A result that another scenario shows stays; so does what was brought back."""
    editor = cast.users["editor"]
    baseline = make_scenario()
    gone, shared, back = (
        make_scenario(baseline.study, name=name) for name in ("gone", "shared", "back")
    )
    Scenario.objects.filter(pk=shared.pk).update(result_folder=baseline.result_folder)
    for scenario in (gone, shared, back):
        delete_scenario(editor, scenario)
    restore_scenario(editor, back)
    assert remove_expired() == 0
    assert remove_expired(timezone.now() + LATER) == 2
    assert set(Scenario.every.values_list("name", flat=True)) == {"Baseline", "back"}
    data = settings.CONFIG.data
    assert not (data / gone.result_folder).exists()
    assert (data / baseline.result_folder / "study.json").is_file()
    assert (data / back.result_folder / "study.json").is_file()
