"""Where each node stands in a picture: by its coordinates, or as a tree from the source."""

from dataclasses import dataclass

from viavolta.reports.grid.network import Network
from viavolta.reports.projection import Projection, fit

_MARGIN_PX = 22.0
_LEAST_ROW_PX = 5.0
_MOST_ROW_PX = 22.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """Pixels of each spot; `view` is the projection, None for a schematic."""

    xy: tuple[tuple[float, float], ...]
    width: float
    height: float
    view: Projection | None


def layout_of(network: Network, *, width: float, height: float) -> Layout:
    """Place the spots within a width, at most `height` high where there are coordinates."""
    if network.is_placed:
        view = fit(
            [s.lat for s in network.spots],
            [s.lon for s in network.spots],
            width=width,
            height=height,
        )
        return Layout(
            xy=tuple(view.xy(s.lat, s.lon) for s in network.spots),
            width=view.width,
            height=view.height,
            view=view,
        )
    return _schematic(network, width=width, height=height)


def _schematic(network: Network, *, width: float, height: float) -> Layout:
    """Draw a tree from left to right: steps from the source across, one row per last node."""
    children, order = _tree(network)
    depth = [0] * len(network.spots)
    for i in order:
        for child in children[i]:
            depth[child] = depth[i] + 1
    row: list[float] = [0.0] * len(network.spots)
    n_rows = 0
    for i in _depth_first(children, order):
        if not children[i]:
            row[i] = float(n_rows)
            n_rows += 1
    for i in reversed(order):
        if children[i]:
            row[i] = sum(row[c] for c in children[i]) / len(children[i])
    across = (width - 2 * _MARGIN_PX) / max(1, *depth)
    pitch = min(_MOST_ROW_PX, max(_LEAST_ROW_PX, (height - 2 * _MARGIN_PX) / max(1, n_rows)))
    return Layout(
        xy=tuple(
            (round(_MARGIN_PX + across * d, 1), round(_MARGIN_PX + pitch * r, 1))
            for d, r in zip(depth, row, strict=True)
        ),
        width=width,
        height=round(2 * _MARGIN_PX + pitch * max(1, n_rows - 1), 1),
        view=None,
    )


def _tree(network: Network) -> tuple[list[list[int]], list[int]]:
    """Breadth first from the sources over closed branches; what is not reached starts anew."""
    n = len(network.spots)
    beside: list[list[int]] = [[] for _ in range(n)]
    for link in network.links:
        if link.is_closed:
            beside[link.start].append(link.end)
            beside[link.end].append(link.start)
    starts = [i for i, s in enumerate(network.spots) if s.kind == "source"] + list(range(n))
    children: list[list[int]] = [[] for _ in range(n)]
    order: list[int] = []
    seen: set[int] = set()
    for start in starts:
        if start in seen:
            continue
        seen.add(start)
        queue = [start]
        for i in queue:
            order.append(i)
            for other in beside[i]:
                if other not in seen:
                    seen.add(other)
                    children[i].append(other)
                    queue.append(other)
    return children, order


def _depth_first(children: list[list[int]], order: list[int]) -> list[int]:
    """List the nodes as a pen would draw them, branch after branch."""
    is_child = {c for some in children for c in some}
    stack = [i for i in reversed(order) if i not in is_child]
    found = []
    while stack:
        i = stack.pop()
        found.append(i)
        stack.extend(reversed(children[i]))
    return found
