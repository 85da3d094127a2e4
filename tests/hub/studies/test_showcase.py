"""The sample study that answers the question of the first page."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client, RequestFactory

from viavolta.hub.studies.models import Visibility
from viavolta.hub.studies.showcase import sample_answer

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("visibility", Visibility.values)
def test_only_a_public_sample_is_shown(make_scenario: Callable[..., Any], visibility: str) -> None:
    """A study of somebody's own, or one that is not public, is not on the first page."""
    scenario = make_scenario()
    scenario.study.visibility = visibility
    scenario.study.is_sample = False
    scenario.study.save()
    assert sample_answer(RequestFactory().get("/")) is None
    scenario.study.is_sample = True
    scenario.study.save()
    shown = sample_answer(RequestFactory().get("/"))
    assert (shown is not None) == (visibility == Visibility.PUBLIC)


def test_the_answer_stands_on_the_first_page(
    make_scenario: Callable[..., Any], client: Client
) -> None:
    """How many buses, at what cost, from what grid; the whole study is one click away."""
    study = make_scenario().study
    study.visibility, study.is_sample = Visibility.PUBLIC, True
    study.save()
    shown = sample_answer(RequestFactory().get("/"))
    assert shown is not None
    assert len(shown.figures) >= 3
    page = client.get("/").content.decode()
    assert f'href="{shown.url}"' in page
    assert client.get(shown.url).status_code == 200
    for figure in shown.figures:
        assert str(figure.value) in page
