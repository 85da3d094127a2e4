"""Moments of a column as seconds since 1970 in UTC: the usual spelling fast, all others too."""

import datetime as dt

import numpy as np
import polars as pl
from numpy.typing import NDArray

from viavolta.model.arrays import Ints

NO_TIME = int(np.iinfo(np.int64).min)
"""Stands for no moment; the same as NaT."""
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_SECOND = dt.timedelta(seconds=1)
_USUAL = (
    r"^[12][0-9]{3}-[0-9]{2}-[0-9]{2}[T ](?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]"
    r"(?:\.[0-9]{1,9})?(?:Z|[+-][0-9]{2}:[0-9]{2})$"
)
_OFTEN = 4  # so often a text stands in a column that finding the different ones saves time
_N_HEAD = 19  # characters of date and time up to the seconds
_PER_SECOND = {"ms": 1_000, "us": 1_000_000, "ns": 1_000_000_000}
_FIRST_S = -62_135_596_800  # year 1
_LAST_S = 253_402_300_799  # year 9999


def seconds_of_moments(moments: pl.Series) -> Ints:
    """Turn timestamps, a zone or none, into seconds; NO_TIME where there is none or out of range.

    Polars keeps timestamps with a zone in UTC.
    """
    unit = moments.dtype.time_unit or "us" if isinstance(moments.dtype, pl.Datetime) else "us"
    seconds = moments.to_physical() // _PER_SECOND[unit]
    is_usable = seconds.is_between(_FIRST_S, _LAST_S).fill_null(value=False).to_numpy()
    return np.where(is_usable, seconds.fill_null(0).to_numpy(), NO_TIME)


def seconds_of_text(words: pl.Series) -> tuple[Ints, NDArray[np.bool_]]:
    """Seconds of moments in ISO 8601, and where a moment has no offset.

    Both are (rows,); NO_TIME where the text is no moment with an offset.
    """
    texts = words.unique(maintain_order=True)
    if len(texts) * _OFTEN <= len(words):  # a profile repeats its few moments for every limit
        read, naive = _read(texts)
        rows = words.replace_strict(texts, np.arange(len(texts))).to_numpy()
        return read[rows], naive[rows]
    return _read(words)


def _read(words: pl.Series) -> tuple[Ints, NDArray[np.bool_]]:
    seconds = _usual(words)
    is_naive = np.zeros(len(words), dtype=bool)
    rows = np.flatnonzero((seconds == NO_TIME) & (words != "").to_numpy())
    if rows.size:
        others = words.gather(rows)
        texts = others.unique(maintain_order=True)
        moments = [_moment(word) for word in texts.to_list()]
        read = pl.Series([NO_TIME if m is None else m[0] for m in moments], dtype=pl.Int64)
        naive = pl.Series([m is not None and m[1] for m in moments], dtype=pl.Boolean)
        seconds[rows] = others.replace_strict(texts, read).to_numpy()
        is_naive[rows] = others.replace_strict(texts, naive).to_numpy()
    return seconds, is_naive


def _usual(words: pl.Series) -> Ints:
    """Seconds where the text is written as most people write it; NO_TIME elsewhere."""
    usual = pl.select(pl.when(words.str.contains(_USUAL)).then(words)).to_series()
    date_time = usual.str.slice(0, _N_HEAD).str.replace(" ", "T", literal=True)
    local = date_time.str.to_datetime("%Y-%m-%dT%H:%M:%S", time_unit="ms", strict=False)
    ending = usual.str.slice(_N_HEAD).str.replace(r"^\.[0-9]+", "")
    endings = ending.drop_nulls().unique()
    offsets = pl.Series([_offset_s(e) for e in endings.to_list()], dtype=pl.Int64)
    offset_s = ending.replace_strict(endings, offsets, default=None, return_dtype=pl.Int64)
    seconds = local.to_physical() // _PER_SECOND["ms"] - offset_s
    return np.array(seconds.fill_null(NO_TIME).to_numpy())


def _offset_s(ending: str) -> int | None:
    """Seconds of an offset such as +02:00; None where there is no such one."""
    moment = _moment(f"2000-01-01T00:00:00{ending}")
    return None if moment is None else (_EPOCH.replace(year=2000) - _EPOCH) // _SECOND - moment[0]


def _moment(word: str) -> tuple[int, bool] | None:
    """Seconds of a moment and whether it lacks an offset (NO_TIME then); None where it is none."""
    try:
        moment = dt.datetime.fromisoformat(word)
    except ValueError:
        return None
    if moment.tzinfo is None:
        return NO_TIME, True
    return (moment - _EPOCH) // _SECOND, False
