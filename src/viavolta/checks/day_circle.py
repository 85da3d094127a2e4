"""Sums over a day that repeats: what happens at 24:30 is there again at 00:30."""

from collections import defaultdict
from collections.abc import Iterable

DAY_S = 86_400

Span = tuple[float, float, float]
"""Start and end in seconds since 00:00 of the service day, half-open, and a weight."""


def peak_on_day(spans: Iterable[Span]) -> tuple[float, float]:
    """Highest sum of weights at any moment of the repeating day, and the second it begins.

    Every span is wrapped round the circle of 24 h; a span of more than a day counts once for each
    full turn. At equal times ends come before starts, because spans are half-open.
    """
    level = 0.0
    change: defaultdict[float, float] = defaultdict(float)
    for start, end, weight in spans:
        if end <= start:
            continue
        turns, rest = divmod(end - start, DAY_S)
        level += turns * weight
        if rest == 0:
            continue
        begin = start % DAY_S
        finish = (begin + rest) % DAY_S
        change[begin] += weight
        change[finish] -= weight
        if finish < begin:  # runs past midnight: already there at 00:00
            level += weight
    peak, at_s = (level, 0.0) if 0.0 not in change else (float("-inf"), 0.0)
    for moment in sorted(change):
        level += change[moment]
        if level > peak:
            peak, at_s = level, moment
    return max(peak, 0.0), at_s


def clock(seconds: float) -> str:
    """Seconds of the service day as HH:MM:SS, beyond 24 h where they are."""
    sign, whole = ("-", -seconds) if seconds < 0 else ("", seconds)
    minutes, second = divmod(int(whole), 60)
    hour, minute = divmod(minutes, 60)
    return f"{sign}{hour:02d}:{minute:02d}:{second:02d}"
