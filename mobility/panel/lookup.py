"""Looking up what held for a person on a day, without a join. Pure."""

from __future__ import annotations

import numpy as np
import polars as pl

# The tenure tables hold places in this list; rented: by whom is not known.
TENURES = ("unknown", "owner", "social", "private", "rented")


def on_day(spells: pl.DataFrame, persons: pl.Series, days: pl.Series) -> pl.Series:
    """Row of the spell of each person that covers a day; null when none does.

    Assumes `spells` sorted by person and start, without overlap within a person. One binary search over a packed key, instead
    of a join: person in the high bits, day number in the low ones.
    """
    starts = _packed(spells["person"], spells["start_date"])
    asked = _packed(persons, days)
    row = np.searchsorted(starts, asked, side="right") - 1
    found = row >= 0
    row = np.where(found, row, 0)
    if len(starts) == 0:
        return pl.Series("row", [None] * len(asked), dtype=pl.UInt32)
    ends = spells["end_date"].to_physical().fill_null(np.iinfo(np.int32).max).to_numpy()
    covered = (
        found & (spells["person"].to_numpy()[row] == persons.to_numpy()) & (days.to_physical().to_numpy() < ends[row])
    )
    return pl.select(pl.when(pl.Series(covered)).then(pl.Series(row)).cast(pl.UInt32).alias("row")).to_series()


_DAY_BITS = 20
_DAY_ZERO = 1 << 19  # days before 1970 are negative


def _packed(persons: pl.Series, days: pl.Series) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    days_since_zero = days.to_physical().cast(pl.Int64) + _DAY_ZERO
    return ((persons.cast(pl.Int64) * (1 << _DAY_BITS)) + days_since_zero).to_numpy()
