"""A proven study applied to another place: what carries over, what is computed, what is counted."""

from dataclasses import dataclass
from typing import Any

import pytest
from cast import Cast
from django.core.exceptions import PermissionDenied, ValidationError

from viavolta.hub.frame.models import Event
from viavolta.hub.frame.numbers import NOTHING
from viavolta.hub.market.carrying import Carries, assumptions_of, compared
from viavolta.hub.market.models import Entry, EntryKind, Replication
from viavolta.hub.market.replicating import (
    Source,
    adapted_config,
    proven_scenario,
    replicate,
    sources_of,
)
from viavolta.hub.people.models import Membership, Organisation
from viavolta.hub.studies.models import Scenario, Study, Upload

ORIGIN = {
    "fleet": {"vehicle_types": ["bus_12m_350"]},
    "buses": {"bus_12m_350": {"capacity_kwh": 380}},
    "depots": [{"name": "Old yard", "lat": 47.0, "lon": 15.0}],
    "tariff": {"country": "AT"},
    "tariffs": {"tax_eur_per_kwh": 0.015},
    "costs": {"driver_eur_per_h": 35, "interest_share": 0.03},
    "operation": {"min_layover_s": 240, "deadhead_kmh": 21},
    "service": {"date": "2026-03-02"},
}
SUMMARY: dict[str, Any] = {
    "trips": 800,
    "vehicles": 20,
    "service_km": 4000.0,
    "energy_kwh": 5200.0,
    "charging_points": 20,
    "peak_kw_managed": 700.0,
    "cost_eur_per_year": 2_000_000.0,
    "cost_eur_per_km": 2.0,
    "km_per_year": 1_000_000.0,
    "diesel_cost_eur_per_year": 1_800_000.0,
    "co2_t_per_year": 400.0,
    "diesel_co2_t_per_year": 1200.0,
    "elevation": "n47e015.hgt",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Two:
    """A solution with its public study, and another city with a timetable."""

    entry: Entry
    origin: Scenario
    adopter: Organisation
    source: Source


@pytest.fixture
def two(cast: Cast, make_entry) -> Two:
    """The city of Sampleton has done it; the stranger's city of Copyham wants to."""
    study = Study.objects.create(
        organisation=cast.organisation,
        title="Electric lines",
        slug="electric-lines",
        visibility="public",
        country="AT",
        lat=47.07,
        lon=15.44,
        place_name="Sampleton",
    )
    origin = Scenario.objects.create(
        study=study,
        name="Baseline",
        is_baseline=True,
        config=ORIGIN,
        options={"effort": "low"},
        summary=SUMMARY,
        result_folder="studies/none",
    )
    adopter = Organisation.objects.create(
        name="Copyham", slug="copyham", kind="city", country="SI", inhabitants=30_000
    )
    Membership.objects.create(organisation=adopter, user=cast.users["stranger"], role="editor")
    feed = Upload.objects.create(
        organisation=adopter,
        kind="feed",
        name="copyham.zip",
        sha256="1" * 64,
        size_bytes=1,
        path="uploads/1.zip",
        state="usable",
        findings={"facts": {"trips": 300, "bounds": [14.4, 46.0, 14.6, 46.1]}},
    )
    return Two(
        entry=make_entry(EntryKind.SOLUTION, "Proven", study=study),
        origin=origin,
        adopter=adopter,
        source=Source(organisation=adopter, feed=feed),
    )


def test_buses_and_rules_carry_over_place_and_prices_do_not() -> None:
    """Depots, day, speed of the place, prices of the country stay behind; fleet and rules come."""
    config = adapted_config(ORIGIN, {}, country="SI", is_same_country=False)
    assert config == {
        "fleet": ORIGIN["fleet"],
        "buses": ORIGIN["buses"],
        "costs": {"interest_share": 0.03},
        "operation": {"min_layover_s": 240},
        "tariff": {"country": "SI"},
    }
    assert ORIGIN["operation"]["deadhead_kmh"] == 21, "the original is not touched"


def test_within_a_country_its_prices_stay() -> None:
    """Network fees and wages of the same country hold."""
    config = adapted_config(ORIGIN, {}, country="AT", is_same_country=True)
    assert config["tariffs"] == ORIGIN["tariffs"]
    assert config["costs"]["driver_eur_per_h"] == 35


def test_a_study_of_the_own_place_brings_its_depots_grid_and_prices() -> None:
    """What describes the place comes from the adopter's own study."""
    own = {
        "depots": [{"name": "New yard", "lat": 46.0, "lon": 14.5}],
        "grid": {"region": "rural"},
        "tariffs": {"tax_eur_per_kwh": 0.02},
        "operation": {"deadhead_kmh": 30, "min_layover_s": 60},
        "fleet": {"vehicle_types": ["bus_18m_400"]},
    }
    config = adapted_config(ORIGIN, own, country="SI", is_same_country=False)
    assert config["depots"] == own["depots"]
    assert config["grid"] == own["grid"]
    assert config["tariffs"] == own["tariffs"]
    assert config["operation"] == {"min_layover_s": 240, "deadhead_kmh": 30}
    assert config["fleet"] == ORIGIN["fleet"]


def test_one_click_makes_a_study_that_is_computed_counted_and_linked(cast: Cast, two: Two) -> None:
    """A private study of the adopter's, a run in the queue, one more replication of the entry."""
    row = replicate(cast.users["stranger"], two.entry, two.source)
    study = row.study
    baseline = study.scenarios.get()
    two.entry.refresh_from_db()
    assert (study.organisation, study.origin, study.country) == (
        two.adopter,
        two.origin.study,
        "SI",
    )
    assert study.visibility != "public"
    assert baseline.is_baseline
    assert baseline.run_id is not None
    assert list(baseline.uploads.all()) == [two.source.feed]
    assert baseline.options["effort"] == "low"
    assert two.entry.n_replications == 1
    event = Event.objects.get(verb="solution-replicated")
    assert event.detail["study"] == study.pk
    assert event.organisation_id == two.adopter.pk


def test_nobody_replicates_with_data_of_others(cast: Cast, two: Two) -> None:
    """Only editors of the organisation whose timetable it is."""
    with pytest.raises(PermissionDenied):
        replicate(cast.users["owner"], two.entry, two.source)
    assert sources_of(cast.users["owner"]) == []
    assert [s.key for s in sources_of(cast.users["stranger"])] == [f"feed-{two.source.feed.pk}"]
    assert sources_of(cast.users["reader"]) == []


def test_a_study_that_is_no_longer_public_is_not_replicated(cast: Cast, two: Two) -> None:
    """Without a public, computed study there is nothing to apply."""
    Study.objects.update(visibility="organisation")
    entry = Entry.objects.get(pk=two.entry.pk)
    assert proven_scenario(entry) is None
    with pytest.raises(ValidationError):
        replicate(cast.users["stranger"], entry, two.source)


def test_broken_assumptions_come_first_and_say_what_is_done(two: Two) -> None:
    """Another size, country and no elevation are to be checked; buses hold."""
    found = assumptions_of(two.origin, two.source)
    by_label = {one.label: one for one in found}
    assert by_label["Trips on the day that is planned"].carries is Carries.CHECK
    assert by_label["Country, for prices of electricity, diesel and drivers"].there == "Austria"
    assert by_label["Climbs counted in the energy"].carries is Carries.CHECK
    assert by_label["Types of buses"].carries is Carries.HOLDS
    assert [one.carries for one in found] == sorted(
        (one.carries for one in found), key=["check", "replaced", "holds"].index
    )
    assert all(one.what for one in found if one.carries is not Carries.HOLDS)


def test_figures_of_both_stand_side_by_side(two: Two) -> None:
    """Per kilometre and per bus first; a figure that is missing is a dash, not a nought."""
    own = Scenario(
        study=two.origin.study, summary={**SUMMARY, "cost_eur_per_km": 2.5, "vehicles": 0}
    )
    figures = {f.label: f for f in compared(two.origin, own)}
    assert figures["Cost per kilometre"].change_share == pytest.approx(0.25)
    assert figures["Energy per kilometre, sizing day"].there == pytest.approx(1.3)
    assert figures["Trips per bus"].here is None
    assert figures["Trips per bus"].shown_here == NOTHING


def test_the_way_from_the_page_to_the_figures(cast: Cast, two: Two) -> None:
    """One button on the solution's page; the new page is its members' alone until shared."""
    browser = cast.client("stranger")
    page = browser.get("/market/solutions/proven/")
    assert "Replicate for Copyham" in page.text
    assert "Sign in to replicate" in cast.client("anonymous").get("/market/solutions/proven/").text
    answer = browser.post("/market/solutions/proven/replicate/", {"source": two.source.key})
    row = Replication.objects.get()
    assert answer["Location"] == f"/market/replications/{row.pk}/"
    text = browser.get(answer["Location"]).text
    assert "What carries over" in text
    assert "Proven" in text
    assert cast.client("owner").get(answer["Location"]).status_code == 404
    own = row.study.scenarios.get()
    Scenario.objects.filter(pk=own.pk).update(
        summary={**SUMMARY, "vehicles": 9}, result_folder="studies/some", run_id=None
    )
    text = browser.get(answer["Location"]).text
    assert "The original and here" in text
    assert "replicated once" in cast.client("anonymous").get("/market/solutions/proven/").text
    Study.objects.filter(pk=row.study_id).update(visibility="public")
    assert cast.client("anonymous").get(answer["Location"]).status_code == 200
    assert "Copyham" in cast.client("anonymous").get("/market/solutions/proven/").text


@pytest.mark.parametrize(
    ("persona", "status"),
    [("anonymous", 302), ("stranger", 200), ("reader", 200), ("editor", 200), ("moderator", 200)],
)
def test_who_opens_the_choice_of_data(cast: Cast, two: Two, persona: str, status: int) -> None:
    """Everybody signed in sees what is needed; only own data are offered."""
    answer = cast.client(persona).get(f"/market/solutions/{two.entry.slug}/replicate/")
    assert answer.status_code == status
    assert ("copyham.zip" in answer.text) == (persona == "stranger")
