"""The check of charge studies with every extension: accepts what is right, finds what is not."""

import copy
from collections.abc import Callable
from typing import Any

import charge_by_hand as by_hand
import polars as pl
import pytest

from viavolta.checks.charge import check_charge

Summary = dict[str, Any]
Tables = dict[str, pl.DataFrame]
Study = tuple[dict[str, Any], Tables]
SEED = 17
Tamper = Callable[[Summary, Tables], None]


def rules(study: Study) -> set[str]:
    """Names of the rules that a study breaks."""
    return {finding.rule for finding in check_charge(*study)}


@pytest.fixture(scope="module")
def made() -> Study:
    """A study by hand that nobody changes."""
    study, tables = by_hand.made_study(SEED)
    assert min(study["summary"]["cost_items_eur"].values()) != 0
    vans = tables["stays"].filter(vehicle_id="van")[:-1]
    assert (vans["delivered_kwh"] > vans["energy_kwh"]).any()  # something comes along
    return study, tables


@pytest.fixture
def study(made: Study) -> Study:
    """The study, to be changed."""
    return copy.deepcopy(made[0]), dict(made[1])


@pytest.mark.parametrize("seed", range(6))
def test_studies_by_hand_are_accepted(seed: int) -> None:
    """Powers, energies, cost by item, unmanaged figures and bound, all from the slow twin."""
    assert check_charge(*by_hand.made_study(seed)) == []


def test_phases_may_be_written_as_in_the_input(study: Study) -> None:
    """L1 for 1, any for -1, and nothing for three phases."""
    names = {-1: "any", 0: "", 1: "L1", 2: "L2", 3: "L3"}
    phases = pl.col("phase", "phase_used").replace_strict(names, return_dtype=pl.String)
    study[1]["stays"] = study[1]["stays"].with_columns(phases)
    assert check_charge(*study) == []
    study[1]["stays"] = study[1]["stays"].with_columns(phase=pl.lit("L4"))
    assert "stay-range" in rules(study)


def put(table: str, **columns: Any) -> Tamper:
    """Replace columns by values or expressions."""

    def tamper(_: Summary, tables: Tables) -> None:
        tables[table] = tables[table].with_columns(**columns)

    return tamper


def stated(**values: Any) -> Tamper:
    """Put values into the summary."""
    return lambda summary, _: summary.update(values)


def item(name: str, value: object) -> Tamper:
    """Put a value into the cost items."""
    return lambda summary, _: summary["cost_items_eur"].update({name: value})


def scaled(table: str, column: str, factor: float) -> Tamper:
    """Multiply a column."""
    return put(table, **{column: pl.col(column) * factor})


def of_vans(column: str, value: Any) -> dict[str, Any]:
    """A column that changes for the vehicle with several stays."""
    is_van = pl.col("vehicle_id") == "van"
    return {column: pl.when(is_van).then(value).otherwise(pl.col(column))}


