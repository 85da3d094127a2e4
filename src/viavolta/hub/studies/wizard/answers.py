"""What a draft knows, read with its defaults: a step that was skipped is the default."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from viavolta.catalogue import Assumptions
from viavolta.catalogue.bus_types import bus_type_names
from viavolta.hub.studies.models import Draft, Upload, UploadKind, UploadState
from viavolta.hub.studies.wizard.steps import ORDER, Step
from viavolta.samples.places import Place, largest_place, nearest_place
from viavolta.services.bus_config import BUS_SUBJECTS

FIGURES = {
    "driver": ("costs.driver_eur_per_h",),
    "diesel": ("costs.diesel_eur_per_l",),
    "interest": ("costs.interest_share",),
    "battery": ("buses.all.battery_eur_per_kwh",),
    "wholesale": ("tariffs.wholesale_factor",),
    "margin": ("tariffs.supplier_margin_eur_per_kwh",),
    "network_kw": (
        "tariffs.short_use.capacity_eur_per_kw",
        "tariffs.long_use.capacity_eur_per_kw",
    ),
    "network_kwh": ("tariffs.short_use.energy_eur_per_kwh", "tariffs.long_use.energy_eur_per_kwh"),
    "tax": ("tariffs.tax_eur_per_kwh",),
}
"""Prices the wizard asks for, and the figures of the catalogue each stands for."""


_MARGIN_DEGREES = 0.01
"""About a kilometre: towns are points, and lines end at their edges."""


def catalogue() -> Assumptions:
    """The catalogue as a bus study starts with it."""
    return Assumptions(BUS_SUBJECTS)


@dataclass(frozen=True, slots=True, kw_only=True)
class BusType:
    """A bus of the catalogue, in numbers for people."""

    name: str
    length_m: int
    battery_kwh: int

    @property
    def is_usual(self) -> bool:
        """Whether a plan uses it where nobody chose: the 12 m buses."""
        return self.length_m == 12  # noqa: PLR2004 - as the planner does without a choice


def bus_types(figures: Assumptions) -> list[BusType]:
    """The buses of the catalogue."""
    return [
        BusType(
            name=name,
            length_m=round(figures.number(f"buses.size_{_size(figures, name)}.length_m")),
            battery_kwh=round(figures.number(f"buses.{name}.capacity_kwh")),
        )
        for name in bus_type_names(figures)
    ]


def _size(figures: Assumptions, name: str) -> str:
    return str(figures.figure(f"buses.{name}.size").value)


class Answers:
    """The answers of a draft."""

    def __init__(self, draft: Draft) -> None:
        self.draft = draft

    def of(self, step: Step) -> Mapping[str, Any]:
        """What a step keeps; empty before it was answered."""
        kept: Mapping[str, Any] = self.draft.answers.get(step.value, {})
        return kept

    def is_done(self, step: Step) -> bool:
        """Whether a step was answered."""
        return step.value in self.draft.answers

    @property
    def first_open(self) -> Step | None:
        """The first step without an answer."""
        return next((step for step in ORDER if not self.is_done(step)), None)

    @cached_property
    def feed(self) -> Upload | None:
        """The timetable."""
        return self._one(self.of(Step.PLACE).get("feed"), UploadKind.FEED)

    @property
    def facts(self) -> Mapping[str, Any]:
        """What the check of the timetable found."""
        found: Mapping[str, Any] = self.feed.findings.get("facts", {}) if self.feed else {}
        return found

    @cached_property
    def elevation(self) -> list[Upload]:
        """Tiles of elevation."""
        wanted = self.of(Step.FLEET).get("elevation", [])
        return [u for pk in wanted if (u := self._one(pk, UploadKind.ELEVATION)) is not None]

    @cached_property
    def weather(self) -> Upload | None:
        """A year of weather."""
        return self._one(self.of(Step.FLEET).get("weather"), UploadKind.WEATHER)

    @cached_property
    def grid_file(self) -> Upload | None:
        """The grid, where it is a file."""
        return self._one(self.of(Step.GRID).get("file"), UploadKind.GRID)

    @cached_property
    def config_file(self) -> Upload | None:
        """The planner's own configuration."""
        return self._one(self.of(Step.PRICES).get("config"), UploadKind.CONFIG)

    @property
    def depots(self) -> list[dict[str, Any]]:
        """Depots: the planner's own, else those the engine proposed."""
        own = self.of(Step.SITES).get("depots")
        proposed = self.facts.get("depots", [])
        return list(own) if own else [dict(depot) for depot in proposed]

    @property
    def has_own_depots(self) -> bool:
        """Whether the depots are more than a proposal."""
        return bool(self.of(Step.SITES).get("depots"))

    @property
    def centre(self) -> tuple[float, float] | None:
        """The middle of the network: latitude, longitude."""
        bounds = self.facts.get("bounds")
        if not bounds:
            return None
        west, south, east, north = bounds
        return (south + north) / 2, (west + east) / 2

    @cached_property
    def place(self) -> Place | None:
        """The town: the largest that the network touches, else the nearest to its middle."""
        bounds = self.facts.get("bounds")
        if not bounds or self.centre is None:
            return None
        west, south, east, north = bounds
        margin = _MARGIN_DEGREES
        touched = largest_place(west - margin, south - margin, east + margin, north + margin)
        return touched or nearest_place(*self.centre)

    @property
    def country(self) -> str:
        """Where the electricity comes from: chosen, else that of the town; lower case or empty."""
        chosen = self.of(Step.PRICES).get("country")
        if chosen is not None:
            return str(chosen)
        return default_country(self.place)

    @property
    def title(self) -> str:
        """What the study is called."""
        return str(self.of(Step.PLACE).get("title", ""))

    def _one(self, pk: object, kind: str) -> Upload | None:
        if not isinstance(pk, int):
            return None
        return Upload.objects.filter(
            pk=pk,
            kind=kind,
            organisation=self.draft.organisation_id,
            state=UploadState.USABLE,
        ).first()


def carbon_countries(figures: Assumptions) -> list[str]:
    """Countries whose electricity the catalogue knows, in lower case."""
    start = "carbon.country_g_per_kwh."
    return sorted(key.removeprefix(start) for key in figures.keys() if key.startswith(start))  # noqa: SIM118 - no mapping


def default_country(place: Place | None) -> str:
    """The town's country, where the catalogue knows its electricity."""
    code = "" if place is None else place.country.lower()
    return code if code in carbon_countries(catalogue()) else ""
