"""What carries over from a proven study to another place, and what is different there."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import Any

from django.utils.translation import gettext as _

from viavolta.catalogue import Assumptions
from viavolta.catalogue.climates import SUBJECT, nearest_climate
from viavolta.hub.frame.numbers import NOTHING, shown_number
from viavolta.hub.market.labels import country_name
from viavolta.hub.market.replicating import OF_THE_COUNTRY, Source
from viavolta.hub.studies.models import Scenario, Study, UploadKind

_SIMILAR_RATIO = 2.0
_SIMILAR_C = 3.0


class Carries(StrEnum):
    """How an assumption of the original stands at the new place."""

    HOLDS = "holds"
    REPLACED = "replaced"
    CHECK = "check"

    @property
    def words(self) -> str:
        """The verdict in the reader's language."""
        return {
            Carries.HOLDS: _("holds"),
            Carries.REPLACED: _("replaced"),
            Carries.CHECK: _("to check"),
        }[self]


@dataclass(frozen=True, slots=True, kw_only=True)
class Assumption:
    """One assumption: at the original, here, whether it carries over, what is done about it."""

    label: str
    there: str
    here: str
    carries: Carries
    what: str


def assumptions_of(origin: Scenario, source: Source) -> list[Assumption]:
    """Every assumption that could break, those to check first."""
    found = [
        _size(origin, source),
        _prices(origin, source),
        *_winter(origin.study, source),
        _climbs(origin, source),
        _depots(origin, source),
        *_grid(origin, source),
        _buses(origin),
    ]
    order = [Carries.CHECK, Carries.REPLACED, Carries.HOLDS]
    return sorted(found, key=lambda one: order.index(one.carries))


def _size(origin: Scenario, source: Source) -> Assumption:
    there, here = origin.summary.get("trips"), source.facts.get("trips")
    ratio = here / there if there and here else None
    holds = ratio is not None and 1 / _SIMILAR_RATIO <= ratio <= _SIMILAR_RATIO
    return Assumption(
        label=_("Trips on the day that is planned"),
        there=shown_number(there),
        here=shown_number(here),
        carries=Carries.HOLDS if holds else Carries.CHECK,
        what="" if holds else _("Another size: shares per bus and per kilometre compare better."),
    )


def _prices(origin: Scenario, source: Source) -> Assumption:
    there, here = origin.study.country, source.country
    is_same = there == here
    own = {} if source.baseline is None else source.baseline.config
    has_own = any(table in own for table in OF_THE_COUNTRY)
    if is_same:
        what = ""
    elif has_own:
        what = _("Prices of your own study are used.")
    else:
        what = _("Prices of the original are left out; those of the catalogue stand in.")
    return Assumption(
        label=_("Country, for prices of electricity, diesel and drivers"),
        there=country_name(there) if there else NOTHING,
        here=country_name(here) if here else NOTHING,
        carries=Carries.HOLDS if is_same else (Carries.REPLACED if has_own else Carries.CHECK),
        what=what,
    )


def _winter(there: Study, source: Source) -> Iterator[Assumption]:
    here = _where(source)
    if there.lat is None or there.lon is None or here is None:
        return
    one, two = _winter_c(there.lat, there.lon), _winter_c(*here)
    holds = abs(one - two) <= _SIMILAR_C
    yield Assumption(
        label=_("Cold winter day"),
        there=f"{shown_number(one, digits=1)} °C",
        here=f"{shown_number(two, digits=1)} °C",
        carries=Carries.HOLDS if holds else Carries.REPLACED,
        what="" if holds else _("Heating is computed for the climate here."),
    )


def _climbs(origin: Scenario, source: Source) -> Assumption:
    there, here = bool(origin.summary.get("elevation")), _has(source, UploadKind.ELEVATION)
    holds = here or not there
    return Assumption(
        label=_("Climbs counted in the energy"),
        there=_yes_no(there),
        here=_yes_no(here),
        carries=Carries.HOLDS if holds else Carries.CHECK,
        what="" if holds else _("Add elevation to a study of your place, then replicate again."),
    )


def _depots(origin: Scenario, source: Source) -> Assumption:
    own = [] if source.baseline is None else source.baseline.config.get("depots", [])
    return Assumption(
        label=_("Depots"),
        there=_named(origin.config),
        here=str(len(own)) if own else _("proposed"),
        carries=Carries.REPLACED if own else Carries.CHECK,
        what=_("Depots of your own study are used.")
        if own
        else _("A place for the depot is proposed; set your own in the study."),
    )


