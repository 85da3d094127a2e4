"""The strategies side by side: bars of cost and peak, their figures, and why they differ."""

import polars as pl

from viavolta.model.messages import text
from viavolta.reports.charts import NARROW_PX, Spec
from viavolta.reports.figure import paragraph, section
from viavolta.reports.markup import Html, fill, tag
from viavolta.reports.numbers import change, number, percent
from viavolta.reports.picture import Picture
from viavolta.reports.simulation.facts import COLOURS, SimulationFacts
from viavolta.reports.tables import Column, table, values, words
from viavolta.services.simulation.strategies import Strategy

_HIGH_SHARE = 0.5


def strategies(facts: SimulationFacts) -> Html:
    """Show cost, peak and missing energy of each strategy."""
    intro = paragraph(
        text(
            "Every strategy saw the same vehicles arrive. A vehicle is unknown before it arrives; "
            "then its departure and energy are what its driver said, or what the past suggests. "
            "What is shown is what came of it when the vehicle left as it really did."
        )
    )
    return section("strategies", text("The strategies side by side"), intro, _bars(facts))


def _panels(facts: SimulationFacts) -> list[tuple[str, str]]:
    every = (
        ("eur_per_kwh", text("EUR per kWh")),
        ("peak_kw", text("Highest load (kW)")),
        ("unmet_kwh", text("Missing energy (kWh)")),
    )
    return [(k, t) for k, t in every if any(facts.of(s, k) is not None for s in facts.figures)]


def strategy_table(
    facts: SimulationFacts,
) -> tuple[tuple[Column, ...], list[tuple[object, ...]]]:
    """Give columns and rows of the figures of each strategy."""
    columns = (words(text("Figure")), *(values(facts.label(s)) for s in facts.figures))
    rows: list[tuple[object, ...]] = [
        (title, *(facts.of(s, key) for s in facts.figures)) for key, title in _figure_rows()
    ]
    return columns, rows


def _bars(facts: SimulationFacts) -> Html:
    columns, rows = strategy_table(facts)
    listed = table("strategies", columns, rows, caption=text("Figures of each strategy"))
    return strategy_picture(facts).on_page(listed)


def strategy_picture(facts: SimulationFacts) -> Picture:
    """Draw price, peak and missing energy of each strategy."""

    def make(width: int) -> Spec:
        panels = [_panel(facts, key, title, width=width) for key, title in _panels(facts)]
        return {"vconcat": panels, "spacing": 26}

    return Picture(
        name="strategies",
        title=text("Price, peak and missing energy"),
        make=make,
        alt=text("Bars: price per kWh, highest load and missing energy of each strategy"),
        legend=(),
        caption=text(
            "The price is what all vehicles pay for energy, wear and peaks, per kWh at the plug. "
            "Missing is what a vehicle took in truth and would not have got."
        ),
    )


def _panel(facts: SimulationFacts, key: str, title: str, *, width: int) -> Spec:
    names = [facts.label(s) for s in facts.figures]
    colours = [f"var({COLOURS[s]})" for s in facts.figures]
    digits = 4 if key == "eur_per_kwh" else 1
    data = [
        {"s": facts.label(s), "v": facts.of(s, key) or 0.0, "t": number(facts.of(s, key), digits)}
        for s in facts.figures
    ]
    y = {"field": "s", "type": "nominal", "sort": names, "title": None, "axis": {"labelLimit": 170}}
    x = {
        "field": "v",
        "type": "quantitative",
        "title": title,
        "axis": {"tickCount": 4, "grid": True},
    }
    return {
        "width": width - (190 if width > NARROW_PX else 200),
        "height": 24 * len(names),
        "data": {"values": data},
        "layer": [
            {
                "mark": {"type": "bar", "height": 14},
                "encoding": {
                    "x": x,
                    "y": y,
                    "color": {
                        "field": "s",
                        "type": "nominal",
                        "scale": {"domain": names, "range": colours},
                        "legend": None,
                    },
                },
            },
            {
                "mark": {"type": "text", "align": "left", "dx": 4},
                "encoding": {"x": x, "y": y, "text": {"field": "t", "type": "nominal"}},
            },
        ],
    }


