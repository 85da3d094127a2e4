"""Distances on the globe."""

import numpy as np
from numpy.typing import ArrayLike

from viavolta.model.trip import Floats

EARTH_RADIUS_KM = 6371.0088
"""Mean radius of the Earth, R1 of the IUGG (Moritz, Geodetic Reference System 1980)."""


def great_circle_km(lat1: ArrayLike, lon1: ArrayLike, lat2: ArrayLike, lon2: ArrayLike) -> Floats:
    """Great-circle distance by the haversine formula (R. W. Sinnott, Sky & Telescope 68, 1984).

    Parameters
    ----------
    lat1, lon1, lat2, lon2
        Degrees, WGS84; shapes that broadcast together.

    Returns
    -------
    Floats
        Kilometres, in the shape they broadcast to (0-dimensional for plain numbers).
    """
    phi1, phi2 = np.radians(lat1), np.radians(lat2)
    half_dlat = (phi2 - phi1) / 2.0
    half_dlon = (np.radians(lon2) - np.radians(lon1)) / 2.0
    h = np.sin(half_dlat) ** 2 + np.cos(phi1) * np.cos(phi2) * np.sin(half_dlon) ** 2
    return np.asarray(2.0 * EARTH_RADIUS_KM * np.arcsin(np.sqrt(np.clip(h, 0.0, 1.0))))
