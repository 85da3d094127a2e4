"""What long runs may take of the machine: settings of the environment."""

import os
from collections.abc import Mapping
from dataclasses import dataclass

from viavolta.model.errors import UsageError, Where
from viavolta.model.messages import text
from viavolta.storage.processes import machine_memory_bytes

MEMORY_SHARE = 0.6
"""Of the machine's memory, what all long runs together may take unless a setting says otherwise."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunLimits:
    """What runs may take.

    Attributes
    ----------
    slots : long runs of a worker at the same time. per_owner : runs of one organisation at the
        same time, over all workers. memory_mb, hours : of one run. trips : of the planned day.
    """

    slots: int
    per_owner: int
    memory_mb: int
    hours: float
    trips: int


def run_limits(environ: Mapping[str, str]) -> RunLimits:
    """Read the limits; half the cores and three fifths of the memory unless they are set.

    Raises
    ------
    UsageError: a setting is no number in its range.
    """
    slots = int(_number(environ, "VIAVOLTA_RUN_SLOTS", max(1, (os.cpu_count() or 1) // 2), 1024))
    memory_mb = MEMORY_SHARE * machine_memory_bytes() / 1e6 / slots
    return RunLimits(
        slots=slots,
        per_owner=int(_number(environ, "VIAVOLTA_RUNS_PER_OWNER", 1, 1024)),
        memory_mb=int(_number(environ, "VIAVOLTA_RUN_MEMORY_MB", memory_mb, 1e8)),
        hours=_number(environ, "VIAVOLTA_RUN_HOURS", 6, 1000, least=0.01),
        trips=int(_number(environ, "VIAVOLTA_RUN_TRIPS", 100_000, 1e9)),
    )


def _number(
    environ: Mapping[str, str], name: str, usual: float, most: float, *, least: float = 1
) -> float:
    given = environ.get(name, "").strip()
    try:
        value = float(given or usual)
    except ValueError:
        value = -1.0
    if not least <= value <= most:
        raise UsageError(
            code="bad-setting",
            message=text("{name} is {given}", name=name, given=given[:200]),
            where=Where(field=name, value=given[:200]),
            expected=text("a number from {least:g} to {most:g}", least=least, most=most),
            hint=text("correct it in the environment, or leave it out"),
        )
    return value
