"""The rules of the indicators as functions of plain values: no clock, no database."""

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from math import ceil, fsum
from zoneinfo import ZoneInfo

from viavolta.hub.collaborate.verbs import ACTIVE_WITHIN
from viavolta.hub.kpis.indicators import GROWTH_GOAL_SHARE, Indicator

CITY = "city"
COMPANIES = frozenset(
    {"sme", "large-company", "transport-operator", "logistics-operator", "dso", "cpo"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Joined:
    """An organisation, as far as it is counted."""

    at: datetime
    kind: str
    country: str
    is_sme: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """A published study, as far as it is counted; None where it does not know."""

    at: datetime
    co2_avoided_t_per_year: float | None = None
    grid_avoided_eur: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """All that indicators are counted from; `activities` holds the instants by collaboration."""

    organisations: tuple[Joined, ...] = ()
    activities: dict[int, tuple[datetime, ...]] = field(default_factory=dict)
    projects: tuple[datetime, ...] = ()
    replications: tuple[datetime, ...] = ()
    studies: tuple[Published, ...] = ()


def value_at(indicator: Indicator, facts: Facts, moment: datetime) -> float | None:
    """The value at a moment: of all that had happened by then; None where nothing can be said."""
    return _RULES[indicator](facts, moment)


def _cities(facts: Facts, moment: datetime) -> float:
    return sum(o.kind == CITY and o.at <= moment for o in facts.organisations)


def _sme_share(facts: Facts, moment: datetime) -> float | None:
    companies = [o for o in facts.organisations if o.kind in COMPANIES and o.at <= moment]
    if not companies:
        return None
    return sum(o.is_sme or o.kind == "sme" for o in companies) / len(companies)


def _active_collaborations(facts: Facts, moment: datetime) -> float:
    return sum(_is_active(instants, moment) for instants in facts.activities.values())


def _is_active(instants: tuple[datetime, ...], moment: datetime) -> bool:
    """Whether one of the instants lies in `(moment - 180 days, moment]`."""
    ordered = sorted(instants)
    return bisect_right(ordered, moment) > bisect_left(
        ordered, moment - ACTIVE_WITHIN + timedelta(microseconds=1)
    )


def _new_projects(facts: Facts, moment: datetime) -> float:
    return sum(at <= moment for at in facts.projects)


def _replications(facts: Facts, moment: datetime) -> float:
    return sum(at <= moment for at in facts.replications)


def _co2(facts: Facts, moment: datetime) -> float:
    return fsum(s.co2_avoided_t_per_year or 0.0 for s in facts.studies if s.at <= moment)


def _grid(facts: Facts, moment: datetime) -> float:
    return fsum(s.grid_avoided_eur or 0.0 for s in facts.studies if s.at <= moment)


_RULES: dict[Indicator, Callable[[Facts, datetime], float | None]] = {
    Indicator.CITIES: _cities,
    Indicator.SME_SHARE: _sme_share,
    Indicator.ACTIVE_COLLABORATIONS: _active_collaborations,
    Indicator.NEW_PROJECTS: _new_projects,
    Indicator.REPLICATIONS: _replications,
    Indicator.CO2: _co2,
    Indicator.GRID: _grid,
}


def growth_goal(facts: Facts, baseline: datetime) -> int:
    """The number of active collaborations that is half as many again as at the baseline."""
    at_baseline = value_at(Indicator.ACTIVE_COLLABORATIONS, facts, baseline) or 0
    return ceil(at_baseline * (1 + GROWTH_GOAL_SHARE))


def members_by_country(facts: Facts, moment: datetime) -> list[tuple[str, int]]:
    """How many organisations each country has, most first."""
    counts = Counter(o.country for o in facts.organisations if o.at <= moment)
    return sorted(counts.items(), key=lambda row: (-row[1], row[0]))


def end_of_day(day: date) -> datetime:
    """The last instant of a day in UTC."""
    return datetime.combine(day + timedelta(days=1), time(), tzinfo=ZoneInfo("UTC")) - timedelta(
        microseconds=1
    )


def month_ends(now: datetime, n: int) -> list[datetime]:
    """The ends of the last `n` months, then now."""
    first = date(now.year, now.month, 1)
    ends: list[datetime] = []
    for _month in range(n):
        last = first - timedelta(days=1)
        ends.append(end_of_day(last))
        first = last.replace(day=1)
    return [*reversed(ends), now]
