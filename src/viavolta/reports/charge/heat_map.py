"""The map of prices: a line per limit, time to the right, darker where a kW is worth more."""

import numpy as np

from viavolta.model.arrays import Floats
from viavolta.model.messages import text
from viavolta.reports.charge.clock import LocalClock
from viavolta.reports.charge.flows import Flows
from viavolta.reports.charge.power import time_x
from viavolta.reports.charge.worth import Worth
from viavolta.reports.charts import NARROW_PX, Spec, chart
from viavolta.reports.figure import figure, legend_of, swatch
from viavolta.reports.markup import Html, clip
from viavolta.reports.numbers import number
from viavolta.reports.tables import figures, table, words

_COLUMNS_WIDE, _COLUMNS_NARROW = 96, 48
_LISTED = 2000
_SHADES = (0.15, 0.4, 0.7, 1.0)


def heat_map(worth: list[Worth], flows: Flows) -> Html:
    """Draw the prices of some limits over time, one line each."""
    local = flows.clock
    labels = [f"{i + 1}. {clip(one.binding.limit_id, 22)}" for i, one in enumerate(worth)]
    dearest = max(float(one.price.max()) for one in worth)

    def make(width: int) -> Spec:
        narrow = width <= NARROW_PX
        points = _COLUMNS_NARROW if narrow else _COLUMNS_WIDE
        cells = [
            cell
            for label, one in zip(labels, worth, strict=True)
            for cell in _cells(one.price, local, points=points, label=label)
        ]
        return _heat_spec(cells, labels, local, width=width, dearest=dearest)

    wide_s = local.steps_together(_COLUMNS_WIDE) * local.step_s
    caption = text(
        "Dearest first. The darker, the more one more kW would save; a cell is the mean price over "
        "{minutes:g} minutes, on a phone over more.",
        minutes=wide_s / 60,
    )
    return figure(
        "prices",
        title=text("Price of limits over time"),
        legend=legend_of(
            (_shade(share), text("{n} EUR per kWh", n=number(share * dearest, 3)))
            for share in _SHADES
        ),
        picture=chart("prices", make, alt=text("Heat map: prices of the dearest limits over time")),
        caption=caption,
        table=_heat_table(worth, flows),
    )


def _shade(share: float) -> Html:
    return swatch(f'<path d="M3 0h16v12h-16z" fill="var(--c-empty)" fill-opacity="{share:g}"/>')


def _cells(
    price: Floats, local: LocalClock, *, points: int, label: str
) -> list[dict[str, object]]:  # fmt: skip
    """Mean price of each column of the map, where it is not zero."""
    wide = local.steps_together(points)
    n_cells = -(-local.n_steps // wide)
    padded = np.concatenate((price, np.zeros(n_cells * wide - local.n_steps)))
    n_steps = np.minimum(wide, local.n_steps - wide * np.arange(n_cells))
    mean = padded.reshape(n_cells, wide).sum(axis=1) / n_steps
    return [
        {
            "s": int(i) * wide * local.step_s,
            "e": min(int(i + 1) * wide * local.step_s, local.length_s),
            "price": float(mean[i]),
            "limit": label,
        }
        for i in np.flatnonzero(mean > 0)
    ]


def _heat_spec(
    cells: list[dict[str, object]],
    labels: list[str],
    local: LocalClock,
    *,
    width: int,
    dearest: float,
) -> Spec:
    """Shade is opacity, so that one colour serves light, dark and print."""
    narrow = width <= NARROW_PX
    return {
        "width": width - (95 if narrow else 175),
        "height": {"step": 22},
        "data": {"values": cells},
        "mark": {"type": "rect", "color": "var(--c-empty)"},
        "encoding": {
            "x": time_x(local, width=NARROW_PX if narrow else width, with_title=True),
            "x2": {"field": "e"},
            "y": {
                "field": "limit",
                "type": "nominal",
                "title": None,
                "scale": {"domain": labels},
                "axis": {"labelLimit": 80 if narrow else 180},
            },
            "fillOpacity": {
                "field": "price",
                "type": "quantitative",
                "scale": {"domain": [0, dearest], "range": [0.04, 1]},
                "legend": None,
            },
        },
    }


def _heat_table(worth: list[Worth], flows: Flows) -> Html:
    """One line per limit and run of steps at one price."""
    local = flows.clock
    rows = []
    for one in worth:
        price = one.price
        edges = np.flatnonzero(np.diff(price, prepend=np.nan) != 0)
        ends = np.append(edges[1:], len(price))
        rows += [
            (one.binding.limit_id, local.moment(a * local.step_s), local.moment(b * local.step_s),
             float(price[a]))
            for a, b in zip(edges.tolist(), ends.tolist(), strict=True)
            if price[a] > 0
        ]  # fmt: skip
    columns = (
        words(text("Limit")),
        words(text("From")),
        words(text("To")),
        figures(text("Price (EUR per kWh)"), 4),
    )
    caption = text("Prices of the drawn limits; the table prices has every limit")
    if len(rows) > _LISTED:
        caption = text(
            "The first {n} of {all} prices of the drawn limits; the table prices has every limit",
            n=number(_LISTED),
            all=number(len(rows)),
        )
    return table("prices", columns, rows[:_LISTED], caption=caption)
