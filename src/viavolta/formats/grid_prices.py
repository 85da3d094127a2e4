"""A DSO's own price list, CSV or Parquet: item, price_eur; what it leaves out stays as it was."""

from pathlib import Path

from viavolta.formats.charge_table import ChargeTable
from viavolta.model.errors import InputError, Where
from viavolta.model.grid_prices import GridPrices
from viavolta.model.messages import text


def read_grid_prices(path: Path, base: GridPrices) -> GridPrices:
    """Replace prices of a list by those of a file.

    Columns: item (a type such as `NAYY 4x150`, or a name such as `trench_lv_eur_per_km`),
    price_eur (per km for cables and trenches, else each), optional region (rural, urban; empty for
    both). A row of the other region is left out.

    Raises
    ------
    UsageError: no such file.
    InputError: the first of all findings, with file, row, field, value and hint.
    """
    table = ChargeTable(path, required=("item", "price_eur"), optional=("region",))
    item = table.words("item")
    price_eur = table.numbers("price_eur", minimum=0.0)
    region = table.words("region", default="")
    known = set(base.items)
    table.find(
        (~item.is_in(list(known)) & (item != "")).to_numpy(),
        "item",
        error=lambda _: InputError(
            code="grid-price-unknown-item",
            message=text("no such item in the price list"),
            where=Where(file=table.file),
            expected=", ".join(base.items),
            hint=text("write the item as it stands in the list of the catalogue"),
        ),
    )
    table.find(
        (~region.is_in(["", "rural", "urban"])).to_numpy(),
        "region",
        error=lambda _: InputError(
            code="grid-price-unknown-region",
            message=text("no such kind of region"),
            where=Where(file=table.file),
            expected=text("rural, urban, or nothing for both"),
            hint=text("leave the cell empty where the price holds everywhere"),
        ),
    )
    is_ours = (region.is_in(["", base.region.value])).to_numpy()
    ours = item.filter(is_ours)
    is_repeated = is_ours.copy()
    is_repeated[is_ours] = (~ours.is_first_distinct() & (ours != "")).to_numpy()
    table.find(
        is_repeated,
        "item",
        error=lambda _: InputError(
            code="csv-duplicate-id",
            message=text("{column} stands in an earlier row already", column="item"),
            where=Where(file=table.file),
            expected=text("each {column} once", column="item"),
            hint=text("remove one of the two rows, or rename one"),
        ),
    )
    table.raise_findings()
    prices = dict(zip(ours.to_list(), price_eur[is_ours].tolist(), strict=True))
    return base.with_prices(prices, source=text("price list {file}", file=table.file))
