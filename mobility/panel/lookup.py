"""Looking up what held for a person on a day, without a join. Pure."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import polars as pl

# The tenure tables hold places in this list; rented: by whom is not known.
TENURES = ("unknown", "owner", "social", "private", "rented")


_FOREVER = np.iinfo(np.int32).max  # stands for an open end
_DAY_BITS = 20
_DAY_ZERO = 1 << 19  # days before 1970 are negative


class ByDay:
    """Spells that are asked who was in which of them on a day, time and again.

    One binary search over a packed key, instead of a join: person in the high bits, day number in the low ones.

    Args:
        spells: sorted by person and start; of those of one person that overlap, the one that starts last must end last.
    """

    def __init__(self, spells: pl.DataFrame) -> None:
        self.spells = spells
        self._person = spells["person"].to_numpy()
        self._end = spells["end_date"].to_physical().fill_null(_FOREVER).to_numpy()
        self._starts = pack(self._person, spells["start_date"].to_physical().to_numpy())

    def row(self, persons: pl.Series, days: pl.Series) -> npt.NDArray[np.int64]:
        """Row of the spell of each person that covers a day of their own; -1 when none does."""
        if not len(self._starts):
            return np.full(len(persons), -1, dtype=np.int64)
        asked, day = persons.to_numpy(), days.to_physical().to_numpy()
        row = np.searchsorted(self._starts, pack(asked, day), side="right") - 1
        covered = (row >= 0) & (self._person[row] == asked) & (day < self._end[row])
        return np.where(covered, row, -1)

    def value(self, column: str, persons: pl.Series, days: pl.Series) -> pl.Series:
        """What a column holds for each person on a day of their own; null when no spell covers it."""
        return gather(self.spells[column], self.row(persons, days))


def gather(column: pl.Series, row: npt.NDArray[np.int64]) -> pl.Series:
    """Values of rows; null for row -1."""
    return column.gather(rows_or_null(row))


def rows_or_null(row: npt.NDArray[np.int64]) -> pl.Series:
    """Rows as numbers to gather by; null for row -1."""
    return pl.Series("row", row).cast(pl.UInt32, strict=False)


def on_day(spells: pl.DataFrame, persons: pl.Series, days: pl.Series) -> pl.Series:
    """Row of the spell of each person that covers a day; null when none does. Who asks more than once, keeps a `ByDay`."""
    return rows_or_null(ByDay(spells).row(persons, days))


def rows_of_all(known: npt.NDArray[np.uint32], wanted: pl.Series) -> pl.Series:
    """Every row of each wanted person, in order, as numbers to gather by.

    Args:
        known: persons of a table, sorted.
        wanted: persons, each once.
    """
    persons = np.sort(wanted.to_numpy())
    first, last = (np.searchsorted(known, persons, side=side) for side in ("left", "right"))
    many = last - first
    start = np.repeat(first - (np.cumsum(many) - many), many)
    return pl.Series("row", start + np.arange(int(many.sum())), dtype=pl.UInt32)


def rows_of(known: pl.Series, wanted: pl.Series | npt.NDArray[np.uint32]) -> npt.NDArray[np.int64]:
    """Row of each wanted person among those known; -1 for a stranger.

    Args:
        known: sorted, each once.
        wanted: fast where equal ones stand together, as in every table of the panel: each run is looked up once.
    """
    persons = np.asarray(wanted)
    if not len(persons):
        return np.zeros(0, dtype=np.int64)
    starts = np.flatnonzero(np.concatenate(([True], persons[1:] != persons[:-1])))
    first = persons[starts]
    row = np.searchsorted(known.to_numpy(), first)
    is_known = row < len(known)
    is_known[is_known] = known.to_numpy()[row[is_known]] == first[is_known]
    return np.repeat(np.where(is_known, row, -1), np.diff(starts, append=len(persons)))


def pack(persons: npt.NDArray[np.uint32], days: npt.NDArray[np.int32]) -> npt.NDArray[np.int64]:
    """Person and day as one number, in the order of person and then day."""
    return (persons.astype(np.int64) << _DAY_BITS) + (days + np.int32(_DAY_ZERO))
