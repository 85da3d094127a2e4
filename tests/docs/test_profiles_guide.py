"""The guide to charging profiles, followed on the study of the guide to charging."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import polars as pl

from viavolta.protocols.ocpp.charging_profile import violation
from viavolta.protocols.ocpp.schemas import Version

PAGE = Path(__file__).parents[2] / "docs" / "howto" / "profiles.md"


def test_the_guide_works(charging: tuple[Path, str]) -> None:
    """Its commands run on the night of the other guide, and the page names what they write."""
    folder, _ = charging
    page = PAGE.read_text(encoding="utf-8")
    (script,) = re.findall(r"^```sh\n(.*?)^```$", page, flags=re.MULTILINE | re.DOTALL)
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    subprocess.run(
        ["bash", "-euc", script],
        cwd=folder,
        env={**os.environ, "PATH": path},
        capture_output=True,
        check=True,
        timeout=300,
    )
    lines = (folder / "night-ocpp" / "profiles.jsonl").read_text(encoding="ascii").splitlines()
    profiles = [json.loads(line)["profile"] for line in lines]
    assert [violation(Version.V16, profile) for profile in profiles] == [None] * 3
    profile = json.loads((folder / "van-2-ocpp" / "profile.json").read_text(encoding="ascii"))
    assert violation(Version.V201, profile) is None
    written = {path.name for path in (folder / "van-2-ocpp").iterdir()}
    assert written == set(re.findall(r"^\| `([a-z.]+)`", page, flags=re.MULTILINE))
    columns = set(pl.read_parquet_schema(folder / "night-ocpp" / "loss.parquet"))
    named = set(re.findall(r"\b[a-z]+_?[a-z_]*\b", page.partition("## Few periods")[2]))
    assert columns - {"stay_id", "profile_id"} <= named
