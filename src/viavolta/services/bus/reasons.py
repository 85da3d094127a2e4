"""The sentences of the table why, by their codes, so that they can be said in any language later.

The table keeps both: the words in the language of the run, and `codes`, the same as codes with
their values.
"""

import json
from collections.abc import Mapping
from typing import Any

from viavolta.model.messages import text

Said = tuple[str, Mapping[str, Any]]
"""A sentence as its code and the values in it."""

NOTHING: Said = ("", {})
"""Nothing is said."""


def said(code: str, values: Mapping[str, Any]) -> str:  # noqa: C901, PLR0911, PLR0912 - one case per sentence
    """Say a sentence in the language in use; an unknown code says nothing."""
    match code:
        case "fleet":
            return text(
                "{n} buses serve the day; with batteries that never empty it would be {m}.",
                **values,
            )
        case "timetable-binds":
            return text(
                "The timetable: with {kmh:.0f} km/h between trips and the least layover no plan "
                "does with fewer buses.",
                **values,
            )
        case "battery-saves-none":
            return text("A larger battery saves no bus.")
        case "battery-binds":
            return text("The battery and the time to charge; buses more: {k}.", **values)
        case "bus-fewer":
            return text(
                "Each bus fewer saves {eur:,.0f} EUR a year, battery not counted.", **values
            )
        case "cheapest-type":
            return text(
                "{name} with points of {kw:g} kW is the cheapest of {n} combinations tried.",
                **values,
            )
        case "one-tried":
            return text("The effort asked for: one was tried.")
        case "costs-together":
            return text("The cost of vehicles, batteries, points and ways together.")
        case "next-best":
            return text(
                "The next best, {name} with {kw:g} kW, needs {n} buses and costs {eur:,.0f} EUR "
                "more.",
                **values,
            )
        case "peak":
            return text(
                "{name} takes {peak:,.0f} kW at most instead of {other:,.0f} kW when charging at "
                "once.",
                **values,
            )
        case "grid-binds":
            return text("The grid at the node of the depot: {element}.", **values)
        case "connection-binds":
            return text("The connection of {kw:,.0f} kW that you gave.", **values)
        case "capacity-price-binds":
            return text("The capacity price and the connection against the hours with low prices.")
        case "kw-not-worth":
            return text(
                "One more kW costs {eur:,.2f} EUR a year and would save no more than that.",
                **values,
            )
        case "kw-worth":
            return text("One more kW would save {eur:,.2f} EUR a year.", **values)
        case "points":
            return text(
                "{name} needs {n} points for {b} buses: each bus holds its point from arrival to "
                "departure, {m} of them charge enough at midday to leave theirs at night.",
                **values,
            )
        case "terminal-points":
            return text(
                "{name} needs {n} points of {kw:,.0f} kW: {s} times a day a bus charges there "
                "between two trips, {kwh:,.0f} kWh in all.",
                **values,
            )
        case "terminal-crowd-binds":
            return text("The minutes in which most buses stand there.")
        case "terminal-power-binds":
            return text("All points there at full power at once.")
        case "terminal-room-binds":
            return text(
                "The room for {room} points that you gave: {n} stays went back to the planner.",
                **values,
            )
        case "terminal-connection-binds":
            return text(
                "The connection, which holds {room} buses charging at once: {n} stays went back to "
                "the planner.",
                **values,
            )
        case "terminal-point-fewer":
            return text("Each point fewer saves {eur:,.0f} EUR a year.", **values)
        case "night-binds":
            return text("The night.")
        case "midday-binds":
            return text("Midday.")
        case "point-fewer":
            return text(
                "At midday {d} points would do. Each point fewer saves {eur:,.0f} EUR a year.",
                **values,
            )
        case "ways":
            return text(
                "{km:,.0f} km of {total:,.0f} km a day are driven without passengers.", **values
            )
        case "ways-bind":
            return text("Where the depots lie; returns to charge within the day: {n}.", **values)
        case "way-km":
            return text(
                "One kilometre a day fewer saves {eur:,.0f} EUR a year in maintenance and drivers' "
                "time.",
                **values,
            )
        case "energy":
            return text("Sized for {c:.1f} °C: {kwh:,.2f} kWh per km.", **values)
        case "cold-binds":
            return text("The colder of the two design days takes more energy.")
        case "heat-binds":
            return text("The hotter of the two design days takes more energy.")
        case "degree-more":
            return text("One degree further would take {kwh:,.0f} kWh more a day.", **values)
        case "cost":
            return text(
                "The largest item is {item} with {share:.0%} of the cost.",
                **{**values, "item": item_words(str(values["item"]))},
            )
        case "cost-bound":
            return text(
                "Buses, energy and kilometres alone cost {eur:,.0f} EUR in any plan.", **values
            )
        case "cent-more":
            return text("One cent more per kWh costs {eur:,.0f} EUR a year.", **values)
        case "carbon":
            return text("{kwh:,.0f} kWh a year from the grid, at {g:,.0f} g per kWh.", **values)
        case "electricity-binds":
            return text("How the electricity is made.")
        case "gram-less":
            return text("10 g less per kWh would save {t:,.1f} tonnes a year.", **values)
        case "node":
            return text(
                "Node {node} takes {kw:,.0f} kW for {depot} while the other depots draw all of "
                "theirs; the connection has {has:,.0f} kW.",
                **values,
            )
        case "element-binds":
            return text("{element} with one kW more.", **values)
        case "nothing-binds":
            return text("Nothing.")
        case _:
            return _said_of_alternatives(code, values)


