"""What the cost is made of, and what energy it bought."""

import numpy as np

from viavolta.model.messages import text
from viavolta.reports.charge.facts import ChargeFacts
from viavolta.reports.charge.flows import Flows
from viavolta.reports.charge.words import euros
from viavolta.reports.charts import NARROW_PX, Spec
from viavolta.reports.figure import missing, paragraph, section
from viavolta.reports.markup import Html, clip, fill, tag
from viavolta.reports.picture import Picture
from viavolta.reports.tables import figures, table, words

_NOTHING_EUR = 1e-9


def costs(facts: ChargeFacts, flows: Flows | None) -> Html:
    """Build the section: items of the cost, and energy bought and sold."""
    title = text("What it costs")
    cost = facts.number("cost_eur")
    if cost is None:
        return section("costs", title, missing(text("cost")))
    items = _items(facts)
    energy = None if flows is None else _energy_table(flows)
    return section(
        "costs",
        title,
        _words(facts, cost),
        _figure(items, cost) if items else missing(text("items of the cost")),
        energy,
    )


def _items(facts: ChargeFacts) -> list[tuple[str, float]]:
    """Items that are not zero, largest first."""
    given = facts.items("cost_items_eur")
    items = [(name, eur) for name, eur in given.items() if abs(eur) > _NOTHING_EUR]
    return sorted(items, key=lambda item: (-abs(item[1]), item[0]))


def item_name(key: str) -> str:
    """Give an item in plain words; one that is not known here by its own name."""
    names = {
        "energy": text("Energy at the roots"),
        "wear": text("Wear of batteries by discharging"),
        "ageing": text("Ageing of full batteries"),
        "peaks": text("Capacity prices"),
        "peak": text("Capacity prices"),
        "unmet": text("Energy not delivered"),
        "unfair": text("Unfair shares"),
        "fairness": text("Unfair shares"),
        "early": text("Early departures, expected"),
        "early_departure": text("Early departures, expected"),
        "carbon": text("Carbon"),
    }
    bare = key.removesuffix("_eur")
    words_ = clip(bare, 60).replace("_", " ")
    return names.get(bare, words_[:1].upper() + words_[1:])


def _words(facts: ChargeFacts, cost: float) -> Html:
    alone, plain = facts.number("cost_without_vehicles_eur"), facts.number("cost_unmanaged_eur")
    if alone is None or plain is None:
        return paragraph(fill(text("The bill is {cost}."), cost=tag("strong", euros(cost))))
    return paragraph(
        fill(
            text(
                "The bill is {cost}. Without any vehicle it would be {alone}, so charging adds "
                "{added}; uncontrolled charging would add {plain}."
            ),
            cost=tag("strong", euros(cost)),
            alone=euros(alone),
            added=tag("strong", euros(cost - alone)),
            plain=euros(plain - alone),
        )
    )


def cost_picture(facts: ChargeFacts) -> Picture | None:
    """Draw the items of the cost; None where the study has none."""
    items = _items(facts)
    return _picture(items) if items else None


def _figure(items: list[tuple[str, float]], cost: float) -> Html:
    listed = table(
        "costs",
        (words(text("Item")), figures(text("EUR"), 2)),
        [(item_name(name), eur) for name, eur in items],
        caption=text("Items of the cost"),
        total=(text("Together"), cost),
    )
    return _picture(items).on_page(listed)


def _picture(items: list[tuple[str, float]]) -> Picture:
    values = [{"item": item_name(name), "eur": eur} for name, eur in items]

    def make(width: int) -> Spec:
        narrow = width <= NARROW_PX
        axis = {"labelLimit": 130 if narrow else 260, "ticks": False, "domain": False}
        return {
            "width": width - (150 if narrow else 290),
            "height": {"step": 28},
            "data": {"values": values},
            "mark": {"type": "bar", "color": "var(--c-trip)", "height": 16},
            "encoding": {
                "y": {
                    "field": "item",
                    "type": "nominal",
                    "title": None,
                    "scale": {"domain": [value["item"] for value in values]},
                    "axis": {**axis, "labelColor": "var(--ink)"},
                },
                "x": {
                    "field": "eur",
                    "type": "quantitative",
                    "title": text("EUR"),
                    "axis": {"format": ",.3~f", "tickCount": 3 if narrow else 6, "grid": True},
                },
            },
        }

    return Picture(
        name="costs",
        title=text("Items of the cost"),
        make=make,
        alt=text("Bars: the items of the cost in EUR"),
        legend=(),
        caption=text("A bar to the left of zero is earned. Items that are zero are left out."),
    )


def _energy_table(flows: Flows) -> Html:
    """Energy bought and sold at the roots, with its mean price, for the three cases."""
    roots, step_h = flows.roots, flows.clock.step_h
    buy, sell = roots["buy_eur_per_kwh"].to_numpy(), roots["sell_eur_per_kwh"].to_numpy()
    cases = (
        (text("This schedule"), "net_kw"),
        (text("Uncontrolled"), "net_unmanaged_kw"),
        (text("No vehicle at all"), "base_kw"),
    )
    rows: list[tuple[object, ...]] = []
    for name, column in cases:
        net_kwh = roots[column].to_numpy() * step_h
        bought, sold = np.maximum(net_kwh, 0.0), np.maximum(-net_kwh, 0.0)
        paid, earned = float((bought * buy).sum()), float((sold * sell).sum())
        bought_kwh, sold_kwh = float(bought.sum()), float(sold.sum())
        price = paid / bought_kwh if bought_kwh > 0 else None
        rows.append((name, bought_kwh, paid, price, sold_kwh, earned))
    columns = (
        words(text("Case")),
        figures(text("Bought (kWh)"), 1),
        figures(text("Paid (EUR)"), 2),
        figures(text("Mean price (EUR per kWh)"), 4),
        figures(text("Sold (kWh)"), 1),
        figures(text("Earned (EUR)"), 2),
    )
    return table("energy", columns, rows, caption=text("Energy bought and sold at the roots"))
