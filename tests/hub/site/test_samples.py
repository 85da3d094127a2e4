"""The sample hub of the demo: marked as such, made once, opened by one person."""

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.apps import apps
from django.test import Client

from viavolta.cli import demo
from viavolta.hub.people.models import Organisation, User
from viavolta.hub.site.samples import EMAIL, seed
from viavolta.hub.studies.models import Study, Upload
from viavolta.model.errors import UsageError
from viavolta.storage.tables.models import Run

ENDLESS = ("sessions.session",)


def counts() -> dict[str, int]:
    return {
        model._meta.label_lower: model._default_manager.count()
        for model in apps.get_models()
        if model._meta.label_lower not in ENDLESS
    }


@pytest.mark.django_db
def test_samples_are_made_once_and_marked() -> None:
    """A second call adds no row of any table; nothing of it can be taken for real."""
    first = seed()
    before = counts()
    second = seed()
    assert counts() == before
    assert second.scenario == first.scenario
    assert not Organisation.objects.filter(is_sample=False).exists()
    assert not Study.objects.filter(is_sample=False).exists()
    assert not Upload.objects.filter(is_sample=False).exists()
    assert Run.objects.get(pk=first.scenario.run_id).kind == "plan-bus"
    assert not User.objects.get(email=EMAIL).has_usable_password()
    client = Client()
    client.force_login(first.person)
    page = client.get(f"/studies/{first.scenario.study.slug}/", follow=True)
    assert page.status_code == 200


def test_a_folder_with_anything_else_is_left_alone(tmp_path: Path) -> None:
    """The demo goes on in its own folder or begins in an empty one, nowhere else."""
    demo.check_hub_folder(tmp_path / "new")
    demo.check_hub_folder(tmp_path)
    (tmp_path / "holiday.jpg").write_bytes(b"x")
    with pytest.raises(UsageError) as caught:
        demo.check_hub_folder(tmp_path)
    assert caught.value.code == "demo-folder-taken"
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets" / "hub-key").write_text("k")
    demo.check_hub_folder(tmp_path)


@pytest.mark.parametrize("state", ["running", "done"])
@pytest.mark.django_db
def test_the_demo_says_where_it_is_and_how_to_enter(
    state: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """At once when the study is computed; else it waits for a while, and says that it is not."""
    told: list[bool] = []
    parts: list[str] = []

    def serve(_at: Any, _stations: Any, *, on_ready: Any, meanwhile: Any, is_once: bool) -> None:
        assert is_once
        meanwhile(SimpleNamespace(start=lambda name, *_, **__: parts.append(name)))
        Run.objects.update(state=state)
        told.append(on_ready())
        monkeypatch.setattr(demo, "READY_WITHIN_S", 0.0)
        told.append(on_ready())

    monkeypatch.setattr(demo, "serve_together", serve)
    monkeypatch.setattr(demo, "make_ready", lambda *_: None)
    monkeypatch.setattr(demo, "_has_display", lambda: False)
    person = User.objects.create_user("p@example.org")
    scenario = SimpleNamespace(run_id=Run.objects.create(kind="plan-bus", owner_key="a").pk)
    monkeypatch.setattr(
        "viavolta.hub.site.samples.seed", lambda: SimpleNamespace(person=person, scenario=scenario)
    )
    demo.open_hub(tmp_path, None, None, is_once=True, as_json=True)
    assert told == [state == "done", True]
    assert parts == ["simulator"]
    documents = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [one["is_computed"] for one in documents] == ([True, True] if told[0] else [False])
    assert "/sign-in/" in documents[0]["sign_in_link"]