def _said_of_alternatives(code: str, values: Mapping[str, Any]) -> str:  # noqa: PLR0911 - one case per sentence
    """Say a sentence about the plan beside other plans; an unknown code says nothing."""
    named = {**values}
    if "name" in named:
        named["name"] = _capital(alternative_words(str(values["name"])))
    match code:
        case "alternative-best":
            return text(
                "The cheapest of {n} plans: {name}.",
                **{**values, "name": alternative_words(str(values["name"]))},
            )
        case "alternative-given":
            return text(
                "The configuration wants points at these terminals; {n} plans were costed.",
                **values,
            )
        case "alternative-terminals":
            return text("Buses charge between trips at {names}.", **values)
        case "alternative-more":
            return text(
                "{name}: {eur:,.0f} EUR a year more, with {n} buses; the plan has {m}.",
                **named,
            )
        case "alternative-less":
            return text(
                "{name}: {eur:,.0f} EUR a year less, with {n} buses; the plan has {m}.",
                **named,
            )
        case "alternative-item-more":
            return text(
                "It costs most more in {item}: {eur:,.0f} EUR a year.",
                **{**values, "item": item_words(str(values["item"]))},
            )
        case "alternative-item-less":
            return text(
                "It saves most in {item}: {eur:,.0f} EUR a year.",
                **{**values, "item": item_words(str(values["item"]))},
            )
        case "alternative-not-possible":
            return text(
                "{name}: not possible, {why}.",
                **named,
            )
        case _:
            return ""


def item_words(item: str) -> str:
    """The name of a cost item within a sentence."""
    names = {
        "vehicles": text("vehicles"),
        "batteries": text("batteries"),
        "spare_vehicles": text("spare vehicles"),
        "charging_points": text("charging points"),
        "depot_works": text("depot works"),
        "terminal_points": text("points at terminals"),
        "terminal_works": text("works at terminals"),
        "grid_connection": text("grid connection"),
        "energy": text("energy"),
        "capacity_charge": text("capacity charge"),
        "maintenance": text("maintenance"),
        "deadhead_drivers": text("drivers of empty ways"),
    }
    return names.get(item, item.replace("_", " "))


def alternative_words(name: str) -> str:
    """What an alternative is, within a sentence."""
    names = {
        "depot_only": text("charging at depots only, with one size of battery"),
        "larger_batteries": text("charging at depots only, with the largest battery for every bus"),
        "mixed_fleet": text(
            "charging at depots only, each bus with the smallest battery that does"
        ),
        "with_terminals": text("charging at terminals too"),
    }
    return names.get(name, name.replace("_", " "))


def _capital(words: str) -> str:
    return words[:1].upper() + words[1:]


def reason_row(
    figure: str, statement: Said, binds: Said, one_more: Said = NOTHING
) -> tuple[str, str, str, str, str]:
    """A row of the table why: figure, the three sentences, and their codes."""
    parts = {"statement": statement, "binds": binds, "one_more": one_more}
    codes = {name: [code, dict(values)] for name, (code, values) in parts.items() if code}
    return (
        figure,
        said(*statement),
        said(*binds),
        said(*one_more),
        json.dumps(codes, ensure_ascii=False, sort_keys=True),
    )
