"""The guide for grid operators, followed to the letter, and the reference beside the code."""

import json
import re
from pathlib import Path

import pytest
from openadr_vtn import Speaker

from viavolta.protocols.openadr.reports import WRITTEN
from viavolta.storage.tables.live import LimitChange, SiteLimit

DOCS = Path(__file__).parents[3] / "docs"


@pytest.mark.django_db
def test_the_event_of_the_guide_limits_the_feeder(dso: Speaker, tree: dict[str, SiteLimit]) -> None:
    """120 kW for an hour, then 300 kW for another."""
    del tree
    guide = (DOCS / "howto" / "grid-signals.md").read_text("utf-8")
    (text,) = re.findall(r"```json\n(.*?)```", guide, re.DOTALL)
    program = dso.made("programs", {"programName": "Feeder capacity"})["id"]
    body = json.loads(text) | {"programID": program}
    moved = body["intervalPeriod"] | {"start": "2031-12-01T17:00:00Z"}
    dso.made("events", body | {"intervalPeriod": moved})
    rows = LimitChange.objects.values_list("limit__limit_id", "import_kw", "starts_at__hour")
    assert list(rows) == [("feeder-7", 120, 17), ("feeder-7", 300, 18)]


def test_the_reference_lists_the_reports_that_are_written() -> None:
    """No more and no fewer."""
    page = (DOCS / "reference" / "openadr.md").read_text("utf-8")
    listed = re.findall(r"^\| `(\w+)` \|", page.partition("## As a VEN")[2], re.MULTILINE)
    assert set(listed) == set(WRITTEN)
