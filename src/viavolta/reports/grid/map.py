"""The map of the grid: branches by their highest loading, nodes by their worst voltage.

Colours are told apart without colour vision and in print; width and shape say the same again.
Paint stands in the elements and not in the style sheet, so that paper can take the picture, too.
"""

from viavolta.model.messages import text
from viavolta.reports.figure import figure, legend_of, missing, section, swatch
from viavolta.reports.grid.facts import GridFacts, strategy_label
from viavolta.reports.grid.grade import titled
from viavolta.reports.grid.layout import Layout, layout_of
from viavolta.reports.grid.network import Link, Network, Spot, network_of
from viavolta.reports.grid.why import why_of
from viavolta.reports.markup import Html, clip, join, tag
from viavolta.reports.numbers import number
from viavolta.reports.projection import scale_bar
from viavolta.reports.tables import figures, table, words

_CLASSES = (
    (50.0, "--quiet", 1.6),
    (80.0, "--r5", 2.4),
    (100.0, "--r4", 3.4),
    (float("inf"), "--r1", 4.8),
)
"""Highest loading in percent (inclusive), colour, width in px."""
_UNKNOWN = ("--line-strong", 1.2)
_LISTED = 200


def grid_map(facts: GridFacts) -> Html | None:
    """Show the grid under the first strategy, and under the one with most control beside it."""
    title = text("Where the grid is short")
    if not facts.has("nodes") or not facts.has("branches"):
        return None
    drawn = [
        _figure(facts, strategy, name)
        for strategy, name in zip(_shown(facts), ("map", "map-managed"), strict=False)
    ]
    there = [one for one in drawn if one is not None]
    return section("map", title, *(there or [missing(text("grid to draw"))]))


def _shown(facts: GridFacts) -> tuple[str | None, ...]:
    """Choose the strategies that get a map: uncontrolled, and the last one beside it."""
    kept = [
        s
        for s in facts.strategies
        if facts.table("loadings", s) is not None or facts.table("voltages", s) is not None
    ]
    if not kept or not _by_strategy(facts):
        return (None,)
    first = facts.first if facts.first in kept else kept[0]
    return (first,) if kept[-1] == first else (first, kept[-1])


def _by_strategy(facts: GridFacts) -> bool:
    return any(
        "strategy" in facts.study.tables[name].columns
        for name in ("loadings", "voltages")
        if name in facts.study.tables
    )


def first_strategy(facts: GridFacts) -> str | None:
    """Give the strategy whose map stands for the study; None where there is only one case."""
    return _shown(facts)[0]


def _figure(facts: GridFacts, strategy: str | None, name: str) -> Html | None:
    network = network_of(facts, strategy)
    if network is None:
        return None
    pictures = [
        draw(network, size=size, width=width, height=height)
        for size, width, height in (("wide", 760.0, 620.0), ("narrow", 340.0, 460.0))
    ]
    return figure(
        name,
        title=titled(_title(facts, strategy), facts),
        picture=join(pictures),
        legend=legend_of(legend(network)),
        caption=join((tag("p", caption(network)), _why(facts))),
        table=_tables(network, name),
        table_label=text("The worst branches and nodes as tables"),
    )


def _title(facts: GridFacts, strategy: str | None) -> str:
    if strategy is None:
        return text("Highest loading and worst voltage of {period}", period=facts.period)
    return text("Worst of {period}: {s}", period=facts.period, s=strategy_label(strategy))


def _why(facts: GridFacts) -> Html:
    return why_of(
        facts,
        "map",
        text(
            "max_percent in the table loadings colours the branches, hours_outside, min_pu and "
            "max_pu in the table voltages the nodes. Each shows its own worst moment; "
            "they need not fall together."
        ),
    )


def alt(network: Network) -> str:
    """Say what the picture shows for those who cannot see it."""
    over = sum((link.percent or 0) > _CLASSES[-2][0] for link in network.links)
    outside = sum(spot.low or spot.high for spot in network.spots)
    return text(
        "The grid with {n} nodes and {b} branches: {over} branches above their rating, {outside} "
        "nodes or low-voltage grids outside the voltage band",
        n=network.n_nodes,
        b=network.n_branches,
        over=over,
        outside=outside,
    )


def caption(network: Network) -> str:
    """Say how the picture is to be read."""
    placed = (
        text("North is up.")
        if network.is_placed
        else text(
            "A schematic: the source is on the left, each step to the right is one branch further "
            "from it. The grid has no coordinates for all of its nodes."
        )
    )
    gathered = (
        text("The low-voltage grid behind each transformer is one mark, with its worst values.")
        if network.is_gathered
        else ""
    )
    return f"{placed} {gathered}".strip()


def draw(network: Network, *, size: str | None, width: float, height: float) -> Html:
    """Draw the map or the schematic; `size` is that of the page, None on paper."""
    plan = layout_of(network, width=width, height=height)
    return tag(
        "svg",
        _links(network, plan),
        _spots(network, plan),
        None if plan.view is None else scale_bar(plan.view),
        class_="map",
        viewBox=f"0 0 {plan.width:g} {plan.height:g}",
        width=f"{plan.width:g}",
        height=f"{plan.height:g}",
        role="img",
        aria_label=alt(network),
        data_size=size,
    )


def _class_of(percent: float | None) -> tuple[str, float]:
    if percent is None:
        return _UNKNOWN
    return next((c, w) for most, c, w in _CLASSES if percent <= most)


def _links(network: Network, plan: Layout) -> Html:
    """Draw the fullest branches last, on top."""
    ordered = sorted(network.links, key=lambda link: -1.0 if link.percent is None else link.percent)
    return tag("g", *(_line(link, plan) for link in ordered), fill="none", stroke_linecap="round")


