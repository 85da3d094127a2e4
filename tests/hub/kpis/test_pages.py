"""Indicators on pages: counted live, samples left out, each with its rows."""

from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from viavolta.hub.collaborate.actions.collaborations import start_collaboration
from viavolta.hub.collaborate.actions.projects import ProjectFacts, add_project
from viavolta.hub.collaborate.models import Collaboration
from viavolta.hub.frame.models import Event
from viavolta.hub.frame.refusals import RefusedError
from viavolta.hub.kpis.actions import set_baseline
from viavolta.hub.kpis.indicators import Indicator
from viavolta.hub.kpis.models import Baseline
from viavolta.hub.kpis.queries import facts, standings
from viavolta.hub.people.models import Organisation
from viavolta.hub.studies.models import Scenario, Study


def values(*, with_samples: bool = False) -> dict[str, float | None]:
    """Every indicator now."""
    found = standings(facts(with_samples=with_samples), timezone.now())
    return {one.indicator.value: one.value for one in found}


@pytest.fixture
def collaboration(cast: Any) -> Collaboration:
    """A collaboration with a project."""
    made = start_collaboration(
        cast.users["editor"], cast.organisation, title="Together", segment="fleets"
    )
    add_project(cast.users["editor"], made, ProjectFacts(title="Depot"))
    return made


@pytest.mark.usefixtures("collaboration")
def test_indicators_follow_what_happens() -> None:
    """A city, a collaboration and a project count at once; after 180 quiet days one falls out."""
    assert values() == {
        "cities": 1,
        "sme-share": None,
        "active-collaborations": 1,
        "new-projects": 1,
        "replications": 0,
        "co2": 0,
        "grid": 0,
    }
    Event.objects.update(at=timezone.now() - timedelta(days=181))
    assert values()["active-collaborations"] == 0
    assert values()["new-projects"] == 1


def test_samples_and_hidden_rows_are_not_counted(collaboration: Any) -> None:
    """Samples count only where they are asked for, hidden rows never."""
    Organisation.objects.create(name="S", slug="s", kind="city", country="AT", is_sample=True)
    Organisation.objects.create(name="H", slug="h", kind="city", country="AT", hidden=True)
    assert values()["cities"] == 1
    assert values(with_samples=True)["cities"] == 2
    Collaboration.objects.filter(pk=collaboration.pk).update(hidden=True)
    assert values(with_samples=True)["active-collaborations"] == 0
    assert values()["new-projects"] == 0


def test_published_studies_count_once_by_their_baseline(cast: Any) -> None:
    """CO2 and grid come from the baseline of public studies; private ones do not count."""
    summary = {
        "diesel_co2_t_per_year": 900.0,
        "co2_t_per_year": 150.5,
        "grid": {"avoided_eur": 40_000.0},
    }
    for name, visibility in (("open", "public"), ("closed", "private")):
        study = Study.objects.create(
            organisation=cast.organisation,
            title=name,
            slug=name,
            visibility=visibility,
            published_at=timezone.now(),
        )
        for is_baseline in (True, False):
            Scenario.objects.create(
                study=study,
                name=f"{is_baseline}",
                is_baseline=is_baseline,
                summary=summary,
                result_folder="studies/x",
            )
    found = values()
    assert (found["co2"], found["grid"]) == (749.5, 40_000.0)
    assert b"/studies/open/" in Client().get(reverse("kpi", args=("co2",))).content


def test_the_baseline_is_recorded_and_makes_the_goal(cast: Any, collaboration: Any) -> None:
    """Moderators set it, it lies in the past, all settings stay on record, the last one counts."""
    moderator = cast.users["moderator"]
    today = timezone.now().date()
    with pytest.raises(PermissionDenied):
        set_baseline(cast.users["owner"], on=today, note="mine")
    with pytest.raises(RefusedError):
        set_baseline(moderator, on=today + timedelta(days=1), note="ahead")
    set_baseline(moderator, on=today - timedelta(days=400), note="Start of the platform")
    by_code = {one.indicator: one for one in standings(facts(), timezone.now())}
    assert by_code[Indicator.ACTIVE_COLLABORATIONS].goal == 0
    set_baseline(moderator, on=today, note="Review")
    by_code = {one.indicator: one for one in standings(facts(), timezone.now())}
    assert by_code[Indicator.ACTIVE_COLLABORATIONS].goal == 2
    assert Baseline.objects.count() == 2
    assert Event.objects.filter(verb="baseline.set").count() == 2
    assert collaboration.title == "Together"


@pytest.mark.parametrize("persona", ["anonymous", "stranger", "moderator"])
def test_everybody_reads_indicators(cast: Any, collaboration: Any, persona: str) -> None:
    """The page, each indicator and its files are public; setting the baseline is not."""
    client = cast.client(persona)
    page = client.get(reverse("kpis"))
    assert page.status_code == 200
    for indicator in Indicator:
        address = reverse("kpi", args=(indicator.value,))
        assert address.encode() in page.content
        assert client.get(address).status_code == 200, indicator
    assert client.get(reverse("kpi", args=("happiness",))).status_code == 404
    form = client.get(reverse("kpi-baseline"))
    assert form.status_code in ({200, 302} if persona == "moderator" else {302, 404})
    assert (
        collaboration.title.encode()
        in client.get(reverse("kpi", args=("active-collaborations",))).content
    )


def test_files_hold_rows_and_history(collaboration: Any) -> None:
    """The rows behind a number and its 25 points in time can be taken away."""
    rows = Client().get(reverse("kpi", args=("new-projects",)), {"export": "csv"})
    assert b"Depot" in b"".join(rows.streaming_content)
    history = Client().get(reverse("kpi-history", args=("new-projects",))).content.decode()
    lines = history.splitlines()
    assert lines[0] == "at,value,goal"
    assert len(lines) == 26
    assert lines[-1].endswith(",1,50")
    assert collaboration.projects.count() == 1


def test_samples_are_shown_with_a_warning_on_a_hub_that_has_some(cast: Any) -> None:
    """The switch exists only where there are samples, and the page says that they are counted."""
    page = reverse("kpis")
    assert b"samples=1" not in Client().get(page).content
    Organisation.objects.create(name="S", slug="s", kind="city", country="SI", is_sample=True)
    assert b"samples=1" in Client().get(page).content
    assert b"no real figures" in Client().get(page, {"samples": "1"}).content
    assert cast.organisation.country == "AT"


def test_queries_do_not_grow_with_rows(
    cast: Any, collaboration: Any, django_assert_max_num_queries: Any
) -> None:
    """Thirty collaborations and a hundred organisations more cost no query more."""
    Organisation.objects.bulk_create(
        Organisation(name=f"O {n}", slug=f"o-{n}", kind="sme", country="SI") for n in range(100)
    )
    for n in range(30):
        start_collaboration(
            cast.users["editor"], cast.organisation, title=f"No {n}", segment="fleets"
        )
    with django_assert_max_num_queries(14):
        assert Client().get(reverse("kpis")).status_code == 200
    assert collaboration.state == "forming"
