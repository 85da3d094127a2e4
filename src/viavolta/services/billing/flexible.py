"""Since when a driver leaves the power to the plan: what counts as flexible, and when.

Flexible is a session while the wish that counts is smart, and neither boosted nor preferred.
Where nobody said anything nothing was offered: that time is not flexible, though it is planned.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from viavolta.services.billing.price import Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """A wish from the moment on at which it was given, until the next one."""

    at: dt.datetime
    is_flexible: bool


def flexible_spans(
    said: Sequence[Said], started_at: dt.datetime, ended_at: dt.datetime
) -> tuple[Span, ...]:
    """The spans of a session in which it is flexible; wishes in the order in which they count."""
    edges = [min(max(one.at, started_at), ended_at) for one in said]
    spans: list[Span] = []
    for k, one in enumerate(said):
        start, end = edges[k], min(edges[k + 1 :], default=ended_at)
        if not one.is_flexible or end <= start:
            continue
        if spans and spans[-1][1] == start:
            spans[-1] = (spans[-1][0], end)
        else:
            spans.append((start, end))
    return tuple(spans)
