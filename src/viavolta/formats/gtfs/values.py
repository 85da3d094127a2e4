"""Single values of a feed, read column-wise: times of day, dates, numbers. Unreadable: null.

Columns are long and clean as a rule: the quick way is tried first, the lenient one where it fails.
"""

import numpy as np
import polars as pl

MAX_HOURS = 72
"""Times of day from here on are taken as errors; night services end before 36:00."""
DAY_S = 86_400
_SIXTY = 60


def times_s(column: pl.Series) -> pl.Series:
    """Read times of day such as 08:05:00, 8:05, 25:10:00 as seconds (Int32).

    A feed has few distinct times, so each is read once and looked up.
    """
    distinct = column.drop_nulls().unique()
    parts = distinct.str.extract_groups(r"^ *([0-9]{1,2}):([0-9]{1,2})(?::([0-9]{1,2}))? *$")
    known = pl.DataFrame({"text": distinct, "parts": parts}).select(
        "text",
        h=pl.col("parts").struct.field("1").cast(pl.Int32),
        m=pl.col("parts").struct.field("2").cast(pl.Int32),
        s=pl.col("parts").struct.field("3").cast(pl.Int32).fill_null(0),
    )
    valid = (pl.col("h") < MAX_HOURS) & (pl.col("m") < _SIXTY) & (pl.col("s") < _SIXTY)
    known = known.select(
        "text", time_s=pl.when(valid).then(pl.col("h") * 3600 + pl.col("m") * 60 + pl.col("s"))
    )
    asked = pl.DataFrame({"text": column})
    return asked.join(known, on="text", how="left", maintain_order="left")["time_s"]


def clock(time_s: pl.Expr) -> pl.Expr:
    """Write seconds of the service day as HH:MM:SS."""
    parts = (time_s // 3600, time_s % 3600 // 60, time_s % 60)
    return pl.concat_str(*[part.cast(pl.String).str.zfill(2) for part in parts], separator=":")


def dates(column: pl.Series) -> pl.Series:
    """Read dates such as 20250210, of the years 1 to 9999; 2025-02-10 is understood too."""
    digits = column.str.replace_all("-", "", literal=True)
    looks_right = digits.str.contains(r"^[0-9]{8}$") & ~digits.str.starts_with("0000")
    return digits.set(~looks_right, None).str.to_date("%Y%m%d", strict=False)


def numbers(column: pl.Series) -> pl.Series:
    """Read decimal numbers (Float64); a decimal comma is understood, infinities are no numbers."""
    value = column.cast(pl.Float64, strict=False)
    if value.null_count() > column.null_count():
        value = column.str.replace(",", ".", literal=True).cast(pl.Float64, strict=False)
    return value.set(~value.is_finite(), None)


def integers(column: pl.Series) -> pl.Series:
    """Read whole numbers (Int64, within 31 bits); 3.0 is one, 3.5 is none."""
    value = column.cast(pl.Int64, strict=False)
    if value.null_count() > column.null_count():
        number = numbers(column)
        small = number.set(number.abs() >= 2.0**53, None)
        value = small.set(small != small.floor(), None).cast(pl.Int64)
    return value.set(~value.is_between(-(2**31), 2**31 - 1), None)


def rows_of(column: pl.Series, ids: pl.Series) -> pl.Series:
    """Give the row of each value in `ids` (UInt32, null where it is not there).

    Tables usually lie grouped by their id, so each run of equal values is looked up once.
    """
    heads = np.flatnonzero(column.ne_missing(column.shift()).to_numpy())
    if len(column) and (len(heads) == 0 or heads[0] != 0):
        heads = np.concatenate([[0], heads])  # the first value is null, like the one before it
    lengths = np.diff(heads, append=len(column))
    known = pl.DataFrame({"id": ids}).with_row_index("position")
    found = (
        pl.DataFrame({"id": column.gather(heads)})
        .join(known, on="id", how="left", maintain_order="left")
        .get_column("position")
    )
    return found.gather(np.repeat(np.arange(len(heads)), lengths)).alias("position")


def in_order(rows: pl.DataFrame, group: str, number: str) -> pl.DataFrame:
    """Sort by group, then number; equal numbers keep their order.

    group: UInt32. Feeds lie nearly in order, which a merge sort on one or two keys makes use of.
    """
    groups = rows[group].to_numpy().astype(np.int64)
    numbers_in_group = rows[number].to_numpy()
    step = np.diff(groups)
    within = np.diff(numbers_in_group)[step == 0]
    if (step >= 0).all() and (within >= 0).all():
        return rows
    if (within >= 0).all() and np.count_nonzero(step) == len(np.unique(groups)) - 1:
        order = np.argsort(groups, kind="stable")  # every group lies together, in order
    else:
        order = np.lexsort((numbers_in_group, groups))
    return rows.select(pl.all().gather(order))
