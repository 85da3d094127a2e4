"""Stages of long work: kept under the key of what they rest on, taken up by a later run."""

from pathlib import Path

import pytest

from viavolta.catalogue import Assumptions
from viavolta.model.messages import use_language
from viavolta.model.progress import stage_of, within
from viavolta.services.stages import Stages, stage_key

LAYOVER = "planning.min_layover_s"


class Shelf:
    """A store in memory."""

    def __init__(self) -> None:
        self.kept: dict[str, tuple[str, object]] = {}

    def get(self, stage: str, key: str) -> object | None:
        under, value = self.kept.get(stage, ("", None))
        return value if under == key else None

    def put(self, stage: str, key: str, value: object) -> None:
        self.kept[stage] = (key, value)


def stages(shelf: Shelf | None, key: str = "k", *, is_stopped: bool = False) -> Stages:
    seconds = iter(range(100))
    return Stages(
        Assumptions(["planning"]),
        clock=lambda: float(next(seconds)),
        store=shelf,
        key=key,
        stop=lambda: is_stopped,
    )


def test_a_finished_stage_is_not_done_again() -> None:
    """The second run takes the first one's result, its figures and its seconds."""
    shelf, figures = Shelf(), Assumptions(["planning"])
    first = Stages(figures, clock=iter([0.0, 7.0]).__next__, store=shelf, key="k")
    assert first.result("read", lambda: figures.number(LAYOVER)) == 120
    again = Assumptions(["planning"])
    second = Stages(again, clock=iter([0.0, 1.0]).__next__, store=shelf, key="k")
    assert second.result("read", lambda: pytest.fail("done again")) == 120
    assert [figure.key for figure in again.used()] == [LAYOVER]
    assert second.timings_s == first.timings_s == {"read": 7.0}


def test_a_stage_of_another_key_is_done_again() -> None:
    """What another request left is never used."""
    shelf = Shelf()
    assert stages(shelf, "one").result("read", lambda: 1) == 1
    assert stages(shelf, "two").result("read", lambda: 2) == 2


def test_a_stage_that_may_have_been_cut_short_is_not_kept() -> None:
    """The time limit is no part of the key, so its results are not kept."""
    shelf = Shelf()
    assert stages(shelf, is_stopped=True).result("blocks", lambda: 1) == 1
    assert shelf.kept == {}


def test_parts_of_a_stage_count_as_the_stage() -> None:
    """Seconds are summed by stage, whatever parts and variants it has."""
    shelf = Shelf()
    work = stages(shelf)
    keep = work.below("blocks.0.7.trial")
    assert work.result("blocks.0.7", lambda: keep("small.50", lambda: 3) + 1) == 4
    assert set(work.timings_s) == {"blocks"}
    assert set(shelf.kept) == {"blocks.0.7", "blocks.0.7.trial.small.50"}


def test_without_a_store_everything_is_done() -> None:
    """Nothing is kept where nobody asked for it."""
    assert stages(None).result("read", lambda: 5) == 5
    assert stages(None).found("read") is None


def test_the_key_depends_on_all_a_run_rests_on(tmp_path: Path) -> None:
    """Options, content and names of files, what they are for, and the language."""
    one, other = tmp_path / "one.csv", tmp_path / "other.csv"
    one.write_text("a")
    other.write_text("a")
    keys = {
        stage_key({"seed": 1}, {"feed": [one, None]}),
        stage_key({"seed": 2}, {"feed": [one]}),
        stage_key({"seed": 1}, {"feed": [other]}),
        stage_key({"seed": 1}, {"weather": [one]}),
    }
    assert stage_key({"seed": 1}, {"feed": [one]}) in keys
    one.write_text("b")
    keys.add(stage_key({"seed": 1}, {"feed": [one]}))
    try:
        use_language("de")
        keys.add(stage_key({"seed": 1}, {"feed": [one]}))
    finally:
        use_language("en")
    assert len(keys) == 6


def test_parts_tell_their_stage() -> None:
    """A program reads the stage from what a part of it tells."""
    told: list[str] = []
    within(lambda stage, _: told.append(stage), "blocks")("trying: more", 0.5)
    assert stage_of(told[0]) == ("blocks", "trying: more")
    assert stage_of("report") == ("report", "")
