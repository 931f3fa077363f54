"""Days as whole numbers since 1 January 1970, the form in which life histories are simulated.

Intervals are half-open: a stay that ends on `day` covers the day before and not `day` itself.
"""

from __future__ import annotations

import calendar
from datetime import date, timedelta
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

Ints = npt.NDArray[np.int32]
Smalls = npt.NDArray[np.int8]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
AnyInts = npt.NDArray[Any]

FOREVER = 100_000  # later than any day: still going on
_EPOCH = date(1970, 1, 1)


def day_number(day: date) -> int:
    """Whole days from 1 January 1970 to `day`."""
    return (day - _EPOCH).days


def day_date(number: int) -> date:
    """The date of a day number."""
    return _EPOCH + timedelta(days=int(number))


REGISTER_START = day_number(date(1995, 1, 1))  # first day of the address register
HOUSEHOLDS_START = day_number(date(1994, 10, 1))  # first day of the household register


def add_months(day: date, months: int) -> date:
    """The same day of the month, `months` later, or the last day of a month that is too short."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def month_starts(first_year: int, last_year: int) -> Ints:
    """Day number of the first of every month, and of the first of January after the last year."""
    months = np.arange((first_year - 1970) * 12, (last_year + 1 - 1970) * 12 + 1)
    return months.astype("datetime64[M]").astype("datetime64[D]").astype(np.int32)


def year_of(days: AnyInts) -> Ints:
    """Calendar year of each day."""
    return (days.astype("datetime64[D]").astype("datetime64[Y]").astype(np.int32) + 1970).astype(np.int32)


def as_dates(days: AnyInts) -> pl.Series:
    """Polars dates; `FOREVER` becomes null."""
    series = pl.Series(days.astype(np.int32))
    return series.set(series >= FOREVER, None).cast(pl.Date)


def day_texts(days: AnyInts, forever: str) -> pl.Series:
    """`YYYYMMDD` texts; `FOREVER` becomes the register's code for what still goes on."""
    first, last = int(days.min(initial=0)), int(np.where(days < FOREVER, days, 0).max(initial=0))
    known = pl.Series(np.arange(first, last + 1, dtype=np.int32)).cast(pl.Date).dt.strftime("%Y%m%d")
    known = pl.concat([known, pl.Series([forever])])
    places = np.where(days < FOREVER, days - first, last + 1 - first)
    return known.gather(places.astype(np.uint32))
