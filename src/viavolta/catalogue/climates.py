"""The climates of the catalogue: design days of reference places, for plans without weather data.

Keys in climates.csv: `<place>.name`, `.lat`, `.lon`, and the fields of `DesignDays`.
"""

from viavolta.catalogue.assumptions import Assumptions
from viavolta.model.climate import DesignDays
from viavolta.model.errors import InputError, Where
from viavolta.model.geo import great_circle_km
from viavolta.model.messages import text

SUBJECT = "climates"
_DESIGN = ".winter_design_c"
_DAYS_PER_YEAR = 365.0


def climate_places(assumptions: Assumptions) -> tuple[str, ...]:
    """Keys of the reference places, in catalogue order; `assumptions` holds SUBJECT."""
    return tuple(
        key.removeprefix(f"{SUBJECT}.").removesuffix(_DESIGN)
        for key in assumptions.keys()  # noqa: SIM118 - Assumptions is no mapping
        if key.startswith(f"{SUBJECT}.") and key.endswith(_DESIGN)
    )


def nearest_climate(assumptions: Assumptions, lat: float, lon: float) -> DesignDays:
    """Design days of the nearest reference place, height and coast not considered.

    A stopgap: a study that uses it must warn. Only the figures of the chosen place count as used;
    `source` names the place and how far it is.

    Raises
    ------
    InputError: the user's own days of the place do not make a year.
    """
    distance_km = {
        place: float(
            great_circle_km(
                lat,
                lon,
                _known(assumptions, f"{SUBJECT}.{place}.lat"),
                _known(assumptions, f"{SUBJECT}.{place}.lon"),
            )
        )
        for place in climate_places(assumptions)
    }
    place = min(distance_km, key=lambda name: distance_km[name])

    def figure(field: str) -> float:
        return assumptions.number(f"{SUBJECT}.{place}.{field}")

    days = figure("days_winter") + figure("days_mean") + figure("days_summer")
    if not abs(days - _DAYS_PER_YEAR) < 1.0:
        raise InputError(
            code="config-climate-days",
            message=text(
                "the winter, mean and summer days of {place} do not make a year", place=place
            ),
            where=Where(field=f"{SUBJECT}.{place}.days_mean", value=str(days)),
            expected=text("365 days in all"),
            hint=text("set days_winter, days_mean and days_summer of this place to add up to 365"),
        )
    return DesignDays(
        winter_design_c=figure("winter_design_c"),
        summer_design_c=figure("summer_design_c"),
        winter_c=figure("winter_c"),
        mean_c=figure("mean_c"),
        summer_c=figure("summer_c"),
        days_winter=figure("days_winter"),
        days_mean=figure("days_mean"),
        days_summer=figure("days_summer"),
        source=text(
            "climate of {place}, {km} km away: {source}",
            place=assumptions.word(f"{SUBJECT}.{place}.name"),
            km=round(distance_km[place]),
            source=assumptions.figure(f"{SUBJECT}.{place}.winter_design_c").source,
        ),
    )


def _known(assumptions: Assumptions, key: str) -> float:
    """Read a figure without recording a use."""
    return float(assumptions.figure(key).value)
