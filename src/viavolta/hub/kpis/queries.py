"""Reading what indicators are counted from, and the rows behind each."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from viavolta.hub.collaborate.models import Collaboration, Project
from viavolta.hub.collaborate.queries.activity import activity_events
from viavolta.hub.kpis.counts import (
    Facts,
    Joined,
    Published,
    end_of_day,
    growth_goal,
    month_ends,
    value_at,
)
from viavolta.hub.kpis.indicators import MEANINGS, Indicator, Meaning
from viavolta.hub.kpis.models import Baseline
from viavolta.hub.market.models import Replication
from viavolta.hub.people.models import Organisation
from viavolta.hub.studies.models import Scenario, Visibility

MONTHS = 24


def organisations(*, with_samples: bool) -> QuerySet[Organisation]:
    """Organisations that count."""
    return _real(Organisation.objects.filter(hidden=False), with_samples=with_samples)


def collaborations(*, with_samples: bool) -> QuerySet[Collaboration]:
    """Collaborations that count."""
    return _real(Collaboration.objects.filter(hidden=False), with_samples=with_samples)


def projects(*, with_samples: bool) -> QuerySet[Project]:
    """Projects that count: those of collaborations that count."""
    counted = collaborations(with_samples=with_samples).values("pk")
    return Project.objects.filter(collaboration__in=counted)


def replications(*, with_samples: bool) -> QuerySet[Replication]:
    """Replications that count: by organisations that count, not their own study anew."""
    rows = Replication.objects.filter(organisation__hidden=False)
    if not with_samples:
        rows = rows.filter(organisation__is_sample=False, study__is_sample=False)
    return rows


def published_baselines(*, with_samples: bool) -> QuerySet[Scenario]:
    """The baseline of each published study that has a result."""
    rows = Scenario.objects.filter(
        is_baseline=True,
        study__visibility=Visibility.PUBLIC,
        study__published_at__isnull=False,
        study__organisation__hidden=False,
    ).exclude(result_folder="")
    if not with_samples:
        rows = rows.filter(study__is_sample=False, study__organisation__is_sample=False)
    return rows


def facts(*, with_samples: bool = False) -> Facts:
    """All that indicators are counted from; samples only where they are asked for."""
    counted = {
        str(key) for key in collaborations(with_samples=with_samples).values_list("pk", flat=True)
    }
    instants: dict[int, list[datetime]] = defaultdict(list)
    for key, at in activity_events().order_by("at").values_list("subject_id", "at"):
        if key in counted:
            instants[int(key)].append(at)
    joined = organisations(with_samples=with_samples).values_list(
        "joined_at", "kind", "country", "is_sme"
    )
    summaries = published_baselines(with_samples=with_samples).values_list(
        "study__published_at", "summary"
    )
    return Facts(
        organisations=tuple(
            Joined(at=at, kind=kind, country=country, is_sme=is_sme)
            for at, kind, country, is_sme in joined
        ),
        activities={key: tuple(values) for key, values in instants.items()},
        projects=tuple(
            projects(with_samples=with_samples).order_by().values_list("created_at", flat=True)
        ),
        replications=tuple(
            replications(with_samples=with_samples).order_by().values_list("at", flat=True)
        ),
        studies=tuple(
            Published(
                at=at,
                co2_avoided_t_per_year=co2_avoided_t_per_year(summary),
                grid_avoided_eur=grid_avoided_eur(summary),
            )
            for at, summary in summaries
            if at is not None
        ),
    )


def co2_avoided_t_per_year(summary: dict[str, Any]) -> float | None:
    """Diesel minus electric, where a study knows both."""
    diesel, electric = summary.get("diesel_co2_t_per_year"), summary.get("co2_t_per_year")
    return None if diesel is None or electric is None else float(diesel) - float(electric)


def grid_avoided_eur(summary: dict[str, Any]) -> float | None:
    """Reinforcement that managed charging avoids, where a study has a grid."""
    avoided = (summary.get("grid") or {}).get("avoided_eur")
    return None if avoided is None else float(avoided)


def baseline() -> Baseline | None:
    """The baseline date that counts: the one set last."""
    return Baseline.objects.select_related("set_by").first()


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """An indicator now: value, goal, how far, and its history."""

    indicator: Indicator
    meaning: Meaning
    value: float | None
    goal: float | None
    history: tuple[tuple[datetime, float | None], ...]

    @property
    def goal_share(self) -> float | None:
        """How much of the goal is reached, 1 and more when it is."""
        if self.goal is None or self.value is None or self.goal <= 0:
            return None
        return self.value / self.goal


def standings(read: Facts, now: datetime) -> list[Standing]:
    """Every indicator as it stands, with its last 24 months."""
    since = baseline()
    moments = month_ends(now, MONTHS)
    return [
        Standing(
            indicator=indicator,
            meaning=meaning,
            value=value_at(indicator, read, now),
            goal=_goal(indicator, read, since),
            history=tuple((at, value_at(indicator, read, at)) for at in moments),
        )
        for indicator, meaning in MEANINGS.items()
    ]


def _goal(indicator: Indicator, read: Facts, since: Baseline | None) -> float | None:
    if indicator is not Indicator.ACTIVE_COLLABORATIONS:
        return MEANINGS[indicator].goal
    return None if since is None else growth_goal(read, end_of_day(since.on))


def _real(rows: QuerySet[Any], *, with_samples: bool) -> QuerySet[Any]:
    return rows if with_samples else rows.filter(is_sample=False)


def has_samples() -> bool:
    """Whether this hub holds samples, so that a page may offer to count them."""
    return (
        Organisation.objects.filter(is_sample=True).exists()
        or Collaboration.objects.filter(is_sample=True).exists()
    )
