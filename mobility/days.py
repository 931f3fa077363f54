"""Calendar months, the same everywhere: the same day of a later month, or that month's last day. Pure."""

from __future__ import annotations

import calendar
import datetime as dt

import polars as pl


def add_months(day: pl.Expr, months: int) -> pl.Expr:
    """The day `months` later (earlier when negative)."""
    return day.dt.offset_by(f"{months}mo")


def months_after(day: dt.date, months: int) -> dt.date:
    """`add_months` for one date."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return dt.date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def months_until(start: pl.Expr, day: pl.Expr) -> pl.Expr:
    """The fewest months after `start` by which `day` is reached.

    0 on the day itself, 1 from the next day until a month later.
    """
    whole = (day.dt.year().cast(pl.Int64) - start.dt.year()) * 12 + day.dt.month() - start.dt.month()
    return whole + (day.dt.day() > start.dt.day()).cast(pl.Int64)


def whole_months(start: pl.Expr, end: pl.Expr) -> pl.Expr:
    """The most months after `start` that are over when `end`, the first day that is not seen, begins."""
    return months_until(start, end.dt.offset_by("1d")) - 1
