"""What measures of a town cost, by the price list in the study."""

from collections.abc import Iterator

import polars as pl

from viavolta.checks.finding import Finding
from viavolta.model.messages import text

_EUR = 0.01
_LV_KV = 1.0


def check_prices(tables: dict[str, pl.DataFrame]) -> Iterator[Finding]:
    """Cables cost their length times trench and cable; transformers their price and place.

    A new feeder's length is not in the tables: it costs its outlet at least.
    """
    price = dict(tables["prices"].select("item", "price_eur").iter_rows())
    kv = dict(tables["nodes"].select("node_id", "nominal_kv").iter_rows())
    for row in tables["draw_measures"].iter_rows(named=True):
        level = "lv" if kv.get(row["node"], 0.0) <= _LV_KV else "mv"
        if row["type_id"] not in price:
            yield _finding(row["measure_id"], text("{type} has no price", type=row["type_id"]))
            continue
        one, n = price[row["type_id"]], row["count"]
        if row["kind"] == "feeder_split":
            if row["cost_eur"] < price[f"outlet_{level}_eur"] - _EUR:
                yield _finding(row["measure_id"], text("less than the outlet of a feeder"))
            continue
        if row["kind"] in {"parallel_cable", "thicker_cable"}:
            allowed = [row["length_km"] * (price[f"trench_{level}_eur_per_km"] + n * one)]
        else:
            allowed = _transformers(row["kind"], one, n, level, price)
        if min(abs(row["cost_eur"] - cost) for cost in allowed) > _EUR:
            message = text(
                "{cost:.2f} EUR, by the price list {listed}",
                cost=row["cost_eur"],
                listed=" or ".join(f"{cost:.2f}" for cost in allowed),
            )
            yield _finding(row["measure_id"], message)


def _transformers(
    kind: str, one: float, n: int, level: str, price: dict[str, float]
) -> list[float]:
    """What n transformers may cost: with a new place or not, regulated or not."""
    place = price["place_mv_lv_eur" if level == "lv" else "place_hv_mv_eur"]
    extra = price["regulated_extra_eur"]
    if kind == "regulated_transformer":
        return [n * (one + extra)]
    if kind == "second_transformer":
        return [n * one + place, n * (one + extra) + place]
    return [n * one, n * (one + extra)]


def _finding(measure: str, message: str) -> Finding:
    return Finding(rule="measure-price", table="draw_measures", where=measure, message=message)
