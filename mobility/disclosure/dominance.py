"""Dominance: nobody who knows one contributor of a sum or a mean may come near another's. Pure."""

from __future__ import annotations

from fractions import Fraction

import polars as pl

from mobility.settings import Disclosure


def contributions(
    records: pl.DataFrame, cells: tuple[str, ...], contributor: str, value: str, profile: Disclosure
) -> pl.DataFrame:
    """What the largest contributors hold of the sum of every cell.

    One row per cell, sorted: the columns of `cells`, `total`, `largest`, `second`, and `top`, the sum of as many of the
    largest as the (n,k) rule of the profile names (one, where it names none). A household in a cell over several years, or by
    several members, is one contributor.

    Args:
        records: one row per contribution, with whole amounts of zero or more.
        cells: the key columns.
        contributor: the column that says whose it is: the household.
        value: the column with the amount.
        profile: the rules.
    """
    amounts = pl.col("amount").sort(descending=True)
    number = profile.dominance_contributors or 1
    return (
        records.group_by(*cells, contributor)
        .agg(amount=pl.col(value).cast(pl.Int64).sum())
        .group_by(cells)
        .agg(
            total=pl.col("amount").sum(),
            largest=amounts.get(0),
            second=amounts.get(1, null_on_oob=True).fill_null(0),
            top=amounts.head(number).sum(),
        )
        .sort(cells)
    )


def is_dominated(total: pl.Expr, largest: pl.Expr, second: pl.Expr, top: pl.Expr, profile: Disclosure) -> pl.Expr:
    """Whether a sum of whole amounts is in too few hands, by every rule the profile asks.

    - the largest contributor holds more than `largest_share` of the total;
    - (n,k): the n largest hold more than the share k;
    - p %: what all but the two largest hold is less than p % of the largest, so that the second largest could estimate
    the largest
      as closely as that.
    """
    found = _above(largest, profile.largest_share, total)
    if profile.dominance_share is not None:
        found = found | _above(top, profile.dominance_share, total)
    if profile.p_percent is not None:
        found = found | (100 * (total - largest - second) < profile.p_percent * largest)
    return found


def _above(part: pl.Expr, share: float, whole: pl.Expr) -> pl.Expr:
    exact = Fraction(share).limit_denominator(1000)  # whole numbers, so that nothing hangs on the last bit
    return part * exact.denominator > whole * exact.numerator
