"""Indicators in the API."""

from datetime import datetime
from typing import Any

from django.http import Http404, HttpRequest
from django.utils import timezone
from ninja import Query, Router, Schema
from pydantic import Field

from viavolta.hub.frame.access import Access, api_access
from viavolta.hub.kpis.counts import members_by_country
from viavolta.hub.kpis.indicators import Indicator
from viavolta.hub.kpis.queries import Standing, baseline, facts, has_samples, standings

router = Router(tags=["indicators"])


class PointOut(Schema):
    """A value at a moment."""

    at: datetime
    value: float | None


class StandingOut(Schema):
    """An indicator as it stands."""

    indicator: Indicator
    name: str
    rule: str
    unit: str
    is_share: bool = Field(description="the value is a share of 0 to 1")
    value: float | None = Field(description="null where nothing can be said")
    goal: float | None
    history: list[PointOut] = Field(description="the ends of the last 24 months, and now")


class CountryOut(Schema):
    """How many organisations a country has."""

    country: str
    members: int


class IndicatorsOut(Schema):
    """All indicators, members by country and the baseline."""

    counted_at: datetime
    with_samples: bool
    baseline: str | None = Field(description="the baseline date of active collaborations")
    indicators: list[StandingOut]
    members: list[CountryOut]


class Wanted(Schema):
    """Whether samples count; never unless they are asked for."""

    samples: bool = False

    @property
    def with_samples(self) -> bool:
        """Only a hub that holds samples can count them."""
        return self.samples and has_samples()


def _shown(one: Standing) -> dict[str, Any]:
    return {
        "indicator": one.indicator,
        "name": str(one.meaning.name),
        "rule": str(one.meaning.rule),
        "unit": str(one.meaning.unit),
        "is_share": one.meaning.is_share,
        "value": one.value,
        "goal": one.goal,
        "history": [{"at": at, "value": value} for at, value in one.history],
    }


@router.get(
    "/indicators", response=IndicatorsOut, operation_id="list_indicators", summary="Indicators"
)
@api_access(Access.PUBLIC)
def list_indicators(request: HttpRequest, wanted: Query[Wanted]) -> dict[str, Any]:  # noqa: ARG001 - ninja's signature
    """Counted at this moment from the rows of the hub."""
    now = timezone.now()
    read = facts(with_samples=wanted.with_samples)
    since = baseline()
    return {
        "counted_at": now,
        "with_samples": wanted.with_samples,
        "baseline": None if since is None else since.on.isoformat(),
        "indicators": [_shown(one) for one in standings(read, now)],
        "members": [
            {"country": code, "members": count} for code, count in members_by_country(read, now)
        ],
    }


@router.get(
    "/indicators/{code}",
    response=StandingOut,
    operation_id="get_indicator",
    summary="One indicator",
)
@api_access(Access.PUBLIC)
def get_indicator(request: HttpRequest, code: str, wanted: Query[Wanted]) -> dict[str, Any]:  # noqa: ARG001 - ninja's signature
    """Its value, goal and history."""
    if code not in set(Indicator):
        raise Http404
    found = standings(facts(with_samples=wanted.with_samples), timezone.now())
    return next(_shown(one) for one in found if one.indicator == code)
