"""What the pages on charging state is what the program does."""

import json
import re
from pathlib import Path

import polars as pl
import pytest

from viavolta.catalogue import Assumptions
from viavolta.catalogue.ageing_cells import SUBJECT, cell_figures
from viavolta.engines.energy.ageing import (
    BatteryUse,
    Cell,
    NaumannCell,
    SchmalstiegCell,
    XuCell,
    holding_cost,
    wear_eur_per_kwh,
)
from viavolta.formats.stay_details import DETAIL_COLUMNS

DOCS = Path(__file__).parents[2] / "docs"
GUIDE = DOCS / "howto" / "charge.md"
ENGINE = DOCS / "explanation" / "charging-engine.md"
ASSUMPTIONS = Assumptions([SUBJECT])
NMC = SchmalstiegCell.from_figures(cell_figures(ASSUMPTIONS, "schmalstieg"))
LFP = NaumannCell.from_figures(cell_figures(ASSUMPTIONS, "naumann"))
LMO = XuCell.from_figures(cell_figures(ASSUMPTIONS, "xu"))
USE = BatteryUse(
    age_days=5 * 365,
    temperature_c=15.0,
    mean_soc=0.6,
    full_cycles=5 * 60.0,
    depth_share=0.4,
    c_rate=0.2,
)
FIFTH = 0.2


def row_of(page: Path, beginning: str) -> list[str]:
    """Cells of the table row that begins so."""
    (line,) = re.findall(
        rf"^\| {re.escape(beginning)}.*$", page.read_text("utf-8"), flags=re.MULTILINE
    )
    return [cell.strip() for cell in line.strip("|").split("|")]


@pytest.mark.parametrize(("name", "cell"), [("NMC", NMC), ("LFP", LFP)])
def test_the_table_of_ageing_prices(name: str, cell: Cell) -> None:
    """The guide's figures are those of the models at the catalogue's prices."""
    price = ASSUMPTIONS.number(f"{SUBJECT}.{name.lower()}_pack_eur_per_kwh")
    costs = [
        holding_cost(
            cell,
            USE,
            temperature_c=celsius,
            battery_eur_per_kwh=price,
            end_of_life_loss_share=FIFTH,
        )
        for celsius in (10.0, 25.0, 35.0)
    ]
    wear = wear_eur_per_kwh(cell, USE, battery_eur_per_kwh=price, end_of_life_loss_share=FIFTH)
    assert row_of(GUIDE, f"{name}, ") == [
        f"{name}, {price:.0f} EUR/kWh",
        f"{costs[0].ageing_soc:.2f}",
        *(f"{cost.ageing_eur_per_kwh_h:.5f}" for cost in costs),
        f"{wear:.3f}",
    ]


@pytest.mark.parametrize(
    ("name", "cell"),
    [("Schmalstieg and", NMC), ("Naumann and", LFP), ("Xu and", LMO)],
)
def test_the_errors_of_the_fit(name: str, cell: Cell) -> None:
    """The explanation states how far the one knee is from each model."""
    found = holding_cost(
        cell, USE, temperature_c=25.0, battery_eur_per_kwh=1.0, end_of_life_loss_share=FIFTH
    )
    assert row_of(ENGINE, name)[-1] == f"{100 * found.worst_error_share:.1f} %"
    told = {NMC: "1.5 % of the span", LFP: "6.6 % for LFP", LMO: "nothing for LMO"}[cell]
    assert told in " ".join(ENGINE.read_text("utf-8").split())
    if told[0].isdigit():
        assert float(told.split()[0]) == pytest.approx(100 * found.not_convex_share, abs=0.05)
    else:
        assert found.not_convex_share == pytest.approx(0, abs=1e-9)


def test_the_spread_over_depth() -> None:
    """The deepest fifth of a cycle wears about five times as much as the shallowest."""
    slices = LMO.depth_segments(USE, n_segments=5)
    assert slices[-1] / slices[0] == pytest.approx(5, rel=0.15)


def test_the_guide_names_every_column_beyond_the_plain_ones() -> None:
    """Each optional column stands in the table of what your stays have."""
    text = GUIDE.read_text("utf-8")
    assert [name for name in (*DETAIL_COLUMNS, "vehicle_id", "min_kw") if name not in text] == []


def test_every_example_of_the_guide_is_accepted(charging: tuple[Path, str]) -> None:
    """Each schedule passes the check, and everybody gets what they asked for."""
    folder, printed = charging
    assert printed.count("every rule holds") == GUIDE.read_text("utf-8").count("viavolta check ")
    for name in ("night", "home", "yard"):
        study = json.loads((folder / name / "study.json").read_text(encoding="utf-8"))
        assert study["summary"]["unmet_kwh"] == 0, name


def test_the_car_carries_the_house(charging: tuple[Path, str]) -> None:
    """It gives back but from 01:00 to 05:00, never below its reserve, and has its energy in time.

    0.24 EUR/kWh saved is more than 0.16 / (0.92 x 0.92) + 0.03 / 0.92 of charging and wear.
    """
    folder, _ = charging
    schedule = pl.read_parquet(folder / "home" / "schedule.parquet").sort("start")
    hour = schedule["start"].dt.convert_time_zone("Europe/Berlin").dt.hour()
    assert (hour.is_between(1, 4) == (schedule["power_kw"] > 0)).all()
    assert set(hour.filter(schedule["power_kw"] < 0)) == {18, 19, 20, 21, 22, 23, 0, 5, 6}
    assert schedule["energy_kwh"].to_numpy().min() >= 15 - 1e-6
    assert schedule["energy_kwh"].to_numpy()[-1] == pytest.approx(50, abs=1e-6)


def test_the_yard_tells_its_phases(charging: tuple[Path, str]) -> None:
    """Given phases are kept, and the free car is put on one."""
    folder, _ = charging
    stays = pl.read_parquet(folder / "yard" / "stays.parquet")
    used = dict(zip(stays["stay_id"], stays["phase_used"], strict=True))
    assert used.pop("car-2") in {"L1", "L2", "L3"}
    assert used == {"car-1": "L1", "scooter": "L2", "van-early": "L123", "van-late": "L123"}
