"""Durations of ISO 8601, as OpenADR 3 writes them."""

import datetime as dt
import re

ENDLESS = "P9999Y"
"""What OpenADR 3 writes for a duration without end."""

_FORM = re.compile(
    r"(?P<sign>[-+]?)P(?:(?P<weeks>\d+)W)?(?:(?P<days>\d+)D)?"
    r"(?:T(?:(?P<hours>\d+)H)?(?:(?P<minutes>\d+)M)?(?:(?P<seconds>\d+(?:\.\d+)?)S)?)?"
)
_MOST_DIGITS = 9


def duration_of(words: str) -> dt.timedelta | None:
    """A duration of weeks, days, hours, minutes and seconds; None for one without end.

    Raises
    ------
    ValueError: not a duration, or one in years and months, which have no length of their own.
    """
    if words == ENDLESS:
        return None
    found = _FORM.fullmatch(words)
    parts = {} if found is None else {k: v for k, v in found.groupdict().items() if v}
    sign = -1 if parts.pop("sign", "+") == "-" else 1
    if not parts or any(len(value.partition(".")[0]) > _MOST_DIGITS for value in parts.values()):
        msg = f"{words[:40]!r} is no duration of weeks, days, hours, minutes and seconds"
        raise ValueError(msg)
    try:
        return sign * dt.timedelta(**{name: float(value) for name, value in parts.items()})
    except OverflowError as error:
        msg = f"{words[:40]!r} is too long"
        raise ValueError(msg) from error
