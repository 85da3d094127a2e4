"""The guide to price lists: its example is read as it stands, and it names every item."""

from pathlib import Path

from viavolta.catalogue import Assumptions
from viavolta.catalogue.grid_equipment import SUBJECTS, grid_prices
from viavolta.formats.grid_prices import read_grid_prices
from viavolta.model.grid_prices import PRICE_ITEMS, Region

GUIDE = Path(__file__).parents[2] / "docs" / "howto" / "grid-prices.md"


def test_the_example_of_the_guide_is_read(tmp_path: Path) -> None:
    """Its prices are in the list of their region afterwards."""
    example = GUIDE.read_text(encoding="utf-8").split("```")[1].lstrip("\n")
    path = tmp_path / "prices.csv"
    path.write_text(example, encoding="utf-8")
    for region, trench in ((Region.RURAL, 78_000), (Region.URBAN, 165_000)):
        prices = read_grid_prices(path, grid_prices(region, Assumptions(SUBJECTS)))
        assert prices.trench_lv_eur_per_km == trench
        assert prices.price_of("630 kVA") == 21_000


def test_every_item_is_in_the_guide() -> None:
    """Works by name; types by name, or by the number of a list."""
    guide = GUIDE.read_text(encoding="utf-8")
    assert all(f"`{item}`" in guide for item in PRICE_ITEMS)
    prices = grid_prices(Region.RURAL, Assumptions(SUBJECTS))
    assert all(cable.type_id in guide for cable in prices.cables)
    assert all(one.type_id.split()[0] in guide for one in prices.transformers)
