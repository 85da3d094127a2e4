"""What toadr3 does with a VTN; run with its own Python: BASE_URL CLIENT_ID SECRET CALLBACK_URL.

Writes one JSON document of what it saw.
"""

import asyncio
import json
import sys

import toadr3
from toadr3.models import ObjectOperation, ObjectType, OperationType, Report, Subscription


async def story(base: str, client_id: str, secret: str, callback: str) -> dict[str, object]:
    """Read programmes and events, subscribe, report, ask for what is not there."""
    login = toadr3.OAuthScopeConfig(
        token_url=f"{base}/auth/token",
        grant_type="client_credentials",
        scope="read_all write_reports write_subscriptions",
        client_id=client_id,
        client_secret=secret,
    )
    async with toadr3.ToadrClient(base, login) as client:
        programs = await client.get_programs()
        events = await client.get_events(
            program_id=programs[0].id, target_type="RESOURCE_NAME", target_values=["charger-1"]
        )
        wish = Subscription(
            client_name="toadr3",
            program_id=programs[0].id,
            object_operations=[
                ObjectOperation(
                    objects=[ObjectType.EVENT],
                    operations=[OperationType.POST, OperationType.DELETE],
                    callback_url=callback,
                )
            ],
        )
        subscription = await client.post_subscription(wish)
        again = await client.get_subscriptions(client_name="toadr3")
        report = await client.post_report(
            Report.create_report(events[0], "toadr3", "USAGE", [1.5], report_name="r")
        )
        reports = await client.get_reports(event_id=events[0].id)
        refused = 0
        try:
            await client.delete_program(programs[0].id)
        except toadr3.ToadrError as error:
            refused = error.status_code
        return {
            "programs": [one.program_name for one in programs],
            "events": [
                {
                    "start": str(one.interval_period.start),
                    "seconds": one.interval_period.duration.total_seconds(),
                    "type": one.intervals[0].payloads[0].type,
                    "values": one.intervals[0].payloads[0].values,
                }
                for one in events
            ],
            "subscriptions": [one.id == subscription.id for one in again],
            "reports": [one.id == report.id for one in reports],
            "value": reports[0].resources[0].intervals[0].payloads[0].values,
            "missing": await client.get_program("none"),
            "refused": refused,
        }


sys.stdout.write(json.dumps(asyncio.run(story(*sys.argv[1:]))))
