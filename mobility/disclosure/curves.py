"""Curves over time, such as incidence and survival: coarse steps, each with nobody or with enough events. Pure."""

from __future__ import annotations

from itertools import pairwise

import polars as pl

from mobility.settings import Disclosure


def coarse_steps(events: pl.DataFrame, curve: tuple[str, ...], profile: Disclosure) -> pl.DataFrame:
    """The steps that every curve may have.

    One row per curve and step, sorted: the columns of `curve`, `month` (in which the step ends), `persons` and
    `households` with an
    event in it. Months go in bins of `curve_months`; a bin with fewer events than `curve_events`, in persons or in
    households, goes
    with those after it until there are enough. What is left at the end goes with the last step; a curve that never has enough has
    no row. A bin in which nothing happens is no step.

    Args:
        events: one row per curve and month after the start (from 1), with `persons` and `households` that have an event in it.
        curve: the key columns that name a curve.
        profile: the rules.
    """
    width, least = profile.curve_months, profile.curve_events
    end = (pl.col("month") - 1) // width * width + width
    bins = (
        events.with_columns(month=end)
        .group_by(*curve, "month")
        .agg(pl.col("persons", "households").cast(pl.Int64).sum())
        .filter(pl.col("persons") > 0)
        .sort(*curve, "month")
    )
    ends: list[int | None] = []
    for _, rows in bins.group_by(curve, maintain_order=True):
        ends += _ends(rows["month"].to_list(), rows["persons"].to_list(), rows["households"].to_list(), least)
    return (
        bins.with_columns(pl.Series("month", ends, pl.Int64))
        .drop_nulls("month")
        .group_by(*curve, "month")
        .agg(pl.col("persons", "households").sum())
        .sort(*curve, "month")
    )


def _ends(months: list[int], persons: list[int], households: list[int], least: int) -> list[int | None]:
    """The month in which the step of every bin of one curve ends; None where there is no step."""
    starts, begun = [0], [0, 0]
    for place in range(len(months)):
        begun = [begun[0] + persons[place], begun[1] + households[place]]
        if min(begun) >= least:
            starts.append(place + 1)
            begun = [0, 0]
    if len(starts) == 1:
        return [None] * len(months)
    starts[-1] = len(months)  # what is left goes with the last step
    return [months[stop - 1] for start, stop in pairwise(starts) for _ in range(start, stop)]


def incidence(cells: pl.DataFrame, curve: tuple[str, ...]) -> pl.Series:
    """Cumulative incidence after every step, of published counts: a share from 0 to 1; null where a number is missing.

    Args:
        cells: sorted by curve and `month`: `persons_published`, at month 0 of everybody followed, at a step of those
        with an event
            in it; null where withheld.
        curve: the key columns that name a curve.
    """
    number, month = pl.col("persons_published"), pl.col("month")
    at_start = pl.when(month == 0).then(number).max().over(curve)
    events = pl.when(month > 0).then(number)
    so_far = events.cum_sum().over(curve)
    is_whole = (number.is_null() & (month > 0)).cum_sum().over(curve) == 0
    told = pl.when(is_whole & (month > 0)).then(pl.min_horizontal(so_far, at_start) / at_start)
    return cells.select(pl.when(at_start.is_not_null()).then(told)).to_series()
