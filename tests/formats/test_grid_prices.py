"""A DSO's own price list: what it names is replaced, what is wrong is found at once."""

from pathlib import Path

import pytest

from viavolta.catalogue import Assumptions
from viavolta.catalogue.grid_equipment import SUBJECTS, grid_prices
from viavolta.formats.grid_prices import read_grid_prices
from viavolta.model.errors import InputError
from viavolta.model.grid_prices import GridPrices, Region


@pytest.fixture(scope="module")
def base() -> GridPrices:
    """The catalogue's list for the country."""
    return grid_prices(Region.RURAL, Assumptions(SUBJECTS))


def _file(folder: Path, *rows: str) -> Path:
    path = folder / "prices.csv"
    path.write_text("\n".join(("item,price_eur,region", *rows)) + "\n", encoding="utf-8")
    return path


def test_a_list_replaces_what_it_names(tmp_path: Path, base: GridPrices) -> None:
    """Rows for both regions and for ours count, rows for the other region do not."""
    path = _file(
        tmp_path,
        "630 kVA,21000,",
        "trench_lv_eur_per_km,70000,rural",
        "trench_lv_eur_per_km,180000,urban",
    )
    prices = read_grid_prices(path, base)
    assert prices.price_of("630 kVA") == 21000
    assert prices.trench_lv_eur_per_km == 70000
    assert prices.trench_mv_eur_per_km == base.trench_mv_eur_per_km
    assert "prices.csv" in prices.source


@pytest.mark.parametrize(
    ("row", "code", "field"),
    [
        ("copper,3,", "grid-price-unknown-item", "item"),
        ("630 kVA,3,alpine", "grid-price-unknown-region", "region"),
        ("630 kVA,-3,", "csv-number-too-small", "price_eur"),
        ("630 kVA,dear,", "csv-not-a-number", "price_eur"),
        ("400 kVA,4,rural", "csv-duplicate-id", "item"),
    ],
)
def test_what_is_wrong_is_named(
    tmp_path: Path, base: GridPrices, row: str, code: str, field: str
) -> None:
    """File, row, field and value stand in the error."""
    with pytest.raises(InputError) as caught:
        read_grid_prices(_file(tmp_path, "400 kVA,3,", row), base)
    assert caught.value.code == code
    assert (caught.value.where.row, caught.value.where.field) == (3, field)


def test_all_findings_count_at_once(tmp_path: Path, base: GridPrices) -> None:
    """The first is raised, the others are counted."""
    with pytest.raises(InputError) as caught:
        read_grid_prices(_file(tmp_path, "copper,3,", "tin,x,", "630 kVA,4,moon"), base)
    assert "3 more" in str(caught.value.hint)