def _grid(origin: Scenario, source: Source) -> Iterator[Assumption]:
    there = origin.uploads.filter(kind=UploadKind.GRID).exists()
    here = _has(source, UploadKind.GRID)
    if there or here:
        yield Assumption(
            label=_("Grid"),
            there=_yes_no(there),
            here=_yes_no(here),
            carries=Carries.REPLACED if here else Carries.CHECK,
            what=_("The grid of your own study is used.")
            if here
            else _("Computed without a grid here; add one to the study."),
        )


def _buses(origin: Scenario) -> Assumption:
    types = origin.config.get("fleet", {}).get("vehicle_types") or []
    said = ", ".join(types) or _("chosen by the plan")
    return Assumption(
        label=_("Types of buses"), there=said, here=said, carries=Carries.HOLDS, what=""
    )


def _named(config: Mapping[str, Any]) -> str:
    depots = config.get("depots", [])
    return str(len(depots)) if depots else _("proposed")


def _yes_no(value: object) -> str:
    return _("yes") if value else _("no")


def _has(source: Source, kind: UploadKind) -> bool:
    return source.baseline is not None and source.baseline.uploads.filter(kind=kind).exists()


def _where(source: Source) -> tuple[float, float] | None:
    bounds = source.facts.get("bounds")
    if bounds:
        west, south, east, north = bounds
        return (south + north) / 2, (west + east) / 2
    body = source.organisation
    return None if body.lat is None or body.lon is None else (body.lat, body.lon)


@cache
def _climates() -> Assumptions:
    return Assumptions((SUBJECT,))


def _winter_c(lat: float, lon: float) -> float:
    return nearest_climate(_climates(), lat, lon).winter_design_c


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparedFigure:
    """A figure at the original and here."""

    label: str
    unit: str
    digits: int
    there: float | None
    here: float | None

    @property
    def shown_there(self) -> str:
        """The figure of the original as the reader's language writes it."""
        return shown_number(self.there, digits=self.digits)

    @property
    def shown_here(self) -> str:
        """The figure here."""
        return shown_number(self.here, digits=self.digits)

    @property
    def change_share(self) -> float | None:
        """How much more here, as a share of the original."""
        if not self.there or self.here is None:
            return None
        return self.here / self.there - 1


def compared(origin: Scenario, own: Scenario) -> list[ComparedFigure]:
    """The figures of both, those that do not depend on size first."""
    there, here = _figures(origin.summary), _figures(own.summary)
    return [
        ComparedFigure(
            label=label, unit=unit, digits=digits, there=there.get(key), here=here.get(key)
        )
        for key, label, unit, digits in _shown()
    ]


def _shown() -> list[tuple[str, str, str, int]]:
    return [
        ("eur_per_km", _("Cost per kilometre"), "EUR/km", 2),
        ("diesel_eur_per_km", _("Cost per kilometre with diesel"), "EUR/km", 2),
        ("kwh_per_km", _("Energy per kilometre, sizing day"), "kWh/km", 2),
        ("trips_per_bus", _("Trips per bus"), "", 1),
        ("peak_per_bus", _("Peak power per bus, managed"), "kW", 1),
        ("vehicles", _("Buses"), "", 0),
        ("points", _("Charging points"), "", 0),
        ("peak", _("Peak power, managed"), "kW", 0),
        ("eur", _("Cost per year"), "EUR", 0),
        ("co2", _("CO₂ per year"), "t", 0),
        ("diesel_co2", _("CO₂ per year with diesel"), "t", 0),
    ]


def _figures(summary: Mapping[str, Any]) -> dict[str, float | None]:
    def of(key: str) -> float | None:
        value = summary.get(key)
        return float(value) if isinstance(value, int | float) else None

    def per(key: str, other: str) -> float | None:
        value, by = of(key), of(other)
        return None if value is None or not by else value / by

    return {
        "eur_per_km": of("cost_eur_per_km"),
        "diesel_eur_per_km": per("diesel_cost_eur_per_year", "km_per_year"),
        "kwh_per_km": per("energy_kwh", "service_km"),
        "trips_per_bus": per("trips", "vehicles"),
        "peak_per_bus": per("peak_kw_managed", "vehicles"),
        "vehicles": of("vehicles"),
        "points": of("charging_points"),
        "peak": of("peak_kw_managed"),
        "eur": of("cost_eur_per_year"),
        "co2": of("co2_t_per_year"),
        "diesel_co2": of("diesel_co2_t_per_year"),
    }
