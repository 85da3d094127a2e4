"""A study with a result, as the pages of the hub find it."""

import importlib.util
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import polars as pl
import pytest
from cast import Cast
from django.conf import settings

from viavolta.hub.people.models import Organisation
from viavolta.hub.studies.models import Scenario, Study
from viavolta.model import study as model
from viavolta.storage.runs.worker import Quotas, Worker
from viavolta.storage.study_folder import write_study
from viavolta.storage.tables.models import Run, RunState

REPORTS = Path(__file__).parents[2] / "reports" / "conftest.py"
BUS = "bus_12m_480"
SHEETS = {"report.pdf": b"%PDF-1.7 report", "report.html": b"<script>alert(1)</script>"}


def _made_up() -> ModuleType:
    spec = importlib.util.spec_from_file_location("made_up_studies", REPORTS)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["made_up_studies"] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def bus_study() -> Callable[..., model.Study]:
    """Make a bus study of a given size by rule."""
    maker: Callable[..., model.Study] = _made_up().bus_study

    def make(**size: int) -> model.Study:
        study = maker(**size)
        vehicles = study.tables["vehicles"].with_columns(pl.lit(BUS).alias("vehicle_type"))
        study.tables["vehicles"] = vehicles
        study.summary.update(sizing_temperature_c=-5.0, min_layover_s=120)
        return study

    return make


MakeScenario = Callable[..., Scenario]


@pytest.fixture
def make_scenario(cast: Cast, bus_study: Callable[..., model.Study]) -> MakeScenario:
    """Make a scenario with a study folder; the first of a study is its baseline."""

    def make(
        study: Study | None = None,
        *,
        name: str = "Baseline",
        result: model.Study | None = None,
        owner: Organisation | None = None,
    ) -> Scenario:
        if study is None:
            n = Study.objects.count()
            study = Study.objects.create(
                organisation=owner or cast.organisation, title="Buses", slug=f"buses-{n}"
            )
        has_baseline = study.scenarios.filter(is_baseline=True).exists()
        scenario = Scenario.objects.create(
            study=study, name=name, is_baseline=not has_baseline, config={}
        )
        made = result or bus_study()
        place = f"studies/{scenario.pk}"
        write_study(settings.CONFIG.data / place, made, force=True, extra=SHEETS)
        scenario.result_folder = place
        scenario.summary = made.summary
        scenario.save()
        return scenario

    return make


WorkOff = Callable[[], None]


@pytest.fixture
def work_off() -> WorkOff:
    """Do all runs that wait, as a worker does."""

    def work() -> None:
        quotas = Quotas(slots=1, memory_bytes=4_000_000_000, time_s=600.0)
        source = str(Path(__file__).parents[3] / "src")
        worker = Worker(quotas, environment={**os.environ, "PYTHONPATH": source})
        deadline = time.monotonic() + 600
        ended = (RunState.DONE, RunState.FAILED, RunState.STOPPED)
        while Run.objects.exclude(state__in=ended).exists():
            assert time.monotonic() < deadline, Run.objects.values()
            worker.tick()
            time.sleep(0.05)

    return work