def _line(link: Link, plan: Layout) -> Html:
    (x0, y0), (x1, y1) = plan.xy[link.start], plan.xy[link.end]
    colour, width = _class_of(link.percent)
    bent = plan.view is None and y0 != y1 and x0 != x1
    way = f"M{x0:g} {y0:g}" + (f"V{y1:g}H{x1:g}" if bent else f"L{x1:g} {y1:g}")
    return tag(
        "path",
        tag("title", _branch_words(link)),
        d=way,
        stroke=f"var({colour})",
        stroke_width=f"{width:g}",
        stroke_dasharray=None if link.is_closed else "2 4",
    )


def _branch_words(link: Link) -> str:
    name = clip(link.name, 60)
    if not link.is_closed:
        return text("{name}: open", name=name)
    if link.percent is None:
        return name
    return text(
        "{name}: at most {p} %, over its rating for {h} h",
        name=name,
        p=number(link.percent),
        h=number(link.hours, 1),
    )


def _spots(network: Network, plan: Layout) -> Html:
    """Draw those outside the band last, on top."""
    ordered = sorted(zip(network.spots, plan.xy, strict=True), key=lambda one: one[0].hours)
    small = len(network.spots) > _LISTED
    return tag("g", *(_mark(spot, x, y, small=small) for spot, (x, y) in ordered))


def _mark(spot: Spot, x: float, y: float, *, small: bool) -> Html:
    shape = _shape(spot, small=small)
    return tag("g", tag("title", _node_words(spot)), shape, transform=f"translate({x:g} {y:g})")


def _shape(spot: Spot, *, small: bool = False) -> Html:
    """Square for the source, triangle outside the band, circle within it."""
    edge = 'stroke="var(--raised)" stroke-width="1"'
    if spot.kind == "source":
        return Html(f'<path d="M-6 -6h12v12h-12z" fill="var(--ink)" {edge}/>')
    if spot.low:
        return Html(f'<path d="M-6.5 -4.5h13l-6.5 11z" fill="var(--r0)" {edge}/>')
    if spot.high:
        return Html(f'<path d="M-6.5 4.5h13l-6.5 -11z" fill="var(--r3)" {edge}/>')
    if spot.n_nodes > 1:
        colour, _ = _class_of(spot.loading)
        return Html(f'<circle r="5" fill="var({colour})" stroke="var(--ink)" stroke-width="1"/>')
    radius = 1.6 if small else 2.6
    return Html(f'<circle r="{radius}" fill="var(--raised)" stroke="var(--ink)" stroke-width="1"/>')


def _node_words(spot: Spot) -> str:
    name = clip(spot.name, 60)
    if spot.n_nodes > 1:
        name = text("Low voltage behind {name}, {n} nodes", name=name, n=spot.n_nodes)
    if spot.min_pu is None or spot.max_pu is None:
        return name
    return text(
        "{name}: {low} to {high} pu, outside the band for {h} h",
        name=name,
        low=number(spot.min_pu, 3),
        high=number(spot.max_pu, 3),
        h=number(spot.hours, 1),
    )


def legend(network: Network) -> list[tuple[Html, str]]:
    """Which mark means what; only marks that are drawn."""

    def line(colour: str, width: float) -> Html:
        return swatch(
            f'<path d="M1 6h20" fill="none" stroke="var({colour})" stroke-width="{width:g}" '
            'stroke-linecap="round"/>'
        )

    labels = (
        text("up to 50 %"),
        text("up to 80 %"),
        text("up to 100 %"),
        text("above its rating"),
    )
    entries = [
        (line(colour, width), label)
        for (_, colour, width), label in zip(_CLASSES, labels, strict=True)
    ]

    def symbol(spot: Spot) -> Html:
        return swatch(f'<g transform="translate(11 6) scale(.85)">{_shape(spot)}</g>')

    source = [s for s in network.spots if s.kind == "source"]
    others = [s for s in network.spots if s.kind != "source"]
    kinds = (
        (text("Source"), source),
        (text("Voltage too low"), [s for s in others if s.low]),
        (text("Voltage too high"), [s for s in others if s.high and not s.low]),
        (
            text("Low-voltage grid"),
            [s for s in others if s.n_nodes > 1 and not s.low and not s.high],
        ),
    )
    entries.extend((symbol(found[0]), label) for label, found in kinds if found)
    return entries


def _tables(network: Network, name: str) -> Html:
    links = sorted(network.links, key=lambda link: -(link.percent or 0.0))[:_LISTED]
    spots = sorted(network.spots, key=lambda s: (-s.hours, s.min_pu or 1.0))[:_LISTED]
    branches = table(
        f"{name}-branches",
        (
            words(text("Branch")),
            words(text("Kind")),
            words(text("From")),
            words(text("To")),
            figures(text("Highest loading (%)"), 1),
            figures(text("Hours over")),
        ),
        (
            (
                k.name,
                k.kind,
                network.spots[k.start].name,
                network.spots[k.end].name,
                k.percent,
                k.hours,
            )
            for k in links
        ),
        caption=_cut(text("Branches, fullest first"), len(links), len(network.links)),
    )
    nodes = table(
        f"{name}-nodes",
        (
            words(text("Node")),
            words(text("Kind")),
            figures(text("Lowest voltage (pu)"), 3),
            figures(text("Highest voltage (pu)"), 3),
            figures(text("Hours outside the band"), 1),
        ),
        ((s.name, s.kind, s.min_pu, s.max_pu, s.hours) for s in spots),
        caption=_cut(text("Nodes, worst first"), len(spots), len(network.spots)),
    )
    return join((branches, nodes))


def _cut(title: str, shown: int, there: int) -> str:
    if shown == there:
        return title
    return text(
        "{title} ({n} of {all}; the study's tables have the rest)", title=title, n=shown, all=there
    )
