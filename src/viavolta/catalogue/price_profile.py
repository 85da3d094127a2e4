"""The default wholesale price over a weekday: what energy is worth hour by hour."""

from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from viavolta.catalogue.assumptions import Assumptions

HOURS = 24


class Season(StrEnum):
    """The three days a study is costed on."""

    WINTER = "winter"
    SUMMER = "summer"
    MEAN = "mean"


def wholesale_profile(assumptions: Assumptions, season: Season) -> NDArray[np.float64]:
    """Wholesale price of a weekday by local hour, in EUR per kWh; shape (24,).

    The figures are `prices.<season>.h00_eur_per_kwh` to `h23`.
    """
    keys = [f"prices.{season}.h{hour:02d}_eur_per_kwh" for hour in range(HOURS)]
    return np.array([assumptions.number(key) for key in keys])
