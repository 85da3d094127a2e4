"""Clients of others, in environments of their own, against our VTN over a real socket."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cast import Cast
from django.utils import timezone
from openadr_vtn import START, Speaker, limiting

from viavolta.hub.openadr.models import Notification
from viavolta.hub.openadr.telling import send_due
from viavolta.storage.tables.live import LimitChange, SiteLimit

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("loopback")]
STORIES = Path(__file__).parent / "stories"
Find = Callable[[str], Path]


def test_toadr3_reads_subscribes_and_reports(
    foreign_client: Find, live_server: Any, dso: Speaker, ven: Speaker, program: str
) -> None:
    """A VEN of 3.0.1, whose words of operations are those of 3.0.0."""
    dso.made(
        "events",
        limiting(
            program,
            75,
            targets=[{"type": "RESOURCE_NAME", "values": ["charger-1"]}],
            reportDescriptors=[{"payloadType": "USAGE", "units": "KWH"}],
        ),
    )
    grant = [{"resourceName": "charger-1"}]
    dso.made("vens", {"venName": "v", "clientID": ven.client.client_id, "resources": grant})
    callback = "http://127.0.0.1:9/hook"
    login = (ven.client.client_id, ven.secret)
    words = [str(foreign_client("toadr3")), str(STORIES / "toadr3_story.py")]
    done = subprocess.run(
        [*words, f"{live_server.url}/openadr3/3.0.1", *login, callback],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert json.loads(done.stdout) == {
        "programs": ["Capacity"],
        "events": [
            {
                "start": "2031-03-01 09:00:00+00:00",
                "seconds": 3600,
                "type": "IMPORT_CAPACITY_LIMIT",
                "values": [75],
            }
        ],
        "subscriptions": [True],
        "reports": [True],
        "value": [1.5],
        "missing": None,
        "refused": 403,
    }
    dso.made("events", limiting(program, 80, targets=None))
    assert Notification.objects.get().content["operation"] == "POST"


def test_python_oa3_client_as_ven_and_as_grid_operator(
    foreign_client: Find,
    live_server: Any,
    settings: Any,
    cast: Cast,
    speakers: tuple[Speaker, Speaker],
) -> None:
    """Both sides of 3.1: registration, privacy, targets, webhook; the event limits the feeder."""
    ven, dso = speakers
    settings.ORIGIN = live_server.url
    SiteLimit.objects.create(tenant_id=cast.organisation.pk, limit_id="feeder-7")
    base = f"{live_server.url}/openadr3/3.1.0"
    logins = (dso.client.client_id, dso.secret, ven.client.client_id, ven.secret)
    words = [str(foreign_client("python-oa3-client")), str(STORIES / "oa3_story.py")]
    with subprocess.Popen(
        [*words, base, *logins, START],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as story:
        assert story.stdout is not None
        first = story.stdout.readline()
        limits = [
            (row.limit.limit_id, row.import_kw)
            for row in LimitChange.objects.filter(is_withdrawn=False).select_related("limit")
        ]
        n_sent = send_due(timezone.now())
        out, err = story.communicate("go\n", timeout=60)
    assert (first, story.returncode) == ("ready\n", 0), err[-2000:]
    assert limits == [("feeder-7", 120)]
    assert n_sent == 1
    assert json.loads(out) == {
        "isSame": True,
        "notifiers": {"WEBHOOK": True},
        "mqtt": False,
        "unseen": 0,
        "event": [True, ["feeder-7"], "2031-03-01 09:00:00+00:00"],
        "value": [120],
        "resource": 201,
        "report": 201,
        "reports": 1,
        "forbidden": 403,
        "tree": ["feeder-7", "r"],
        "heard": [["CREATE", True]],
    }
