"""Maps without tiles: an own projection true to scale over a city, and its scale bar."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from viavolta.model.messages import text
from viavolta.reports.markup import Html, tag
from viavolta.reports.numbers import number

_KM_PER_DEGREE = 111.195
_MARGIN_PX = 26.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Projection:
    """Equirectangular around the middle of the map: true to scale over a city."""

    west: float
    north: float
    lon_scale: float
    px_per_degree: float
    width: float
    height: float

    def xy(self, lat: float, lon: float) -> tuple[float, float]:
        """Pixels from the top left corner."""
        x = (lon - self.west) * self.lon_scale * self.px_per_degree
        y = (self.north - lat) * self.px_per_degree
        return round(x + _MARGIN_PX, 1), round(y + _MARGIN_PX, 1)

    def km(self, px: float) -> float:
        """Ground distance of a length on the map."""
        return px / self.px_per_degree * _KM_PER_DEGREE


def fit(lat: Sequence[float], lon: Sequence[float], *, width: float, height: float) -> Projection:
    """Give a projection that shows all points within `width` x at most `height` px."""
    south, north, west, east = min(lat), max(lat), min(lon), max(lon)
    lon_scale = max(math.cos(math.radians((south + north) / 2)), 0.05)
    across = max((east - west) * lon_scale, 1e-4)
    down = max(north - south, 1e-4)
    scale = min((width - 2 * _MARGIN_PX) / across, (height - 2 * _MARGIN_PX) / down)
    spare = (width - 2 * _MARGIN_PX) / scale - across
    return Projection(
        west=west - spare / lon_scale / 2,
        north=north,
        lon_scale=lon_scale,
        px_per_degree=scale,
        width=width,
        height=round(down * scale + 2 * _MARGIN_PX, 1),
    )


def scale_bar(view: Projection) -> Html:
    """Give a round length of about a fifth of the width, and where north is."""
    most_km = view.km(view.width / 5)
    step = 10.0 ** math.floor(math.log10(most_km))
    length_km = max(step * k for k in (1, 2, 5) if step * k <= most_km)
    px = length_km / view.km(1)
    y = view.height - 8
    words = (
        text("{n} km", n=number(length_km))
        if length_km >= 1
        else text("{n} m", n=number(1000 * length_km))
    )
    bar = Html(
        f'<path d="M8 {y - 5:g}v5h{px:.1f}v-5" fill="none" stroke="var(--ink)" stroke-width="1.3"/>'
    )
    north = Html(f'<path d="M{view.width - 14:g} 22l5 -14l5 14l-5 -4z" fill="var(--ink)"/>')
    label = tag("text", words, x=f"{px + 14:.1f}", y=f"{y:g}", font_size="11.5", fill="var(--ink)")
    return tag("g", bar, label, north)
