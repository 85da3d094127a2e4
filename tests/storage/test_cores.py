"""Draws over processes: in order, and started again where one is lost."""

import os
from pathlib import Path

import pytest

from viavolta.model.errors import PeerError
from viavolta.storage.cores import CoreMap


def squared(job: int, item: int) -> int:
    return job * item * item


def dies_once(marker: str, item: int) -> int:
    """End the process without a word the first time that item 2 comes."""
    if item == 2 and not Path(marker).exists():
        Path(marker).write_text("was here", encoding="utf-8")
        os._exit(1)
    return item


def always_dies(_job: int, _item: int) -> int:
    os._exit(1)


def test_results_come_in_order_of_the_items() -> None:
    """One process or two: the same list, and all is told to be done at the end."""
    told: list[float] = []
    assert CoreMap(told.append, workers=1)(squared, 2, [3, 1, 2]) == [18, 2, 8]
    assert CoreMap(told.append, workers=2)(squared, 2, [3, 1, 2]) == [18, 2, 8]
    assert told[2] == told[-1] == 1.0


def test_a_lost_process_is_started_again(tmp_path: Path) -> None:
    """What was lost with it is calculated again."""
    marker = str(tmp_path / "marker")
    assert CoreMap(lambda _: None, workers=2)(dies_once, marker, [1, 2, 3]) == [1, 2, 3]
    assert Path(marker).exists()


def test_processes_that_always_end_are_an_error() -> None:
    """After three times it is said, with what may help."""
    with pytest.raises(PeerError, match="ended before") as caught:
        CoreMap(lambda _: None, workers=2)(always_dies, 0, [1, 2])
    assert caught.value.code == "process-lost"
