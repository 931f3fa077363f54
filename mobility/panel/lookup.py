"""Looking up what held for a person on a day, without a join. Pure."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import polars as pl

# The tenure tables hold places in this list; rented: by whom is not known.
TENURES = ("unknown", "owner", "social", "private", "rented")


def on_day(spells: pl.DataFrame, persons: pl.Series, days: pl.Series) -> pl.Series:
    """Row of the spell of each person that covers a day; null when none does.

    Assumes `spells` sorted by person and start, without overlap within a person. One binary search over a packed key, instead
    of a join: person in the high bits, day number in the low ones.
    """
    starts = packed(spells["person"], spells["start_date"])
    asked = packed(persons, days)
    if len(starts) == 0:
        return pl.Series("row", [None] * len(asked), dtype=pl.UInt32)
    row = np.searchsorted(starts, asked, side="right") - 1
    found = row >= 0
    row = np.where(found, row, 0)
    ends = spells["end_date"].to_physical().fill_null(np.iinfo(np.int32).max).to_numpy()
    covered = (
        found & (spells["person"].to_numpy()[row] == persons.to_numpy()) & (days.to_physical().to_numpy() < ends[row])
    )
    return pl.select(pl.when(pl.Series(covered)).then(pl.Series(row)).cast(pl.UInt32).alias("row")).to_series()


def rows_of(known: pl.Series, wanted: pl.Series) -> npt.NDArray[np.int64]:
    """Row of each wanted person among those known; -1 for a stranger.

    Args:
        known: sorted, each once.
        wanted: fast where equal ones stand together, as in every table of the panel: each run is looked up once.
    """
    persons = wanted.to_numpy()
    if not len(persons):
        return np.zeros(0, dtype=np.int64)
    starts = np.flatnonzero(np.concatenate(([True], persons[1:] != persons[:-1])))
    first = persons[starts]
    row = np.searchsorted(known.to_numpy(), first)
    is_known = row < len(known)
    is_known[is_known] = known.to_numpy()[row[is_known]] == first[is_known]
    return np.repeat(np.where(is_known, row, -1), np.diff(starts, append=len(persons)))


_DAY_BITS = 20
_DAY_ZERO = 1 << 19  # days before 1970 are negative


def packed(persons: pl.Series, days: pl.Series) -> npt.NDArray[np.int64]:
    """Person and day as one number, in the order of person and then day."""
    days_since_zero = days.to_physical().cast(pl.Int64) + _DAY_ZERO
    return ((persons.cast(pl.Int64) * (1 << _DAY_BITS)) + days_since_zero).to_numpy()
