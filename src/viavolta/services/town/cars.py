"""Who drives an electric car, and when it is at its plug: one draw of chance."""

import dataclasses
from dataclasses import dataclass
from typing import Any

import numpy as np

from viavolta.model.arrays import Floats, Ints
from viavolta.model.stay import StayTable
from viavolta.services.ev_behaviour import Behaviour, draw_stays
from viavolta.services.town.calendar import FIRST, STEP_S
from viavolta.services.town.figures import TownFigures
from viavolta.services.town.place import Place

LONGEST_STAY = np.timedelta64(72, "h")
"""Longer stays are planned as if they ended here, so that a week can be planned on its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cars:
    """Stays of a year of all cars that may become electric and charge at home, V of them.

    Cars become electric in their order: with any share, the first ones are.

    Attributes
    ----------
    stays : `limit` holds the connection of the car, 0..C-1. vehicle : (S,) car of each stay.
    connection : (V,) of each car. plug_kw : (V,).
    """

    stays: StayTable
    vehicle: Ints
    connection: Ints
    plug_kw: Floats

    def first(self, n: int) -> StayTable:
        """Stays of the first n cars."""
        return rows_of(self.stays, np.flatnonzero(self.vehicle < n))


def n_home_cars(place: Place, figures: TownFigures) -> int:
    """Cars that charge at home once all cars are electric."""
    return round(len(place.home) * figures.cars_per_household * figures.home_share)


def draw_cars(
    place: Place,
    n_cars: int,
    *,
    behaviour: Behaviour,
    n_steps: int,
    timezone: str,
    has_v2x: bool,
    rng: np.random.Generator,
) -> Cars:
    """Draw the homes of the cars in the order in which they become electric, and their year.

    The same generator gives the same cars with and without V2X. Every household has a first car
    before any has a second one; who is next is drawn.
    """
    n_homes = len(place.home)
    rounds = -(-n_cars // n_homes)
    household = np.concatenate([rng.permutation(n_homes) for _ in range(rounds)])[:n_cars]
    # who becomes electric next is drawn among all cars, first or second
    connection = place.home[rng.permutation(household)]
    drawn = draw_stays(
        n_cars,
        behaviour=behaviour,
        first=FIRST,
        end=FIRST + n_steps * np.timedelta64(STEP_S, "s"),
        rng=rng,
        timezone=timezone,
        limit=connection,
        has_v2x=has_v2x,
    )
    stays = dataclasses.replace(
        drawn.stays,
        departure=np.minimum(drawn.stays.departure, drawn.stays.arrival + LONGEST_STAY),
    )
    return Cars(stays=stays, vehicle=drawn.vehicle, connection=connection, plug_kw=drawn.plug_kw)


def rows_of(stays: StayTable, rows: Ints) -> StayTable:
    """Some stays of a table."""
    fields: dict[str, Any] = {}
    for field in dataclasses.fields(stays):
        value = getattr(stays, field.name)
        if isinstance(value, tuple):
            fields[field.name] = tuple(value[row] for row in rows) if value else ()
        else:
            fields[field.name] = value[rows]
    return StayTable(**fields)
