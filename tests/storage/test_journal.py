"""The event journal: durable, ordered, and honest about damage."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from viavolta.model.errors import InputError, UsageError
from viavolta.storage.journal import (
    Journal,
    Position,
    durable_end,
    forget_before,
    read_journal,
)

BEGIN = Position()


def contents(folder: Path, after: Position = BEGIN) -> list[bytes]:
    """All records behind a position."""
    return [content for _, content in read_journal(folder, after)]


@settings(deadline=None)
@given(
    batches=st.lists(st.lists(st.binary(max_size=50), max_size=4), max_size=8),
    segment_bytes=st.integers(1, 200),
)
def test_records_come_back_in_order(
    tmp_path_factory: pytest.TempPathFactory, batches: list[list[bytes]], segment_bytes: int
) -> None:
    """Every record reads back once, in order, over segments and reopenings, from any position."""
    folder = tmp_path_factory.mktemp("journal")
    ends = []
    for batch in batches:
        with Journal(folder, segment_bytes=segment_bytes) as journal:
            ends.append(journal.append(batch))
    written = [record for batch in batches for record in batch]
    assert contents(folder) == written
    for k, end in enumerate(ends):
        assert contents(folder, end) == [r for batch in batches[k + 1 :] for r in batch]


@settings(deadline=None)
@given(cut=st.integers(1, 60))
def test_a_torn_end_is_cut_off(tmp_path_factory: pytest.TempPathFactory, cut: int) -> None:
    """After a crash in the middle of a record the whole ones are there, and writing goes on."""
    folder = tmp_path_factory.mktemp("journal")
    with Journal(folder) as journal:
        journal.append([b"a" * 20, b"b" * 20, b"c" * 20])
    file = folder / "00000000.journal"
    file.write_bytes(file.read_bytes()[:-cut])
    left = contents(folder)
    assert left == [b"a" * 20, b"b" * 20, b"c" * 20][: len(left)]
    assert len(left) == (84 - cut) // 28
    with Journal(folder) as journal:
        journal.append([b"new"])
    assert contents(folder) == [*left, b"new"]


def test_damage_in_the_middle_is_an_error(tmp_path: Path) -> None:
    """A flipped bit before the end is found, on reading and on opening, and nothing is cut."""
    with Journal(tmp_path) as journal:
        journal.append([b"a" * 20, b"b" * 20])
    file = tmp_path / "00000000.journal"
    content = bytearray(file.read_bytes())
    content[10] ^= 1
    file.write_bytes(content)
    with pytest.raises(InputError) as caught:
        contents(tmp_path)
    assert caught.value.code == "journal-damaged"
    with pytest.raises(InputError):
        Journal(tmp_path)
    assert file.read_bytes() == bytes(content)


def test_one_writer_at_a_time(tmp_path: Path) -> None:
    """A second writer is refused, until the first has closed."""
    with Journal(tmp_path), pytest.raises(UsageError) as caught:
        Journal(tmp_path)
    assert caught.value.code == "journal-in-use"
    Journal(tmp_path).close()


def test_old_segments_are_forgotten(tmp_path: Path) -> None:
    """Whole segments before a position go, the rest stays readable."""
    with Journal(tmp_path, segment_bytes=10) as journal:
        ends = [journal.append([b"x" * 10]) for _ in range(4)]
        assert forget_before(tmp_path, ends[2]) == 2
    assert contents(tmp_path, ends[1]) == [b"x" * 10] * 2


def test_readers_see_what_is_durable_and_no_more(tmp_path: Path) -> None:
    """What was written and not flushed may be undone: nobody reads it."""
    with Journal(tmp_path) as journal:
        end = journal.append([b"kept"])
        file = tmp_path / "00000000.journal"
        whole = file.read_bytes()
        file.write_bytes(whole + whole)
        assert contents(tmp_path) == [b"kept"]
        assert durable_end(tmp_path) == end
    with Journal(tmp_path):
        assert contents(tmp_path) == [b"kept", b"kept"]


def test_a_journal_that_was_lost_goes_on_behind_its_readers(tmp_path: Path) -> None:
    """A new segment is begun, so that nothing new hides before what was read."""
    with Journal(tmp_path, behind=Position(3, 500)) as journal:
        journal.append([b"new"])
    assert contents(tmp_path, Position(3, 500)) == [b"new"]
    with Journal(tmp_path, behind=Position(3, 500)) as journal:
        journal.append([b"more"])
    assert contents(tmp_path, Position(3, 500)) == [b"new", b"more"]
