"""What python-oa3-client does with a VTN of 3.1; run with its own Python:
BASE_URL BL_ID BL_SECRET VEN_ID VEN_SECRET START.

Writes one JSON document of what it saw, and what its webhook heard. Waits for a line on its
standard input before it looks at what was heard.
"""

import json
import sys

from openadr3_client import BlClient, VenClient

base, bl_id, bl_secret, ven_id, ven_secret, start = sys.argv[1:]
with (
    BlClient(url=base, client_id=bl_id, client_secret=bl_secret) as bl,
    VenClient(url=base, client_id=ven_id, client_secret=ven_secret) as ven,
):
    ven.register("site-controller")
    again = VenClient(url=base, client_id=ven_id, client_secret=ven_secret)
    with again:
        again.register("site-controller")
        is_same = again.ven_id == ven.ven_id
    program = bl.create_program({"programName": "Capacity"}).json()
    hook = ven.add_webhook(host="127.0.0.1", bearer_token="tell-me", callback_host="127.0.0.1")
    hook.start()
    ven.subscribe(["Capacity"], ["EVENT"], ["CREATE", "UPDATE", "DELETE"], hook)
    body = {
        "programID": program["id"],
        "targets": ["feeder-7"],
        "intervalPeriod": {"start": start, "duration": "PT1H"},
        "intervals": [
            {"id": 0, "payloads": [{"type": "IMPORT_CAPACITY_LIMIT", "values": [120.0]}]}
        ],
    }
    hidden = bl.create_event(body).json()
    granted = {
        "objectType": "BL_VEN_REQUEST",
        "venName": "site-controller",
        "clientID": ven_id,
        "targets": ["feeder-7"],
    }
    unseen = len(ven.poll_events("Capacity"))
    bl.update_ven(ven.ven_id, granted)
    (event,) = ven.poll_events("Capacity")
    second = bl.create_event({**body, "targets": None}).json()
    resource = ven.create_resource(
        {"objectType": "VEN_RESOURCE_REQUEST", "resourceName": "r", "venID": ven.ven_id}
    )
    report = ven.create_report(
        {"eventID": event.id, "clientName": "site-controller", "resources": []}
    )
    seen = {
        "isSame": is_same,
        "notifiers": ven.discover_notifiers(),
        "mqtt": ven.vtn_supports_mqtt(),
        "unseen": unseen,
        "event": [event.id == hidden["id"], event.targets, str(event.interval_period.start)],
        "value": event.intervals[0].payloads[0].values,
        "resource": resource.status_code,
        "report": report.status_code,
        "reports": len(bl.reports(eventID=event.id)),
        "forbidden": ven.create_event(body).status_code,
        "tree": sorted(one.resource_name for one in bl.resources()),
    }
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.readline()
    heard = hook.await_messages(1, timeout=10)
    seen["heard"] = [
        [one.payload.operation, one.payload.object.id == second["id"]] for one in heard
    ]
    bl.delete_event(hidden["id"])
    sys.stdout.write(json.dumps(seen, default=str))
