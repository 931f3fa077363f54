"""Calendar months, the same everywhere: the same day of a later month, or that month's last day. Pure."""

from __future__ import annotations

import datetime as dt

import polars as pl


def add_months(day: pl.Expr, months: int) -> pl.Expr:
    """The day `months` later (earlier when negative)."""
    return day.dt.offset_by(f"{months}mo")


def months_after(day: dt.date, months: int) -> dt.date:
    """`add_months` for one date."""
    result: dt.date = pl.select(add_months(pl.lit(day), months)).item()
    return result
