"""Simulated stations at a gateway, until stopped: python -m viavolta.simulator --help."""

import argparse
import asyncio
import contextlib
import logging
import os
import sys

from viavolta.protocols.ocpp.schemas import Version
from viavolta.simulator.fleet import Crowd, identities, run_crowd

PASSWORD = "VIAVOLTA_SIMULATOR_PASSWORD"  # noqa: S105 - the name of a variable
"""The variable that holds the password of all stations."""


def main() -> None:
    """Read the options and let the stations live."""
    parser = argparse.ArgumentParser(prog="python -m viavolta.simulator", description=__doc__)
    parser.add_argument("--url", default="ws://127.0.0.1:9000/ocpp", help="up to the identity")
    parser.add_argument(
        "--stations", default="1,1,1", metavar="N,N,N", help="of OCPP 1.6, 2.0.1 and 2.1"
    )
    parser.add_argument("--prefix", default="sim", help="of the identities")
    parser.add_argument("--pace", type=float, default=1.0, help="of the drivers' days")
    parser.add_argument("--meter-every", type=float, default=10.0, metavar="SECONDS")
    parser.add_argument("--seed", type=int, default=1, help="of the drivers")
    parser.add_argument("--list", action="store_true", help="print identities and versions")
    options = parser.parse_args()
    numbers = [int(n) for n in options.stations.split(",")]
    counts = dict(zip(Version, numbers, strict=False))
    if options.list:
        for identity, version in identities(counts, options.prefix):
            sys.stdout.write(f"{identity} {version}\n")
        return
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr)
    crowd = Crowd(
        url=options.url,
        password=os.environ.get(PASSWORD),
        counts=counts,
        prefix=options.prefix,
        pace=options.pace,
        meter_every_s=options.meter_every,
        seed=options.seed,
    )
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(run_crowd(crowd))


main()
