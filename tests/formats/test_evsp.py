"""Benchmark files of electric vehicle scheduling: read whole, or refused with the place."""

import lzma
from pathlib import Path

import numpy as np
import pytest

from viavolta.formats.evsp import MAX_VERTICES, read_evsp
from viavolta.model.errors import InputError, UsageError

SMALL = """1 1 2 9 9
0 1440 0 0
0 1440 0 0
100 130 30 20
200 240 40 25
0 4 10 11
4 0 12 13
5 6 0 14
7 8 1000000 0
150 0.8
"""


def written(tmp_path: Path, content: str | bytes, name: str = "small.txt") -> Path:
    path = tmp_path / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def refused(tmp_path: Path, content: str | bytes) -> InputError:
    with pytest.raises(InputError) as raised:
        read_evsp(written(tmp_path, content))
    return raised.value


def with_word(index: int, word: str) -> str:
    """The small file with one of its numbers replaced, all line breaks kept."""
    lines = [line.split() for line in SMALL.splitlines()]
    for line in lines:
        if index < len(line):
            line[index] = word
            break
        index -= len(line)
    return "\n".join(" ".join(line) for line in lines) + "\n"


def test_every_number_finds_its_field(tmp_path):
    """Counts, times, energies, the matrix row by row, battery and charging rate."""
    instance = read_evsp(written(tmp_path, SMALL))
    assert (instance.name, instance.n_depots, instance.n_stations, instance.n_trips) == (
        "small",
        1,
        1,
        2,
    )
    assert instance.ready_min.tolist() == [0, 0, 100, 200]
    assert instance.due_min.tolist() == [1440, 1440, 130, 240]
    assert instance.consumption.tolist() == [0, 0, 20, 25]
    assert instance.deadhead[2].tolist() == [5, 6, 0, 14]
    assert (instance.max_charge, instance.recharge_min_per_unit) == (150, 0.8)
    assert instance.first_trip == 2


@pytest.mark.parametrize("newline", ["\n", "\r\n", " ", "\n \n\n"])
def test_line_breaks_carry_no_meaning(tmp_path, newline):
    """White space of any kind separates numbers."""
    instance = read_evsp(written(tmp_path, SMALL.replace("\n", newline)))
    assert instance.deadhead[3].tolist() == [7, 8, 1000000, 0]


def test_byte_order_mark_is_no_number(tmp_path):
    """A file from a Windows editor reads the same."""
    assert read_evsp(written(tmp_path, b"\xef\xbb\xbf" + SMALL.encode())).n_trips == 2


@pytest.mark.parametrize("name", ["small.txt.xz", "small.txt"])
def test_xz_is_told_by_content(tmp_path, name):
    """A compressed file reads the same, whatever its name."""
    instance = read_evsp(written(tmp_path, lzma.compress(SMALL.encode()), name))
    assert instance.name == "small"
    assert instance.deadhead[0].tolist() == [0, 4, 10, 11]


def test_missing_file_is_a_usage_error(tmp_path):
    """Neither a missing path nor a folder is read."""
    for path in (tmp_path / "nothing.txt", tmp_path):
        with pytest.raises(UsageError) as raised:
            read_evsp(path)
        assert raised.value.code == "missing-path"


@pytest.mark.parametrize(
    ("index", "word", "code", "row", "field"),
    [
        (0, "0", "evsp-bad-count", 1, "depots"),
        (0, "-1", "evsp-bad-count", 1, "depots"),
        (1, "1.5", "evsp-bad-count", 1, "stations"),
        (2, "0", "evsp-bad-count", 1, "trips"),
        (2, "99999999999999999999", "evsp-bad-count", 1, "trips"),
        (2, "nan", "evsp-not-a-number", 1, "trips"),
        (3, "-2", "evsp-negative", 1, "vehicles_per_depot"),
        (13, "abc", "evsp-not-a-number", 4, "ready of vertex 2"),
        (14, "inf", "evsp-not-a-number", 4, "due of vertex 2"),
        (14, "90", "evsp-due-before-ready", 4, "due of vertex 2"),
        (16, "-3", "evsp-negative", 4, "consumption of vertex 2"),
        (17, "1_000", "evsp-not-a-number", 5, "ready of vertex 3"),
        (22, "NaN", "evsp-not-a-number", 6, "deadhead 0 to 1"),
        (36, "-0.001", "evsp-negative", 9, "deadhead 3 to 3"),
        (35, "1e300", "evsp-number-too-large", 9, "deadhead 3 to 2"),
        (37, "0", "evsp-zero", 10, "max_charge"),
        (38, "0", "evsp-zero", 10, "recharge_factor"),
        (38, "-1", "evsp-negative", 10, "recharge_factor"),
    ],
)
def test_a_bad_number_is_named_with_its_place(  # noqa: PLR0917 - one column each
    tmp_path, index, word, code, row, field
):
    """File, row, field and value say where the number stands, as it is written there."""
    error = refused(tmp_path, with_word(index, word))
    assert error.code == code
    assert (error.where.file, error.where.row) == ("small.txt", row)
    assert (error.where.field, error.where.value) == (field, word)
    assert error.expected


