"""The check of a hosting capacity: what is written passes, what is tampered with does not."""

import copy
import re
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import polars as pl
import pytest

import viavolta.checks
from viavolta.checks.grid import check_grid
from viavolta.formats.grids import write_grid
from viavolta.model.progress import silent
from viavolta.services.host_vehicles import host_vehicles
from viavolta.services.hosting.request import CapacityRequest
from viavolta.storage.study_folder import study_document

HERE = str(Path(__file__).parents[1] / "engines" / "grid" / "hosting")
if HERE not in sys.path:
    sys.path.append(HERE)

Tables = dict[str, pl.DataFrame]
Tamper = Callable[[dict[str, Any], Tables], None]
RULE = re.compile(r"hosting-[a-z]+(-[a-z]+)*")


def read(folder: Path) -> Mapping[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], Tables]:
    """A few draws on a street, one of them managed."""
    from hosting_grids import street  # noqa: PLC0415 - found by the path above

    folder = tmp_path_factory.mktemp("hosting")
    write_grid(folder / "street", street(sn_kva=30.0))
    request = CapacityRequest(
        grid=folder / "street",
        households=20,
        strategies=("unmanaged", "smart"),
        n_draws=4,
        n_managed=1,
        step_s=3600,
        effort="low",
    )
    study = host_vehicles(request, read=read, progress=silent, clock=lambda: 0.0)
    return study_document(study, []), study.tables


def rules(study: dict[str, Any], tables: Tables) -> set[str]:
    return {finding.rule for finding in check_grid(study, tables)}


def test_what_is_written_passes(made: tuple[dict[str, Any], Tables]) -> None:
    """Not a single finding."""
    assert not check_grid(*made)


def _set(table: str, **values: pl.Expr) -> Tamper:
    def tamper(_: dict[str, Any], tables: Tables) -> None:
        first = pl.int_range(pl.len()) == 0
        tables[table] = tables[table].with_columns(
            pl.when(first).then(value).otherwise(pl.col(name)).alias(name)
            for name, value in values.items()
        )

    return tamper


def _append_first(_: dict[str, Any], tables: Tables) -> None:
    tables["hosting"] = pl.concat([tables["hosting"], tables["hosting"].head(1)])


def _manage_worse(_: dict[str, Any], tables: Tables) -> None:
    draws = tables["hosting_draws"]
    tables["hosting_draws"] = draws.with_columns(
        pl.when(pl.col("strategy") == "smart").then(0).otherwise("n_vehicles").alias("n_vehicles")
    )


def _more_with_more(_: dict[str, Any], tables: Tables) -> None:
    tables["hosting"] = tables["hosting"].with_columns(
        pl.when(pl.col("share") > 0).then(1e4).otherwise(name).alias(name)
        for name in ("firm_p05_kw", "firm_p50_kw", "firm_p95_kw")
    )


def _praise(study: dict[str, Any], _: Tables) -> None:
    study["summary"]["n_vehicles"]["unmanaged"]["p50"] += 5


TAMPERINGS: list[tuple[str, Tamper]] = [
    ("hosting-row-repeated", _append_first),
    ("hosting-row-unknown", _set("hosting", node_id=pl.lit("nowhere"))),
    ("hosting-row-unknown", _set("hosting_draws", area_id=pl.lit("nowhere"))),
    ("hosting-grade", _set("hosting", grade=pl.lit("A"))),
    ("hosting-order", _set("hosting", p05_kw=pl.col("p95_kw") + 1)),
    ("hosting-order", _set("hosting_areas", n_vehicles_p50=pl.col("n_vehicles_p95") + 1)),
    ("hosting-draw", _set("hosting_draws", n_vehicles=pl.lit(41))),
    ("hosting-draw", _set("hosting_draws", plugs_kw=pl.col("plugs_kw") * 9)),
    ("hosting-draw", _set("hosting_draws", is_full=~pl.col("is_full"))),
    ("hosting-quantile", _set("hosting_areas", p50_kw=pl.col("p50_kw") + 0.5)),
    ("hosting-quantile", _set("hosting_areas", full_share=1 - pl.col("full_share"))),
    ("hosting-quantile", _set("hosting_areas", n_draws=pl.lit(1000))),
    ("hosting-strategy", _manage_worse),
    ("hosting-strategy", _set("hosting", firm_p50_kw=pl.col("firm_p50_kw") + 0.01)),
    ("hosting-share", _more_with_more),
    ("hosting-summary", _praise),
]


@pytest.mark.parametrize(("rule", "tamper"), TAMPERINGS)
def test_tampering_is_found(made: tuple[dict[str, Any], Tables], rule: str, tamper: Tamper) -> None:
    """By the rule that is there for it."""
    study, tables = copy.deepcopy(made[0]), dict(made[1])
    tamper(study, tables)
    assert rule in rules(study, tables)


def test_a_missing_table_is_told_alone(made: tuple[dict[str, Any], Tables]) -> None:
    """The other rules rest on it."""
    tables = {name: table for name, table in made[1].items() if name != "hosting_draws"}
    assert rules(made[0], tables) == {"table-missing"}


def test_rules_are_on_the_page_and_have_a_tampering() -> None:
    """The page of grid rules lists those of the code, and something breaks each of them."""
    code = Path(viavolta.checks.__file__).with_name("grid_hosting.py").read_text(encoding="utf-8")
    in_code = set(re.findall(rf'"({RULE.pattern})"'.replace("(-", "(?:-"), code))
    page = Path(__file__).parents[2] / "docs" / "reference" / "check-rules-grid.md"
    on_page = [
        line.split("|")[1].strip()
        for line in page.read_text(encoding="utf-8").splitlines()
        if line.startswith("| hosting-")
    ]
    assert sorted(in_code) == sorted(on_page)
    assert {rule for rule, _ in TAMPERINGS} == in_code
