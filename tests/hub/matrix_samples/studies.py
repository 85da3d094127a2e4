"""Samples of studies with results: one that is public, one with a link."""

import importlib.util
import sys
from pathlib import Path

import polars as pl
from cast import Cast
from django.conf import settings
from matrix import HIDDEN, VISITORS, row, sample

from viavolta.hub.studies.models import Scenario, Study, Visibility
from viavolta.storage.study_folder import write_study

MADE_UP = Path(__file__).parents[2] / "reports" / "conftest.py"
SLUG, TOKEN = "matrix-study", "matrix-token"


def _study(cast: Cast, slug: str, visibility: Visibility) -> Study:
    study, _ = Study.objects.get_or_create(
        slug=slug,
        defaults={
            "organisation": cast.organisation,
            "title": "Buses",
            "visibility": visibility,
            "link_token": TOKEN if visibility == Visibility.LINK else "",
        },
    )
    return study


def _scenario(cast: Cast) -> Scenario:
    """The baseline of the public study, with a result."""
    study = _study(cast, SLUG, Visibility.PUBLIC)
    scenario, is_new = Scenario.objects.get_or_create(
        study=study, name="Baseline", is_baseline=True, result_folder="studies/matrix"
    )
    if is_new and not (settings.CONFIG.data / "studies/matrix").exists():
        spec = importlib.util.spec_from_file_location("matrix_studies", MADE_UP)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules["matrix_studies"] = module
        spec.loader.exec_module(module)
        files = {"report.pdf": b"%PDF-1.7"}
        made = module.bus_study()
        vehicles = made.tables["vehicles"]
        made.tables["vehicles"] = vehicles.with_columns(vehicle_type=pl.lit("bus_12m_480"))
        made.summary.update(sizing_temperature_c=-5.0, min_layover_s=120)
        write_study(settings.CONFIG.data / "studies/matrix", made, force=True, extra=files)
    return scenario


@sample("slug")
def slug(cast: Cast) -> str:
    """The public study."""
    return _scenario(cast).study.slug


@sample("scenario_id")
def scenario_id(cast: Cast) -> int:
    """Its baseline."""
    return int(_scenario(cast).pk)


@sample("scenario_id", route="change_scenario")
@sample("scenario_id", route="delete_scenario")
def other(cast: Cast) -> int:
    """A scenario beside the baseline."""
    study = _scenario(cast).study
    found, _ = Scenario.objects.get_or_create(study=study, name="Other", changes=[])
    return int(found.pk)


@sample("name", route="studies:results-table")
@sample("name", route="get_table")
@sample("name", route="get_table_csv")
def table(cast: Cast) -> str:  # noqa: ARG001 - the signature of samples
    """A table of the study folder."""
    return "trips"


@sample("name", route="studies:results-sheet")
def sheet(cast: Cast) -> str:  # noqa: ARG001 - the signature of samples
    """A printed sheet."""
    return "report.pdf"


@sample("token", route="studies:by-link")
def token(cast: Cast) -> str:
    """The link of another study."""
    return _study(cast, "matrix-linked", Visibility.LINK).link_token


@sample("slug", route="studies:new-link")
def linked(cast: Cast) -> str:
    """A study with a link."""
    return _study(cast, "matrix-linked", Visibility.LINK).slug


# the study has no grid
row("studies:results-grid", outcomes={visitor: {HIDDEN} for visitor in VISITORS})
row("studies:share", post={"visibility": "public", "version": 1})
row("studies:new-link", post={"version": 1})
row("studies:scenario-rename", post={"name": "As it is", "version": 1})
row("add_scenario", post={"name": "Warmer", "changes": []})
row("estimate_changes", post={"changes": [{"kind": "layover", "value": 300}]})
row("share_study", post={"visibility": "public", "version": 1})
row("change_scenario", post={"changes": [], "version": 1})