@pytest.mark.parametrize("n_words", [0, 3, 4, 12, 30, 38])
def test_a_truncated_file_is_refused(tmp_path, n_words):
    """However early it ends, the error says what comes next and how many numbers there must be."""
    error = refused(tmp_path, " ".join(SMALL.split()[:n_words]))
    assert error.code == "evsp-truncated"
    assert error.where.field is not None
    assert error.expected
    assert error.hint


def test_left_over_numbers_are_refused(tmp_path):
    """A count that is too small shows as numbers after the last."""
    error = refused(tmp_path, SMALL + "17\n")
    assert (error.code, error.where.row, error.where.value) == ("evsp-left-over", 11, "17")


@pytest.mark.parametrize("counts", [f"1 1 {MAX_VERTICES}", f"{MAX_VERTICES} {MAX_VERTICES} 1"])
def test_huge_counts_are_refused_at_once(tmp_path, counts):
    """Nothing is set aside for a promise of more vertices than can be planned."""
    error = refused(tmp_path, f"{counts} 1 1\n0 0 0 0\n")
    assert (error.code, error.where.row) == ("evsp-too-large", 1)


def test_a_caller_may_allow_less(tmp_path):
    """The limit of the caller counts before the matrix is read."""
    with pytest.raises(InputError) as raised:
        read_evsp(written(tmp_path, SMALL), max_vertices=3)
    assert raised.value.code == "evsp-too-large"


@pytest.mark.parametrize("cut", [10, 40, -1])
def test_a_damaged_archive_is_refused(tmp_path, cut):
    """An archive that ends early or is changed in the middle is no instance."""
    packed = lzma.compress(SMALL.encode())
    assert refused(tmp_path, packed[:cut]).code == "evsp-damaged-archive"
    changed = packed[:30] + bytes([packed[30] ^ 255]) + packed[31:]
    assert refused(tmp_path, changed).code == "evsp-damaged-archive"


def test_an_archive_of_white_space_is_refused(tmp_path):
    """A few bytes that unpack to a mountain of blanks are given up early."""
    assert refused(tmp_path, lzma.compress(b" " * 12_000_000)).code == "evsp-too-long"


@pytest.mark.parametrize("word", ["7" * 5_000_000, "<script>alert(1)</script>", "\x00", "é"])
def test_hostile_words_are_shown_short_and_plain(tmp_path, word):
    """A word that is no number is refused; what is shown of it is short and ASCII."""
    error = refused(tmp_path, SMALL.replace("150", word, 1))
    assert error.code == "evsp-not-a-number"
    assert error.where.value is not None
    assert len(error.where.value) <= 200
    assert error.where.value.isascii()


def test_values_cannot_be_changed(tmp_path):
    """An instance stays as it was read."""
    instance = read_evsp(written(tmp_path, SMALL))
    with pytest.raises(ValueError, match="read-only"):
        instance.deadhead[0, 0] = 1.0


@pytest.mark.bench_data
def test_all_published_instances_read(bench_data):
    """All 18 files hold what their names say."""
    paths = sorted((bench_data / "evsp").glob("*.txt.xz"))
    assert len(paths) == 18
    for path in paths:
        instance = read_evsp(path)
        depots, stations, trips = (int(part[1:]) for part in instance.name.split("_")[:3])
        assert (instance.n_depots, instance.n_stations, instance.n_trips) == (
            depots,
            stations,
            trips,
        )
        assert np.all(np.isfinite(instance.deadhead))
        assert instance.max_charge == 150
