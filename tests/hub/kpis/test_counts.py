"""Rules of the indicators hold whatever else happens on the platform."""

from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from viavolta.hub.collaborate.verbs import ACTIVE_WITHIN
from viavolta.hub.kpis.counts import (
    COMPANIES,
    Facts,
    Joined,
    Published,
    growth_goal,
    members_by_country,
    month_ends,
    value_at,
)
from viavolta.hub.kpis.indicators import Indicator

# a slow machine makes slow examples; what they say is the same
unhurried = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])

NOW = datetime(2027, 6, 15, 12, tzinfo=UTC)
instants = st.integers(-900, 900).map(lambda hours: NOW + timedelta(hours=hours * 12))
organisations = st.builds(
    Joined,
    at=instants,
    kind=st.sampled_from([*sorted(COMPANIES), "city", "research", "ngo"]),
    country=st.sampled_from(["AT", "SI", "IT"]),
    is_sme=st.booleans(),
)
facts_of_any_kind = st.builds(
    Facts,
    organisations=st.lists(organisations, max_size=6).map(tuple),
    activities=st.dictionaries(
        st.integers(1, 6), st.lists(instants, min_size=1, max_size=4).map(tuple), max_size=3
    ),
    projects=st.lists(instants, max_size=4).map(tuple),
    replications=st.lists(instants, max_size=4).map(tuple),
    studies=st.lists(
        st.builds(
            Published,
            at=instants,
            co2_avoided_t_per_year=st.none() | st.integers(0, 900).map(float),
            grid_avoided_eur=st.none() | st.integers(0, 10**6).map(float),
        ),
        max_size=3,
    ).map(tuple),
)


def values(facts: Facts, moment: datetime = NOW) -> dict[Indicator, Any]:
    """Every indicator at a moment."""
    return {indicator: value_at(indicator, facts, moment) for indicator in Indicator}


@unhurried
@given(facts=facts_of_any_kind, seed=st.randoms(use_true_random=False))
def test_the_order_of_rows_and_events_does_not_matter(facts: Facts, seed: Any) -> None:
    """The same rows in another order give the same figures."""

    def shuffled(rows: tuple[Any, ...]) -> tuple[Any, ...]:
        return tuple(seed.sample(rows, len(rows)))

    other = Facts(
        organisations=shuffled(facts.organisations),
        activities={key: shuffled(facts.activities[key]) for key in reversed(facts.activities)},
        projects=shuffled(facts.projects),
        replications=shuffled(facts.replications),
        studies=shuffled(facts.studies),
    )
    assert values(other) == values(facts)


@unhurried
@given(facts=facts_of_any_kind, at=instants)
def test_a_row_that_has_nothing_to_do_with_an_indicator_changes_nothing(
    facts: Facts, at: datetime
) -> None:
    """A research body, a project and a study each move their own figures and no other."""
    research = Joined(at=at, kind="research", country="AT", is_sme=True)
    with_research = Facts(
        organisations=(*facts.organisations, research),
        activities=facts.activities,
        projects=facts.projects,
        replications=facts.replications,
        studies=facts.studies,
    )
    assert values(with_research) == values(facts)
    with_project = Facts(
        organisations=facts.organisations,
        activities=facts.activities,
        projects=(*facts.projects, at),
        replications=facts.replications,
        studies=(*facts.studies, Published(at=at)),
    )
    before, after = values(facts), values(with_project)
    assert after.pop(Indicator.NEW_PROJECTS) == before.pop(Indicator.NEW_PROJECTS) + (at <= NOW)
    assert after == before


@unhurried
@given(facts=facts_of_any_kind)
def test_what_happens_later_does_not_change_the_past(facts: Facts) -> None:
    """Rows dated after a moment do not count at that moment."""
    past = Facts(
        organisations=tuple(o for o in facts.organisations if o.at <= NOW),
        activities={k: tuple(t for t in v if t <= NOW) for k, v in facts.activities.items()},
        projects=tuple(t for t in facts.projects if t <= NOW),
        replications=tuple(t for t in facts.replications if t <= NOW),
        studies=tuple(s for s in facts.studies if s.at <= NOW),
    )
    assert values(past) == values(facts)


@unhurried
@given(at=instants, later=st.integers(0, 400 * 24 * 3600))
def test_a_collaboration_falls_out_after_180_days(at: datetime, later: int) -> None:
    """It counts from its event on for 180 days, to the second, and no longer."""
    facts = Facts(activities={1: (at,)})
    moment = at + timedelta(seconds=later)
    counted = value_at(Indicator.ACTIVE_COLLABORATIONS, facts, moment)
    assert counted == (timedelta(seconds=later) < ACTIVE_WITHIN)


def test_the_share_of_smes_counts_companies_alone() -> None:
    """Two of three companies are SMEs; cities and research bodies do not dilute the share."""
    rows = [("sme", False), ("large-company", False), ("cpo", True), ("city", False), ("ngo", True)]
    facts = Facts(
        organisations=tuple(
            Joined(at=NOW, kind=kind, country="AT", is_sme=is_sme) for kind, is_sme in rows
        )
    )
    assert value_at(Indicator.SME_SHARE, facts, NOW) == 2 / 3
    assert value_at(Indicator.SME_SHARE, Facts(), NOW) is None
    assert value_at(Indicator.CITIES, facts, NOW) == 1
    assert members_by_country(facts, NOW) == [("AT", 5)]


def test_the_goal_of_growth_is_half_as_many_again() -> None:
    """Three active collaborations at the baseline make a goal of five (4.5, rounded up)."""
    baseline = NOW - timedelta(days=300)
    facts = Facts(activities={n: (baseline - timedelta(days=n),) for n in range(3)})
    assert growth_goal(facts, baseline) == 5
    assert growth_goal(Facts(), baseline) == 0


def test_months_end_where_the_next_begins() -> None:
    """The history has the last instant of each month, over the turn of the year, and now."""
    ends = month_ends(datetime(2027, 2, 10, tzinfo=UTC), 3)
    assert [f"{end:%Y-%m-%d}" for end in ends] == [
        "2026-11-30",
        "2026-12-31",
        "2027-01-31",
        "2027-02-10",
    ]