TAMPERED: dict[str, tuple[Tamper, str]] = {
    "a taper that begins early": (
        put("stays", taper_soc=pl.when(pl.col("taper_soc") < 1).then(0.01).otherwise(1.0)),
        "battery-taper",
    ),
    "an earlier knee": (scaled("stays", "knee_kw", 0.2), "energy-delivered"),
    "no charging loss": (scaled("stays", "charging_loss_kw", 0.0), "battery-energy"),
    "no standing loss": (scaled("stays", "standing_loss_kw", 0.0), "energy-delivered"),
    "standing loss without a battery": (put("stays", standing_loss_kw=1.0), "stay-range"),
    "a better efficiency above the knee": (
        put("stays", efficiency_above_knee=1.0),
        "stay-range",
    ),
    "dearer ageing": (scaled("stays", "ageing_eur_per_kwh_h", 2.0), "cost-items"),
    "less ageing": (put("stays", ageing_soc=1.0), "summary-cost-eur"),
    "fewer early departures": (scaled("early_departures", "share", 0.5), "cost-items"),
    "no early departures": (
        lambda _, tables: tables.update(early_departures=tables["early_departures"][:0]),
        "cost-items",
    ),
    "early departures beyond all": (scaled("early_departures", "share", 3.0), "early-share"),
    "early departures below none": (scaled("early_departures", "share", -1.0), "early-share"),
    "early departures of a stay that is gone": (
        put("early_departures", start=pl.lit(pl.Series([by_hand.twin.moment(13)])).first()),
        "row-repeated",
    ),
    "a profile with less": (
        put("power_profile", max_kw=0.0, max_discharge_kw=0.0),
        "plug-power",
    ),
    "a profile with more": (scaled("power_profile", "max_kw", 5.0), "power-profile"),
    "a profile of a stay nobody knows": (put("power_profile", stay_id=pl.lit("x")), "row-unknown"),
    "another phase": (
        put(
            "stays", phase_used=pl.when(pl.col("phase") > 0).then(0).otherwise(pl.col("phase_used"))
        ),
        "phase-used",
    ),
    "no phase chosen": (put("stays", phase_used=pl.col("phase")), "phase-used"),
    "narrower phases": (put("limits", phase_kw=0.0), "limit-phase"),
    "no phase limits": (put("limits", phase_kw=None), "price-phase"),
    "negative prices of phases": (scaled("prices", "phase_2_eur_per_kwh", -1.0), "price-phase"),
    "another vehicle": (put("stays", vehicle_id=pl.lit("")), "battery-energy"),
    "a vehicle with two batteries": (
        put("stays", **of_vans("capacity_kwh", pl.int_range(pl.len()) + 40.0)),
        "vehicle-chain",
    ),
    "a vehicle at two plugs": (
        put("stays", **of_vans("arrival", pl.col("arrival").min())),
        "vehicle-chain",
    ),
    "a vehicle that gains on the way": (
        put("stays", **of_vans("soc_arrival_kwh", pl.int_range(pl.len()) * 4.0)),
        "vehicle-chain",
    ),
    "no carbon known": (put("signals", co2_g_per_kwh=None), "carbon-unknown"),
    "cleaner energy": (scaled("signals", "co2_g_per_kwh", 0.5), "cost-items"),
    "cheaper carbon": (stated(carbon_eur_per_t=1.0), "price-energy"),
    "carbon of text": (stated(carbon_eur_per_t="dear"), "summary-missing"),
    "negative fairness": (stated(unfair_eur_per_kwh=-1.0), "summary-missing"),
    "no fairness": (stated(unfair_eur_per_kwh=0.0), "cost-items"),
    "an item changed": (item("wear", 99.0), "cost-items"),
    "an item invented": (item("magic", -5.0), "cost-items"),
    "an item of text": (item("wear", "much"), "cost-items"),
    "items of text": (stated(cost_items_eur="all"), "cost-items"),
    "a bound too high": (
        lambda s, _: s.update(lower_bound_eur=0.5 * (s["lower_bound_eur"] + s["cost_eur"])),
        "bound-not-proven",
    ),
    "unmanaged power": (scaled("limit_profile", "net_unmanaged_kw", 0.99), "unmanaged-power"),
}


@pytest.mark.parametrize("what", TAMPERED)
def test_tampering_is_found(study: Study, what: str) -> None:
    """Each change to the study breaks the rule it should."""
    tamper, rule = TAMPERED[what]
    tamper(study[0]["summary"], study[1])
    assert rule in rules(study)


def test_early_departures_outside_the_stay_are_found(study: Study) -> None:
    """A row of a step in which the vehicle is not there."""
    table = study[1]["early_departures"]
    stay = study[1]["stays"].filter(pl.col("stay_id") == table["stay_id"][0])
    after = stay["departure"][0] + (by_hand.twin.moment(2) - by_hand.twin.T0)
    steps = study[1]["signals"]["start"]
    start = steps.filter(steps <= after)[-1]
    starts = [start, *table["start"].to_list()[1:]]
    study[1]["early_departures"] = table.with_columns(pl.Series("start", starts))
    assert "early-share" in rules(study)


@pytest.mark.parametrize("seed", range(4))
def test_a_bound_slightly_too_high_is_found(seed: int) -> None:
    """The prices prove what the program says, and not a hair more."""
    study, tables = by_hand.made_study(seed, n_vans=0)
    assert check_charge(study, tables) == []
    summary = study["summary"]
    summary["lower_bound_eur"] += 3e-6 * max(1.0, abs(summary["cost_eur"]))
    assert "bound-not-proven" in rules((study, tables))


def test_items_may_be_missing(study: Study) -> None:
    """Older studies do not itemise their cost."""
    del study[0]["summary"]["cost_items_eur"]
    assert check_charge(*study) == []


def test_many_findings_are_counted(study: Study) -> None:
    """A hundred of a rule in words, the others as a number."""
    table = study[1]["schedule"]
    strangers = pl.concat([table.with_columns(stay_id=pl.lit(f"x{k}")) for k in range(10)])
    study[1]["schedule"] = strangers
    found = [finding for finding in check_charge(*study) if finding.rule == "row-unknown"]
    assert len(found) == 101
    assert found[-1].message == f"{strangers.height - 100} more findings of this rule"
