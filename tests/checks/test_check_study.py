"""`viavolta check`: exit codes, one JSON document, hostile and damaged folders."""

import json
import os
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import typer
from tamper import TAMPERS, opened
from typer.testing import CliRunner, Result

from viavolta.checks.study_file import parse_study, parse_table
from viavolta.cli.check import check
from viavolta.model.errors import InputError
from viavolta.services.check_study import check_study

APP = typer.Typer()
APP.command()(check)


def run(folder: Path, *options: str) -> Result:
    return CliRunner().invoke(APP, [str(folder), *options])


def document(result: Result) -> dict[str, Any]:
    found = json.loads(result.stdout)
    assert isinstance(found, dict)
    return found


def error_of(folder: Path) -> InputError:
    """The error of the check itself, without the command line and its child process."""
    with pytest.raises(InputError) as caught:
        check_study(folder, read_plainly)
    return caught.value


def read_plainly(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_a_valid_study_exits_0(small_study: Path) -> None:
    """Nothing found: exit 0, and the document says so."""
    result = run(small_study, "--json")
    assert result.exit_code == 0
    assert document(result) == {
        "out": str(small_study),
        "kind": "bus",
        "ok": True,
        "findings": [],
        "n_findings": 0,
    }
    assert "every rule holds" in run(small_study).stdout


def test_a_broken_rule_exits_6(small_study: Path) -> None:
    """Every finding is in the document with rule, table, where and message."""
    TAMPERS["bus_vanishes_for_a_minute"](small_study)
    result = run(small_study, "--json")
    found = document(result)
    assert result.exit_code == 6
    assert not found["ok"]
    assert found["n_findings"] == len(found["findings"])
    gap = next(f for f in found["findings"] if f["rule"] == "block-gap")
    assert gap["table"] == "blocks"
    assert gap["where"] == "block block V1 seq 6"
    assert "09:51:00" in gap["message"]


def test_people_see_some_findings_of_each_rule(small_study: Path) -> None:
    """The list for people stops after twenty of a kind, and control characters are shown."""
    with opened(small_study) as study:
        for row in study.rows("blocks"):
            row["from_place"] = "\x1b[31m{red}"
    result = run(small_study)
    assert result.exit_code == 6
    assert "key-unknown: and 2 more" in result.stdout
    assert "\x1b" not in result.stdout


def test_a_missing_folder_exits_2(tmp_path: Path) -> None:
    """A path that is not there is a wrong call."""
    result = run(tmp_path / "nowhere", "--json")
    assert (result.exit_code, document(result)["error"]["code"]) == (2, "missing-path")


def test_an_empty_folder_exits_5(tmp_path: Path) -> None:
    """A folder that holds no study is named as such."""
    result = run(tmp_path, "--json")
    assert (result.exit_code, document(result)["error"]["code"]) == (5, "not-a-study")


@pytest.mark.parametrize(
    "content",
    [
        None,
        b"",
        b"{",
        b"[]",
        b"\xff\xfe",
        b'{"kind": "bus", "kind": "bus"}',
        b"[" * 200_000,
        b'{"n": ' + b"9" * 10_000 + b"}",
    ],
)
def test_a_bad_study_file_is_an_error(small_study: Path, content: bytes | None) -> None:
    """Missing, truncated, doubled, endlessly nested: one error that names the file."""
    (small_study / "study.json").unlink()
    if content is not None:
        (small_study / "study.json").write_bytes(content)
    error = error_of(small_study)
    assert (error.exit_code, error.code, error.where.file) == (5, "not-a-study", "study.json")


@pytest.mark.parametrize("kind", ["train", "", None, 7, ["bus"]])
def test_an_unknown_kind_is_an_error(small_study: Path, kind: object) -> None:
    """A study of a kind that has no rules yet cannot be called right."""
    meta = json.loads((small_study / "study.json").read_text())
    (small_study / "study.json").write_text(json.dumps({**meta, "kind": kind}))
    error = error_of(small_study)
    assert (error.exit_code, error.code) == (5, "study-kind-unknown")


@pytest.mark.parametrize("content", [b"", b"PAR1", b"PAR1" + b"\x00" * 100 + b"PAR1", b"no table"])
def test_a_damaged_table_exits_5(small_study: Path, content: bytes) -> None:
    """A table that is no Parquet is named, without a word of the library's own."""
    (small_study / "blocks.parquet").write_bytes(content)
    result = run(small_study, "--json")
    error = document(result)["error"]
    assert result.exit_code == 5
    assert (error["code"], error["file"]) == ("study-table-unreadable", "blocks.parquet")
    assert "panick" not in result.output


def test_a_truncated_table_is_an_error_without_the_probe(small_study: Path) -> None:
    """The reader of bytes itself turns damage into an error, too."""
    content = (small_study / "blocks.parquet").read_bytes()
    with pytest.raises(InputError) as caught:
        parse_table("blocks.parquet", content[: len(content) // 2])
    assert caught.value.code == "study-table-unreadable"


def test_a_table_that_unpacks_without_end_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file of a few bytes may claim more rows than any study has."""
    monkeypatch.setattr("viavolta.checks.study_file._CELLS_MAX", 1_000)
    pl.DataFrame({"a": [0] * 2_000}).write_parquet(tmp_path / "bomb.parquet")
    with pytest.raises(InputError, match="bomb"):
        parse_table("bomb.parquet", (tmp_path / "bomb.parquet").read_bytes())


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes on this system")
def test_a_pipe_in_the_folder_is_not_read(small_study: Path) -> None:
    """A file that would never end is no part of a study."""
    os.mkfifo(small_study / "endless.parquet")
    assert run(small_study).exit_code == 0


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("files", [7]),
        ("files", [{"name": 1, "rows": "x", "sha256": None}]),
        ("summary", []),
        ("assumptions", {}),
        ("inputs", None),
        ("timings_s", 3),
        ("seed", True),
    ],
)
def test_wrong_keys_are_findings(small_study: Path, key: str, value: object) -> None:
    """A study file with the wrong kinds of values breaks a rule; nothing crashes."""
    meta = json.loads((small_study / "study.json").read_text())
    (small_study / "study.json").write_text(json.dumps({**meta, key: value}))
    findings = check_study(small_study, read_plainly).findings
    assert {finding.rule for finding in findings} == {"study-keys"}


def test_a_study_file_may_be_of_any_kind_of_json() -> None:
    """Numbers that JSON does not have are read, and left to the rules."""
    assert str(parse_study(b'{"summary": {"cost_eur_per_year": NaN}}')) != ""