def _figure_rows() -> list[tuple[str, str]]:
    return [
        ("cost_eur", text("Cost (EUR)")),
        ("energy_eur", text("of that energy (EUR)")),
        ("peak_eur", text("of that peaks (EUR)")),
        ("wear_eur", text("of that wear (EUR)")),
        ("cost_with_unmet_eur", text("Cost with missing energy at its price (EUR)")),
        ("eur_per_kwh", text("EUR per kWh")),
        ("charged_kwh", text("Charged at the plugs (kWh)")),
        ("discharged_kwh", text("Given back (kWh)")),
        ("delivered_kwh", text("Into batteries, net (kWh)")),
        ("unmet_kwh", text("Missing energy (kWh)")),
        ("unmet_stays", text("Stays with missing energy")),
        ("peak_kw", text("Highest load (kW)")),
        ("hours_at_limit", text("Hours at a limit")),
        ("hours_above_limit", text("Hours above a limit")),
        ("charging_share", text("Share of plugged-in time with power")),
        ("ready_h", text("Hours until charged, mean")),
    ]


def reasons(facts: SimulationFacts) -> Html:
    """Answer why, from the figures: when each strategy charged, and what it cost in comfort."""
    base = facts.baseline()
    answers = [
        _why(
            text("Why does {name} cost what it does?", name=facts.label(s)), _price(facts, s, base)
        )
        for s in facts.figures
        if s is not base
    ]
    if Strategy.SMART_V2X in facts.figures:
        answers.append(_why(text("Why is giving back worth so much, or so little?"), _v2x(facts)))
    answers.append(_why(text("Why is the highest load what it is?"), _peak(facts)))
    return section("reasons", text("Why?"), *answers)


def _why(question: str, answer: Html) -> Html:
    return tag("div", tag("h3", question), paragraph(answer))


def _price(facts: SimulationFacts, strategy: Strategy, base: Strategy) -> Html:
    """Share of the energy that was charged in the dearer half of the hours."""
    return fill(
        text(
            "Of its energy {share} was charged in the dearer half of all steps ({name}: {other}). "
            "The price per kWh changes by {change}; vehicles are ready after {ready} h on average "
            "instead of {before} h."
        ),
        share=percent(_dear_share(facts, strategy)),
        name=facts.label(base),
        other=percent(_dear_share(facts, base)),
        change=change(facts.of(strategy, "eur_per_kwh"), facts.of(base, "eur_per_kwh")),
        ready=number(facts.of(strategy, "ready_h"), 1),
        before=number(facts.of(base, "ready_h"), 1),
    )


def _dear_share(facts: SimulationFacts, strategy: Strategy) -> float | None:
    price = facts.table("signals").group_by("start").agg(pl.col("buy_eur_per_kwh").mean())
    middle = price["buy_eur_per_kwh"].quantile(_HIGH_SHARE, interpolation="lower")
    schedule = facts.table("schedule").filter(
        (pl.col("strategy") == strategy.value) & (pl.col("power_kw") > 0)
    )
    joined = schedule.join(price, on="start")
    total = float(joined["power_kw"].sum())
    dear = float(joined.filter(pl.col("buy_eur_per_kwh") > middle)["power_kw"].sum())
    return dear / total if total else None


def _v2x(facts: SimulationFacts) -> Html:
    signals = facts.table("signals")
    spread = float((signals["buy_eur_per_kwh"] - signals["sell_eur_per_kwh"]).mean() or 0.0)  # type: ignore[arg-type] # a mean of numbers
    return fill(
        text(
            "{n} stays could give back, and gave back {back} kWh. A kWh pays only where a later "
            "one is cheaper by the difference of buying and selling, {spread} EUR on average, plus "
            "wear and losses; under a limit it also pays where it lets a neighbour charge."
        ),
        n=number(facts.number("vehicles_giving_back")),
        back=number(facts.of(Strategy.SMART_V2X, "discharged_kwh"), 1),
        spread=number(spread, 4),
    )


def _peak(facts: SimulationFacts) -> Html:
    base = facts.baseline()
    parts = [
        text(
            "{name}: {above} h above a limit, {at} h at one.",
            name=facts.label(s),
            above=number(facts.of(s, "hours_above_limit"), 1),
            at=number(facts.of(s, "hours_at_limit"), 1),
        )
        for s in facts.figures
    ]
    first = text(
        "Without a price for the peak, nothing but the limits keeps a strategy from charging all "
        "at once in the cheapest hour. {name} ignores limits.",
        name=facts.label(base),
    )
    return fill("{a} {b}", a=first if base is Strategy.UNCONTROLLED else "", b=" ".join(parts))
